"""The facts about the charity shop that the points service publishes."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class ItemChanged(Event):
    """An item is on offer, or was changed. `media` are the ids of its photos, `member` put them there."""

    member: str
    media: tuple[str, ...]
    type: ClassVar[str] = "shop.item_changed.v1"


@dataclass(frozen=True)
class OrderFact(Event):
    """What every event of an order tells: `member` ordered, `actor` acted. Nothing of what was bought."""

    number: str
    member: str
    actor: str


@dataclass(frozen=True)
class OrderPaid(OrderFact):
    """The points were paid: the shop makes the goods ready."""

    type: ClassVar[str] = "order.paid.v1"


@dataclass(frozen=True)
class OrderReady(OrderFact):
    """The goods can be collected."""

    type: ClassVar[str] = "order.ready.v1"


@dataclass(frozen=True)
class OrderCancelled(OrderFact):
    """The reservation was given up; goods and points are free again."""

    type: ClassVar[str] = "order.cancelled.v1"


@dataclass(frozen=True)
class OrderExpired(OrderFact):
    """The reservation was not paid in time; goods and points are free again."""

    type: ClassVar[str] = "order.expired.v1"


@dataclass(frozen=True)
class OrderReturned(OrderFact):
    """The shop took an order back; the points were paid back."""

    type: ClassVar[str] = "order.returned.v1"


PUBLISHED: list[type[Event]] = [
    ItemChanged,
    OrderPaid,
    OrderReady,
    OrderCancelled,
    OrderExpired,
    OrderReturned,
]
