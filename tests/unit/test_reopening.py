"""Reopening what was confirmed: who may, how long, and which confirmation it takes back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.errors import Conflict
from services.issues.cases.domain import allowed_actions, transition
from services.issues.cases.guards import REOPEN_TIME
from services.issues.cases.issue import Issue, Level, Status
from services.issues.cases.lists import CLOSED, lists_of
from services.issues.privacy.domain import anonymise
from tests.unit.test_case_workflow import ACTORS, DETAILS, NOW, POLICY, standing


def confirmed(reporter: str = "R") -> Issue:
    """Confirmed at NOW."""
    resolved = replace(standing(Status.RESOLVED, Level.STEWARD), reporter=reporter)
    return transition(resolved, "confirm", ACTORS["admin"], DETAILS, NOW, POLICY).issue


def test_what_was_confirmed_is_reopened_by_its_reporter_for_a_fortnight_and_by_staff_at_any_time() -> None:
    last, later = NOW + REOPEN_TIME, NOW + REOPEN_TIME + timedelta(milliseconds=1)
    for who, at in (("reporter", last), ("community", later), ("subdistrict", later), ("admin", later)):
        assert "reopen" in allowed_actions(confirmed(), ACTORS[who], at, POLICY), who
        change = transition(confirmed(), "reopen", ACTORS[who], DETAILS, at, POLICY)
        assert (change.issue.status, change.issue.closed_at) == ("reopened", None), who
    assert "reopen" not in allowed_actions(confirmed(), ACTORS["reporter"], later, POLICY)
    with pytest.raises(Conflict) as refused:
        transition(confirmed(), "reopen", ACTORS["reporter"], DETAILS, later, POLICY)
    assert (refused.value.code, refused.value.extra["allowed"]) == ("confirmed-long-ago", [])


def test_staff_who_reported_it_themselves_reopen_as_staff() -> None:
    later = NOW + REOPEN_TIME + timedelta(days=1)
    change = transition(confirmed("C"), "reopen", ACTORS["community"], DETAILS, later, POLICY)
    assert change.issue.reopened == 1


def test_each_confirmation_is_a_round_and_a_reopening_names_the_one_it_takes_back() -> None:
    issue, rounds = standing(Status.RESOLVED, Level.STEWARD), []
    for action in ("reopen", "resolve", "confirm", "reopen", "resolve", "reopen", "resolve", "confirm"):
        actor = ACTORS["assignee" if action == "resolve" else "reporter"]
        if issue.level is not Level.STEWARD:
            actor = ACTORS["community" if action == "resolve" else "reporter"]
        change = transition(issue, action, actor, DETAILS, NOW, POLICY)
        issue = change.issue
        if action != "resolve":
            rounds.append((action, change.events[0].round))
    assert rounds == [("reopen", 0), ("confirm", 1), ("reopen", 1), ("reopen", 1), ("confirm", 2)]


def test_an_issue_confirmed_under_an_older_release_was_confirmed_once() -> None:
    old = replace(confirmed(), confirmations=0)
    change = transition(old, "reopen", ACTORS["reporter"], DETAILS, NOW, POLICY)
    assert (change.events[0].round, change.issue.confirmations) == (1, 1)


def test_what_is_reopened_is_closed_no_more_and_becomes_anonymous_only_when_it_is_closed_again() -> None:
    closed = confirmed()
    assert CLOSED in lists_of(closed, None)
    reopened = transition(closed, "reopen", ACTORS["reporter"], DETAILS, NOW, POLICY).issue
    assert CLOSED not in lists_of(reopened, None)
    assert anonymise(reopened, (), NOW) is None
    gone = replace(closed, anonymised_at=NOW)
    assert allowed_actions(gone, ACTORS["admin"], NOW, POLICY) == []
