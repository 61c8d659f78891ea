"""The clock of an issue: each category's and level's own time, and reminders that come once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import ConcurrentUpdate, Invalid
from services.issues.cases import commands, deadlines
from services.issues.cases.domain import transition
from services.issues.cases.issue import LEVELS, Change, Issue, Level, Status
from services.issues.categories.domain import ROOTS, Policy
from services.issues.limits.domain import Limit, Unit
from tests.unit.test_case_workflow import ACTORS, DETAILS, NOW, POLICY, fresh

HOURS = Policy(
    replace(POLICY.category, limits={level.value: Limit(10, Unit.HOURS) for level in LEVELS}), POLICY.calendar
)


def reminders(issue: Issue, policy: Policy, until: timedelta) -> list[tuple[str | None, float]]:
    """What an issue is reminded of by then, and after how many hours, by a clock that looks every minute."""
    told = []
    for minute in range(int(until.total_seconds() // 60) + 1):
        while (change := deadlines.tick(issue, NOW + timedelta(minutes=minute), policy)) is not None:
            told += [(line.note, minute / 60) for line in change.entries if line.action == "remind"]
            issue = change.issue
    return told


@pytest.mark.parametrize("urgency", ["normal", "urgent"])
@pytest.mark.parametrize("code", ROOTS)
def test_each_category_gives_each_level_its_own_time(code: str, urgency: str) -> None:
    policy, seen = Policy(ROOTS[code], POLICY.calendar), {}
    issue = fresh(policy, urgency=urgency).issue
    for actor in ("community", "community", "subdistrict"):
        seen[issue.level] = issue.due_at
        if issue.level is not Level.SUBDISTRICT:
            issue = transition(issue, "escalate", ACTORS[actor], DETAILS, NOW, policy).issue
    limits = ROOTS[code].urgent_limits if urgency == "urgent" else ROOTS[code].limits
    for level in LEVELS:
        limit, calendar = limits[level], policy.calendar
        working = limit.unit is not Unit.HOURS
        assert seen[level] == calendar.after(NOW, calendar.span(limit), working=working), level


def test_what_was_reminded_of_is_not_said_again_when_the_time_is_extended() -> None:
    claimed = transition(fresh(HOURS).issue, "claim", ACTORS["assignee"], DETAILS, NOW, HOURS).issue
    issue, told = claimed, []
    for _ in range(2):  # at half and at four fifths of ten hours
        assert issue.next_check_at is not None
        change = deadlines.tick(issue, issue.next_check_at, HOURS)
        assert change is not None
        told.append(change.entries[0].note)
        issue = change.issue
    assert told == ["50 %", "80 %"]
    nine = NOW + timedelta(hours=9)
    extended = transition(issue, "extend", ACTORS["assignee"], DETAILS, nine, HOURS).issue
    # Of fifteen hours nine are gone: half is behind, four fifths and the end lie ahead again.
    assert reminders(extended, HOURS, timedelta(hours=15)) == [("80 %", 12.0), ("100 %", 15.0)]


def test_an_extension_after_the_end_gives_the_top_level_its_time_anew() -> None:
    issue = fresh(HOURS, area="120199001").issue
    hours = timedelta(hours=10)
    while (change := deadlines.tick(issue, NOW + hours, HOURS)) is not None:
        issue = change.issue
    assert issue.next_check_at is None
    issue = replace(issue, status=Status.IN_PROGRESS)  # as the subdistrict works on it
    extended = transition(issue, "extend", ACTORS["subdistrict"], DETAILS, NOW + hours, HOURS).issue
    assert reminders(extended, HOURS, timedelta(hours=15)) == [("80 %", 12.0), ("100 %", 15.0)]


def test_nobody_gains_time_by_routing_an_issue_to_where_it_is() -> None:
    issue = fresh(HOURS).issue
    with pytest.raises(Invalid) as refused:
        transition(issue, "route", ACTORS["community"], DETAILS, NOW, HOURS)
    assert "area" in refused.value.extra["errors"]
    up = transition(issue, "escalate", ACTORS["community"], DETAILS, NOW, HOURS).issue
    back = transition(up, "route", ACTORS["community"], DETAILS, NOW, HOURS).issue
    assert (back.level, back.area) == (Level.STEWARD, issue.area)


class Drawer:
    """Issues in memory, as two workers see them: what one has loaded, the other may have changed."""

    def __init__(self, issue: Issue) -> None:
        self.issue, self.lines = issue, list[str | None]()

    def due(self, at: Any, _: int) -> list[Issue]:
        check = self.issue.next_check_at
        return [self.issue] if check is not None and check <= at else []

    def save(self, change: Change) -> Issue:
        if change.issue.version <= self.issue.version:
            raise ConcurrentUpdate(change.issue.id)
        self.issue = change.issue
        self.lines += [line.note for line in change.entries]
        return change.issue


class Late(Drawer):
    """A drawer whose reader comes back with what was there before the others worked."""

    def __init__(self, drawer: Drawer, seen: Issue) -> None:
        self.drawer, self.seen = drawer, seen

    def due(self, at: Any, _: int) -> list[Issue]:
        return [self.seen] if at >= self.seen.created_at else []

    def save(self, change: Change) -> Issue:
        return self.drawer.save(change)


class Book:
    """The rules of one category."""

    def policy(self, *_: object) -> Policy:
        return HOURS


def test_a_worker_that_starts_again_or_comes_late_reminds_of_nothing_twice() -> None:
    drawer, rules = Drawer(fresh(HOURS).issue), Book()
    for hour in (5, 5, 8, 9, 10, 10):
        now = NOW + timedelta(hours=hour)
        late = Late(drawer, drawer.issue)
        while commands.run_clock(drawer, rules, lambda now=now: now):  # type: ignore[arg-type, misc]
            pass
        if late.seen is not drawer.issue:
            assert commands.run_clock(late, rules, lambda now=now: now) == 0  # type: ignore[arg-type, misc]
    assert drawer.lines == ["50 %", "80 %", "100 %", "时限已到，自动上报。"]
