"""What somebody is to an issue, the names that clients rely on, and what they may not do without a reason."""

import pytest

from chassis.errors import Conflict
from chassis.identity import Actor, Grant
from services.issues.cases.domain import PUBLIC_ACTIONS, WORKFLOW, transition
from services.issues.cases.issue import LEVELS, Level, Status
from services.issues.cases.responsibility import parties
from tests.unit.test_case_workflow import ACTORS, DETAILS, GRID, NOW, POLICY, standing

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
