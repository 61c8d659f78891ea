"""What the reporter says of a solution: it stands as long as the solution does, and the history keeps it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.errors import Conflict, Invalid
from services.issues.cases import domain, feedback
from services.issues.cases.domain import transition
from services.issues.cases.issue import Feedback, Issue, Level, Rating, Status
from tests.unit.test_case_workflow import ACTORS, DETAILS, NOW, POLICY, standing

REPORTER = ACTORS["reporter"]
POOR, GOOD = Rating(False, 1, "没有清走"), Rating(True, 5, "")


def solved() -> Issue:
    return replace(standing(Status.RESOLVED, Level.STEWARD), rating=None)


def answers(resolved: str, reason: str | None = "只清了一半") -> Feedback:
    return Feedback(True, resolved, False, reason, NOW)


def again(issue: Issue) -> Issue:
    """The next solution."""
    at = NOW + timedelta(hours=1)
    return transition(replace(issue, assignee="S1"), "resolve", ACTORS["assignee"], DETAILS, at, POLICY).issue


def test_reopening_sets_the_rating_aside_and_the_next_solution_is_rated_anew() -> None:
    rated = domain.rate(solved(), REPORTER, POOR, NOW).issue
    with pytest.raises(Conflict):
        domain.rate(rated, REPORTER, GOOD, NOW)
    reopened = transition(rated, "reopen", REPORTER, DETAILS, NOW, POLICY).issue
    assert reopened.rating is None
    confirmed = transition(again(reopened), "confirm", REPORTER, DETAILS, NOW, POLICY).issue
    change = domain.rate(confirmed, REPORTER, GOOD, NOW)
    assert change.issue.rating == replace(GOOD, at=NOW)
    assert [event.type for event in change.events] == ["issue.rated.v1"]


def test_an_issue_closed_without_an_answer_is_rated_anew_once_it_was_reopened() -> None:
    rated = domain.rate(replace(solved(), status=Status.NO_ANSWER), REPORTER, POOR, NOW).issue
    reopened = transition(rated, "reopen", REPORTER, DETAILS, NOW, POLICY).issue
    assert domain.rate(again(reopened), REPORTER, GOOD, NOW).issue.rating == replace(GOOD, at=NOW)


@pytest.mark.parametrize(("word", "told"), [("no", "未解决"), ("partly", "部分解决")])
def test_answers_that_return_an_issue_are_in_the_history_and_not_beside_the_next_solution(
    word: str, told: str
) -> None:
    rated = domain.rate(solved(), REPORTER, POOR, NOW).issue
    change = feedback.give(rated, REPORTER, answers(word), POLICY)
    assert (change.issue.status, change.issue.rating, change.issue.feedback) == ("reopened", None, None)
    assert [(one.action, one.note) for one in change.entries] == [
        ("reopen", f"{told}，已联系，不满意。只清了一半")
    ]


def test_a_yes_confirms_and_stays() -> None:
    given = answers("yes", None)
    change = feedback.give(solved(), REPORTER, given, POLICY)
    assert (change.issue.status, change.issue.feedback) == ("confirmed", given)


@pytest.mark.parametrize("word", ["no", "partly"])
@pytest.mark.parametrize("reason", [None, ""])
def test_a_no_needs_its_reason_and_so_does_a_partly(word: str, reason: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        feedback.give(solved(), REPORTER, answers(word, reason), POLICY)
    assert "reason" in refused.value.extra["errors"]


def test_the_history_tells_score_and_words_of_a_rating() -> None:
    notes = [domain.rate(solved(), REPORTER, one, NOW).entries[0].note for one in (POOR, GOOD)]
    assert notes == ["不满意，1 分。没有清走", "满意，5 分。"]
