"""An issue: its words, its parts, and what an actor is to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.identity import Actor
from services.issues.cases.events import IssueFact
from services.issues.limits.domain import Countdown


class Status(StrEnum):
    """Where an issue stands."""

    REPORTED = "reported"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    AWAITING_INFO = "awaiting_info"
    ON_HOLD = "on_hold"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CONFIRMED = "confirmed"
    NO_ANSWER = "no_answer"
    REFERRED = "referred"
    REJECTED = "rejected"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"


class Level(StrEnum):
    """Whose turn it is: the grid's stewards, the community's staff or the subdistrict's."""

    STEWARD = "steward"
    COMMUNITY = "community"
    SUBDISTRICT = "subdistrict"


class Party(StrEnum):
    """What an actor is to an issue. `overseer`: staff of the level above the one that leads."""

    REPORTER = "reporter"
    ASSIGNEE = "assignee"
    GRID_STEWARD = "grid_steward"
    LEVEL_STAFF = "level_staff"
    STAFF = "staff"
    OVERSEER = "overseer"
    SYSTEM = "system"


OPEN = frozenset(
    {
        Status.REPORTED,
        Status.CLAIMED,
        Status.IN_PROGRESS,
        Status.AWAITING_INFO,
        Status.ON_HOLD,
        Status.ESCALATED,
        Status.REOPENED,
    }
)
"""While an issue has one of these, its lead unit's time counts."""
INTERRUPTED = frozenset({Status.AWAITING_INFO, Status.ON_HOLD, Status.MERGED})
"""These remember in `status_before` what they interrupted."""
LEVELS = (Level.STEWARD, Level.COMMUNITY, Level.SUBDISTRICT)
GRID_LENGTH = 15
SYSTEM = Actor("system")
"""Acts when a time has run out."""
STAFF_ROLES = frozenset({"community_staff", "subdistrict_staff", "district_admin"})


@dataclass(frozen=True)
class Rating:
    """The reporter's word on how it went; score 1 to 5. When it was said is not known of older releases'."""

    satisfied: bool
    score: int
    comment: str
    at: datetime | None = None


@dataclass(frozen=True)
class Feedback:
    """The answers after a solution. `resolved` is yes, partly or no."""

    contacted: bool
    resolved: str
    satisfied: bool
    reason: str | None
    at: datetime


@dataclass(frozen=True)
class Objection:
    """A unit's word that an issue is not its own, to be decided by a set moment."""

    by: str | None
    reason: str
    at: datetime
    decide_by: datetime
    decision: str | None = None


@dataclass(frozen=True)
class Adopted:
    """An issue that was merged into this one, and who followed it."""

    id: str
    followers: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One of the issues that this one was split into, and whether it was done when last looked at."""

    id: str
    done: bool = False


@dataclass(frozen=True)
class Flag:
    """A member's word that an issue should not be shown; `reviewed` once staff have looked at it."""

    member: str
    reason: str
    at: datetime
    reviewed: bool = False


@dataclass(frozen=True)
class Issue:
    """A problem in a lane, from report to feedback.

    `lead_unit` is the code of the area whose turn it is and never empty; `status_before` is what a pause or a
    merge interrupted; `supporters` said "me too"; `part_of` is the issue that this one was split from;
    `extended_by` are the units that extended their time and lead it no more, or lead it anew;
    `next_check_at` is when the clock next has something to do; `photo_acts` are what staff did to its photos,
    as far as the history tells. `reporter` is None once they were forgotten. `sensitive` is of its category:
    its words and exact place are for those it concerns. `hidden`: so are they of an issue that members
    flagged. `people` is everybody of whom anything is kept here, `discarded` the photos that are to be let
    go, `chain` the hash of the last line of its history, `requests` what acted on it lately (see `repeats`).
    `reopened` is how often it came back, `reopened_at` when it last did.
    """

    id: str
    number: str
    category: str
    category_version: int
    description: str
    area: str
    location: Mapping[str, float] | None
    media: tuple[str, ...]
    anonymous: bool
    urgency: str
    reporter: str | None
    created_at: datetime
    countdown: Countdown
    sensitive: bool = False
    observed_at: datetime | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    status: Status = Status.REPORTED
    status_before: Status | None = None
    level: Level = Level.STEWARD
    lead_unit: str = ""
    assignee: str | None = None
    steward: str | None = None
    resolver: str | None = None
    merged_into: str | None = None
    adopted: tuple[Adopted, ...] = ()
    supporters: tuple[str, ...] = ()
    part_of: str | None = None
    parts: tuple[Part, ...] = ()
    referred_to: str | None = None
    objection: Objection | None = None
    feedback: Feedback | None = None
    rating: Rating | None = None
    extended_by: tuple[str, ...] = ()
    claimed_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    feedback_until: datetime | None = None
    due_at: datetime | None = None
    next_check_at: datetime | None = None
    reopened: int = 0
    reopened_at: datetime | None = None
    confirmations: int = 0
    flags: tuple[Flag, ...] = ()
    hidden: bool = False
    anonymised_at: datetime | None = None
    discarded: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    chain: str = ""
    photo_acts: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    version: int = 1

    @property
    def residents(self) -> tuple[str, ...]:
        """Everybody whose problem it is, each once: who reported it or the same, and who said "me too"."""
        merged = (one for adopted in self.adopted for one in adopted.followers)
        reporter = () if self.reporter is None else (self.reporter,)
        return tuple(dict.fromkeys((*reporter, *self.supporters, *merged)))

    @property
    def followers(self) -> tuple[str, ...]:
        """Those of them who are told of public changes: of a part not its reporter, whose whole tells it."""
        silent = self.reporter if self.part_of is not None else None
        return tuple(one for one in self.residents if one != silent)


def changed(issue: Issue, **values: Any) -> Issue:
    """An issue with other values in some fields. Raises TypeError for what is no field of an issue.

    For what happens to every issue at every step: `dataclasses.replace` takes eight times as long, because it
    hands all of these fields to `__init__` again.
    """
    if not values.keys() <= vars(issue).keys():
        raise TypeError(f"an issue has no {', '.join(sorted(values.keys() - vars(issue).keys()))}")
    other = object.__new__(Issue)
    vars(other).update(vars(issue), **values)
    return other


@dataclass(frozen=True)
class Details:
    """What a transition may carry beside its action."""

    note: str | None = None
    media: tuple[str, ...] = ()
    assignee: str | None = None
    into: str | None = None
    agency: str | None = None
    area: str | None = None
    observed_at: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One line of an issue's history. `observed_at` is when an offline client saw it happen.

    `actor` is None, and there is no note, once they were forgotten.
    """

    action: str
    actor: str | None
    at: datetime
    status: Status
    level: Level
    lead_unit: str
    note: str | None = None
    media: tuple[str, ...] = ()
    observed_at: datetime | None = None


@dataclass(frozen=True)
class Line:
    """A line of the history as it is kept: `seals` bind it to what it says of persons, see `chain`."""

    entry: Entry
    seals: Mapping[str, "Seal"]
    hash: str


@dataclass(frozen=True)
class Seal:
    """A digest of one part of a line. Without its salt, nobody can tell what the part said."""

    digest: str
    salt: str | None


@dataclass(frozen=True)
class Change:
    """An issue after a decision, what to write in its history, and the facts to publish.

    `emptied` are the lines there were before, where parts of them are forgotten from now on.
    """

    issue: Issue
    entries: tuple[Entry, ...]
    events: tuple[IssueFact, ...]
    emptied: tuple[Line, ...] | None = None


def fact(kind: type[IssueFact], issue: Issue, actor: str, **more: Any) -> IssueFact:
    """The event of an issue as it stands now."""
    return kind(
        number=issue.number,
        category=issue.category,
        level=issue.level.value,
        lead_unit=issue.lead_unit,
        reporter=issue.reporter,
        followers=issue.followers,
        assignee=issue.assignee,
        resolver=issue.resolver,
        actor=actor,
        photos=len(issue.media),
        due_at=issue.due_at,
        part_of=issue.part_of,
        round=issue.confirmations,
        **more,
    )


def entry(action: str, issue: Issue, actor: Actor, at: datetime, details: Details | None = None) -> Entry:
    """The line of the history about what was just done."""
    said = details or Details()
    return Entry(
        action=action,
        actor=actor.member_id,
        at=at,
        status=issue.status,
        level=issue.level,
        lead_unit=issue.lead_unit,
        note=said.note,
        media=said.media,
        observed_at=said.observed_at,
    )
