"""Between which figures accounts are held: the rule alone, without a database."""

import pytest

from services.points import bounds
from services.points.bounds import Bounds
from services.points.domain import MAX_AMOUNT, Change, debt
from services.points.integrity.books import outside

ANNA = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
FUND = "fund:120199001001"


def document(posted: int, held: int = 0, **more: int) -> dict[str, object]:
    return {"points": {"posted": posted, "held": held, "available": posted - held}, **more}


def code(account: str, stored: dict[str, object], **units: Change) -> str | None:
    refusal = bounds.passed(account, stored, units)
    return refusal.code if refusal else None


def test_what_somebody_has_is_from_zero_to_what_every_client_reads_and_a_debt_is_the_other_way_round() -> (
    None
):
    assert bounds.usual(ANNA) == bounds.usual(FUND) == Bounds(0, 2**53)
    assert bounds.usual(debt(ANNA)) == Bounds(-(2**53), 0)


def test_the_bounds_that_an_account_stores_are_its_own_and_the_usual_ones_where_it_stores_none() -> None:
    assert bounds.stored(ANNA, {"floor": -50, "ceiling": 100}) == Bounds(-50, 100)
    assert bounds.stored(ANNA, {"ceiling": 100}) == Bounds(0, 100)
    assert bounds.stored(debt(ANNA), {}) == Bounds(-MAX_AMOUNT, 0)
    assert bounds.stored(ANNA, {"floor": -(2**60), "ceiling": 2**60}) == Bounds(-MAX_AMOUNT, MAX_AMOUNT)


@pytest.mark.parametrize(
    ("floor", "amount", "refused"),
    [
        (0, 7, None),
        (0, 8, "overdrawn"),
        (-3, 10, None),
        (-3, 11, "overdrawn"),
        (4, 3, None),
        (4, 4, "overdrawn"),
    ],
)
def test_what_is_left_available_is_not_below_the_floor(floor: int, amount: int, refused: str | None) -> None:
    stored = document(10, held=3, floor=floor)
    assert code(ANNA, stored, points=Change(posted=-amount)) == refused
    assert code(ANNA, stored, points=Change(held=amount)) == refused


@pytest.mark.parametrize(
    ("ceiling", "amount", "refused"),
    [(20, 10, None), (20, 11, "account-ceiling"), (MAX_AMOUNT, MAX_AMOUNT, "account-ceiling")],
)
def test_what_is_posted_is_not_above_the_ceiling_whatever_is_held(
    ceiling: int, amount: int, refused: str | None
) -> None:
    stored = document(10, held=3, ceiling=ceiling)
    assert code(ANNA, stored, points=Change(posted=amount)) == refused


def test_each_unit_is_held_to_the_bounds_by_itself_and_what_is_not_there_is_zero() -> None:
    stored = document(10, ceiling=10)
    assert code(ANNA, stored, minutes=Change(posted=10)) is None
    assert code(ANNA, stored, minutes=Change(posted=11)) == "account-ceiling"
    assert code(ANNA, stored, minutes=Change(posted=-1)) == "overdrawn"


def test_who_is_out_of_bounds_may_come_nearer_to_them() -> None:
    assert code(ANNA, document(10, ceiling=5), points=Change(posted=-1)) is None
    assert code(ANNA, document(10, floor=20), points=Change(posted=1)) is None


def test_a_debt_is_paid_to_zero_and_no_further() -> None:
    owed = document(-10)
    assert code(debt(ANNA), owed, points=Change(posted=10)) is None
    assert code(debt(ANNA), owed, points=Change(posted=11)) == "account-ceiling"
    assert code(debt(ANNA), owed, points=Change(posted=-MAX_AMOUNT)) == "overdrawn"


def test_a_frozen_account_is_one_that_nothing_is_taken_from_and_whose_debt_is_not_paid() -> None:
    gain, loss = {"points": Change(posted=1)}, {"points": Change(posted=-1)}
    assert (bounds.takes(ANNA, loss), bounds.takes(ANNA, gain)) == (True, False)
    assert (bounds.takes(debt(ANNA), loss), bounds.takes(debt(ANNA), gain)) == (False, True)
    assert bounds.takes(ANNA, {"points": Change(held=1)})
    assert not bounds.takes(ANNA, {"points": Change(held=-1)})


def test_room_ends_at_the_ceiling_and_no_credit_is_drawn_on_without_an_order() -> None:
    stored = document(10, held=3, floor=-50, ceiling=12)
    assert (bounds.room(ANNA, stored, "points"), bounds.room(ANNA, stored, "minutes")) == (2, 12)
    assert bounds.room(ANNA, document(20, ceiling=12), "points") == 0
    assert bounds.spare(ANNA, stored, "points") == 7
    assert bounds.spare(ANNA, document(10, held=3, floor=5), "points") == 2


def test_a_proof_names_the_accounts_that_are_out_of_their_bounds() -> None:
    stored = {
        "01ARZ3NDEKTSV4RRFFQ69G5FAA": document(-1),
        "01ARZ3NDEKTSV4RRFFQ69G5FAB": document(-1, floor=-1),
        "01ARZ3NDEKTSV4RRFFQ69G5FAC": document(3, held=4),
        "01ARZ3NDEKTSV4RRFFQ69G5FAD": document(11, ceiling=10),
        debt("01ARZ3NDEKTSV4RRFFQ69G5FAE"): document(1),
        debt("01ARZ3NDEKTSV4RRFFQ69G5FAF"): document(-1),
        "issuer:120199": document(-1),
    }
    assert [one[-1] for one in outside(stored)] == ["A", "C", "D", "E"]
