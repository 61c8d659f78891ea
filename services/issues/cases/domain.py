"""An issue: its words, its parts, what an actor is to it, and the rules outside the workflow table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import Conflict, NotAllowed, Stale
from chassis.identity import Actor
from services.issues.cases import events
from services.issues.cases.events import IssueFact


class Status(StrEnum):
    """Where an issue stands."""

    REPORTED = "reported"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CONFIRMED = "confirmed"
    ESCALATED = "escalated"
    REFERRED = "referred"
    REJECTED = "rejected"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"


class Level(StrEnum):
    """Whose turn it is: the grid's stewards, the community's staff or the subdistrict's."""

    STEWARD = "steward"
    COMMUNITY = "community"
    SUBDISTRICT = "subdistrict"


class Party(StrEnum):
    """What an actor is to an issue."""

    REPORTER = "reporter"
    ASSIGNEE = "assignee"
    GRID_STEWARD = "grid_steward"
    LEVEL_STAFF = "level_staff"
    STAFF = "staff"


LEVELS = (Level.STEWARD, Level.COMMUNITY, Level.SUBDISTRICT)
STAFF_ROLES = frozenset({"community_staff", "subdistrict_staff", "district_admin"})
_LEVEL_ROLES = {
    Level.STEWARD: frozenset({"community_staff", "district_admin"}),
    Level.COMMUNITY: frozenset({"community_staff", "district_admin"}),
    Level.SUBDISTRICT: frozenset({"subdistrict_staff", "district_admin"}),
}
_GRID_LENGTH = 15


@dataclass(frozen=True)
class Category:
    """A category of the study and the hours within which its issues are due, by urgency."""

    code: str
    zh: str
    en: str
    hours: int
    urgent_hours: int


CATEGORIES = {
    one.code: one
    for one in (
        Category("environment", "环境监督", "environment supervision", 72, 24),
        Category("resident_info", "居民信息", "resident information", 120, 48),
        Category("safety", "安全排查", "safety inspection", 24, 4),
        Category("outreach", "宣传入户", "publicity and home visits", 120, 48),
        Category("ad_hoc", "临时任务", "ad-hoc tasks", 72, 24),
    )
}


@dataclass(frozen=True)
class Rating:
    """The reporter's word on how it went."""

    satisfied: bool
    score: int
    comment: str


@dataclass(frozen=True)
class Issue:
    """A problem in a lane, from report to feedback."""

    id: str
    number: str
    category: str
    description: str
    area: str
    location: Mapping[str, float] | None
    media: tuple[str, ...]
    anonymous: bool
    urgency: str
    reporter: str
    created_at: datetime
    due_at: datetime
    status: Status = Status.REPORTED
    level: Level = Level.STEWARD
    assignee: str | None = None
    steward: str | None = None
    resolver: str | None = None
    merged_into: str | None = None
    referred_to: str | None = None
    rating: Rating | None = None
    claimed_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
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


@dataclass(frozen=True)
class Entry:
    """One line of an issue's history."""

    action: str
    actor: str
    at: datetime
    status: Status
    level: Level
    note: str | None = None
    media: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """An issue after a decision, what to write in its history, and the fact to publish."""

    issue: Issue
    entry: Entry
    event: IssueFact


def report(issue: Issue) -> Change:
    """A new report: due by its category's hours; an issue outside any grid starts with the community."""
    category = CATEGORIES[issue.category]
    hours = category.urgent_hours if issue.urgency == "urgent" else category.hours
    level = Level.STEWARD if len(issue.area) == _GRID_LENGTH else Level.COMMUNITY
    new = replace(issue, due_at=issue.created_at + timedelta(hours=hours), level=level)
    entry = Entry("report", new.reporter, new.created_at, new.status, new.level)
    return Change(new, entry, fact(events.IssueReported, new, new.reporter))


def parties(issue: Issue, actor: Actor) -> frozenset[Party]:
    """What the actor is to the issue."""
    held = set()
    if actor.member_id == issue.reporter:
        held.add(Party.REPORTER)
    if actor.member_id == issue.assignee:
        held.add(Party.ASSIGNEE)
    if len(issue.area) == _GRID_LENGTH and actor.has("steward", issue.area):
        held.add(Party.GRID_STEWARD)
    if actor.has_any(STAFF_ROLES, issue.area):
        held.add(Party.STAFF)
    if actor.has_any(_LEVEL_ROLES[issue.level], issue.area):
        held.add(Party.LEVEL_STAFF)
    return frozenset(held)


def check_version(issue: Issue, expected: int | None) -> None:
    """Raises Stale when the caller has seen another version than this."""
    if expected is not None and expected != issue.version:
        raise Stale(
            "stale-version",
            zh="内容已更新，请刷新后重试。",
            en=f"The issue is at version {issue.version} now: load it again and decide anew.",
            version=issue.version,
        )


def check_merge_target(target: Issue) -> None:
    """Raises Conflict when the older issue cannot take others in."""
    if target.status in (Status.MERGED, Status.WITHDRAWN, Status.REJECTED):
        raise Conflict(
            "merge-target-closed",
            zh="目标问题已合并、撤回或不予受理。",
            en=f"The target is {target.status}: merge into an issue that is still followed.",
        )


def comment(issue: Issue, actor: Actor, text: str, at: datetime) -> tuple[Issue, Entry]:
    """Add a remark to the history. Raises NotAllowed for members the issue does not concern."""
    if not parties(issue, actor):
        raise NotAllowed(
            "not-your-issue", zh="您不能评论此问题。", en="Only those this issue concerns may comment on it."
        )
    entry = Entry("comment", actor.member_id, at, issue.status, issue.level, text)
    return replace(issue, version=issue.version + 1), entry


def rate(issue: Issue, actor: Actor, rating: Rating, at: datetime) -> Change:
    """Record the reporter's rating, once, when the issue is resolved or confirmed."""
    if Party.REPORTER not in parties(issue, actor):
        raise NotAllowed("not-the-reporter", zh="只有报告人可以评价。", en="Only the reporter may rate it.")
    if issue.status not in (Status.RESOLVED, Status.CONFIRMED):
        raise Conflict(
            "not-yet-resolved", zh="问题解决后才能评价。", en="An issue can be rated when it is resolved."
        )
    if issue.rating is not None:
        raise Conflict("already-rated", zh="您已评价过。", en="This issue has been rated already.")
    rated = replace(issue, rating=rating, version=issue.version + 1)
    entry = Entry("rate", actor.member_id, at, rated.status, rated.level, rating.comment or None)
    base = fact(events.IssueResolved, rated, actor.member_id)
    event = events.IssueRated(**vars(base), satisfied=rating.satisfied, score=rating.score)
    return Change(rated, entry, event)


def fact(kind: type[IssueFact], issue: Issue, actor: str) -> IssueFact:
    """The event of an issue as it stands now."""
    return kind(
        number=issue.number,
        category=issue.category,
        level=issue.level.value,
        reporter=issue.reporter,
        assignee=issue.assignee,
        resolver=issue.resolver,
        actor=actor,
        photos=len(issue.media),
    )
