"""Duty: who opens a shift, takes a seat, and stands it for how many minutes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor, Grant
from services.volunteer.duty import domain
from services.volunteer.duty.shift import Shift, Status
from tests.unit.duties import (
    DISTRICT,
    ELSEWHERE,
    END,
    GRID,
    HOUR,
    LEADER,
    MINUTE,
    SECOND,
    SECONDS,
    SHIFT,
    START,
    STEWARD,
    checked_in,
    checked_out,
    duty,
    of,
    signed_up,
    verify,
)


@pytest.mark.parametrize(
    "role", ["team_leader", "council_chair", "community_staff", "subdistrict_staff", "district_admin"]
)
@pytest.mark.parametrize("length", [6, 9, 12, 15])
def test_who_leads_an_area_opens_shifts_there_and_nowhere_else(role: str, length: int) -> None:
    leader = Actor("X", (Grant(role, GRID[:length]),))
    assert domain.open_shift(SHIFT, leader, START) == SHIFT
    with pytest.raises(NotAllowed):
        domain.open_shift(of(area="120198001001001"), leader, START)


@pytest.mark.parametrize("actor", [STEWARD, ELSEWHERE, Actor("X", (Grant("council_member", GRID[:12]),))])
def test_who_does_not_lead_the_area_opens_no_shift(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        domain.open_shift(SHIFT, actor, START)


@pytest.mark.parametrize(
    ("lasts", "after", "field"),
    [
        (timedelta(0), HOUR, "ends_at"),
        (-HOUR, HOUR, "ends_at"),
        (15 * MINUTE - SECONDS, HOUR, "ends_at"),
        (12 * HOUR + SECONDS, HOUR, "ends_at"),
        (2 * HOUR, -5 * MINUTE - SECONDS, "starts_at"),
        (15 * MINUTE, HOUR, None),
        (12 * HOUR, HOUR, None),
        (2 * HOUR, -5 * MINUTE, None),
    ],
)
def test_a_shift_lasts_a_quarter_to_half_a_day_and_has_not_begun(
    lasts: timedelta, after: timedelta, field: str | None
) -> None:
    now = START - after
    wanted = of(ends_at=START + lasts)
    if field is None:
        assert domain.open_shift(wanted, LEADER, now) == wanted
        return
    with pytest.raises(Invalid) as refused:
        domain.open_shift(wanted, LEADER, now)
    assert list(refused.value.extra["errors"]) == [field]


@given(
    st.lists(
        st.builds(
            Grant,
            st.sampled_from(["steward", "team_leader", "council_member", "resident", "community_staff"]),
            st.sampled_from([DISTRICT, GRID[:9], GRID[:12], GRID, "120199001002", "120199001001002"]),
        ),
        max_size=3,
    )
)
def test_seats_are_for_those_who_work_in_the_community(grants: list[Grant]) -> None:
    works = any(
        one.role in domain.WORKERS and (one.area.startswith(GRID[:12]) or GRID[:12].startswith(one.area))
        for one in grants
    )
    actor = Actor("X", tuple(grants))
    if works:
        assert duty(signed_up(actor), "X").status is Status.SIGNED_UP
        assert domain.may_read(actor, SHIFT)
    else:
        with pytest.raises(NotAllowed):
            signed_up(actor)


def test_who_is_signed_up_signs_up_no_second_time_though_the_shift_be_full_and_over() -> None:
    full = signed_up(SECOND, signed_up())
    assert domain.sign_up(full, STEWARD, [full], duty_id="new", at=END + HOUR) is full


def taken(starts_at: datetime, ends_at: datetime) -> Shift:
    """Another shift that the steward has signed up for."""
    return signed_up(shift=of(id="other", starts_at=starts_at, ends_at=ends_at), at=starts_at - HOUR)


@pytest.mark.parametrize(
    ("shift", "at", "others", "code"),
    [
        (SHIFT, END, [], "shift-over"),
        (of(seats=0), START, [], "shift-full"),
        (SHIFT, START, [taken(END - SECONDS, END + HOUR)], "shifts-overlap"),
        (SHIFT, START - 2 * HOUR, [taken(START - HOUR, START + SECONDS)], "shifts-overlap"),
    ],
)
def test_no_seat_is_left_of_a_shift_that_is_over_or_full_or_at_the_time_of_another(
    shift: Shift, at: datetime, others: list[Shift], code: str
) -> None:
    with pytest.raises(Conflict) as refused:
        domain.sign_up(shift, STEWARD, others, duty_id="D", at=at)
    assert (refused.value.code, refused.value.extra["allowed"]) == (code, [])


def test_shifts_that_follow_one_another_do_not_overlap() -> None:
    others = [taken(START - HOUR, START), taken(END, END + HOUR)]
    assert duty(domain.sign_up(SHIFT, STEWARD, others, duty_id="D", at=END - SECONDS)).id == "D"


def test_a_shift_that_one_did_not_come_to_or_left_or_that_was_rejected_keeps_nobody_from_another() -> None:
    later = of(id="later", starts_at=START + HOUR)
    rejected = verify(checked_out(), approved=False, reason="岗位无人").shift
    for one, at, keeps in (
        (signed_up(), START - SECONDS, True),
        (signed_up(), START, False),
        (checked_in(), START + HOUR, True),
        (checked_out(until=START + HOUR), START + HOUR, False),
        (checked_out(until=START + HOUR + SECONDS), START + 2 * HOUR, True),
        (rejected, END + HOUR, False),
        (SHIFT, START, False),
    ):
        assert one.keeps("S", later, at) is keeps


def test_shifts_are_in_a_community_or_a_grid_where_stewards_can_find_them() -> None:
    head = Actor("H", (Grant("district_admin", DISTRICT),))
    for area in (GRID, GRID[:12]):
        assert domain.open_shift(of(area=area), head, START - HOUR).area == area
    for area in (GRID[:9], DISTRICT):
        with pytest.raises(Invalid) as refused:
            domain.open_shift(of(area=area), head, START - HOUR)
        assert list(refused.value.extra["errors"]) == ["area"]


def test_a_seat_is_given_back_until_the_start_and_not_after_checking_in() -> None:
    assert domain.withdraw(signed_up(), STEWARD, START - SECONDS).duties == ()
    for shift, at in ((signed_up(), START), (checked_in(START - HOUR / 2), START - 20 * MINUTE)):
        with pytest.raises(Conflict):
            domain.withdraw(shift, STEWARD, at)
    assert domain.withdraw(SHIFT, STEWARD, END) is SHIFT


@pytest.mark.parametrize(
    ("at", "code", "allowed"),
    [
        (START - 30 * MINUTE - SECONDS, "too-early", ["withdraw"]),
        (START - 30 * MINUTE, None, None),
        (END - SECONDS, None, None),
        (END, "too-late", []),
    ],
)
def test_one_checks_in_from_half_an_hour_before_the_start_until_the_end(
    at: datetime, code: str | None, allowed: list[str] | None
) -> None:
    if code is None:
        assert duty(checked_in(at)).checked_in_at == at
        return
    with pytest.raises(Conflict) as refused:
        checked_in(at)
    told = refused.value
    assert (told.code, told.extra["status_now"], told.extra["allowed"]) == (code, "signed_up", allowed)


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [
        (START - 30 * MINUTE, END + 12 * HOUR - SECONDS, 120),
        (START - 30 * MINUTE, START, 0),
        (START + 10 * MINUTE, START + 71 * MINUTE - SECONDS, 60),
        (START + 10 * MINUTE, END + HOUR, 110),
        (END - SECONDS, END, 0),
    ],
)
def test_the_minutes_are_those_of_the_shift_between_checking_in_and_out(
    since: datetime, until: datetime, minutes: int
) -> None:
    assert duty(checked_out(since, until)).minutes == minutes


@pytest.mark.parametrize("at", [START - SECONDS, END + 12 * HOUR])
def test_one_checks_out_from_the_start_until_twelve_hours_after_the_end(at: datetime) -> None:
    with pytest.raises(Conflict):
        checked_out(START - 10 * MINUTE, at)


def test_checking_in_or_out_a_second_time_changes_nothing() -> None:
    inside, done = checked_in(), checked_out()
    assert domain.check_in(inside, STEWARD, in_area=False, at=START + HOUR).shift is inside
    again = domain.check_out(done, STEWARD, at=END + HOUR)
    assert (again.shift is done, again.event) == (True, None)


@pytest.mark.parametrize("act", [domain.check_in, domain.check_out])
def test_only_who_is_signed_up_is_on_duty(act: Callable[..., Any]) -> None:
    place = {"in_area": None} if act is domain.check_in else {}
    with pytest.raises(NotAllowed):
        act(signed_up(), SECOND, at=START, **place)


def test_checking_out_tells_of_the_duty_and_not_of_the_shift() -> None:
    change = domain.check_out(checked_in(START + HOUR), STEWARD, at=END)
    assert change.duty is not None
    assert change.event is not None
    assert change.duty.id == "D-S"
    assert vars(change.event) == {
        "member": "S",
        "shift": "01SHIFT",
        "category": "patrol",
        "minutes": 60,
        "actor": "S",
    }


@pytest.mark.parametrize(
    ("inside", "accuracy", "judged"),
    [(True, 5000, True), (False, None, False), (False, 100, False), (False, 101, None), (None, 1, None)],
)
def test_a_vague_place_does_not_tell_that_somebody_is_outside(
    inside: bool | None, accuracy: float | None, judged: bool | None
) -> None:
    assert domain.judged(inside, accuracy) is judged
