"""Links that open something without signing in: for how long, and for what."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.errors import NotAllowed
from chassis.media import THUMBNAIL, Links
from services.issues.cases import feedback
from services.issues.cases.domain import transition
from services.issues.cases.issue import Issue, Level, Status
from tests.unit.test_case_workflow import ACTORS, DETAILS, NOW, POLICY, standing

KEY = "key"


def resolved() -> Issue:
    claimed = standing(Status.CLAIMED, Level.STEWARD)
    return transition(claimed, "resolve", ACTORS["assignee"], DETAILS, NOW, POLICY).issue


def link(issue: Issue) -> str:
    assert issue.feedback_until is not None
    return feedback.sign(issue.id, issue.feedback_until, KEY)


def test_a_feedback_link_is_good_for_fourteen_days_and_no_longer() -> None:
    issue = resolved()
    feedback.check_signature(issue, link(issue), KEY, NOW)
    feedback.check_signature(issue, link(issue), KEY, NOW + timedelta(days=14))
    with pytest.raises(NotAllowed):
        feedback.check_signature(issue, link(issue), KEY, NOW + timedelta(days=14, milliseconds=1))


def test_a_feedback_link_is_for_one_solution_of_one_issue_and_made_by_us() -> None:
    issue, later = resolved(), NOW + timedelta(hours=1)
    reopened = transition(issue, "reopen", ACTORS["reporter"], DETAILS, NOW, POLICY).issue
    next_one = transition(
        replace(reopened, assignee="S1"), "resolve", ACTORS["assignee"], DETAILS, later, POLICY
    ).issue
    other = replace(issue, id="01CCCCCCCCCCCCCCCCCCCCCCCC")
    for target in (reopened, next_one, other, replace(issue, reporter=None)):
        with pytest.raises(NotAllowed):
            feedback.check_signature(target, link(issue), KEY, NOW)
    for signature in ("", "0" * 40, link(issue)[:-1], link(issue).upper(), "é"):
        with pytest.raises(NotAllowed):
            feedback.check_signature(issue, signature, KEY, NOW)
    with pytest.raises(NotAllowed):
        feedback.check_signature(issue, link(issue), "another key", NOW)


@pytest.mark.parametrize("name", ["P1", f"P1{THUMBNAIL}"])
def test_a_link_to_a_photo_is_good_for_five_minutes_and_that_file(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = now = 1_800_000_000.0
    monkeypatch.setattr("chassis.media.time.time", lambda: now)
    links = Links(KEY)
    found = re.fullmatch(r"/v1/media/(\S+)\?expires=(\d+)&signature=(\w+)", links.url(name))
    assert found is not None
    expires, signature = int(found[2]), found[3]
    assert (found[1], expires - made) == (name, 300)
    links.check(name, expires, signature)
    now = made + 299
    links.check(name, expires, signature)
    for wrong in ((name, expires + 1, signature), ("P2", expires, signature), (name, expires, "0" * 40)):
        with pytest.raises(NotAllowed):
            links.check(*wrong)
    now = made + 301
    with pytest.raises(NotAllowed):
        links.check(name, expires, signature)
