"""A commendation: for whom and what it is, and the facts that were frozen when it was nominated."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.identity import Actor
from services.points.commendations.events import CommendationFact
from services.points.domain import Ladder, Posting
from services.points.honours import domain as honours
from services.points.honours.domain import Gain

NOMINATORS = frozenset({"steward", "team_leader", "social_worker"})
REVIEWERS = frozenset(
    {"council_member", "council_chair", "community_staff", "subdistrict_staff", "district_admin"}
)


class Status(StrEnum):
    """Where a commendation is in its workflow."""

    NOMINATED = "nominated"
    PUBLICITY = "publicity"
    AWARDED = "awarded"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


SHOWN_TO_ALL = (Status.PUBLICITY, Status.AWARDED)


class Party(StrEnum):
    """What somebody is to a commendation."""

    NOMINATOR = "nominator"
    NOMINEE = "nominee"
    REVIEWER = "reviewer"
    ADMIN = "admin"
    SYSTEM = "system"


@dataclass(frozen=True)
class Facts:
    """What verified work has earned a member in an area and period, by the ledger on the day of nomination.

    `deeds`: rule → how many postings. `lifetime_minutes` and `stars` are of all areas and times.
    """

    points: int
    minutes: int
    deeds: Mapping[str, int]
    lifetime_minutes: int
    stars: int


@dataclass(frozen=True)
class Objection:
    """What somebody holds against a commendation; `answer` is why it was dismissed."""

    id: str
    by: str
    reason: str
    at: datetime
    answer: str | None = None
    dismissed_by: str | None = None


@dataclass(frozen=True)
class Entry:
    """A line of the record: who did what, when and why."""

    action: str
    actor: str | None
    at: datetime
    status: Status
    note: str | None = None


@dataclass(frozen=True)
class Commendation:
    """A nomination and what became of it.

    `name` is as it is to be printed, `code` proves a printed certificate. `responsible` and `contact` answer
    for it. Both `name` and `grounds` are empty once the member was forgotten.
    """

    id: str
    number: str
    member: str
    name: str
    area: str
    period: str
    title: str
    grounds: str
    nominator: str
    facts: Facts
    nominated_at: datetime
    status: Status = Status.NOMINATED
    responsible: str | None = None
    contact: str | None = None
    publicised_at: datetime | None = None
    closes_at: datetime | None = None
    objections: tuple[Objection, ...] = ()
    awarded_at: datetime | None = None
    ended_at: datetime | None = None
    code: str | None = None
    version: int = 1

    @property
    def disputed(self) -> bool:
        """Whether an objection awaits an answer."""
        return any(one.answer is None for one in self.objections)

    @property
    def award_at(self) -> datetime | None:
        """When it is to be awarded, if nothing comes between."""
        return self.closes_at if self.status is Status.PUBLICITY and not self.disputed else None


@dataclass(frozen=True)
class Details:
    """What goes with an action."""

    note: str | None = None
    responsible: str | None = None
    contact: str | None = None
    objection: str | None = None


@dataclass(frozen=True)
class Change:
    """A commendation after an action, its line in the record, and the fact to publish."""

    commendation: Commendation
    entry: Entry
    event: CommendationFact | None


def may_nominate(actor: Actor, area: str) -> bool:
    """Whether an actor works in an area, or below or above it."""
    return any(
        grant.role in NOMINATORS | REVIEWERS and (area.startswith(grant.area) or grant.area.startswith(area))
        for grant in actor.grants
    )


def parties(commendation: Commendation, actor: Actor) -> frozenset[Party]:
    """What an actor is to a commendation. Nobody reviews what they nominated, or what they are to get."""
    held = set()
    if actor.member_id == commendation.nominator:
        held.add(Party.NOMINATOR)
    if actor.member_id == commendation.member:
        held.add(Party.NOMINEE)
    if not held and actor.has_any(REVIEWERS, commendation.area):
        held.add(Party.REVIEWER)
    if Party.NOMINEE not in held and actor.has("district_admin", commendation.area):
        held.add(Party.ADMIN)
    return frozenset(held)


def facts(postings: Sequence[Posting], member: str, area: str, period: str, ladder: Ladder) -> Facts:
    """What a member's postings say of an area and a period."""
    months = honours.gains(postings, member)
    of_period = honours.added(areas for month, areas in months.items() if honours.lies_in(month, period))
    gained = honours.within(of_period, area)
    lifetime = sum((gain for areas in months.values() for gain in areas.values()), Gain())
    deeds = Counter(
        one.rule
        for one, gain in honours.kept(postings, member)
        if one.area.startswith(area)
        and honours.lies_in(honours.month_of(one.counts_from), period)
        and gain != Gain()
    )
    return Facts(gained.points, gained.minutes, dict(deeds), lifetime.minutes, ladder.stars(lifetime.minutes))


def moved(commendation: Commendation, **changes: object) -> Commendation:
    """The next version."""
    return replace(commendation, version=commendation.version + 1, **changes)  # type: ignore[arg-type]


def commendation_of(document: Mapping[str, Any]) -> Commendation:
    """A commendation as it was stored."""
    names = set(Commendation.__dataclass_fields__) - {"id", "status", "facts", "objections"}
    return Commendation(
        id=str(document["_id"]),
        status=Status(document["status"]),
        facts=Facts(**{**document["facts"], "deeds": dict(document["facts"]["deeds"])}),
        objections=tuple(Objection(**one) for one in document["objections"]),
        **{name: document[name] for name in names},
    )
