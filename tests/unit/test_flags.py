"""Flags hide an issue until staff have decided, and the same flags never do so twice."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chassis.errors import Conflict, NotAllowed
from chassis.identity import Actor
from services.issues.cases.issue import Issue
from services.issues.flags import domain
from tests.unit.test_case_workflow import ACTORS, fresh

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def flagged(issue: Issue, *members: str) -> Issue:
    for member in members:
        change = domain.flag(issue, Actor(member), "含有他人电话", NOW)
        if change is not None:
            issue = change.issue
    return issue


def test_the_third_member_who_flags_an_issue_hides_it_and_staff_are_told() -> None:
    issue = flagged(fresh().issue, "A1", "A2")
    assert not issue.hidden
    change = domain.flag(issue, Actor("A3"), "广告", NOW)
    assert change is not None
    assert change.issue.hidden
    assert [event.type for event in change.events] == ["issue.hidden.v1"]
    assert [(line.action, line.actor) for line in change.entries] == [("hide", "system")]


def test_one_member_flags_once_and_the_reporter_not_at_all() -> None:
    issue = flagged(fresh().issue, "A1", "A1", "A1", "A1")
    assert (len(issue.flags), issue.hidden) == (1, False)
    with pytest.raises(NotAllowed):
        domain.flag(issue, ACTORS["reporter"], "x", NOW)


def test_who_flagged_stands_in_no_line_of_the_history() -> None:
    change = domain.flag(fresh().issue, Actor("A1"), "广告", NOW)
    assert change is not None
    assert change.entries == ()


def test_flags_that_staff_have_decided_on_hide_nothing_again() -> None:
    issue = flagged(fresh().issue, "A1", "A2", "A3")
    shown = domain.review(issue, ACTORS["community"], show=True, reason="内容属实", at=NOW)
    assert (shown.issue.hidden, shown.events[0].type) == (False, "issue.reviewed.v1")
    again = flagged(shown.issue, "A1", "A2", "A3", "B1", "B2")
    assert not again.hidden
    assert flagged(again, "B3").hidden


def test_only_staff_of_the_area_decide_and_only_where_there_is_something_to_decide() -> None:
    issue = fresh().issue
    for name in ("stranger", "reporter", "assignee", "staff elsewhere"):
        with pytest.raises(NotAllowed):
            domain.review(issue, ACTORS[name], show=True, reason="理由", at=NOW)
    with pytest.raises(Conflict):
        domain.review(issue, ACTORS["community"], show=True, reason="理由", at=NOW)
    hidden = domain.review(issue, ACTORS["community"], show=False, reason="含隐私", at=NOW).issue
    assert hidden.hidden
    with pytest.raises(Conflict):
        domain.review(hidden, ACTORS["community"], show=False, reason="含隐私", at=NOW)
    assert not domain.review(hidden, ACTORS["admin"], show=True, reason="已遮盖", at=NOW).issue.hidden


def test_more_flags_than_are_kept_are_refused() -> None:
    issue = flagged(fresh().issue, *(f"A{number}" for number in range(domain.MOST_FLAGS)))
    with pytest.raises(Conflict):
        domain.flag(issue, Actor("late"), "x", NOW)
    with pytest.raises(Conflict):
        domain.flag(replace(fresh().issue, anonymised_at=NOW), Actor("A1"), "x", NOW)
