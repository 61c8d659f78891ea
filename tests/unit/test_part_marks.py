"""When a whole is solved by its parts: by what they are, in whatever order that is heard of."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from chassis.errors import missing
from chassis.events import Envelope, envelope, parse
from chassis.subscriptions import Subscriptions
from services.issues.cases.domain import transition
from services.issues.cases.issue import OPEN, Change, Details, Issue, Level, Part, Status
from services.issues.duplicates import handlers
from tests.unit.test_case_workflow import ACTORS, ELDER, NOW, POLICY, standing
from tests.unit.test_duplicates import Book, Shelf

WHOLE, ONE, OTHER = (f"01{letter * 24}" for letter in "BCD")
STAFF, REPORTER = ACTORS["community"], ACTORS["reporter"]
SAID = Details(note="说明", into=ELDER, agency="供电公司")
NOTHING: Any = None
HEARD = set(handlers.subscriptions(NOTHING, NOTHING, NOTHING)) - {"issue.confirmed.v1"}


class Split(Shelf):
    """A whole and its two parts, and what is told of them; a minute passes with each action."""

    def __init__(self) -> None:
        waiting, claimed = (standing(one, Level.STEWARD) for one in (Status.ON_HOLD, Status.CLAIMED))
        parts = [replace(claimed, id=one, part_of=WHOLE, resolver=None) for one in (ONE, OTHER)]
        whole = replace(waiting, id=WHOLE, status_before=Status.IN_PROGRESS, parts=(Part(ONE), Part(OTHER)))
        super().__init__(replace(whole, resolver=None), *parts, replace(claimed, id=ELDER))
        self.now = NOW
        self.told: list[Envelope] = []

    def clock(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def get(self, issue_id: str) -> Issue:
        if issue_id not in self.kept:
            raise missing("问题", "issue")
        return super().get(issue_id)

    def save(self, change: Change) -> Issue:
        issue = super().save(change)
        written = [
            envelope(
                event,
                source="issues",
                subject=issue.id,
                sequence=issue.version,
                area=issue.area,
                at=self.now,
            )
            for event in change.events
        ]
        self.told += [parse(orjson.dumps(one)) for one in written if one["type"] in HEARD]
        return issue

    def act(self, issue_id: str, *actions: str) -> None:
        for action in actions:
            actor = REPORTER if action == "confirm" else STAFF
            self.save(transition(self.get(issue_id), action, actor, SAID, self.clock(), POLICY))

    def hear(self, told: Sequence[Envelope] | None = None) -> None:
        """Hear these events, or all that were not heard yet."""
        events, self.told = (self.told if told is None else list(told)), []
        rules: Any = Book()
        shelf: Any = self
        for event in events:
            Subscriptions(handlers.subscriptions(shelf, rules, self.clock)).handle(event)

    @property
    def state(self) -> tuple[Status, tuple[bool, ...]]:
        whole = self.kept[WHOLE]
        return whole.status, tuple(one.done for one in whole.parts)


def test_a_whole_is_not_solved_while_a_part_is_open_again_in_whatever_order_that_is_heard_of() -> None:
    for order in itertools.permutations(range(3)):
        split = Split()
        split.act(ONE, "resolve", "reopen")
        split.act(OTHER, "resolve")
        split.hear([split.told[place] for place in order])
        assert split.state == (Status.ON_HOLD, (False, True)), order
        split.act(ONE, "resolve")
        split.hear()
        assert split.state == (Status.RESOLVED, (True, True))


@pytest.mark.parametrize("action", ["resolve", "reject", "refer", "merge"])
def test_what_a_part_is_when_its_events_are_heard_counts_and_not_what_it_was_when_they_were_told(
    action: str,
) -> None:
    back = {"resolve": "reopen", "merge": "unmerge"}.get(action)
    split = Split()
    split.act(ONE, action)
    split.hear()
    assert split.state == (Status.ON_HOLD, (True, False))
    if back is not None:
        split.act(ONE, back)
        split.hear()
        assert split.state == (Status.ON_HOLD, (False, False))
        split.act(ONE, action, back, action)
    split.act(OTHER, "resolve")
    late = list(split.told)
    split.hear()
    assert split.state == (Status.RESOLVED, (True, True))
    version = split.kept[WHOLE].version
    split.hear([*late, *late])
    assert split.kept[WHOLE].version == version


def reopened() -> Split:
    """A whole that was solved by its parts, and reopened then."""
    split = Split()
    for part in (ONE, OTHER):
        split.act(part, "resolve")
    split.hear()
    split.act(WHOLE, "reopen")
    return split


@pytest.mark.parametrize("at_once", [True, False], ids=["heard in one go", "heard as it happens"])
def test_a_whole_that_was_reopened_is_solved_by_a_part_that_is_solved_since(at_once: bool) -> None:
    split = reopened()
    for action in ("reopen", "resolve"):
        assert split.kept[WHOLE].status is Status.REOPENED
        split.act(ONE, action)
        if not at_once:
            split.hear()
    split.hear()
    assert split.state == (Status.RESOLVED, (True, True))


def test_a_whole_that_was_reopened_is_not_solved_by_what_was_done_before() -> None:
    split = reopened()
    old = list(split.told)
    split.act(ONE, "confirm")
    split.hear([*old, *split.told])
    assert split.state == (Status.REOPENED, (True, True))
    split.act(OTHER, "reopen")
    split.hear()
    assert split.state == (Status.REOPENED, (True, False))


def test_of_two_parts_that_are_solved_before_and_after_a_reopening_the_later_one_counts() -> None:
    for first, second in itertools.permutations((ONE, OTHER)):
        split = Split()
        split.act(WHOLE, "resolve")
        split.act(ONE, "resolve")
        split.act(WHOLE, "reopen")
        split.act(OTHER, "resolve")
        told = {one.subject: one for one in split.told if one.type == "issue.resolved.v1"}
        split.hear([told[first], told[second]])
        assert split.state == (Status.RESOLVED, (True, True)), first


@pytest.mark.parametrize("then", [(), ("confirm",)], ids=["solved", "confirmed"])
def test_a_whole_that_is_solved_stays_so_when_a_part_is_reopened_whose_mark_is_taken_back(
    then: tuple[str, ...],
) -> None:
    split = Split()
    for part in (ONE, OTHER):
        split.act(part, "resolve")
    split.hear()
    split.act(WHOLE, *then)
    status = split.kept[WHOLE].status
    assert status not in OPEN
    split.act(ONE, "reopen")
    split.hear()
    assert split.state == (status, (False, True))
    split.act(ONE, "resolve")
    split.hear()
    assert split.state == (status, (True, True))


def test_a_whole_whose_last_part_was_done_while_it_was_merged_is_solved_once_it_goes_on_by_itself() -> None:
    split = Split()
    split.act(WHOLE, "merge")
    for part in (ONE, OTHER):
        split.act(part, "resolve")
    split.hear()
    assert split.state == (Status.MERGED, (True, True))
    split.act(WHOLE, "unmerge")
    split.hear()
    assert split.state == (Status.RESOLVED, (True, True))


def test_a_part_that_an_interrupted_request_has_not_come_to_yet_is_not_done() -> None:
    split = Split()
    later = split.kept.pop(OTHER)
    split.act(ONE, "resolve")
    split.hear()
    assert split.state == (Status.ON_HOLD, (True, False))
    split.kept[OTHER] = later
    split.act(OTHER, "reject")
    split.hear()
    assert split.state == (Status.RESOLVED, (True, True))
