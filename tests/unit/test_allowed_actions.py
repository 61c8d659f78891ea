"""What the service says can be done with an issue is what then succeeds, and all of it."""

import itertools
from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask, g
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from chassis.errors import Conflict, NotAllowed, Refusal
from chassis.http import problems
from chassis.identity import Actor
from services.issues.cases import feedback
from services.issues.cases.domain import PUBLIC_ACTIONS, allowed_actions, transition
from services.issues.cases.issue import LEVELS, SYSTEM, Details, Feedback, Issue, Level, Status
from services.issues.cases.responsibility import first_level
from services.issues.categories.domain import Policy
from services.issues.duplicates import domain as duplicates
from services.issues.finding.routes import bulk_blueprint
from tests.unit.test_case_workflow import ACTORS, DETAILS, ELDER, GRID, NOW, POLICY, Life, fresh, standing

PEOPLE = {name: actor for name, actor in ACTORS.items() if actor != SYSTEM}
OFF_DUTY_LIST = Policy(replace(POLICY.category, duty_list=False), POLICY.calendar)


def full(issue: Issue, policy: Policy) -> Details:
    """All that any action may need: to be put elsewhere, somewhere else than where it is."""
    elsewhere = next(
        area
        for area in (GRID, GRID[:12], GRID[:9])
        if (area, first_level(area, policy.category)) != (issue.area, issue.level)
    )
    return replace(DETAILS, area=elsewhere, media=(ELDER,))


def hold_to_it(issue: Issue, actor: Actor, at: datetime, policy: Policy) -> None:
    """What is allowed succeeds; what is not is refused, and where the state is why, with what is allowed."""
    allowed = allowed_actions(issue, actor, at, policy)
    for action in PUBLIC_ACTIONS:
        refused = refusal_of(issue, action, actor, at, policy)
        assert (refused is None) == (action in allowed), action
        assert isinstance(refused, Conflict | NotAllowed | None), action
        if isinstance(refused, Conflict):
            assert refused.extra["allowed"] == allowed, action


def refusal_of(issue: Issue, action: str, actor: Actor, at: datetime, policy: Policy) -> Refusal | None:
    """What an action is refused with, where everything that it may need is given."""
    try:
        transition(issue, action, actor, full(issue, policy), at, policy)
    except Refusal as refusal:
        return refusal
    return None


def test_whatever_was_objected_to_or_extended_each_is_told_what_they_can_do() -> None:
    open_one = standing(Status.CLAIMED, Level.STEWARD).objection
    assert open_one is not None
    objections = (None, open_one, replace(open_one, decision="denied"))
    units = ((False, POLICY), (True, OFF_DUTY_LIST))
    for status, level, objection, (extended, policy) in itertools.product(Status, LEVELS, objections, units):
        issue = standing(status, level)
        countdown = replace(issue.countdown, extended=extended)
        issue = replace(issue, objection=objection, countdown=countdown)
        for actor in PEOPLE.values():
            hold_to_it(issue, actor, NOW, policy)


CONFLICTS: dict[str, tuple[str, str, Issue]] = {
    "not-in-a-grid": ("assign", "community", fresh(area=GRID[:12]).issue),
    "extended-already": (
        "extend",
        "assignee",
        transition(
            standing(Status.CLAIMED, Level.STEWARD), "extend", ACTORS["assignee"], DETAILS, NOW, POLICY
        ).issue,
    ),
    "objected-already": ("object", "assignee", standing(Status.CLAIMED, Level.STEWARD)),
    "no-objection": (
        "deny_objection",
        "community",
        replace(standing(Status.CLAIMED, Level.STEWARD), objection=None),
    ),
    "nobody-below": ("return", "community", replace(fresh(area=GRID[:12]).issue, status=Status.ESCALATED)),
    "split-already": ("split", "assignee", replace(standing(Status.CLAIMED, Level.STEWARD), part_of=ELDER)),
    "others-follow": ("withdraw", "reporter", replace(fresh().issue, supporters=("M",))),
    "anonymised": ("reopen", "admin", replace(standing(Status.NO_ANSWER, Level.STEWARD), anonymised_at=NOW)),
}


@pytest.mark.parametrize("code", CONFLICTS)
def test_each_conflict_of_an_action_names_what_can_be_done_instead(code: str) -> None:
    action, who, issue = CONFLICTS[code]
    with pytest.raises(Conflict) as refused:
        transition(issue, action, ACTORS[who], full(issue, POLICY), NOW, POLICY)
    assert refused.value.code == code
    assert refused.value.extra["allowed"] == allowed_actions(issue, ACTORS[who], NOW, POLICY)
    assert action not in refused.value.extra["allowed"]


def test_an_answer_that_nobody_waits_for_is_refused_with_what_the_reporter_can_do() -> None:
    issue = fresh().issue
    with pytest.raises(Conflict) as refused:
        feedback.give(issue, ACTORS["reporter"], Feedback(True, "yes", True, None, NOW), POLICY)
    assert refused.value.extra["allowed"] == ["withdraw"]


def test_what_has_a_route_of_its_own_or_happens_by_itself_is_not_offered_as_a_transition() -> None:
    issue = standing(Status.CLAIMED, Level.STEWARD)
    assert not {"split", "vacate", "lapse"} & set(allowed_actions(issue, ACTORS["assignee"], NOW, POLICY))
    assert "confirm" not in allowed_actions(
        replace(standing(Status.RESOLVED, Level.STEWARD), resolver="C"), ACTORS["community"], NOW, POLICY
    )


def test_each_of_many_issues_that_is_refused_says_what_can_be_done_with_it() -> None:
    claimed, theirs = standing(Status.CLAIMED, Level.STEWARD), standing(Status.REPORTED, Level.STEWARD)
    kept = {ELDER: claimed, theirs.id: theirs}

    def act(issue_id: str, action: str, details: Details) -> Issue:
        issue = kept[issue_id]
        return transition(issue, action, ACTORS["grid_steward"], details, NOW, POLICY).issue

    app = Flask("bulk")
    problems.register(app)
    app.register_blueprint(bulk_blueprint(act, GRID[:6]))
    app.before_request(lambda: setattr(g, "actor", ACTORS["grid_steward"]))
    answer = app.test_client().post("/v1/bulk-transitions", json={"ids": list(kept), "action": "claim"})
    refused, done = answer.get_json()["items"]
    assert (refused["status"], refused["allowed"]) == (409, [])
    assert (done["status"], "allowed" in done) == (200, False)


class Told(Life):
    """Any life of an issue, also in parts and with others who follow it; at any time somebody asks."""

    @rule(who=st.sampled_from(sorted(PEOPLE)))
    def ask(self, who: str) -> None:
        """They are told the truth."""
        hold_to_it(self.issue, PEOPLE[who], self.now, self.policy)

    @rule()
    def follow(self) -> None:
        """Another resident has the same problem."""
        try:
            change = duplicates.support(self.issue, Actor("M"), self.now)
        except Refusal:
            return
        if change is not None:
            self.take(change)

    @rule(who=st.sampled_from(sorted(PEOPLE)))
    def split(self, who: str) -> None:
        """Go on in two parts."""
        parts = [replace(self.issue, id=one, part_of=self.issue.id) for one in ("P1", "P2")]
        try:
            change = duplicates.split(self.issue, PEOPLE[who], parts, "两件事", self.now, self.policy)
        except Refusal:
            return
        self.take(change)

    @rule(done=st.sets(st.sampled_from(["P1", "P2"])))
    def finish(self, done: set[str]) -> None:
        """Some parts are done by now."""
        if not self.issue.parts:
            return
        parts = [
            replace(
                self.issue,
                id=one.id,
                status=Status.RESOLVED if one.id in done else Status.REPORTED,
                resolved_at=self.now,
            )
            for one in self.issue.parts
        ]
        change = duplicates.parts_counted(self.issue, parts, self.now, self.policy)
        if change is not None:
            self.take(change)


Told.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestTold = Told.TestCase
