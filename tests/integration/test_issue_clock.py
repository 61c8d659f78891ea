"""Reminders and escalation on a real database: each once, however many clocks run and whatever restarts."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from chassis.clock import new_ulid
from chassis.mongo import Mongo
from services.issues.cases import commands
from services.issues.cases.issue import Issue
from services.issues.cases.store import CaseStore
from services.issues.categories.queries import Rulebook
from services.issues.categories.store import CategoryStore
from services.issues.limits.queries import Calendar
from services.issues.limits.store import DayStore
from tests.integration.test_photo_upkeep import Scene

LOOPS, ISSUES, MOST = 2, 5, 50
REMINDERS = [("remind", f"{percent} %") for percent in (50, 80, 100)]
EVENTS: dict[tuple[str, int | None], int] = {
    ("issue.reported.v1", None): 1,
    ("issue.reminded.v1", 50): 3,
    ("issue.reminded.v1", 80): 3,
    ("issue.reminded.v1", 100): 3,
    ("issue.escalated.v1", None): 2,
}
"""All that is told of an issue that nobody touches, at three levels."""
ESCALATED = ("escalate", "时限已到，自动上报。")


class MeetingStore(CaseStore):
    """A store whose loop does nothing before the other one has found the same to be due."""

    def __init__(self, mongo: Mongo, meeting: threading.Barrier) -> None:
        super().__init__(mongo)
        self._meeting: threading.Barrier | None = meeting

    def due(self, at: datetime, most: int) -> list[Issue]:
        """What is due; at the first look, both have seen it before either acts."""
        found = super().due(at, most)
        if self._meeting is not None:
            self._meeting.wait(60)
            self._meeting = None
        return found


def run_clocks(mongo: Mongo, at: datetime) -> int:
    """The loops of as many new processes at a moment; returns how many changes they made together."""
    meeting = threading.Barrier(LOOPS)

    def run(_: int) -> int:
        cases, done = MeetingStore(mongo, meeting), 0
        rules = Rulebook(CategoryStore(mongo), Calendar(DayStore(mongo).all))
        while made := commands.run_clock(cases, rules, lambda: at):
            done += made
            assert done <= MOST, "a step is done again and again"
        return done

    with ThreadPoolExecutor(LOOPS) as pool:
        return sum(pool.map(run, range(LOOPS)))


def next_moment(mongo: Mongo) -> datetime | None:
    """When anything is due next."""
    due = mongo["issues"].find({"next_check_at": {"$ne": None}}, {"next_check_at": 1})
    return min((one["next_check_at"] for one in due), default=None)


def told(document: dict[str, Any]) -> Counter[tuple[str, int | None]]:
    """The events of an issue, reminders with their percentage."""
    return Counter((one["type"], one["data"].get("percent")) for one in document["outbox"])


def written(document: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(one["action"], one["note"]) for one in document["history"]]


@pytest.fixture
def issues(mongo: Mongo) -> list[str]:
    scene = Scene(mongo)
    return [scene.report(new_ulid()).id for _ in range(ISSUES)]


def test_two_clocks_at_every_moment_and_again_after_a_restart_do_each_step_once(
    mongo: Mongo, issues: list[str]
) -> None:
    steps = 0
    while (moment := next_moment(mongo)) is not None:
        steps += 1
        assert run_clocks(mongo, moment) == ISSUES
        assert run_clocks(mongo, moment) == 0
    assert steps == 9
    for issue in issues:
        document = mongo["issues"].find_one({"_id": issue}) or {}
        assert written(document)[1:] == [*REMINDERS, ESCALATED, *REMINDERS, ESCALATED, *REMINDERS]
        assert told(document) == EVENTS


def test_clocks_that_slept_through_all_limits_catch_up_once(mongo: Mongo, issues: list[str]) -> None:
    moment = next_moment(mongo)
    assert moment is not None
    late = moment.replace(year=moment.year + 1)
    run_clocks(mongo, late)
    assert run_clocks(mongo, late) == 0
    for issue in issues:
        document = mongo["issues"].find_one({"_id": issue}) or {}
        assert written(document)[1:] == [*REMINDERS, ESCALATED]
        assert told(document)["issue.escalated.v1", None] == 1
        assert document["level"] == "community"
