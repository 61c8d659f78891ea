"""Merging while others act on the same issues: whoever follows one of them goes on being told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from chassis.errors import Conflict, Stale
from chassis.events import envelope, parse
from chassis.identity import Actor
from chassis.subscriptions import Subscriptions
from services.issues.cases.events import IssueMerged
from services.issues.cases.issue import Adopted, Change, Details, Issue, Status, fact
from services.issues.duplicates import commands, handlers
from tests.unit.test_case_workflow import ELDER, NOW, YOUNGER, fresh
from tests.unit.test_duplicates import REQUEST, STAFF, YOUNGEST, Book, Shelf, act, elder, merge


class Crossed(Shelf):
    """Issues in memory. `before` says what happens right before which saving, counted from one."""

    def __init__(self, *issues: Issue, before: dict[int, Callable[["Crossed"], None]]) -> None:
        super().__init__(*issues)
        self.before = before
        self.savings = 0

    def save(self, change: Change) -> Issue:
        self.savings += 1
        happens = self.before.pop(self.savings, None)
        if happens is not None:
            happens(self)
        return super().save(change)


class Died(Exception):
    """The process is gone."""


def younger(**more: Any) -> Issue:
    return replace(fresh().issue, reporter="B", **more)


def youngest() -> Issue:
    return replace(fresh().issue, id=YOUNGEST, reporter="C")


def joins(shelf: Any) -> None:
    commands.support(shelf, lambda: NOW, Actor("Z"), issue_id=YOUNGER)


def dies(_: Any) -> None:
    raise Died


def merged(shelf: Any, issue_id: str) -> None:
    """Hear that an issue was merged."""
    issue = shelf.kept[issue_id]
    event = envelope(
        fact(IssueMerged, issue, STAFF.member_id),
        source="issues",
        subject=issue_id,
        sequence=issue.version,
        area=issue.area,
        at=NOW,
    )
    rules: Any = Book()
    Subscriptions(handlers.subscriptions(shelf, rules, lambda: NOW)).handle(parse(orjson.dumps(event)))


def test_who_says_me_too_while_a_report_is_being_merged_is_told_by_the_older_one() -> None:
    shelf = Shelf(elder(), younger(), meanwhile=joins)
    merge(shelf)
    assert shelf.kept[YOUNGER].merged_into == ELDER
    assert shelf.kept[ELDER].followers == ("E", "B", "Z")


def test_what_is_merged_into_a_report_while_that_is_being_merged_is_told_by_the_oldest() -> None:
    shelf = Shelf(
        elder(), younger(), youngest(), meanwhile=lambda one: merge(one, child=YOUNGEST, into=YOUNGER)
    )
    merge(shelf)
    assert {one.status for one in shelf.kept.values() if one.id != ELDER} == {Status.MERGED}
    assert shelf.kept[ELDER].followers == ("E", "B", "C")


def test_of_two_who_merge_the_same_report_the_slower_one_does_not_bring_back_who_followed_before() -> None:
    def the_other_merges(shelf: Crossed) -> None:
        joins(shelf)
        merge(shelf)

    # The slower one knows of nobody but the reporter by the time that it tells the older issue.
    shelf = Crossed(elder(), younger(), before={1: the_other_merges})
    with pytest.raises(Conflict):
        merge(shelf)
    assert shelf.kept[YOUNGER].merged_into == ELDER
    assert shelf.kept[ELDER].followers == ("E", "B", "Z")


@pytest.mark.parametrize("saving", [1, 2], ids=["before the first write", "between the two"])
def test_a_merge_whose_process_died_is_completed_by_its_repeat_for_all_who_follow_by_then(
    saving: int,
) -> None:
    shelf = Crossed(elder(), younger(), before={saving: dies})
    with pytest.raises(Died):
        merge(shelf, REQUEST)
    assert shelf.kept[YOUNGER].status is Status.REPORTED
    joins(shelf)
    for _ in range(2):
        merge(shelf, REQUEST)
    assert shelf.kept[YOUNGER].merged_into == ELDER
    assert shelf.kept[ELDER].adopted == (Adopted(YOUNGER, ("B", "Z")),)


def stale_merge(shelf: Any) -> None:
    """Merge as somebody who has not seen that another said "me too" meanwhile."""
    rules: Any = Book()
    commands.merge(
        shelf,
        rules,
        lambda: NOW,
        STAFF,
        issue_id=YOUNGER,
        details=Details(into=ELDER),
        request_id=REQUEST,
        expected_version=younger().version,
    )


def test_a_merge_that_is_taken_back_while_another_one_carries_it_out_leaves_no_follower_untold() -> None:
    # First the older one is told, then the newer one turns out to be another version, then comes the undoing.
    shelf = Crossed(elder(), younger(), before={2: joins, 4: merge})
    with pytest.raises(Stale):
        stale_merge(shelf)
    assert shelf.before == {}
    assert shelf.kept[YOUNGER].merged_into == ELDER
    assert shelf.kept[ELDER].followers == ("E", "B", "Z")


def test_a_merge_that_was_undone_by_another_one_too_late_is_made_good_up_to_the_topmost() -> None:
    over = replace(elder(Status.CONFIRMED), adopted=(Adopted(YOUNGER, ("B",)),))
    into: Any = {"status": Status.MERGED, "status_before": Status.REPORTED}
    shelf: Any = Shelf(
        over, younger(merged_into=ELDER, **into), replace(youngest(), merged_into=YOUNGER, **into)
    )
    for _ in range(2):
        merged(shelf, YOUNGEST)
        assert [shelf.kept[one].followers for one in (ELDER, YOUNGER)] == [("E", "B", "C"), ("B", "C")]
        assert [shelf.kept[one].version for one in (ELDER, YOUNGER)] == [over.version + 1, 2]


@pytest.mark.parametrize("forgotten", [ELDER, YOUNGER])
def test_for_whom_nothing_is_kept_any_more_an_issue_is_not_made_to_speak_again(forgotten: str) -> None:
    gone = younger(status=Status.MERGED, status_before=Status.REPORTED, merged_into=ELDER)
    older = elder(Status.CONFIRMED, adopted=(Adopted(YOUNGER, ("B", "Z")),))
    shelf: Any = Shelf(older, gone)
    shelf.kept[forgotten] = replace(shelf.kept[forgotten], anonymised_at=NOW)
    before = dict(shelf.kept)
    merged(shelf, YOUNGER)
    assert shelf.kept == before


def test_an_issue_that_is_taken_out_of_one_that_is_being_merged_is_not_told_by_the_oldest() -> None:
    shelf = Crossed(elder(), younger(), youngest(), before={})
    merge(shelf, child=YOUNGEST, into=YOUNGER)
    # The second saving from now on is the one that takes it out.
    shelf.before[shelf.savings + 2] = merge
    act(shelf, YOUNGEST, "unmerge", Details(note="不是同一处"))
    assert shelf.before == {}
    assert [shelf.kept[one].followers for one in (ELDER, YOUNGER, YOUNGEST)] == [("E", "B"), ("B",), ("C",)]
