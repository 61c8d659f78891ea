"""Limits and the clock of an issue: working hours, working days or time by the clock.

A working day is one that the State Council's holiday notices leave as such (make-up days included) unless
the district says otherwise; it runs from `opens` to `closes` by Asia/Shanghai time.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
REMINDERS = (50, 80, 100)
"""Percent of a limit at which the handler is reminded; at the last one the issue escalates by itself."""
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
"""The days that the calendar can be asked about."""
_MOST_DAYS = 3650


class Unit(StrEnum):
    """How a limit is counted."""

    HOURS = "hours"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True)
class Limit:
    """So many hours, working hours or working days."""

    amount: int
    unit: Unit


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked, and from when to when."""

    is_working_day: Callable[[date], bool]
    opens: time = time(9)
    closes: time = time(17)

    @cached_property
    def day(self) -> timedelta:
        """The length of a working day."""
        return datetime.combine(date.min, self.closes) - datetime.combine(date.min, self.opens)

    def span(self, limit: Limit) -> timedelta:
        """How much time a limit gives, in its own way of counting."""
        if limit.unit is Unit.WORKING_DAYS:
            return limit.amount * self.day
        return timedelta(hours=limit.amount)

    def after(self, start: datetime, span: timedelta, *, working: bool) -> datetime:
        """The moment when `span` has passed since `start`, counted in working time or by the clock."""
        if not working:
            return start + span
        local = start.astimezone(SHANGHAI)
        day = local.date()
        for _ in range(_MOST_DAYS):
            opened, closed = self._open(day, local)
            if closed - opened >= span:
                return (opened + span).astimezone(start.tzinfo)
            span -= closed - opened
            day += timedelta(days=1)
        raise OverflowError("the calendar has no working days left")

    def between(self, start: datetime, end: datetime, *, working: bool) -> timedelta:
        """How much time passed from `start` to `end`, counted in working time or by the clock."""
        if not working:
            return max(end - start, timedelta())
        begun, ended = start.astimezone(SHANGHAI), end.astimezone(SHANGHAI)
        passed, day = timedelta(), begun.date()
        while day <= ended.date():
            opened, closed = self._open(day, begun)
            passed += max(min(closed, ended) - opened, timedelta())
            day += timedelta(days=1)
        return passed

    def _open(self, day: date, begun: datetime) -> tuple[datetime, datetime]:
        """When work begins and ends on a day, not before `begun` of Shanghai; an empty span on a day off."""
        closed = datetime.combine(day, self.closes, SHANGHAI)
        opened = max(datetime.combine(day, self.opens, SHANGHAI), begun)
        if not self.is_working_day(day) or opened > closed:
            return closed, closed
        return opened, closed


@dataclass(frozen=True)
class Countdown:
    """The time a unit has for an issue. `span` and `used` are seconds of counted time.

    It runs since `since` unless `paused`; `used` was counted in earlier runs. `reminded` holds the percents
    whose reminder has been sent.
    """

    since: datetime
    span: int
    working: bool
    used: int = 0
    paused: bool = False
    extended: bool = False
    reminded: tuple[int, ...] = ()

    def at(self, percent: int, calendar: WorkCalendar) -> datetime:
        """When so much of the time is used up, if it is not paused before."""
        left = timedelta(seconds=self.span * percent / 100 - self.used)
        return calendar.after(self.since, max(left, timedelta()), working=self.working)

    def due_at(self, calendar: WorkCalendar) -> datetime:
        """When the time is used up."""
        return self.at(100, calendar)

    def next_reminder(self, calendar: WorkCalendar) -> tuple[int, datetime] | None:
        """The next percent to remind at and when; None while paused and after the last."""
        left = [percent for percent in REMINDERS if percent not in self.reminded]
        return (left[0], self.at(left[0], calendar)) if left and not self.paused else None


NOT_BEGUN = Countdown(since=datetime(1970, 1, 1, tzinfo=UTC), span=0, working=False)
"""Of an issue that no unit leads yet."""


def start(limit: Limit, calendar: WorkCalendar, at: datetime, *, share: float = 1.0) -> Countdown:
    """A countdown of a limit, or of a share of it, from now."""
    span = int(calendar.span(limit).total_seconds() * share)
    return Countdown(since=at, span=span, working=limit.unit is not Unit.HOURS)


def pause(countdown: Countdown, calendar: WorkCalendar, at: datetime) -> Countdown:
    """Stop counting; what was used stays used."""
    if countdown.paused:
        return countdown
    run = calendar.between(countdown.since, at, working=countdown.working)
    return replace(countdown, used=countdown.used + int(run.total_seconds()), paused=True)


def resume(countdown: Countdown, at: datetime) -> Countdown:
    """Count on from now."""
    return replace(countdown, since=at, paused=False) if countdown.paused else countdown


def extend(countdown: Countdown, calendar: WorkCalendar, at: datetime) -> Countdown:
    """Half as much time again; only the reminders that lie ahead again are sent again."""
    longer = replace(countdown, span=countdown.span * 3 // 2, extended=True)
    behind = tuple(percent for percent in countdown.reminded if longer.at(percent, calendar) <= at)
    return replace(longer, reminded=behind)
