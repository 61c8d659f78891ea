"""Training: who holds it, who takes part, what becomes of who is on the list, and that it is told once."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor, Grant
from services.points.earning import schemas as points
from services.volunteer.training import domain
from services.volunteer.training.domain import HOLDERS, TRAINEES, Decision
from services.volunteer.training.session import Session

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GRID = "120199001001001"
COMMUNITY, SUBDISTRICT, DISTRICT = GRID[:12], GRID[:9], GRID[:6]
CHAIR = Actor("C", (Grant("council_chair", COMMUNITY),))
STAFF = Actor("F", (Grant("community_staff", COMMUNITY),))
STEWARD = Actor("S", (Grant("steward", GRID),))
OTHER = Actor("T", (Grant("grid_worker", GRID),))
AREAS = st.sampled_from([DISTRICT, SUBDISTRICT, COMMUNITY, GRID, "120199001002", "120199001001002"])
SESSION = Session(
    id="1",
    course="K",
    title="急救入门",
    category="first_aid",
    minutes=120,
    area=GRID,
    place="居委会二楼",
    starts_at=NOW,
    ends_at=NOW + 2 * HOUR,
    seats=2,
    created_by="C",
    created_at=NOW - DAY,
)


def joined(session: Session, actor: Actor, at: datetime = NOW - HOUR) -> Session:
    return domain.sign_up(session, actor, attendance_id=f"A{actor.member_id}", at=at)[0]


def record(session: Session, actor: Actor, member: Actor, *, attended: bool = True, **more: Any) -> Decision:
    asked = {"minutes": None, "reason": None, "attendance_id": "NEW", "at": NOW + HOUR, **more}
    return domain.record(
        session, actor, member=member.member_id, grants=member.grants, attended=attended, **asked
    )


@given(st.sampled_from(sorted(HOLDERS | TRAINEES | {"resident", "shop_keeper"})), AREAS)
def test_training_is_held_by_the_chair_social_workers_and_staff_whose_area_it_is_in(
    role: str, area: str
) -> None:
    actor = Actor("X", (Grant(role, area),))
    if role in HOLDERS and GRID.startswith(area):
        assert domain.hold(SESSION, actor) == SESSION
    else:
        with pytest.raises(NotAllowed):
            domain.hold(SESSION, actor)
        with pytest.raises(NotAllowed):
            record(SESSION, actor, STEWARD)


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [
        (HOUR, HOUR, "ends_at"),
        (HOUR, HOUR + domain.LONGEST, None),
        (HOUR, 2 * HOUR + domain.LONGEST, "ends_at"),
        (-2 * DAY, -DAY, None),
        (-2 * DAY, -DAY - HOUR, "ends_at"),
        (366 * DAY, 366 * DAY + HOUR, None),
        (367 * DAY, 367 * DAY + HOUR, "starts_at"),
    ],
)
def test_a_session_is_entered_a_year_ahead_at_most_and_a_day_after_it_ended_at_the_latest(
    starts: timedelta, ends: timedelta, field: str | None
) -> None:
    session = replace(SESSION, created_at=NOW, starts_at=NOW + starts, ends_at=NOW + ends)
    if field is None:
        assert domain.hold(session, STAFF) == session
    else:
        with pytest.raises(Invalid) as refused:
            domain.hold(session, STAFF)
        assert set(refused.value.extra["errors"]) == {field}


@given(st.sampled_from(sorted(HOLDERS | TRAINEES | {"resident", "shop_keeper"})), AREAS)
def test_whoever_serves_in_the_area_above_or_below_it_takes_part(role: str, area: str) -> None:
    session = replace(SESSION, area=COMMUNITY)
    actor = Actor("X", (Grant(role, area),))
    near = area.startswith(COMMUNITY) or COMMUNITY.startswith(area)
    if role in TRAINEES and near:
        mine = joined(session, actor).of("X")
        assert mine is not None
        assert (mine.status, mine.minutes) == ("signed_up", 0)
    else:
        with pytest.raises(NotAllowed):
            joined(session, actor)
        with pytest.raises(Invalid):
            record(session, STAFF, actor)


def test_who_is_on_the_list_does_not_sign_up_again_and_a_repeated_request_changes_nothing() -> None:
    session = joined(SESSION, STEWARD)
    again = domain.sign_up(session, STEWARD, attendance_id="AS", at=NOW)
    assert again[0] is session
    with pytest.raises(Conflict) as refused:
        domain.sign_up(session, STEWARD, attendance_id="B", at=NOW - HOUR)
    assert refused.value.extra["status_now"] == "signed_up"
    assert refused.value.extra["allowed"] == ["withdraw"]


def test_one_signs_up_until_it_ends_while_there_are_seats() -> None:
    late = joined(SESSION, STEWARD, SESSION.ends_at - timedelta(milliseconds=1))
    assert late.seats_left == 1
    full = joined(late, OTHER)
    for session, at in ((SESSION, SESSION.ends_at), (full, NOW - HOUR)):
        with pytest.raises(Conflict) as refused:
            joined(session, Actor("U", STEWARD.grants), at)
        assert (refused.value.extra["status_now"], refused.value.extra["allowed"]) == ("not_signed_up", [])


def test_a_seat_is_given_back_until_it_begins_and_again_changes_nothing() -> None:
    session = joined(SESSION, STEWARD)
    left = domain.withdraw(session, "S", NOW - HOUR)[0]
    assert (left.of("S"), left.seats_left, left.version) == (None, 2, 3)
    assert domain.withdraw(left, "S", NOW + HOUR)[0] is left
    with pytest.raises(Conflict) as refused:
        domain.withdraw(session, "S", NOW)
    assert (refused.value.extra["status_now"], refused.value.extra["allowed"]) == ("signed_up", [])


def test_an_attendance_completes_the_training_and_tells_of_it() -> None:
    after, completion = record(joined(SESSION, STEWARD), CHAIR, STEWARD)
    assert completion is not None
    assert (completion.attendance, completion.attendance.id) == (after.of("S"), "AS")
    event = completion.event
    assert (event.type, event.member, event.actor) == ("training.completed.v1", "S", "C")
    assert (event.session, event.course, event.category, event.minutes) == ("1", "K", "first_aid", 120)


def test_nothing_is_recorded_before_it_begins() -> None:
    for attended in (True, False):
        with pytest.raises(Conflict) as refused:
            record(joined(SESSION, STEWARD), CHAIR, STEWARD, attended=attended, at=NOW - HOUR)
        assert (refused.value.extra["status_now"], refused.value.extra["allowed"]) == ("signed_up", [])


def test_nobody_records_their_own_training_whatever_office_they_hold() -> None:
    session = joined(SESSION, CHAIR)
    with pytest.raises(NotAllowed) as refused:
        record(session, CHAIR, CHAIR)
    assert refused.value.code == "own-work"
    assert record(session, STAFF, CHAIR)[1] is not None


def test_who_was_recorded_stays_so_and_the_same_again_by_the_same_person_is_no_second_time() -> None:
    after, _ = record(joined(SESSION, STEWARD), CHAIR, STEWARD)
    assert record(after, CHAIR, STEWARD, at=NOW + DAY) == (after, None)
    for changes in ({"minutes": 60}, {"reason": "x"}, {"attended": False}):
        with pytest.raises(Conflict) as refused:
            record(after, CHAIR, STEWARD, **changes)
        assert (refused.value.extra["status_now"], refused.value.extra["allowed"]) == ("attended", [])
    with pytest.raises(Conflict):
        record(after, STAFF, STEWARD)


def test_who_was_taken_for_absent_can_still_be_recorded_as_attended() -> None:
    away, nothing = record(joined(SESSION, STEWARD), CHAIR, STEWARD, attended=False, reason="未到")
    assert nothing is None
    assert (away.seats_left, away.attendances[0].reason) == (2, "未到")
    with pytest.raises(Conflict) as refused:
        record(away, STAFF, STEWARD, attended=False)
    assert (refused.value.extra["status_now"], refused.value.extra["allowed"]) == (
        "absent",
        ["record_attended"],
    )
    after, completion = record(away, STAFF, STEWARD, reason="签到表补录")
    assert completion is not None
    assert (after.attendances[0].status, after.attendances[0].id) == ("attended", "AS")


def test_fewer_minutes_than_the_course_has_can_be_attended_and_no_more() -> None:
    session = joined(SESSION, STEWARD)
    assert record(session, CHAIR, STEWARD, minutes=45)[0].attendances[0].minutes == 45
    for wrong in ({"minutes": 121}, {"minutes": 5, "attended": False}):
        with pytest.raises(Invalid) as refused:
            record(session, CHAIR, STEWARD, **wrong)  # type: ignore[arg-type]
        assert set(refused.value.extra["errors"]) == {"minutes"}


def test_who_came_without_having_signed_up_is_recorded_while_there_are_seats() -> None:
    after, completion = record(SESSION, CHAIR, STEWARD)
    assert completion is not None
    assert (completion.attendance.id, completion.attendance.signed_up_at) == ("NEW", None)
    full = joined(after, OTHER)
    with pytest.raises(Conflict) as refused:
        record(full, CHAIR, Actor("U", STEWARD.grants))
    assert (refused.value.extra["status_now"], refused.value.extra["seats_left"]) == ("not_signed_up", 0)
    with pytest.raises(Conflict):
        record(SESSION, CHAIR, STEWARD, attended=False)


def test_a_refusal_says_why_and_what_to_do() -> None:
    waiting = joined(SESSION, STEWARD)
    away, _ = record(waiting, CHAIR, STEWARD, attended=False)
    done, _ = record(waiting, CHAIR, STEWARD)
    full = replace(joined(SESSION, OTHER), seats=1)
    refusals: list[tuple[str, Callable[[], object]]] = [
        ("尚未开始", lambda: record(waiting, CHAIR, STEWARD, at=NOW - HOUR)),
        ("已在名单中", lambda: domain.sign_up(waiting, STEWARD, attendance_id="B", at=NOW)),
        ("培训已结束", lambda: joined(SESSION, STEWARD, SESSION.ends_at)),
        ("名额已满", lambda: joined(full, STEWARD)),
        ("名额已满", lambda: record(full, CHAIR, STEWARD)),
        ("不能取消报名", lambda: domain.withdraw(waiting, "S", NOW)),
        ("已登记出席", lambda: domain.withdraw(done, "S", NOW)),
        ("没有报名", lambda: record(SESSION, CHAIR, STEWARD, attended=False)),
        ("可改登记为出席", lambda: record(away, STAFF, STEWARD, attended=False)),
    ]
    for words, act in refusals:
        with pytest.raises(Conflict) as refused:
            act()
        assert words in refused.value.zh


def test_of_a_member_who_is_forgotten_only_what_they_completed_stays_without_its_words() -> None:
    waiting = joined(SESSION, STEWARD)
    away, _ = record(waiting, CHAIR, STEWARD, attended=False, reason="生病")
    done, _ = record(waiting, CHAIR, STEWARD, reason="签到表补录")
    assert domain.forgotten(waiting, "S").attendances == ()
    assert domain.forgotten(away, "S").attendances == ()
    kept = domain.forgotten(done, "S")
    assert kept.attendances == (replace(done.attendances[0], reason=None),)
    assert kept.version == done.version + 1
    assert domain.forgotten(kept, "S") is kept
    assert domain.forgotten(SESSION, "S") is SESSION


PEOPLE = [Actor(name, (Grant("steward", GRID), Grant("social_worker", GRID))) for name in "STUVW"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["sign_up", "withdraw", "came", "absent", "forget"]),
        st.sampled_from(PEOPLE),
        st.sampled_from(PEOPLE),
        st.integers(-1, 3),
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 4))
def test_whatever_is_done_seats_suffice_and_each_attendance_is_told_once_and_by_another(
    steps: list[tuple[str, Actor, Actor, int]], seats: int
) -> None:
    session, told = replace(SESSION, seats=seats), Counter[str]()
    for number, (act, actor, member, hours) in enumerate(steps):
        at = NOW + hours * HOUR
        before, completion = session, None
        try:
            if act == "sign_up":
                session, completion = domain.sign_up(session, actor, attendance_id=f"A{number}", at=at)
            elif act == "withdraw":
                session, completion = domain.withdraw(session, actor.member_id, at)
            elif act == "forget":
                session = domain.forgotten(session, actor.member_id)
            else:
                asked = {"attended": act == "came", "attendance_id": f"A{number}", "at": at}
                session, completion = record(session, actor, member, **asked)  # type: ignore[arg-type]
        except (Conflict, NotAllowed):
            assert session is before
        assert session.version == before.version + (session is not before)
        if completion is not None:
            told[completion.attendance.id] += 1
            assert completion.event.actor != completion.event.member
        assert session.seats_left >= 0
        assert len({one.member for one in session.attendances}) == len(session.attendances)
        assert all(one.recorded_by != one.member for one in session.attendances)
    attended = [one.id for one in session.attendances if one.status == "attended"]
    assert told == Counter(attended)


def test_what_a_course_can_be_called_a_rule_can_ask_for() -> None:
    assert domain.CATEGORY_PATTERN == points.CATEGORY_PATTERN
