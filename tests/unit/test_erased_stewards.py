"""What becomes of the open issues of a steward who is erased: as where they have left the grid."""

from dataclasses import replace

import pytest

from chassis.identity import Actor, Grant
from services.issues.cases import domain as workflow
from services.issues.cases.issue import Details, Status
from services.issues.duplicates import domain as duplicates
from services.issues.privacy import domain
from tests.unit.test_forgetting import GRID, LINES, NOW, POLICY, history, issue

STAFF = Actor("C", (Grant("community_staff", GRID[:12]),))


@pytest.mark.parametrize("status", [Status.CLAIMED, Status.IN_PROGRESS, Status.ON_HOLD, Status.REOPENED])
def test_a_steward_who_is_erased_gives_their_issues_back_to_the_grid(status: Status) -> None:
    change = domain.erase(issue(status), LINES, "S", NOW, POLICY)
    assert change is not None
    after = change.issue
    reopened = status is Status.REOPENED
    assert after.status is (Status.REOPENED if reopened else Status.REPORTED)
    assert (after.assignee, after.steward) == (None, None)
    assert [event.type for event in change.events] == ["issue.released.v1"]
    lines = history(change)
    assert (lines[2].entry.actor, lines[5].entry.actor) == (None, None)
    assert lines[5].entry.note == "已清运"  # what was done in office stays, without the name
    assert workflow.transition(after, "claim", Actor("S2", (Grant("steward", GRID),)), Details(), NOW, POLICY)


def test_a_steward_who_is_erased_while_the_issue_is_merged_does_not_come_back_with_it() -> None:
    merged = issue(Status.MERGED, status_before=Status.CLAIMED, merged_into="01AAAAAAAAAAAAAAAAAAAAAAAA")
    change = domain.erase(merged, LINES, "S", NOW, POLICY)
    assert change is not None
    again = workflow.transition(change.issue, "unmerge", STAFF, Details(note="不同"), NOW, POLICY).issue
    assert (again.status, again.assignee) == (Status.REPORTED, None)
    change = domain.erase(replace(merged, status_before=Status.REOPENED), LINES, "S", NOW, POLICY)
    assert change is not None
    assert change.issue.status_before is Status.REOPENED


def test_what_a_steward_had_split_goes_on_waiting_for_its_parts_when_they_are_erased() -> None:
    claimed = issue(Status.CLAIMED)
    split = duplicates.split(claimed, Actor("S"), [replace(claimed, id="P")], "两件事", NOW, POLICY).issue
    change = domain.erase(split, LINES, "S", NOW, POLICY)
    assert change is not None
    after = change.issue
    assert (after.status, after.assignee, after.steward, change.events) == (Status.ON_HOLD, None, None, ())
    assert (after.due_at, after.next_check_at) == (split.due_at, split.next_check_at)
    resumed = workflow.transition(after, "resume", STAFF, Details(), NOW, POLICY).issue
    assert (resumed.status, resumed.assignee) == (Status.IN_PROGRESS, None)
    merged = workflow.transition(split, "merge", STAFF, Details(into="01A"), NOW, POLICY).issue
    change = domain.erase(merged, LINES, "S", NOW, POLICY)
    assert change is not None
    again = workflow.transition(change.issue, "unmerge", STAFF, Details(note="不同"), NOW, POLICY).issue
    assert (again.status, again.assignee) == (Status.ON_HOLD, None)
