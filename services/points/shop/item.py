"""Items of the charity shop: what is on offer for how many points, and who may change that."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.errors import Conflict, Invalid, NotAllowed, Stale
from chassis.identity import Actor
from services.points.shop.events import ItemChanged

KEEPERS = frozenset({"shop_keeper", "district_admin"})
MAX_PRICE = 10**9
MAX_QUANTITY = 100
MAX_STOCK = 10**6
MAX_MONTHLY = 1000


class State(StrEnum):
    """Whether an item can be ordered."""

    LISTED = "listed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Item:
    """Something that the shop offers for `price` points.

    `stock` is what nobody has reserved. A person may order `monthly_limit` of it in a month (None: any
    number). `donation` is where it came from. Stock moves without a new `version`: an edit does not race
    with orders.
    """

    id: str
    area: str
    title: str
    description: str
    media: tuple[str, ...]
    price: int
    stock: int
    monthly_limit: int | None
    state: State
    created_at: datetime
    donation: str | None = None
    version: int = 1


class OutOfStock(Conflict):
    """Fewer are left than are wanted."""

    def __init__(self, left: int) -> None:
        super().__init__(
            "out-of-stock", zh=f"库存不足，仅剩 {left} 件。", en=f"Only {left} are left.", left=left
        )


class Withdrawn(Conflict):
    """The item is not on offer at present."""

    def __init__(self) -> None:
        super().__init__("item-withdrawn", zh="此商品已下架。", en="This item is not on offer at present.")


def check_keeper(actor: Actor, area: str) -> None:
    """Raises NotAllowed for everybody but the shop keeper and the administrator of the area."""
    if not actor.has_any(KEEPERS, area):
        raise NotAllowed(
            "not-your-shop",
            zh="只有本区域的慈善商店店长可以进行此操作。",
            en="Only the shop keeper of the area may do this.",
        )


def check_version(found: int, expected: int | None) -> None:
    """Raises Stale when the caller has seen another version than this."""
    if expected is not None and expected != found:
        raise Stale(
            "stale-version",
            zh="内容已更新，请刷新后重试。",
            en=f"It is at version {found} now: load it again and decide anew.",
            version=found,
        )


def edited(item: Item, changes: Mapping[str, Any]) -> Item:
    """An item with other words, photos, price, limit or state; orders keep the price they were made at."""
    return replace(item, **changes, version=item.version + 1)


def check_supply(quantity: int) -> None:
    """Raises Invalid for nothing; less than nothing is taken off the shelf."""
    if quantity == 0:
        raise Invalid(
            "quantity", zh="数量不能为零。", en="Say how many came in, or below zero how many went."
        )


def changed(item: Item, actor: str) -> ItemChanged:
    """The event of an item."""
    return ItemChanged(actor, item.media)
