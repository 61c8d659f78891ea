"""A request that comes again acts on an issue once, whatever it asks for and whatever happened meanwhile."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chassis.clock import ulid_at
from chassis.errors import ConcurrentUpdate, Conflict, Stale
from services.issues.cases import commands
from services.issues.cases.issue import Change, Details, Issue, Status
from services.issues.cases.repeats import REPEATED_WITHIN, once
from tests.unit.test_case_workflow import ACTORS, NOW, POLICY, YOUNGER, fresh


def request(ago: timedelta = timedelta(), number: int = 0) -> str:
    return ulid_at(NOW - ago)[:-2] + f"{number:02d}"


class Desk:
    """One issue in memory with the actions of its history, and all that commands ask for beside it."""

    def __init__(self) -> None:
        self.issue = fresh().issue
        self.actions: list[str] = []

    def get(self, issue_id: str) -> Issue:
        assert issue_id == YOUNGER
        return self.issue

    def save(self, change: Change) -> Issue:
        if change.issue.version != self.issue.version + 1:
            raise ConcurrentUpdate(change.issue.id)
        self.issue = change.issue
        self.actions += [one.action for one in change.entries]
        return change.issue

    def policy(self, *_: object) -> Any:
        return POLICY

    def act(self, action: str, request_id: str, version: int | None = None) -> Issue:
        desk: Any = self
        return commands.act(
            desk,
            desk,
            desk,
            desk,
            lambda: NOW,
            ACTORS["assignee"],
            issue_id=YOUNGER,
            action=action,
            details=Details(note="已清理"),
            request_id=request_id,
            expected_version=version,
        )

    def comment(self, text: str, request_id: str) -> Issue:
        desk: Any = self
        return commands.comment(
            desk, lambda: NOW, ACTORS["reporter"], issue_id=YOUNGER, text=text, request_id=request_id
        )


def test_a_comment_that_is_sent_again_is_written_once_and_the_same_words_by_another_request_twice() -> None:
    desk = Desk()
    for number in (1, 1, 2, 1):
        desk.comment("还没来", request(number=number))
    assert desk.actions == ["comment", "comment"]


def test_a_transition_that_is_sent_again_was_done_though_the_issue_has_moved_on() -> None:
    desk = Desk()
    first = desk.act("claim", request(number=1), version=1)
    desk.act("resolve", request(number=2), version=2)
    again = desk.act("claim", request(number=1), version=1)
    assert (first.status, again.status, desk.actions) == (
        Status.CLAIMED,
        Status.RESOLVED,
        ["claim", "resolve"],
    )
    with pytest.raises(Stale):
        desk.act("claim", request(number=3), version=1)
    with pytest.raises(Conflict):
        desk.act("claim", request(number=4))


def test_a_request_is_remembered_for_as_long_as_it_may_come_again_and_no_longer() -> None:
    decide = once(request(number=9), lambda issue, _: replace(fresh(), issue=issue))
    old, kept = request(REPEATED_WITHIN + timedelta(seconds=1)), request(REPEATED_WITHIN)
    change = decide(replace(fresh().issue, requests=(old, kept)), NOW)
    assert change is not None
    assert change.issue.requests == (kept, request(number=9))
    assert decide(change.issue, NOW) is None


def test_what_changes_nothing_is_not_remembered() -> None:
    assert once(request(), lambda *_: None)(fresh().issue, NOW) is None
