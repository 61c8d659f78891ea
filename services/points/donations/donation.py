"""A donation to the charity shop: goods or money, who gave it, and what an actor is to it.

What it brings in is kept in fen on an account of its own, `donated:<donation>`, apart from the shop's
operating money and from all other donations; it cannot fall below zero.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.identity import Actor
from services.points.domain import DONATED, Posting
from services.points.donations.events import DonationFact
from services.points.shop.item import KEEPERS, Item, State


class Kind(StrEnum):
    """What is given."""

    GOODS = "goods"
    MONEY = "money"


class Status(StrEnum):
    """Where a donation stands. ALLOCATED: at least a part of what it brought has gone to a purpose."""

    OFFERED = "offered"
    INSPECTED = "inspected"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LISTED = "listed"
    SOLD = "sold"
    GIVEN = "given"
    ALLOCATED = "allocated"


class Party(StrEnum):
    """What an actor is to a donation."""

    DONOR = "donor"
    KEEPER = "keeper"


TAKEN = frozenset(Status) - {Status.OFFERED, Status.INSPECTED, Status.DECLINED}
"""Such donations are no secret; who gave them may be."""


@dataclass(frozen=True)
class Donor:
    """Who gives: a member, or somebody whom the keeper has recorded by name."""

    member: str | None
    name: str | None
    anonymous: bool


@dataclass(frozen=True)
class Receipt:
    """What the donor is given for it; `value` in fen."""

    number: str
    at: datetime
    what: str
    value: int


@dataclass(frozen=True)
class Entry:
    """A line of the history of a donation: who did what, when, why, and by which request."""

    action: str
    actor: str
    at: datetime
    note: str | None = None
    request: str | None = None


@dataclass(frozen=True)
class Donation:
    """Something given to the shop; `value` is what it is thought to be worth, or the money given, in fen.

    `item` is what it became in the shop.
    """

    id: str
    number: str
    area: str
    kind: Kind
    what: str
    value: int | None
    donor: Donor
    created_at: datetime
    status: Status = Status.OFFERED
    receipt: Receipt | None = None
    item: str | None = None
    history: tuple[Entry, ...] = ()
    version: int = 1

    @property
    def account(self) -> str:
        """The account of what it brings in."""
        return f"{DONATED}{self.id}"

    def met(self, request_id: str) -> bool:
        """Whether a request was carried out on it before: a repeat brings the same identifier."""
        return any(one.request == request_id for one in self.history)


@dataclass(frozen=True)
class Listing:
    """How goods are offered in the shop."""

    title: str
    description: str
    media: tuple[str, ...]
    price: int
    stock: int
    monthly_limit: int | None
    state: State = State.LISTED


@dataclass(frozen=True)
class Target:
    """What money goes to: an account of a `fund` or a `project`, of a place with a name."""

    account: str
    place: str

    @property
    def purpose(self) -> str:
        """The kind of account."""
        return self.account.partition(":")[0]


@dataclass(frozen=True)
class Details:
    """What comes with an action. Amounts and values are in fen; `quantity` of a listed item are sold."""

    note: str | None = None
    value: int | None = None
    amount: int | None = None
    quantity: int | None = None
    listing: Listing | None = None
    target: Target | None = None


@dataclass(frozen=True)
class Change:
    """A donation after an action, with all that is to be written in the same transaction.

    `listed` is a new item; `taken` are off its shelf; `cleared`: all that is left of it has gone.
    """

    donation: Donation
    event: DonationFact | None = None
    posting: Posting | None = None
    listed: Item | None = None
    taken: int = 0
    cleared: bool = False


def parties(donation: Donation, actor: Actor) -> frozenset[Party]:
    """What an actor is to a donation."""
    held = set()
    if actor.member_id == donation.donor.member:
        held.add(Party.DONOR)
    if actor.has_any(KEEPERS, donation.area):
        held.add(Party.KEEPER)
    return frozenset(held)
