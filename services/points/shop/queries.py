"""Items and orders as those they concern see them."""

from typing import Any

from chassis import paging
from chassis.errors import NotAllowed, missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.points.shop.item import KEEPERS


class ShopQueries:
    """Reads the shop."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def item(self, item_id: str) -> Document:
        """Raises NotFound."""
        document = self._mongo["shop_items"].find_one({"_id": item_id}, {"outbox": 0})
        if document is None:
            raise missing("商品", "item")
        return {**document, "id": item_id}

    def items(self, area: str, state: str, limit: int, cursor: str | None) -> paging.Page:
        """The items of an area, newest first."""
        return self._page("shop_items", {"scopes": area}, {"state": state}, limit, cursor)

    def order(self, order_id: str, actor: Actor) -> Document:
        """Raises NotFound, also for an order that does not concern the actor."""
        document = self._mongo["shop_orders"].find_one({"_id": order_id}, {"outbox": 0})
        if document is None or not (
            document["member"] == actor.member_id or actor.has_any(KEEPERS, document["area"])
        ):
            raise missing("兑换单", "order")
        return _shown(document)

    def orders(
        self, area: str | None, status: str | None, actor: Actor, limit: int, cursor: str | None
    ) -> paging.Page:
        """One's own orders, or those of an area for its keeper, newest first. Raises NotAllowed."""
        if area is not None and not actor.has_any(KEEPERS, area):
            raise NotAllowed(
                "not-your-shop",
                zh="只有本区域的慈善商店店长可以查看。",
                en="Only the shop keeper of the area sees its orders: leave the area out to see your own.",
            )
        where = {"status": status} if status is not None else None
        page = self._page("shop_orders", {"lists": area or actor.member_id}, where, limit, cursor)
        return paging.Page([_shown(one) for one in page.items], page.next)

    def _page(
        self,
        collection: str,
        match: dict[str, Any],
        where: dict[str, Any] | None,
        limit: int,
        cursor: str | None,
    ) -> paging.Page:
        page = paging.newest_first(
            self._mongo[collection],
            match,
            where=where,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0},
        )
        return paging.Page([{**one, "id": one["_id"]} for one in page.items], page.next)


def _shown(document: Document) -> Document:
    return {**document, "id": document["_id"], "amount": document["price"] * document["quantity"]}
