"""Mutual help: a request or an offer, its parts, and what an actor is to it. Minutes are whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.events import Event
from chassis.identity import Actor
from services.points.domain import Posting
from services.points.holds.domain import Hold
from services.points.timebank.exchange.events import HelpFact
from services.points.timebank.members.domain import STAFF_ROLES


class Kind(StrEnum):
    """Whether the author needs help or gives it."""

    REQUEST = "request"
    OFFER = "offer"


class Status(StrEnum):
    """Where it stands. Confirming and settling are one step: no state lies between the two."""

    OPEN = "open"
    MATCHED = "matched"
    ACCEPTED = "accepted"
    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    DISPUTED = "disputed"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


class Party(StrEnum):
    """What an actor is to it. `awaited`: who was asked; `neighbour`: anybody else; `system`: the clock."""

    AUTHOR = "author"
    PARTNER = "partner"
    AWAITED = "awaited"
    GIVER = "giver"
    RECEIVER = "receiver"
    NEIGHBOUR = "neighbour"
    STAFF = "staff"
    SYSTEM = "system"


SYSTEM = Actor("system")
OVER = frozenset({Status.SETTLED, Status.CANCELLED, Status.LAPSED})
HOLDING = frozenset({Status.ACCEPTED, Status.CHECKED_IN, Status.CHECKED_OUT, Status.DISPUTED})
"""Where the receiver's minutes are held."""


@dataclass(frozen=True)
class Settlement:
    """What was paid: `paid` minutes of the receiver, of which `given` to the giver and `pooled` to the pool,
    by this version of the policy."""

    paid: int
    given: int
    pooled: int
    policy_version: int


@dataclass(frozen=True)
class Help:
    """A request or an offer, from its opening to its settlement.

    `proposed_by` is who of the two asked the other; `offer` the offer that the partner was asked by; `agreed`
    the minutes that the two speak of, which `hold` holds once both agreed; `former` are those with whom it
    came to nothing. `contacts` are words of the two for each other alone, by member: where to go, a phone
    number. `requests` are the last that were carried out on it. `next_check_at`: when its clock has work.
    """

    id: str
    number: str
    kind: Kind
    author: str
    area: str
    skills: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    minutes: int
    text: str
    created_at: datetime
    status: Status = Status.OPEN
    partner: str | None = None
    proposed_by: str | None = None
    offer: str | None = None
    former: tuple[str, ...] = ()
    agreed: int | None = None
    hold: str | None = None
    checked_in_at: datetime | None = None
    checked_out_at: datetime | None = None
    disputed_at: datetime | None = None
    settlement: Settlement | None = None
    ended_at: datetime | None = None
    next_check_at: datetime | None = None
    contacts: Mapping[str, str] = field(default_factory=dict)
    requests: tuple[str, ...] = ()
    version: int = 1

    @property
    def giver(self) -> str | None:
        """Who helps."""
        return self.author if self.kind is Kind.OFFER else self.partner

    @property
    def receiver(self) -> str | None:
        """Who is helped, and pays."""
        return self.author if self.kind is Kind.REQUEST else self.partner


@dataclass(frozen=True)
class Entry:
    """One line of the history."""

    action: str
    actor: str
    at: datetime
    status: Status
    note: str | None = None


@dataclass(frozen=True)
class Change:
    """Help after a decision, the line of its history, and the facts to publish.

    `opens` is a hold that it needs; `captured` what is taken of the hold that it had (0: nothing, None: the
    hold stays); `posting` moves what is taken.
    """

    help: Help
    entry: Entry
    events: tuple[Event, ...] = ()
    opens: Hold | None = None
    captured: int | None = None
    posting: Posting | None = None


def parties(one: Help, actor: Actor) -> frozenset[Party]:
    """What the actor is to it. Staff who are one of the two are not staff here."""
    if actor == SYSTEM:
        return frozenset({Party.SYSTEM})
    named = {
        Party.AUTHOR: one.author,
        Party.PARTNER: one.partner,
        Party.GIVER: one.giver,
        Party.RECEIVER: one.receiver,
    }
    held = {party for party, member in named.items() if member == actor.member_id}
    if held and one.proposed_by is not None and one.proposed_by != actor.member_id:
        held.add(Party.AWAITED)
    if not held:
        held.add(Party.NEIGHBOUR)
        if actor.has_any(STAFF_ROLES, one.area):
            held.add(Party.STAFF)
    return frozenset(held)


def may_see(one: Help, actor: Actor) -> bool:
    """Whether an actor may see it: everybody while it is open, then the two and the staff of its area."""
    return one.status is Status.OPEN or parties(one, actor) != {Party.NEIGHBOUR}


def contacts_for(one: Help, member: str) -> dict[str, str]:
    """What a member may read of the words for each other: their own, and the other's while it is agreed."""
    is_agreed = one.status in HOLDING and member in (one.author, one.partner)
    return {author: words for author, words in one.contacts.items() if is_agreed or author == member}


def fact(kind: type[HelpFact], one: Help, actor: str, **more: Any) -> HelpFact:
    """The event of help as it stands now."""
    settled = one.settlement
    asked = one.minutes if one.agreed is None else one.agreed
    return kind(
        number=one.number,
        kind=one.kind.value,
        author=one.author,
        partner=one.partner,
        actor=actor,
        minutes=settled.paid if settled else asked,
        pooled=settled.pooled if settled else 0,
        **more,
    )
