"""The terms of grants: from which day to which a role is held. Days are those of Shanghai, both included."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chassis.identity import Grant

_SHANGHAI = ZoneInfo("Asia/Shanghai")


def day_of(moment: datetime) -> date:
    """The day that it is in Shanghai."""
    return moment.astimezone(_SHANGHAI).date()


def is_over(grant: Grant, day: date) -> bool:
    """Whether the term's last day is past."""
    return grant.until is not None and grant.until < day


def in_effect(grants: Iterable[Grant], day: date) -> tuple[Grant, ...]:
    """What is held on a day."""
    return tuple(one for one in grants if not is_over(one, day) and not _is_to_come(one, day))


def to_come(grants: Iterable[Grant], day: date) -> tuple[Grant, ...]:
    """What is granted and has not begun yet."""
    return tuple(one for one in grants if _is_to_come(one, day))


def share_a_day(one: Grant, other: Grant) -> bool:
    """Whether two grants of the same role on the same area have a day in common."""
    same = (one.role, one.area) == (other.role, other.area)
    return same and not (_is_before(one, other) or _is_before(other, one))


def begun_by(grants: Iterable[Grant], day: date | None) -> list[Grant]:
    """Grants whose term has begun on a day or before; none, where there is no such day."""
    return [one for one in grants if day is not None and not _is_to_come(one, day)]


def cut(grant: Grant, until: date) -> Grant:
    """A grant that is over after a day at the latest."""
    return replace(grant, until=min(grant.until or until, until))


def next_turn(grants: Iterable[Grant], at: datetime) -> datetime | None:
    """The midnight of the next beginning or end; one that is past, where an ended grant is still among them.

    What has begun needs no turn: whoever is told of the grants at this moment is told of it.
    """
    held = list(grants)
    begins = [_midnight(one.since) for one in held if one.since is not None]
    ends = [_midnight(one.until + timedelta(days=1)) for one in held if one.until is not None]
    return min([*(one for one in begins if one > at), *ends], default=None)


def _is_to_come(grant: Grant, day: date) -> bool:
    return grant.since is not None and grant.since > day


def _is_before(one: Grant, other: Grant) -> bool:
    return one.until is not None and other.since is not None and one.until < other.since


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, _SHANGHAI)
