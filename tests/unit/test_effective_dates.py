"""From when a posting may count: never from a day to come, nor from a month whose books are closed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from chassis.errors import Invalid
from services.points.domain import SHANGHAI, check_effective

TICK = timedelta(microseconds=1)
CLOSING = datetime(2026, 12, 11, tzinfo=SHANGHAI)
"""The end of the tenth: from here on the books of November are closed."""
NOVEMBER, DECEMBER = (datetime(2026, month, 1, tzinfo=SHANGHAI) for month in (11, 12))
NEW_YEAR = datetime(2027, 1, 1, tzinfo=SHANGHAI)


def books_open_from(now: datetime) -> str:
    """What a date long ago is refused with."""
    with pytest.raises(Invalid) as refused:
        check_effective(datetime(2020, 1, 1, tzinfo=UTC), now)
    (english,), (chinese,) = (refused.value.extra[name]["effective_at"] for name in ("errors", "errors_zh"))
    first = str(english).removeprefix("The books are closed before ").split(",")[0]
    assert chinese.startswith(f"{first} ")
    return first


def allowed(effective_at: datetime, now: datetime) -> bool:
    try:
        check_effective(effective_at, now)
    except Invalid:
        return False
    return True


@pytest.mark.parametrize(
    ("now", "first"),
    [
        (DECEMBER, NOVEMBER),
        (CLOSING - TICK, NOVEMBER),
        (CLOSING, DECEMBER),
        (NEW_YEAR - TICK, DECEMBER),
        (NEW_YEAR, DECEMBER),
        (NEW_YEAR + timedelta(days=10) - TICK, DECEMBER),
        (NEW_YEAR + timedelta(days=10), NEW_YEAR),
        (datetime(2028, 3, 10, 23, 59, tzinfo=SHANGHAI), datetime(2028, 2, 1, tzinfo=SHANGHAI)),
    ],
    ids=lambda at: f"{at:%d %B %H:%M}",
)
def test_a_month_is_open_until_the_tenth_of_the_next_is_over_in_shanghai(
    now: datetime, first: datetime
) -> None:
    now = now.astimezone(UTC)  # as the ledger's clock tells it
    assert allowed(first, now)
    assert not allowed(first - TICK, now)
    assert books_open_from(now) == f"{first:%Y-%m-%d}"


def test_the_zone_that_a_moment_is_told_in_makes_no_difference() -> None:
    for zone in (UTC, timezone(timedelta(hours=-11)), timezone(timedelta(hours=14))):
        before, after = (CLOSING - TICK).astimezone(zone), CLOSING.astimezone(zone)
        assert allowed(NOVEMBER.astimezone(zone), before)
        assert not allowed(NOVEMBER.astimezone(zone), after)
        assert not allowed((DECEMBER - TICK).astimezone(zone), after)


def test_nothing_counts_from_a_moment_to_come() -> None:
    now = CLOSING + timedelta(days=5)
    assert allowed(now, now)
    for ahead in (TICK, timedelta(days=1), timedelta(days=40)):
        assert not allowed(now + ahead, now)
