"""Honours: what counts, for which month, and how it ranks."""

from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain import Leg, Posting, debt, issuer
from services.points.honours import domain
from services.points.honours.domain import Gain

A, B = "01ARZ3NDEKTSV4RRFFQ69G5FAA", "01ARZ3NDEKTSV4RRFFQ69G5FAB"
GRID, OTHER = "120199001001001", "120199001002001"
_NUMBERS = count()


def posting(
    *legs: Leg,
    at: datetime = datetime(2026, 11, 25, tzinfo=UTC),
    area: str = GRID,
    verified: bool = True,
    reverses: str | None = None,
) -> Posting:
    key = f"P{next(_NUMBERS)}"
    return Posting(key, key, "rule", 1, "c", area, legs, at, verified=verified, reverses=reverses)


def earned(points: int, minutes: int = 0, **more: object) -> Posting:
    legs = [Leg(A, "points", points), Leg(issuer(GRID), "points", -points)]
    if minutes:
        legs += [Leg(A, "minutes", minutes), Leg(issuer(GRID), "minutes", -minutes)]
    return posting(*legs, **more)  # type: ignore[arg-type]


def test_spending_and_gifts_touch_no_gain() -> None:
    known = [
        earned(5, 30),
        posting(Leg(A, "points", -4), Leg("shop:120199", "points", 4), verified=False),
        posting(Leg(A, "points", 9), Leg(B, "points", -9), verified=False),
    ]
    assert domain.gains(known, A) == {"2026-11": {GRID: Gain(5, 30)}}


def test_who_pays_for_help_loses_nothing_and_gets_nothing_when_it_is_taken_back() -> None:
    """The settlement of help is verified work to who gave it, and spending to who received it."""
    settled = posting(Leg(B, "minutes", -30), Leg(A, "minutes", 30))
    back = posting(Leg(B, "minutes", 30), Leg(A, "minutes", -30), reverses=settled.id)
    assert domain.gains([settled], A) == {"2026-11": {GRID: Gain(0, 30)}}
    assert domain.gains([settled, back], A) == {"2026-11": {}}
    for known in ([settled], [settled, back]):
        assert domain.gains(known, B) == {"2026-11": {}}
    assert domain.members_of(settled) == domain.members_of(back) == {A}


def test_a_gain_is_taken_back_in_parts() -> None:
    gained = earned(9, 60)
    parts = [
        posting(Leg(A, "points", -2), reverses=gained.id),
        posting(Leg(A, "points", -3), reverses=gained.id),
    ]
    assert domain.gains([*parts, gained], A) == {"2026-11": {GRID: Gain(4, 60)}}


def test_what_is_taken_back_later_is_taken_off_the_month_in_which_it_was_gained() -> None:
    october, december = (datetime(2026, month, 15, tzinfo=UTC) for month in (10, 12))
    kept, undone = earned(5, at=october), earned(7, 60, at=october, area=OTHER)
    back = posting(
        Leg(A, "points", -3),
        Leg(debt(A), "points", -4),
        Leg(A, "minutes", -60),
        reverses=undone.id,
        at=december,
    )
    assert domain.gains([kept, undone], A) == {"2026-10": {GRID: Gain(5), OTHER: Gain(7, 60)}}
    assert domain.gains([back, kept, undone], A) == {"2026-10": {GRID: Gain(5)}}
    assert domain.members_of(back) == {A}


def test_months_begin_at_midnight_in_shanghai() -> None:
    assert domain.month_of(datetime(2026, 10, 31, 15, 59, tzinfo=UTC)) == "2026-10"
    assert domain.month_of(datetime(2026, 10, 31, 16, 0, tzinfo=UTC)) == "2026-11"
    assert domain.begins("2026-11") == datetime(2026, 10, 31, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("month", "quarter"), [("2026-01", "2026-Q1"), ("2026-03", "2026-Q1"), ("2026-04", "2026-Q2")]
)
def test_a_month_lies_in_its_quarter_its_year_and_all_time(month: str, quarter: str) -> None:
    assert domain.wider_periods(month) == [quarter, "2026", "all"]
    assert domain.begins(quarter) <= domain.begins(month)
    assert all(domain.lies_in(month, one) for one in (month, quarter, "2026", "all"))
    assert not domain.lies_in(month, "2026-Q4")
    assert [domain.is_month(one) for one in (month, quarter, "2026", "all")] == [True, False, False, False]


@given(st.dictionaries(st.text("AB", min_size=1, max_size=6), st.integers(-2, 9), max_size=40))
def test_ties_share_a_rank_and_the_next_one_counts_all_before_it(amounts: dict[str, int]) -> None:
    board = domain.board({member: Gain(points) for member, points in amounts.items()}, "points")
    for entry in domain.entries(board, "points", 100):
        mine = amounts[entry.member]
        assert mine > 0
        assert entry.rank == 1 + sum(points > mine for points in amounts.values())
    assert [member for member, _ in board.top] == sorted(
        (member for member, points in amounts.items() if points > 0), key=lambda one: (-amounts[one], one)
    )
    assert domain.rank(board.counts, 0) is None


def test_an_area_has_what_was_gained_below_it() -> None:
    areas = domain.added([{GRID: Gain(3), OTHER: Gain(4, 5)}, {GRID: Gain(-3)}])
    assert areas == {OTHER: Gain(4, 5)}
    assert domain.within(areas, "120199001") == Gain(4, 5)
    assert domain.within(areas, "120199001001") == Gain()
