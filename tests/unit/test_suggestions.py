"""Suggestions: every status × action × party, support, and who is told."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chassis.errors import Conflict, Invalid, NotAllowed, Stale
from chassis.events import payload
from chassis.identity import Actor, Grant
from services.issues.suggestions import domain
from services.issues.suggestions.domain import (
    KINDS,
    WORKFLOW,
    Decision,
    Details,
    Kind,
    Status,
    Suggestion,
    allowed_actions,
    parties,
    transition,
)
from services.notify.domain import messages
from services.notify.templates import render

COMMUNITY = "120199001001"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
ANSWER = Details(Decision.PLANNED, "明年实施")
ACTORS = {
    "author": Actor("R", (Grant("resident", "120199"),)),
    "supporter": Actor("N", (Grant("resident", "120199"),)),
    "steward": Actor("S", (Grant("steward", f"{COMMUNITY}001"),)),
    "community": Actor("C", (Grant("community_staff", COMMUNITY),)),
    "subdistrict": Actor("D", (Grant("subdistrict_staff", COMMUNITY[:9]),)),
    "admin": Actor("A", (Grant("district_admin", COMMUNITY[:6]),)),
    "staff elsewhere": Actor("C2", (Grant("community_staff", "120199001002"),)),
}


def standing(status: Status) -> Suggestion:
    return Suggestion(
        id="01AAAAAAAAAAAAAAAAAAAAAAAA",
        number="S20261124-AAAAAA",
        kind="parking",
        area=COMMUNITY,
        title="增设停车位",
        text="小区北门可增设停车位",
        author="R",
        created_at=NOW,
        supporters=("N",),
        status=status,
    )


@pytest.mark.parametrize("action", WORKFLOW)
def test_each_action_is_open_to_its_parties_in_its_states_and_to_nobody_else(action: str) -> None:
    row = WORKFLOW[action]
    for status, (name, actor) in itertools.product(Status, ACTORS.items()):
        suggestion, case = standing(status), f"{action} of {status} by {name}"
        if not parties(suggestion, actor) & row.parties:
            with pytest.raises(NotAllowed):
                transition(suggestion, action, actor, ANSWER, NOW)
            continue
        if status not in row.sources:
            with pytest.raises(Conflict) as refused:
                transition(suggestion, action, actor, ANSWER, NOW)
            assert refused.value.extra["allowed"] == allowed_actions(suggestion, actor), case
            assert action not in refused.value.extra["allowed"], case
            continue
        assert action in allowed_actions(suggestion, actor), case
        change = transition(suggestion, action, actor, ANSWER, NOW)
        assert (change.suggestion.status, change.suggestion.version) == (row.target, 2), case
        assert (change.suggestion.closed_at is None) == (row.target is Status.ANSWERED), case
        assert change.event.followers == ("R", "N"), case


def test_the_table_names_who_may_what() -> None:
    by_name = {name: parties(standing(Status.OPEN), actor) for name, actor in ACTORS.items()}
    assert {name for name, held in by_name.items() if "staff" in held} == {
        "community",
        "subdistrict",
        "admin",
    }
    assert allowed_actions(standing(Status.OPEN), ACTORS["author"]) == ["withdraw"]
    assert allowed_actions(standing(Status.ANSWERED), ACTORS["community"]) == ["answer", "close"]
    assert allowed_actions(standing(Status.CLOSED), ACTORS["community"]) == []


@pytest.mark.parametrize(
    ("name", "details"), [("decision", Details(None, "字")), ("text", Details(Decision.DONE))]
)
def test_an_answer_says_what_was_decided_and_why(name: str, details: Details) -> None:
    with pytest.raises(Invalid) as refused:
        transition(standing(Status.OPEN), "answer", ACTORS["community"], details, NOW)
    assert name in refused.value.extra["errors"]


def test_a_later_answer_takes_the_place_of_the_first_and_both_are_kept() -> None:
    once = transition(standing(Status.OPEN), "answer", ACTORS["community"], ANSWER, NOW).suggestion
    twice = transition(once, "answer", ACTORS["subdistrict"], Details(Decision.DONE, "已完成"), NOW)
    assert [(one.by, one.decision) for one in twice.suggestion.answers] == [("C", "planned"), ("D", "done")]
    assert twice.event.decision == "done"


def test_only_an_answer_changes_the_answers() -> None:
    answered = transition(standing(Status.OPEN), "answer", ACTORS["community"], ANSWER, NOW).suggestion
    closed = transition(answered, "close", ACTORS["author"], ANSWER, NOW).suggestion
    assert len(closed.answers) == 1


def test_nobody_supports_their_own_suggestion_nor_one_that_is_over() -> None:
    domain.check_support(standing(Status.ANSWERED), ACTORS["supporter"])
    with pytest.raises(NotAllowed):
        domain.check_support(standing(Status.OPEN), ACTORS["author"])
    for status in (Status.CLOSED, Status.WITHDRAWN):
        with pytest.raises(Conflict):
            domain.check_support(standing(status), ACTORS["supporter"])


def test_a_stale_caller_and_a_retired_kind_are_refused() -> None:
    domain.check_version(standing(Status.OPEN), 1)
    with pytest.raises(Stale):
        domain.check_version(standing(Status.OPEN), 2)
    assert domain.check_usable(KINDS["parking"]).zh == "停车管理"
    for kind in (None, replace(KINDS["parking"], retired=True)):
        with pytest.raises(Invalid):
            domain.check_usable(kind)
    with pytest.raises(Invalid):
        domain.check_kind(Kind("Bad code", "坏", "bad"))


def test_author_and_supporters_are_told_of_an_answer_once_each_and_staff_of_a_new_suggestion() -> None:
    answered = transition(standing(Status.OPEN), "answer", ACTORS["community"], ANSWER, NOW)
    told = messages("suggestion.answered.v1", COMMUNITY, payload(answered.event), lambda *_: [])
    assert [one.member for one in told] == ["R", "N"]
    assert "列入计划" in render(told[0].template, told[0].params, "zh")[1]
    assert "planned" in render(told[0].template, told[0].params, "en")[1]

    made = domain.make(standing(Status.OPEN))
    holders = {"subdistrict_staff": ["D"], "district_admin": ["A"]}
    told = messages(
        "suggestion.made.v1", COMMUNITY, payload(made.event), lambda role, _: holders.get(role, [])
    )
    assert [one.member for one in told] == ["D"]
