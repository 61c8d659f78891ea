"""Holds as those they concern see them."""

from chassis import paging
from chassis.errors import NotAllowed, missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.points.holds.domain import KEEPERS, may_see


class HoldQueries:
    """Reads holds."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def one(self, hold_id: str, actor: Actor) -> Document:
        """Raises NotFound, also for a hold that does not concern the actor."""
        document = self._mongo["holds"].find_one({"_id": hold_id})
        if document is None or not may_see(document["account"], document["by"], actor):
            raise missing("冻结", "hold")
        return {**document, "id": hold_id}

    def of_account(self, account: str, actor: Actor, limit: int, cursor: str | None) -> paging.Page:
        """The holds on an account, newest first. Raises NotAllowed for another member's."""
        if account != actor.member_id and not actor.roles & KEEPERS:
            raise NotAllowed(
                "not-your-account", zh="只能查看自己的账户。", en="You may see your own account only."
            )
        page = paging.newest_first(self._mongo["holds"], {"account": account}, limit=limit, cursor=cursor)
        return paging.Page([{**one, "id": one["_id"]} for one in page.items], page.next)
