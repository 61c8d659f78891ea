"""Duty when it is done: who verifies it with how many minutes, who reads it, what is forgotten of it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor, Grant
from services.notify.domain import messages
from services.volunteer.duty import domain
from services.volunteer.duty.documents import own_duties, shift_document, shift_of
from services.volunteer.duty.queries import view
from services.volunteer.duty.shift import Status
from tests.unit.duties import (
    ELSEWHERE,
    END,
    GRID,
    HOUR,
    LEADER,
    SECOND,
    SECONDS,
    SHIFT,
    STAFF,
    START,
    STEWARD,
    checked_in,
    checked_out,
    duty,
    signed_up,
    verify,
)
from tests.unit.test_message_rules import told


@pytest.mark.parametrize("actor", [STAFF, LEADER, Actor("X", (Grant("council_chair", GRID[:12]),))])
def test_somebody_who_leads_the_area_verifies_what_was_recorded(actor: Actor) -> None:
    change = verify(checked_out(START + HOUR), actor)
    done = duty(change.shift)
    assert (done.status, done.minutes, done.verified_by) == ("verified", 60, actor.member_id)
    assert change.event is not None
    assert (change.event.type, change.event.minutes) == ("duty.verified.v1", 60)


@pytest.mark.parametrize("actor", [SECOND, ELSEWHERE, Actor("X")])
def test_others_verify_nothing(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        verify(checked_out(), actor)


def test_nobody_verifies_their_own_duty_whatever_office_they_hold() -> None:
    own = Actor("S", (*STEWARD.grants, *STAFF.grants))
    for approved in (True, False):
        with pytest.raises(NotAllowed):
            verify(checked_out(), own, approved=approved, reason="本人")


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"minutes": 119}, "reason"),
        ({"minutes": 121, "reason": "一直在岗"}, "minutes"),
        ({"approved": False}, "reason"),
        ({"approved": False, "reason": "未到岗", "minutes": 0}, "minutes"),
        ({"member": "T"}, "member"),
        ({"minutes": 61, "reason": "一直在岗", "at": START + HOUR}, "minutes"),
    ],
)
def test_a_decision_that_is_not_complete_names_what_to_change(order: dict[str, Any], field: str) -> None:
    shift = checked_out(START, START + HOUR) if "at" in order else checked_out()
    with pytest.raises(Invalid) as refused:
        verify(shift, **order)
    assert list(refused.value.extra["errors"]) == [field]


@pytest.mark.parametrize("minutes", [0, 30, 120])
def test_other_minutes_than_those_recorded_are_given_with_a_reason(minutes: int) -> None:
    done = duty(verify(checked_out(START + HOUR), minutes=minutes, reason="按实际到岗时间").shift)
    assert (done.minutes, done.reason) == (minutes, "按实际到岗时间")


def test_who_forgot_to_check_out_is_verified_after_the_end_with_minutes_and_a_reason() -> None:
    forgot = checked_in()
    with pytest.raises(Conflict) as refused:
        verify(forgot, minutes=60, reason="忘记签退", at=END - SECONDS)
    assert (refused.value.code, refused.value.extra["allowed"]) == ("too-early", [])
    with pytest.raises(Invalid):
        verify(forgot, at=END)
    done = verify(forgot, minutes=60, reason="忘记签退", at=END)
    assert done.event is not None
    assert done.event.minutes == 60
    with pytest.raises(Conflict):
        domain.check_out(done.shift, STEWARD, at=END + HOUR)


def test_a_rejection_says_why_and_tells_what_was_recorded() -> None:
    change = verify(checked_out(), approved=False, reason="岗位无人")
    assert change.event is not None
    assert (change.event.type, change.event.minutes) == ("duty.rejected.v1", 120)
    assert duty(change.shift).reason == "岗位无人"


@pytest.mark.parametrize("status", [Status.SIGNED_UP, Status.VERIFIED, Status.REJECTED])
@pytest.mark.parametrize("approved", [True, False])
def test_a_decision_stands_and_what_nobody_did_is_not_decided(status: Status, approved: bool) -> None:
    done = checked_out()
    shift = replace(done, duties=(replace(duty(done), status=status),))
    with pytest.raises(Conflict) as refused:
        verify(shift, approved=approved, reason="理由")
    assert (refused.value.extra["status_now"], refused.value.extra["allowed"]) == (status, [])


def test_the_same_decision_again_changes_nothing_and_tells_nothing() -> None:
    orders: list[dict[str, Any]] = [
        {},
        {"minutes": 90, "reason": "晚到"},
        {"approved": False, "reason": "未到岗"},
    ]
    for order in orders:
        decided = verify(checked_out(), **order).shift
        again = verify(decided, **order)
        assert (again.shift is decided, again.event) == (True, None)
        with pytest.raises(Conflict):
            verify(decided, LEADER, **order)


def test_who_is_forgotten_leaves_no_seat_and_no_words_but_what_they_did() -> None:
    for shift in (signed_up(), signed_up(SECOND, signed_up())):
        assert domain.forgotten(shift, "S").duty_of("S") is None
    rejected = verify(checked_out(), approved=False, reason="岗位无人").shift
    kept = domain.forgotten(rejected, "S")
    assert duty(kept) == replace(duty(rejected), reason=None, erased=True)
    assert kept.version == rejected.version + 1
    for untouched in (kept, SHIFT):
        assert domain.forgotten(untouched, "S") is untouched


@pytest.mark.parametrize("order", [{"approved": False}, {"minutes": 90}])
def test_what_is_said_of_a_duty_after_its_member_was_erased_is_asked_for_and_not_kept(
    order: dict[str, Any],
) -> None:
    erased = domain.forgotten(checked_out(), "S")
    with pytest.raises(Invalid):
        verify(erased, **order)
    change = verify(erased, reason="早退", **order)
    assert duty(change.shift).reason is None
    assert change.event is not None
    assert verify(change.shift, reason="早退", **order).shift is change.shift


@pytest.mark.parametrize(
    ("since", "until", "left"), [(START, END, 0), (START - HOUR, START + HOUR, 60), (END, END + HOUR, 120)]
)
def test_what_is_counted_on_another_shift_at_the_same_time_is_not_counted_again(
    since: datetime, until: datetime, left: int
) -> None:
    other = signed_up(shift=replace(SHIFT, id="other", starts_at=since, ends_at=until), at=since - HOUR)
    other = domain.check_in(other, STEWARD, in_area=True, at=since).shift
    other = domain.check_out(other, STEWARD, at=until).shift
    later = until + HOUR
    done, at = checked_out(), max(END, later)
    assert duty(verify(done, others=[other, done], at=at).shift).minutes == 120  # it is not verified yet
    counted = verify(other, others=[done], at=at).shift
    with_reason = verify(done, minutes=left, reason="与另一班次重叠", others=[counted], at=at)
    assert duty(with_reason.shift).minutes == left
    if left < 120:
        with pytest.raises(Invalid) as refused:
            verify(done, others=[counted], at=at)
        assert list(refused.value.extra["errors"]) == ["minutes"]
        rejected = verify(other, approved=False, reason="岗位无人", at=at).shift
        assert duty(verify(done, others=[rejected], at=at).shift).minutes == 120


def test_how_somebody_did_is_shown_to_who_verifies_it_and_to_themselves() -> None:
    rejected = verify(checked_out(), approved=False, reason="岗位无人").shift
    for actor, reason in ((STEWARD, "岗位无人"), (LEADER, "岗位无人"), (SECOND, None)):
        (shown,) = view(rejected, actor)["duties"]
        assert (shown["member"], shown["status"], shown["reason"]) == ("S", "rejected", reason)
        assert (shown["in_area"] is None) == (reason is None)


def test_a_shift_is_read_by_who_works_in_its_community_or_is_staff_there() -> None:
    assert [domain.may_read(one, SHIFT) for one in (STEWARD, SECOND, LEADER, STAFF)] == [True] * 4
    assert not domain.may_read(ELSEWHERE, SHIFT)
    assert domain.may_read(replace(ELSEWHERE, member_id="S"), signed_up())
    assert [domain.may_list(SECOND, area) for area in (GRID, GRID[:12], GRID[:9])] == [True, True, False]
    assert not domain.may_list(ELSEWHERE, GRID[:12])


def test_a_shift_comes_back_as_it_was_kept_and_is_found_by_area_member_and_duty() -> None:
    for shift in (SHIFT, checked_out(), verify(signed_up(SECOND, checked_out())).shift):
        document = {"_id": shift.id, **shift_document(shift)}
        assert shift_of(document) == shift
        found_by = {*document["lists"]} - {GRID[:length] for length in (6, 9, 12, 15)}
        assert found_by == {one for each in shift.duties for one in (each.id, each.member)}
    (own,) = own_duties([SHIFT, checked_out()], "S")
    assert (own["id"], own["shift"], own["post"], own["minutes"]) == ("D-S", "01SHIFT", "小区北门", 120)


def test_of_duty_those_are_told_who_verify_it_and_then_whose_it_is() -> None:
    assert told("duty.checked_out.v1", actor="S1") == {"C1": "duty-checked-out"}
    assert told("duty.verified.v1", actor="C1") == {"S1": "duty-verified"}
    assert told("duty.rejected.v1", actor="C1") == {"S1": "duty-rejected"}
    held = {"team_leader": ["L1", "S1"], "council_chair": ["L1"], "community_staff": ["C1"]}
    data = {"member": "S1", "actor": "S1", "minutes": 60}
    due = messages("duty.checked_out.v1", GRID, data, lambda role, _: held.get(role, []))
    assert [one.member for one in due] == ["L1", "C1"]
