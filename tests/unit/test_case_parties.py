"""What somebody is to an issue, the names that clients rely on, and what they may not do without a reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor, Grant
from services.issues.cases import deadlines
from services.issues.cases.domain import PUBLIC_ACTIONS, WORKFLOW, transition
from services.issues.cases.issue import LEVELS, Details, Level, Status, changed
from services.issues.cases.responsibility import parties
from tests.unit.test_case_workflow import ACTORS, DETAILS, GRID, NOW, POLICY, fresh, standing

_STAFF = {"staff", "level_staff", "overseer"}
WHO_IS_WHAT = {
    "reporter": ({"reporter"}, {"reporter"}, {"reporter"}),
    "assignee": ({"assignee", "grid_steward"},) * 3,
    "grid_steward": ({"grid_steward"},) * 3,
    "community": (_STAFF, {"staff", "level_staff"}, {"staff"}),
    "subdistrict": ({"staff", "overseer"}, {"staff", "overseer"}, {"staff", "level_staff"}),
    "admin": (_STAFF, _STAFF, _STAFF),
    "steward elsewhere": (set(), set(), set()),
    "staff elsewhere": (set(), set(), set()),
    "stranger": (set(), set(), set()),
    "system": ({"system"},) * 3,
}


@pytest.mark.parametrize("name", WHO_IS_WHAT)
def test_what_somebody_is_to_an_issue_follows_from_their_office_there_and_its_level(name: str) -> None:
    for level, expected in zip(LEVELS, WHO_IS_WHAT[name], strict=True):
        issue = standing(Status.CLAIMED, level)
        assert {one.value for one in parties(issue, ACTORS[name])} == expected, level
    assert set(WHO_IS_WHAT) == set(ACTORS)


def test_a_steward_claims_in_their_own_grid_and_in_no_other() -> None:
    issue = standing(Status.REPORTED, Level.STEWARD)
    may = {name for name, actor in ACTORS.items() if _may(actor, "claim")}
    assert may == {"assignee", "grid_steward"}
    of_the_community = Actor("S9", (Grant("steward", GRID[:12]),))
    assert _may(of_the_community, "claim")
    assert transition(issue, "claim", of_the_community, DETAILS, NOW, POLICY).issue.assignee == "S9"


def _may(actor: Actor, action: str) -> bool:
    held = parties(standing(Status.REPORTED, Level.STEWARD), actor)
    return bool(held & WORKFLOW[action].parties)


def test_clients_find_the_statuses_levels_and_actions_that_they_were_promised() -> None:
    flow = "reported claimed in_progress resolved confirmed"
    beside = "escalated referred rejected merged withdrawn reopened awaiting_info on_hold no_answer"
    assert {one.value for one in Status} == {*flow.split(), *beside.split()}
    assert [one.value for one in Level] == ["steward", "community", "subdistrict"]
    actions = "claim assign release start resolve escalate return refer reject merge confirm reopen withdraw"
    assert set(actions.split()) <= set(PUBLIC_ACTIONS)


@pytest.mark.parametrize("status", ["confirmed", "no_answer", "referred", "rejected", "merged", "withdrawn"])
def test_what_is_closed_is_not_claimed_and_the_refusal_says_what_can_be_done(status: str) -> None:
    with pytest.raises(Conflict) as refused:
        transition(
            standing(Status(status), Level.STEWARD), "claim", ACTORS["grid_steward"], DETAILS, NOW, POLICY
        )
    assert refused.value.extra == {"status_now": status, "allowed": []}


def test_a_unit_to_which_an_issue_was_routed_objects_before_anybody_works_on_it() -> None:
    waiting = fresh(area=GRID[:9]).issue
    details = replace(DETAILS, area=GRID[:12])
    routed = transition(waiting, "route", ACTORS["subdistrict"], details, NOW, POLICY).issue
    assert (routed.status, routed.level, routed.lead_unit) == ("reported", "community", GRID[:12])
    objected = transition(routed, "object", ACTORS["community"], DETAILS, NOW, POLICY).issue
    assert (objected.status, objected.lead_unit) == ("reported", GRID[:12])
    with pytest.raises(NotAllowed):
        transition(objected, "accept_objection", ACTORS["community"], DETAILS, NOW, POLICY)
    moved = transition(objected, "accept_objection", ACTORS["subdistrict"], DETAILS, NOW, POLICY).issue
    assert (moved.status, moved.lead_unit, moved.objection) == ("escalated", GRID[:9], None)


def test_an_objection_waits_four_working_hours_and_no_longer_for_the_level_above() -> None:
    routed = standing(Status.ESCALATED, Level.COMMUNITY)
    friday = datetime(2026, 11, 27, 7, tzinfo=UTC)  # 15:00 in Tianjin, two working hours before the weekend
    objected = transition(
        replace(routed, objection=None), "object", ACTORS["community"], DETAILS, friday, POLICY
    ).issue
    monday = datetime(2026, 11, 30, 3, tzinfo=UTC)
    assert objected.objection is not None
    assert objected.objection.decide_by == monday
    asleep = replace(objected, countdown=replace(objected.countdown, reminded=(50, 80, 100)))
    assert (
        deadlines.tick(replace(asleep, next_check_at=friday), monday - timedelta(seconds=1), POLICY) is None
    )
    decided = deadlines.tick(replace(asleep, next_check_at=monday), monday, POLICY)
    assert decided is not None
    assert decided.issue.objection is not None
    assert (decided.issue.objection.decision, decided.entries[0].actor) == ("denied", "system")


def test_nobody_objects_without_a_reason() -> None:
    routed = replace(standing(Status.ESCALATED, Level.COMMUNITY), objection=None)
    for note in (None, ""):
        with pytest.raises(Invalid):
            transition(routed, "object", ACTORS["community"], Details(note=note), NOW, POLICY)


def test_staff_begin_with_what_was_routed_to_them_and_a_steward_only_with_what_is_theirs() -> None:
    routed = standing(Status.REPORTED, Level.COMMUNITY)
    begun = transition(routed, "start", ACTORS["community"], DETAILS, NOW, POLICY).issue
    assert (begun.status, begun.lead_unit) == ("in_progress", routed.lead_unit)
    assert transition(begun, "resolve", ACTORS["community"], DETAILS, NOW, POLICY).issue.resolver == "C"
    with pytest.raises(NotAllowed):
        transition(routed, "start", ACTORS["grid_steward"], DETAILS, NOW, POLICY)


def test_a_changed_issue_differs_in_what_was_named_alone_and_leaves_the_first_as_it_was() -> None:
    issue = fresh().issue
    before = dict(vars(issue))
    other = changed(issue, status=Status.CLAIMED, assignee="S")
    assert other == replace(issue, status=Status.CLAIMED, assignee="S")
    assert vars(issue) == before
    with pytest.raises(TypeError, match="an issue has no owner"):
        changed(issue, owner="S")
