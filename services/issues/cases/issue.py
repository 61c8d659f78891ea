"""An issue: its words, its parts, and what an actor is to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.identity import Actor
from services.issues.cases.events import IssueFact
from services.issues.categories.domain import Category, Policy
from services.issues.limits import domain as limits
from services.issues.limits.domain import Countdown, WorkCalendar


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
LEVELS = (Level.STEWARD, Level.COMMUNITY, Level.SUBDISTRICT)
GRID_LENGTH = 15
SYSTEM = Actor("system")
"""Acts when a time has run out."""
STAFF_ROLES = frozenset({"community_staff", "subdistrict_staff", "district_admin"})
_LEVEL_ROLES = {
    Level.STEWARD: frozenset({"community_staff", "district_admin"}),
    Level.COMMUNITY: frozenset({"community_staff", "district_admin"}),
    Level.SUBDISTRICT: frozenset({"subdistrict_staff", "district_admin"}),
}
_OVERSEER_ROLES = {
    Level.STEWARD: frozenset({"community_staff", "subdistrict_staff", "district_admin"}),
    Level.COMMUNITY: frozenset({"subdistrict_staff", "district_admin"}),
    Level.SUBDISTRICT: frozenset({"district_admin"}),
}
_UNIT_LENGTH = {Level.STEWARD: GRID_LENGTH, Level.COMMUNITY: 12, Level.SUBDISTRICT: 9}


@dataclass(frozen=True)
class Rating:
    """The reporter's word on how it went; score 1 to 5."""

    satisfied: bool
    score: int
    comment: str


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

    by: str
    reason: str
    at: datetime
    decide_by: datetime
    decision: str | None = None


@dataclass(frozen=True)
class Issue:
    """A problem in a lane, from report to feedback.

    `lead_unit` is the code of the area whose turn it is and never empty; `status_before` is what a pause or a
    merge interrupted; `followers` are members whose own reports were merged into this one; `next_check_at` is
    when the clock next has something to do.
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
    reporter: str
    created_at: datetime
    countdown: Countdown
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
    followers: tuple[str, ...] = ()
    referred_to: str | None = None
    objection: Objection | None = None
    feedback: Feedback | None = None
    rating: Rating | None = None
    claimed_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    feedback_until: datetime | None = None
    due_at: datetime | None = None
    next_check_at: datetime | None = None
    reopened: int = 0
    version: int = 1


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
    """One line of an issue's history. `observed_at` is when an offline client saw it happen."""

    action: str
    actor: str
    at: datetime
    status: Status
    level: Level
    lead_unit: str
    note: str | None = None
    media: tuple[str, ...] = ()
    observed_at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """An issue after a decision, what to write in its history, and the facts to publish."""

    issue: Issue
    entries: tuple[Entry, ...]
    events: tuple[IssueFact, ...]


def parties(issue: Issue, actor: Actor) -> frozenset[Party]:
    """What the actor is to the issue."""
    if actor == SYSTEM:
        return frozenset({Party.SYSTEM})
    held = set()
    if actor.member_id == issue.reporter:
        held.add(Party.REPORTER)
    if actor.member_id == issue.assignee:
        held.add(Party.ASSIGNEE)
    if len(issue.area) == GRID_LENGTH and actor.has("steward", issue.area):
        held.add(Party.GRID_STEWARD)
    if actor.has_any(STAFF_ROLES, issue.area):
        held.add(Party.STAFF)
    if actor.has_any(_LEVEL_ROLES[issue.level], issue.area):
        held.add(Party.LEVEL_STAFF)
    if actor.has_any(_OVERSEER_ROLES[issue.level], issue.area):
        held.add(Party.OVERSEER)
    return frozenset(held)


def first_level(area: str, category: Category) -> Level:
    """Where an issue of an area begins: with the grid's stewards; outside any grid, with staff.

    What is not on the duty list never makes a community the main handler.
    """
    if len(area) == GRID_LENGTH:
        return Level.STEWARD
    return Level.COMMUNITY if len(area) >= 12 and category.duty_list else Level.SUBDISTRICT


def level_above(issue: Issue, category: Category) -> Level | None:
    """The level that an issue escalates to; None from the top."""
    if issue.level is Level.SUBDISTRICT:
        return None
    if issue.level is Level.STEWARD and category.duty_list:
        return Level.COMMUNITY
    return Level.SUBDISTRICT


def level_below(issue: Issue, category: Category) -> Level | None:
    """The level that an issue is returned to; None where the area has no such unit."""
    grid = len(issue.area) == GRID_LENGTH
    if issue.level is Level.SUBDISTRICT and category.duty_list and len(issue.area) >= 12:
        return Level.COMMUNITY
    return Level.STEWARD if grid and issue.level is not Level.STEWARD else None


def lead(issue: Issue, level: Level, policy: Policy, at: datetime, *, share: float = 1.0) -> Issue:
    """The issue with a level in the lead, and that level's time (or a share of it) from now on."""
    return replace(
        issue,
        level=level,
        lead_unit=issue.area[: _UNIT_LENGTH[level]],
        countdown=limits.start(policy.category.limit(level, issue.urgency), policy.calendar, at, share=share),
        objection=None,
        status_before=None,
    )


def settle(issue: Issue, calendar: WorkCalendar) -> Issue:
    """The issue with the date it is due, and the moment its clock must be looked at next."""
    if issue.status in OPEN:
        reminder = issue.countdown.next_reminder(calendar)
        moments = [reminder[1]] if reminder else []
        if issue.objection is not None and issue.objection.decision is None:
            moments.append(issue.objection.decide_by)
        due = None if issue.countdown.paused else issue.countdown.due_at(calendar)
        return replace(issue, due_at=due, next_check_at=min(moments, default=None))
    waits = issue.feedback_until if issue.status is Status.RESOLVED else None
    return replace(issue, next_check_at=waits)


def fact(kind: type[IssueFact], issue: Issue, actor: str, **more: Any) -> IssueFact:
    """The event of an issue as it stands now."""
    return kind(
        number=issue.number,
        category=issue.category,
        level=issue.level.value,
        lead_unit=issue.lead_unit,
        reporter=issue.reporter,
        followers=tuple(dict.fromkeys((issue.reporter, *issue.followers))),
        assignee=issue.assignee,
        resolver=issue.resolver,
        actor=actor,
        photos=len(issue.media),
        due_at=issue.due_at,
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
