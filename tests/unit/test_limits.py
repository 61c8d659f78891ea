"""Limits and countdowns, in working time and by the clock."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.issues.limits import domain as limits
from services.issues.limits.domain import SHANGHAI, Countdown, Limit, Unit, WorkCalendar
from services.issues.limits.queries import Calendar

WEEKDAYS = WorkCalendar(lambda day: day.weekday() < 5)
_FIRST, _LAST = datetime(2026, 1, 1), datetime(2027, 12, 31)  # noqa: DTZ001 - hypothesis takes naive bounds
moments = st.datetimes(_FIRST, _LAST, timezones=st.just(UTC))
spans = st.timedeltas(timedelta(), timedelta(hours=200))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2026-11-24T10:00", Limit(4, Unit.WORKING_HOURS), "2026-11-24T14:00"),
        ("2026-11-24T15:00", Limit(4, Unit.WORKING_HOURS), "2026-11-25T11:00"),
        ("2026-11-27T15:00", Limit(4, Unit.WORKING_HOURS), "2026-11-30T11:00"),
        ("2026-11-27T15:00", Limit(2, Unit.WORKING_DAYS), "2026-12-01T15:00"),
        ("2026-11-28T12:00", Limit(1, Unit.WORKING_DAYS), "2026-11-30T17:00"),
        ("2026-11-24T07:00", Limit(1, Unit.WORKING_HOURS), "2026-11-24T10:00"),
        ("2026-11-24T20:00", Limit(1, Unit.WORKING_HOURS), "2026-11-25T10:00"),
        ("2026-11-28T12:00", Limit(24, Unit.HOURS), "2026-11-29T12:00"),
    ],
)
def test_a_limit_ends_when_its_time_is_used_up(start: str, limit: Limit, due: str) -> None:
    assert limits.start(limit, WEEKDAYS, local(start)).due_at(WEEKDAYS) == local(due)


@given(moments, spans)
def test_the_time_between_a_start_and_its_end_is_the_span(start: datetime, span: timedelta) -> None:
    end = WEEKDAYS.after(start, span, working=True)
    assert WEEKDAYS.between(start, end, working=True) == span


@given(moments, spans, spans)
def test_spans_add_up(start: datetime, first: timedelta, second: timedelta) -> None:
    middle = WEEKDAYS.after(start, first, working=True)
    assert WEEKDAYS.after(middle, second, working=True) == WEEKDAYS.after(start, first + second, working=True)


@given(moments, st.integers(1, 60), st.integers(0, 100), spans)
def test_time_stands_still_while_paused(start: datetime, hours: int, percent: int, pause: timedelta) -> None:
    countdown = limits.start(Limit(hours, Unit.HOURS), WEEKDAYS, start)
    stopped = countdown.at(percent, WEEKDAYS)
    paused = limits.pause(countdown, WEEKDAYS, stopped)
    assert paused.next_reminder(WEEKDAYS) is None
    resumed = limits.resume(paused, stopped + pause)
    late = resumed.due_at(WEEKDAYS) - countdown.due_at(WEEKDAYS)
    assert abs(late - pause) <= timedelta(seconds=1)


def test_pausing_or_resuming_twice_changes_nothing() -> None:
    at = local("2026-11-24T10:00")
    countdown = limits.start(Limit(4, Unit.HOURS), WEEKDAYS, at)
    paused = limits.pause(countdown, WEEKDAYS, at + timedelta(hours=1))
    assert limits.pause(paused, WEEKDAYS, at + timedelta(hours=3)) == paused
    resumed = limits.resume(paused, at + timedelta(hours=3))
    assert limits.resume(resumed, at + timedelta(hours=9)) == resumed


def test_reminders_come_at_half_at_four_fifths_and_at_the_end() -> None:
    start = local("2026-11-24T09:00")
    countdown = limits.start(Limit(10, Unit.HOURS), WEEKDAYS, start)
    seen = []
    while (reminder := countdown.next_reminder(WEEKDAYS)) is not None:
        seen.append((reminder[0], reminder[1] - start))
        countdown = Countdown(**{**vars(countdown), "reminded": (*countdown.reminded, reminder[0])})
    assert seen == [(50, timedelta(hours=5)), (80, timedelta(hours=8)), (100, timedelta(hours=10))]


def test_an_extension_gives_half_as_much_again() -> None:
    start = local("2026-11-24T09:00")
    extended = limits.extend(limits.start(Limit(10, Unit.HOURS), WEEKDAYS, start), WEEKDAYS, start)
    assert extended.due_at(WEEKDAYS) == start + timedelta(hours=15)
    assert extended.extended


def test_holidays_and_make_up_days_of_china_count_and_the_district_may_differ() -> None:
    calendar = Calendar(lambda: {date(2026, 11, 24): False, date(2026, 11, 28): True})
    assert calendar().is_working_day(date(2026, 2, 14))  # a Saturday worked for the Spring Festival
    assert not calendar().is_working_day(date(2026, 2, 17))
    assert not calendar().is_working_day(date(2026, 10, 1))
    assert calendar().is_working_day(date(2026, 10, 10))
    assert not calendar().is_working_day(date(2026, 11, 24))
    assert calendar().is_working_day(date(2026, 11, 28))
