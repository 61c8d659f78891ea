"""Merging: what may still take on other reports, and what an attempt that fails leaves behind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from chassis.clock import new_ulid
from chassis.errors import ConcurrentUpdate, Conflict, Invalid
from services.issues.cases.issue import OPEN, Adopted, Change, Details, Issue, Level, Part, Status
from services.issues.categories.domain import Policy
from services.issues.duplicates import commands, domain
from tests.unit.test_case_workflow import ACTORS, ELDER, NOW, POLICY, YOUNGER, fresh, standing

STAFF = ACTORS["community"]
YOUNGEST = "01DDDDDDDDDDDDDDDDDDDDDDDD"
REQUEST = "01CCCCCCCCCCCCCCCCCCCCCCCC"
CLOSED = set(Status) - OPEN - {Status.RESOLVED}


def elder(status: Status = Status.CLAIMED, **more: Any) -> Issue:
    return replace(standing(status, Level.STEWARD), id=ELDER, reporter="E", **more)


@pytest.mark.parametrize("status", sorted(Status))
def test_what_is_closed_takes_on_no_other_report(status: Status) -> None:
    if status not in CLOSED:
        change = domain.adopt(elder(status), fresh().issue, STAFF, NOW)
        assert change is not None
        assert change.issue.followers == ("E", "R")
        return
    with pytest.raises(Conflict) as refused:
        domain.adopt(elder(status), fresh().issue, STAFF, NOW)
    assert (refused.value.code, refused.value.extra["status_now"]) == ("merge-target-closed", status)
    assert "merge into" in refused.value.en
    assert "并入" in refused.value.zh


def test_the_statuses_that_refuse_are_those_in_which_an_issue_is_closed() -> None:
    assert {
        *(Status.CONFIRMED, Status.NO_ANSWER, Status.REFERRED),
        *(Status.REJECTED, Status.WITHDRAWN, Status.MERGED),
    } == CLOSED


def test_the_refusal_names_where_a_merged_or_split_target_goes_on() -> None:
    for target in (
        elder(Status.MERGED, merged_into="01999999999999999999999999"),
        elder(part_of="01999999999999999999999999"),
    ):
        with pytest.raises(Conflict) as refused:
            domain.adopt(target, fresh().issue, STAFF, NOW)
        assert refused.value.extra["into"] == "01999999999999999999999999"


def test_what_a_closed_issue_has_taken_on_before_it_does_not_take_on_anew() -> None:
    had = elder(Status.CONFIRMED, adopted=(Adopted(YOUNGER, ("R",)),))
    with pytest.raises(Conflict):
        domain.adopt(had, fresh().issue, STAFF, NOW)


class Shelf:
    """Issues in memory. `meanwhile` is called once, right after the first one was saved.

    `left` are those who are stewards no more.
    """

    def __init__(self, *issues: Issue, meanwhile: Callable[["Shelf"], None] = lambda _: None) -> None:
        self.kept = {one.id: one for one in issues}
        self.meanwhile = meanwhile
        self.left: set[str] = set()

    def get(self, issue_id: str) -> Issue:
        return self.kept[issue_id]

    def save(self, change: Change) -> Issue:
        if change.issue.version != self.kept[change.issue.id].version + 1:
            raise ConcurrentUpdate(change.issue.id)
        self.kept[change.issue.id] = change.issue
        happens, self.meanwhile = self.meanwhile, lambda _: None
        happens(self)
        return change.issue

    def adopters(self, issue_id: str) -> list[Issue]:
        return [one for one in self.kept.values() if issue_id in [child.id for child in one.adopted]]

    def is_steward(self, member_id: str, _: str) -> bool:
        return member_id not in self.left


class Book:
    """The rules of one category."""

    def policy(self, *_: object) -> Policy:
        return POLICY


def merge(shelf: Any, request_id: str = "", *, child: str = YOUNGER, into: str = ELDER) -> None:
    act(shelf, child, "merge", Details(into=into), request_id)


def act(shelf: Any, issue_id: str, action: str, details: Details, request_id: str = "") -> None:
    nothing: Any = None
    commands.act(
        shelf,
        cast(Any, Book()),
        nothing,
        nothing,
        lambda: NOW,
        STAFF,
        issue_id=issue_id,
        action=action,
        details=details,
        request_id=request_id or new_ulid(),
    )


def test_a_merge_that_is_asked_for_again_by_the_same_request_was_done_and_by_another_one_is_refused() -> None:
    shelf = Shelf(elder(), fresh().issue)
    merge(shelf, REQUEST)
    after = dict(shelf.kept)
    merge(shelf, REQUEST)
    assert shelf.kept == after
    with pytest.raises(Conflict):
        merge(shelf)


def chain_of_three() -> Any:
    """C was merged into B, and that into A then."""
    shelf = Shelf(
        elder(), replace(fresh().issue, reporter="B"), replace(fresh().issue, id=YOUNGEST, reporter="C")
    )
    for child, into in ((YOUNGEST, YOUNGER), (YOUNGER, ELDER)):
        merge(shelf, child=child, into=into)
    assert shelf.kept[ELDER].followers == ("E", "B", "C")
    return shelf


def test_who_is_taken_out_of_a_merged_issue_hears_no_more_of_the_one_that_this_was_merged_into() -> None:
    shelf = chain_of_three()
    act(shelf, YOUNGEST, "unmerge", Details(note="不是同一处"))
    assert [shelf.kept[one].followers for one in (ELDER, YOUNGER, YOUNGEST)] == [("E", "B"), ("B",), ("C",)]
    assert [one.id for one in shelf.kept[ELDER].adopted] == [YOUNGER]


def test_an_issue_that_is_taken_out_takes_those_along_that_were_merged_into_it() -> None:
    shelf = chain_of_three()
    act(shelf, YOUNGER, "unmerge", Details(note="不是同一处"))
    assert [shelf.kept[one].followers for one in (ELDER, YOUNGER)] == [("E",), ("B", "C")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.CLAIMED, Status.REPORTED),
        (Status.IN_PROGRESS, Status.REPORTED),
        (Status.AWAITING_INFO, Status.REPORTED),
        (Status.ON_HOLD, Status.REPORTED),
        (Status.REOPENED, Status.REOPENED),
    ],
)
def test_what_is_taken_out_of_a_merge_comes_to_those_who_are_stewards_by_then(
    before: Status, after: Status
) -> None:
    child = replace(standing(before, Level.STEWARD), objection=None)
    for left, status, assignee in ((set(), before, "S1"), ({"S2"}, before, "S1"), ({"S1"}, after, None)):
        shelf = Shelf(elder(), child)
        merge(shelf)
        shelf.left = left
        act(shelf, YOUNGER, "unmerge", Details(note="不是同一处"))
        free, asked = shelf.kept[YOUNGER], before is Status.AWAITING_INFO
        assert (free.assignee, free.steward) == (assignee, assignee)
        assert free.status is (Status.IN_PROGRESS if asked and assignee else status)
        assert free.due_at is not None


def test_a_whole_that_is_taken_out_of_a_merge_goes_on_waiting_for_its_parts_whoever_split_it() -> None:
    whole = replace(standing(Status.ON_HOLD, Level.STEWARD), parts=(Part("P1"), Part("P2")))
    shelf = Shelf(elder(), whole)
    merge(shelf)
    shelf.left = {"S1"}
    act(shelf, YOUNGER, "unmerge", Details(note="不是同一处"))
    free = shelf.kept[YOUNGER]
    assert (free.status, free.status_before, free.assignee) == (Status.ON_HOLD, Status.IN_PROGRESS, None)


def test_what_staff_of_the_community_had_merged_comes_back_to_them_as_it_was() -> None:
    child = replace(standing(Status.IN_PROGRESS, Level.COMMUNITY), assignee=None)
    shelf = Shelf(elder(), child)
    merge(shelf)
    shelf.left = {"S1"}
    act(shelf, YOUNGER, "unmerge", Details(note="不是同一处"))
    free = shelf.kept[YOUNGER]
    assert (free.status, free.level, free.steward) == (Status.IN_PROGRESS, Level.COMMUNITY, None)


@pytest.mark.parametrize(
    ("child", "into"), [(YOUNGER, YOUNGER), (ELDER, YOUNGER)], ids=["itself", "a circle"]
)
def test_nothing_is_merged_into_itself_nor_in_a_circle(child: str, into: str) -> None:
    shelf = Shelf(elder(), fresh().issue, replace(fresh().issue, id=YOUNGEST))
    merge(shelf, child=YOUNGEST, into=ELDER)
    before = dict(shelf.kept)
    with pytest.raises(Invalid) as refused:
        merge(shelf, child=child, into=into)
    assert "into" in refused.value.extra["errors"]
    assert shelf.kept == before


def test_a_merge_into_a_closed_issue_changes_nothing() -> None:
    shelf = Shelf(elder(Status.REFERRED), fresh().issue)
    before = dict(shelf.kept)
    with pytest.raises(Conflict):
        merge(shelf)
    assert shelf.kept == before


def test_what_an_attempt_left_that_died_half_way_is_taken_back_once_the_older_is_closed() -> None:
    shelf = Shelf(elder(Status.CONFIRMED, adopted=(Adopted(YOUNGER, ("R",)),)), fresh().issue)
    with pytest.raises(Conflict):
        merge(shelf)
    assert shelf.kept[ELDER].adopted == ()
    assert shelf.kept[YOUNGER].status is Status.REPORTED


def test_a_report_that_two_merge_at_once_into_the_same_issue_stays_spoken_for() -> None:
    shelf = Shelf(elder(), fresh().issue, meanwhile=merge)
    with pytest.raises(Conflict):
        merge(shelf)
    assert shelf.kept[YOUNGER].merged_into == ELDER
    assert [one.id for one in shelf.kept[ELDER].adopted] == [YOUNGER]


def test_a_report_that_is_withdrawn_while_it_is_being_merged_is_spoken_for_by_nobody() -> None:
    def withdraw(shelf: Shelf) -> None:
        child = shelf.kept[YOUNGER]
        shelf.kept[YOUNGER] = replace(child, status=Status.WITHDRAWN, version=child.version + 1)

    shelf = Shelf(elder(), fresh().issue, meanwhile=withdraw)
    with pytest.raises(Conflict):
        merge(shelf)
    assert shelf.kept[ELDER].adopted == ()


def test_a_whole_that_was_confirmed_confirms_the_solutions_that_were_there_then_and_no_others() -> None:
    whole = elder(Status.CONFIRMED, closed_at=NOW)
    part = replace(standing(Status.RESOLVED, Level.STEWARD), part_of=ELDER, resolved_at=NOW)
    change = domain.whole_confirmed(part, whole, "R", NOW, POLICY)
    assert change is not None
    assert change.issue.status is Status.CONFIRMED
    reopened = elder(Status.REOPENED)
    assert domain.whole_confirmed(part, reopened, "R", NOW, POLICY) is None
    solved_anew = replace(part, resolved_at=NOW + timedelta(milliseconds=1))
    assert domain.whole_confirmed(solved_anew, whole, "R", NOW, POLICY) is None
