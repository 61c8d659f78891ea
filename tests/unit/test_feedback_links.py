"""The reporter's link: in the event of a solution, and from there in the reporter's message alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import NotAllowed
from services.issues.cases.domain import transition
from services.issues.cases.events import IssueResolved
from services.issues.cases.feedback import check_signature, invite
from services.issues.cases.issue import Adopted, Change, Level, Status
from services.notify.domain import RULES, messages
from services.notify.templates import render
from tests.unit.test_case_workflow import ACTORS, DETAILS, ELDER, NOW, POLICY, standing

KEY = "key of links"
LINK = "/v1/feedback/01BBBBBBBBBBBBBBBBBBBBBBBB/" + "0a" * 20
FACT: dict[str, Any] = {
    "number": "20261124-000001",
    "level": "steward",
    "reporter": "R1",
    "followers": ["R1", "R2", "R3"],
    "assignee": "S1",
    "resolver": "S1",
    "actor": "S1",
    "feedback_path": LINK,
}


def solved(**changes: Any) -> Change:
    claimed = replace(standing(Status.CLAIMED, Level.STEWARD), assignee="S1", **changes)
    return transition(claimed, "resolve", ACTORS["assignee"], DETAILS, NOW, POLICY)


def link_of(change: Change, key: str | None = KEY) -> str | None:
    (event,) = invite(change, key)
    assert isinstance(event, IssueResolved)
    return event.feedback_path


def test_the_event_of_a_solution_holds_the_link_that_answers_for_it() -> None:
    change = solved()
    link = link_of(change)
    assert link is not None
    before, signature = link.rsplit("/", 1)
    assert before == f"/v1/feedback/{change.issue.id}"
    check_signature(change.issue, signature, KEY, NOW + timedelta(days=14))
    for issue, at in (
        (change.issue, NOW + timedelta(days=14, seconds=1)),
        (replace(change.issue, feedback_until=None), NOW),
        (replace(change.issue, feedback_until=NOW + timedelta(days=9)), NOW),
    ):
        with pytest.raises(NotAllowed):
            check_signature(issue, signature, KEY, at)


@pytest.mark.parametrize("changes", [{"reporter": None}, {"part_of": ELDER}])
def test_nobody_is_asked_about_a_part_or_in_place_of_a_reporter_who_was_forgotten(
    changes: dict[str, Any],
) -> None:
    assert link_of(solved(**changes, adopted=(Adopted(ELDER, ("R2",)),))) is None


def test_without_a_key_there_is_no_link_and_no_other_event_has_one() -> None:
    assert link_of(solved(), None) is None
    confirmed = transition(solved().issue, "confirm", ACTORS["reporter"], DETAILS, NOW, POLICY)
    reopened = transition(solved().issue, "reopen", ACTORS["reporter"], DETAILS, NOW, POLICY)
    assert [invite(one, KEY) for one in (confirmed, reopened)] == [confirmed.events, reopened.events]


def test_the_reporter_is_given_the_link_and_other_followers_are_not() -> None:
    due = {one.member: one for one in messages("issue.resolved.v1", "120199001001001", FACT, lambda *_: [])}
    assert {member: one.params["link"] for member, one in due.items()} == {"R1": LINK, "R2": None, "R3": None}
    for language in ("zh", "en"):
        (told,) = {render(one.template, one.params, language)[1] for one in due.values()}
        assert LINK not in told


def test_a_message_of_an_older_release_without_a_link_is_told_as_before() -> None:
    older = {name: value for name, value in FACT.items() if name != "feedback_path"}
    first, *_ = messages("issue.resolved.v1", "120199001001001", older, lambda *_: [])
    kept = {name: value for name, value in first.params.items() if name != "link"}
    assert render(first.template, kept, "en")[1].endswith("confirm and rate it, or reopen it.")


@pytest.mark.parametrize("kind", sorted(one for one in RULES if one.startswith("issue.")))
def test_no_rule_of_an_issue_gives_the_link_to_anybody_but_its_reporter(kind: str) -> None:
    due = messages(kind, "120199001001001", {**FACT, "percent": 50}, lambda role, _: [role])
    assert all(one.member == "R1" for one in due if one.params["link"] is not None)
