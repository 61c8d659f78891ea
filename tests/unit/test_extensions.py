"""One reasoned extension for each unit that leads an issue, whichever way the issue comes back to it."""

from dataclasses import replace

import pytest
from hypothesis import settings

from chassis.errors import Conflict
from services.issues.cases.domain import allowed_actions, transition
from services.issues.cases.issue import Change, Issue, Level, Status
from tests.unit.test_case_workflow import ACTORS, DETAILS, GRID, NOW, POLICY, Life, fresh

COMMUNITY = replace(DETAILS, area=GRID[:12])


def after(issue: Issue, *steps: tuple[str, str]) -> Issue:
    """The issue after actions and who takes them; it is routed to the community, or back to the grid."""
    for action, who in steps:
        details = COMMUNITY if issue.level is Level.STEWARD else DETAILS
        issue = transition(issue, action, ACTORS[who], details, NOW, POLICY).issue
    return issue


CLAIMED = after(fresh().issue, ("claim", "assignee"))
EXTENDED = after(CLAIMED, ("extend", "assignee"))
WAYS = {
    "escalated and returned": (("escalate", "assignee"), ("return", "community")),
    "routed away and back": (("route", "community"), ("route", "community"), ("claim", "assignee")),
    "solved and reopened": (("resolve", "assignee"), ("reopen", "reporter")),
    "twice around": (("escalate", "assignee"), ("return", "community")) * 2,
    "objected to and returned": (
        ("object", "assignee"),
        ("accept_objection", "community"),
        ("return", "community"),
        ("claim", "assignee"),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_way_an_issue_comes_back_its_unit_has_no_second_extension(way: str) -> None:
    back, first = after(EXTENDED, *WAYS[way]), after(CLAIMED, *WAYS[way])
    assert back.lead_unit == first.lead_unit == GRID
    with pytest.raises(Conflict) as refused:
        transition(back, "extend", ACTORS["community"], DETAILS, NOW, POLICY)
    assert refused.value.code == "extended-already"
    assert "extend" not in allowed_actions(back, ACTORS["community"], NOW, POLICY)
    assert back.due_at == first.due_at


@pytest.mark.parametrize("way", WAYS)
def test_a_unit_that_has_not_extended_may_do_so_when_the_issue_comes_back(way: str) -> None:
    back = after(CLAIMED, *WAYS[way])
    assert after(back, ("extend", "community")).countdown.extended


def test_each_unit_on_the_way_up_has_an_extension_of_its_own() -> None:
    issue = after(EXTENDED, ("escalate", "assignee"), ("extend", "community"), ("escalate", "community"))
    issue = after(issue, ("extend", "subdistrict"))
    for who in ("community", "subdistrict"):
        assert "extend" not in allowed_actions(issue, ACTORS[who], NOW, POLICY)
    objected = replace(issue, status=Status.ESCALATED)
    district = after(objected, ("object", "subdistrict"), ("accept_objection", "admin"))
    assert after(district, ("extend", "admin")).lead_unit == GRID[:6]
    assert "extend" not in allowed_actions(
        after(issue, ("return", "subdistrict")), ACTORS["community"], NOW, POLICY
    )


class Extending(Life):
    """Any life of an issue."""

    def take(self, change: Change) -> None:
        """No unit extends its time twice."""
        super().take(change)
        action, unit = change.entries[-1].action, change.issue.lead_unit
        if action == "report":
            self.units: set[str] = set()
        if action == "extend":
            assert unit not in self.units
            self.units.add(unit)


Extending.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestExtending = Extending.TestCase
