"""Days and months as the figures know them (Asia/Shanghai), and what a span of time is counted from."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.issues.limits.domain import SHANGHAI

FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9998, 12, 31)
"""Where a span begins and ends that is open."""
_DAY = timedelta(days=1)


def day_of(moment: datetime) -> date:
    """The day of a moment."""
    return moment.astimezone(SHANGHAI).date()


def midnight(day: date) -> datetime:
    """When a day begins, in UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def month_of(day: date) -> str:
    """`2026-11`."""
    return f"{day:%Y-%m}"


def month_after(day: date) -> date:
    """The first day of the month after the one that the day lies in."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def first_of(month: str) -> date:
    """The first day of a month."""
    return date.fromisoformat(f"{month}-01")


@dataclass(frozen=True)
class Pieces:
    """A span cut up: whole days from `first` to before `after`, and what is left of days at its ends."""

    first: date
    after: date
    ends: tuple[tuple[datetime, datetime], ...]

    def holds(self, day: date) -> bool:
        """Whether it is one of the whole days."""
        return self.first <= day < self.after

    def whole_months(self, settled: date) -> tuple[str, str] | None:
        """The first month that lies wholly within, and the one after the last that ended by `settled`."""
        first = self.first if self.first.day == 1 else month_after(self.first)
        after = min(self.after, settled).replace(day=1)
        return (month_of(first), month_of(after)) if first < after else None


def cut(since: datetime | None, until: datetime | None) -> Pieces:
    """Cut up the span from `since` to before `until`; None leaves an end open."""
    if since is not None and until is not None and since >= until:
        return Pieces(FIRST_DAY, FIRST_DAY, ())
    first, after = FIRST_DAY, LAST_DAY
    ends = []
    if since is not None:
        day = day_of(since)
        first = day if midnight(day) == since else day + _DAY
        if first != day:
            ends.append((since, min(midnight(first), until or midnight(first))))
    if until is not None:
        after = day_of(until)
        if midnight(after) != until and after >= first:
            ends.append((midnight(after), until))
    return Pieces(first, max(first, after), tuple(ends))
