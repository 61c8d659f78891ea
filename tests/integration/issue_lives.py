"""Issues that live at random, with their events, and what their figures are in plain Python."""

import random
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from chassis.clock import new_ulid
from chassis.errors import Refusal
from chassis.events import Envelope, parse
from chassis.identity import Actor, Grant
from chassis.mongo import Document, Mongo
from services.issues.cases import domain as workflow
from services.issues.cases import feedback
from services.issues.cases.issue import SYSTEM, Change, Details, Feedback, Issue, Part, Rating, Status
from services.issues.cases.responsibility import parties
from services.issues.cases.store import CaseStore
from services.issues.categories.domain import ROOTS, Policy
from services.issues.limits import domain as limits
from services.issues.limits.domain import WorkCalendar

DISTRICT = "120199"
COMMUNITY = "120199001001"
AREAS = [COMMUNITY, *(f"{COMMUNITY}{number:03d}" for number in (1, 2)), "120199001002001", "120199002001001"]
BEGIN = datetime(2026, 8, 20, tzinfo=UTC)
CALENDAR = WorkCalendar(lambda day: day.weekday() < 5)
STAFF = Actor("A", (Grant("district_admin", DISTRICT), Grant("steward", DISTRICT)))
ACTORS = (Actor("R"), STAFF, STAFF, Actor("S", (Grant("steward", DISTRICT),)), SYSTEM)
_OLDER = "0" * 26


@dataclass
class Lives:
    """Writes random issues through the store, and keeps the events that they publish."""

    mongo: Mongo
    dice: random.Random
    events: list[Envelope] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cases = CaseStore(self.mongo)
        self.cases.ensure_indexes()

    def begin(
        self, at: datetime, area: str | None = None, location: Mapping[str, float] | None = None
    ) -> Issue:
        """Report an issue, sometimes one that was or will be split."""
        category = self.dice.choice(sorted(ROOTS))
        kind = self.dice.random()
        issue = Issue(
            id=new_ulid(),
            number="1",
            category=category,
            category_version=1,
            description="楼道口有垃圾",
            area=area or self.dice.choice(AREAS),
            location=location,
            media=(),
            anonymous=False,
            urgency="normal",
            reporter="R",
            created_at=at,
            countdown=limits.start(ROOTS[category].limit("steward", "normal"), CALENDAR, at),
            parts=(Part(new_ulid()),) if kind < 0.1 else (),
            part_of=new_ulid() if kind > 0.9 else None,
        )
        change = workflow.report(issue, self._policy(issue))
        self.cases.add(change)
        self._keep(change)
        return change.issue

    def live(self, issue: Issue, steps: int) -> Issue:
        """Let people and the clock act on an issue."""
        at = issue.created_at
        for _ in range(steps):
            at += timedelta(seconds=self.dice.randrange(1, 200_000))
            change = self._act(issue, at)
            if change is not None:
                self.cases.save(change)
                self._keep(change)
                issue = change.issue
        return issue

    def route(self, issue: Issue, area: str, at: datetime) -> Issue:
        """Let staff put an issue into another area."""
        details = Details(note="不在此网格", area=area)
        change = workflow.transition(issue, "route", STAFF, details, at, self._policy(issue))
        self.cases.save(change)
        self._keep(change)
        return change.issue

    def _act(self, issue: Issue, at: datetime) -> Change | None:
        satisfied = self.dice.random() < 0.5
        details = Details(
            note="说明", assignee="S", into=_OLDER, agency="供电公司", area=self.dice.choice(AREAS)
        )
        actor = self.dice.choice(ACTORS)
        try:
            match self.dice.randrange(8):
                case 0:
                    return workflow.rate(issue, Actor("R"), Rating(satisfied, 3, ""), at)
                case 1:
                    word = self.dice.choice(feedback.ANSWERS)
                    given = Feedback(True, word, satisfied, "还在", at)
                    return feedback.give(issue, Actor("R"), given, self._policy(issue))
                case _:
                    action = self.dice.choice(_actions(issue, actor) or ["claim"])
                    return workflow.transition(issue, action, actor, details, at, self._policy(issue))
        except Refusal:
            return None

    def _policy(self, issue: Issue) -> Policy:
        return Policy(replace(ROOTS[issue.category], duty_list=True), CALENDAR)

    def _keep(self, change: Change) -> None:
        stored = self.mongo["issues"].find_one({"_id": change.issue.id}, {"outbox": 1})
        assert stored is not None
        known = {one.id for one in self.events}
        self.events += [parse(orjson.dumps(one)) for one in stored["outbox"] if one["id"] not in known]


def _actions(issue: Issue, actor: Actor) -> list[str]:
    """What the actor may take by the table, the service's own too; withdrawals would end too many."""
    held = parties(issue, actor)
    return [
        name
        for name, row in workflow.WORKFLOW.items()
        if name != "withdraw" and row.parties & held and workflow.applies(name, issue)
    ]


def recomputed(mongo: Mongo, area: str, since: datetime | None, until: datetime | None) -> list[Document]:
    """The issues of an area and span, straight from all documents."""
    return [
        one
        for one in mongo["issues"].find()
        if one["area"].startswith(area)
        and (since is None or one["created_at"] >= since)
        and (until is None or one["created_at"] < until)
    ]


def key_of(issue: Document, group_by: str) -> str:
    """The group that an issue belongs to."""
    if group_by == "month":
        return f"{issue['created_at'].astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m}"
    return str(issue[group_by])


def figures(issues: Iterable[Document]) -> dict[str, Any]:
    """Count, statuses, rates as numerator and denominator, and exact hours, in plain Python."""
    issues = list(issues)
    valid = [one for one in issues if one["status"] not in ("merged", "withdrawn", "rejected")]
    worked = [one for one in valid if not one["parts"]]
    here = [one for one in worked if one["status"] != Status.REFERRED]
    answers = [word for one in valid if not one["part_of"] and (word := last_word(one)) is not None]
    solved = [one for one in worked if one["status"] in ("resolved", "confirmed", "no_answer")]
    responses = [(one, at) for one in worked if (at := first_response(one)) is not None]
    return {
        "count": len(issues),
        "by_status": dict(Counter(one["status"] for one in issues)),
        "response_rate": (len(responses), len(worked)),
        "resolution_rate": (len(solved), len(here)),
        "satisfaction_rate": (sum(answers), len(answers)),
        "hours_to_response": spread([at - one["created_at"] for one, at in responses]),
        "hours_to_resolution": spread([one["resolved_at"] - one["created_at"] for one in solved]),
    }


def first_response(issue: Document) -> datetime | None:
    """When a person first did something about it."""
    nothing = {
        "report",
        "route",
        "object",
        "deny_objection",
        "accept_objection",
        "merge",
        "unmerge",
        "extend",
    }
    nothing |= {"answer", "resume", "rate", "remind", "release", "confirm", "reopen", "lapse"}
    at = [one["at"] for one in issue["history"] if one["action"] not in nothing and one["actor"] != "system"]
    return min(at) if at else None


def last_word(issue: Document) -> bool | None:
    """Whether the reporter is satisfied, by their last word."""
    word, at = None, BEGIN - timedelta(days=1)
    if issue["rating"]:
        word = issue["rating"]["satisfied"]
        at = max(one["at"] for one in issue["history"] if one["action"] == "rate")
    if issue["feedback"] and issue["feedback"]["at"] > at:
        word = issue["feedback"]["satisfied"]
    return word


def spread(spans: list[timedelta]) -> tuple[int, float | None, float | None]:
    """How many, the median and the 90th percentile in hours."""
    hours = [one.total_seconds() / 3600 for one in spans]
    if len(hours) < 2:
        return len(hours), *(hours * 2 or (None, None))
    return len(hours), statistics.median(hours), statistics.quantiles(hours, n=10, method="inclusive")[8]
