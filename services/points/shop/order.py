"""An order of the charity shop: what it is made of, and what an actor is to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.identity import Actor
from services.points.domain import Posting
from services.points.holds.domain import Hold
from services.points.shop.events import OrderFact
from services.points.shop.item import KEEPERS


class Status(StrEnum):
    """Where an order stands."""

    RESERVED = "reserved"
    PAID = "paid"
    READY = "ready"
    COLLECTED = "collected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RETURNED = "returned"


class Party(StrEnum):
    """What an actor is to an order. `system` is the clock."""

    BUYER = "buyer"
    KEEPER = "keeper"
    SYSTEM = "system"


SYSTEM = Actor("system")


@dataclass(frozen=True)
class Entry:
    """A line of the history of an order: who did what, when, why, and by which request."""

    action: str
    actor: str
    at: datetime
    note: str | None = None
    request: str | None = None


@dataclass(frozen=True)
class Order:
    """Something ordered at the price it had then.

    `key` is unique for ever. `month` is the one that counts for the monthly limit. The points are set aside
    by `hold` until `reserved_until`; `posting` is what was paid. `code_hash` is of the pick-up code that is
    good at present.
    """

    id: str
    number: str
    key: str
    item: str
    title: str
    area: str
    member: str
    quantity: int
    price: int
    month: str
    hold: str
    reserved_until: datetime
    created_at: datetime
    status: Status = Status.RESERVED
    posting: str | None = None
    code_hash: str | None = None
    collected_at: datetime | None = None
    history: tuple[Entry, ...] = ()
    version: int = 1

    @property
    def amount(self) -> int:
        """What it costs in all, in points."""
        return self.price * self.quantity

    def met(self, request_id: str) -> bool:
        """Whether a request was carried out on it before: a repeat brings the same identifier."""
        return any(one.request == request_id for one in self.history)


@dataclass(frozen=True)
class Details:
    """What comes with an action: why, the pick-up code, and whether the goods go back on the shelf."""

    note: str | None = None
    code: str | None = None
    restock: bool = False


@dataclass(frozen=True)
class Ties:
    """What an order is tied to in the ledger: its hold, and what was paid of it."""

    hold: Hold
    payment: Posting | None = None


@dataclass(frozen=True)
class Terms:
    """The district's terms: how long a reservation lasts, and until when after collection goods come back."""

    reservation: timedelta
    returns: timedelta


@dataclass(frozen=True)
class Change:
    """An order after an action, with all that is to be written in the same transaction.

    `hold` is what becomes of the hold; `restock` goes back on the shelf; `uncount` takes the order out of
    the buyer's monthly count.
    """

    order: Order
    event: OrderFact | None = None
    hold: Hold | None = None
    posting: Posting | None = None
    restock: int = 0
    uncount: bool = False


def status_at(order: Order, at: datetime) -> Status:
    """Where an order stands, also before the clock has written that its time is over."""
    over = order.status is Status.RESERVED and order.reserved_until <= at
    return Status.EXPIRED if over else order.status


def parties(order: Order, actor: Actor) -> frozenset[Party]:
    """What an actor is to an order."""
    held = set()
    if actor.member_id == order.member:
        held.add(Party.BUYER)
    if actor.has_any(KEEPERS, order.area):
        held.add(Party.KEEPER)
    if actor == SYSTEM:
        held.add(Party.SYSTEM)
    return frozenset(held)
