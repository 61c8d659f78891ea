"""Parts of a report of several problems: who may not vouch for them, and what becomes of merged ones."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from chassis.clock import new_ulid
from chassis.errors import Conflict
from chassis.events import envelope, parse
from chassis.identity import Actor
from chassis.subscriptions import Subscriptions
from services.issues.cases.domain import transition
from services.issues.cases.events import IssueMerged
from services.issues.cases.issue import OPEN, Details, Issue, Level, Part, Status, fact
from services.issues.duplicates import commands, domain, handlers
from tests.unit.test_case_workflow import ACTORS, ELDER, NOW, POLICY, standing
from tests.unit.test_duplicates import Book, Shelf

WHOLE, PART, OTHER = (f"01{letter * 24}" for letter in "BCD")
STAFF = ACTORS["community"]


def part(issue_id: str, status: Status, resolver: str = "S1") -> Issue:
    at = None if status in OPEN else NOW
    one = standing(status, Level.STEWARD)
    return replace(one, id=issue_id, part_of=WHOLE, resolver=resolver, resolved_at=at)


def whole(status: Status = Status.ON_HOLD, **more: Any) -> Issue:
    parts = (Part(PART), Part(OTHER))
    before = Status.IN_PROGRESS if status is Status.ON_HOLD else None
    return replace(standing(status, Level.STEWARD), id=WHOLE, parts=parts, status_before=before, **more)


def confirmed_by(actor: Actor) -> Shelf:
    """A whole that somebody has confirmed, whose parts S1 and S2 have solved."""
    done = whole(Status.RESOLVED, resolver="system")
    done = replace(done, reporter="S1")
    change = transition(done, "confirm", actor, Details(), NOW, POLICY)
    parts = (part(PART, Status.RESOLVED, "S1"), part(OTHER, Status.RESOLVED, "S2"))
    return Shelf(change.issue, *(replace(one, resolved_at=NOW, reporter="S1") for one in parts))


@pytest.mark.parametrize(
    ("actor", "statuses"),
    [
        (Actor("S1"), (Status.RESOLVED, Status.CONFIRMED)),
        (STAFF, (Status.CONFIRMED, Status.CONFIRMED)),
    ],
)
def test_whoever_confirms_a_whole_does_not_vouch_for_the_part_that_they_solved(
    actor: Actor, statuses: tuple[Status, Status]
) -> None:
    shelf, rules = confirmed_by(actor), Book()
    commands.whole_confirmed(
        shelf,  # type: ignore[arg-type]  # no more is needed of it
        rules,  # type: ignore[arg-type]
        lambda: NOW,
        whole_id=WHOLE,
        by=actor.member_id,
    )
    assert (shelf.kept[PART].status, shelf.kept[OTHER].status) == statuses


def test_a_part_that_is_merged_is_done_for_its_whole_and_its_reporter_hears_of_the_older_issue() -> None:
    older = replace(standing(Status.CLAIMED, Level.STEWARD), id=ELDER, reporter="E")
    shelf: Any = Shelf(older, whole(), part(PART, Status.REPORTED), part(OTHER, Status.RESOLVED))
    rules: Any = Book()
    commands.count_parts(shelf, rules, lambda: NOW, whole_id=WHOLE)
    assert shelf.kept[WHOLE].parts == (Part(PART), Part(OTHER, done=True))
    commands.merge(
        shelf,
        rules,
        lambda: NOW,
        STAFF,
        issue_id=PART,
        details=Details(into=ELDER),
        request_id=new_ulid(),
    )
    assert shelf.kept[ELDER].followers == ("E", "R")
    merged = shelf.kept[PART]
    event = envelope(
        fact(IssueMerged, merged, STAFF.member_id),
        source="issues",
        subject=PART,
        sequence=merged.version,
        area=merged.area,
        at=NOW,
    )
    Subscriptions(handlers.subscriptions(shelf, rules, lambda: NOW)).handle(parse(orjson.dumps(event)))
    assert (shelf.kept[WHOLE].status, shelf.kept[WHOLE].resolver) == (Status.RESOLVED, "system")


def test_a_part_is_not_merged_into_the_whole_that_waits_for_it() -> None:
    with pytest.raises(Conflict) as refused:
        domain.adopt(whole(), part(PART, Status.REPORTED), STAFF, NOW)
    assert refused.value.code == "merge-target-whole"


def test_who_says_me_too_of_a_part_is_counted_once_and_hears_of_it() -> None:
    me = Actor("M")
    change = domain.support(part(PART, Status.REPORTED), me, NOW)
    assert change is not None
    assert change.issue.followers == ("M",)
    assert domain.support(change.issue, me, NOW) is None
    assert domain.support(change.issue, ACTORS["reporter"], NOW) is None


def test_a_part_is_taken_back_by_its_reporter_unless_others_follow_it() -> None:
    alone = part(PART, Status.REPORTED)
    withdrawn = transition(alone, "withdraw", ACTORS["reporter"], Details(), NOW, POLICY)
    assert withdrawn.issue.status is Status.WITHDRAWN
    with pytest.raises(Conflict):
        transition(replace(alone, supporters=("M",)), "withdraw", ACTORS["reporter"], Details(), NOW, POLICY)


@pytest.mark.parametrize("status", sorted(OPEN))
def test_with_its_last_part_a_whole_is_solved_wherever_it_was_put_meanwhile(status: Status) -> None:
    waiting = replace(whole(Status.ON_HOLD), status=status, parts=(Part(PART, done=True), Part(OTHER)))
    done = [part(one, Status.RESOLVED) for one in (PART, OTHER)]
    change = domain.parts_counted(waiting, done, NOW, POLICY)
    assert change is not None
    assert (change.issue.status, change.issue.status_before) == (Status.RESOLVED, None)
    assert [event.type for event in change.events] == ["issue.resolved.v1"]
    assert change.issue.due_at == waiting.due_at
