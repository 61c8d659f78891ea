"""Taking a posting back in parts: each leg at most as it was, each unit balanced, never more in sum."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid
from services.points.domain import NEVER, Leg, Lots, Posting, check_balanced, debt, issuer
from services.points.lots.domain import EXPIRED
from services.points.reversal import part_key, repeats, reversal, whole_key

NOW = datetime(2026, 12, 10, tzinfo=UTC)
ANNA = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
ISSUER, SHOP = issuer("120199"), "shop:120199"
GAIN = (
    Leg(ANNA, "points", 10, {"20271231": 10}),
    Leg(ISSUER, "points", -10),
    Leg(ANNA, "minutes", 60),
    Leg(ISSUER, "minutes", -60),
)
SPENDING = (Leg(ANNA, "points", -10, {"20261231": 4, "20271231": 6}), Leg(SHOP, "points", 10))


class Known:
    """Books in which a member has so much, and a posting was taken back before."""

    def __init__(self, wallet: Lots | None = None, *taken: Sequence[int] | None) -> None:
        self._wallet = wallet or {NEVER: 1000}
        self._taken = taken

    def wallet(self, _account: str, _unit: str) -> Lots:
        return self._wallet

    def taken(self, _posting_id: str) -> Sequence[Sequence[int] | None]:
        return self._taken


def posting(*legs: Leg, rule: str = "issue.confirmed") -> Posting:
    return Posting("P", "key", rule, 1, "cause", "120199", legs, NOW, verified=True)


def back(original: Posting, books: Known, *part: Leg) -> Posting:
    made = reversal(
        original,
        books,
        posting_id="R",
        at=NOW,
        reason="误发",
        by="A",
        part=part or None,
        key="k" if part else None,
    )
    check_balanced(made)
    return made


def amounts(made: Posting) -> list[tuple[str, str, int]]:
    return [(leg.account, leg.unit, leg.amount) for leg in made.legs]


def test_a_part_takes_back_just_the_legs_it_names() -> None:
    made = back(posting(*GAIN), Known(), Leg(ANNA, "points", 4), Leg(ISSUER, "points", -4))
    assert amounts(made) == [(ANNA, "points", -4), (ISSUER, "points", 4)]
    assert (made.reverses, made.takes, made.key, made.verified) == ("P", (4, 4, 0, 0), "k", True)


def test_without_legs_what_is_left_is_taken_back() -> None:
    made = back(posting(*GAIN), Known(None, (4, 4, 0, 0), (1, 1, 60, 60)))
    assert amounts(made) == [(ANNA, "points", -5), (ISSUER, "points", 5)]
    assert made.key == whole_key("P")


@pytest.mark.parametrize("taken", [[None], [(10, 10, 60, 60)], [(4, 4, 60, 60), (6, 6, 0, 0)]])
def test_where_nothing_is_left_nothing_is_taken_back(taken: list[Sequence[int] | None]) -> None:
    with pytest.raises(Conflict) as caught:
        back(posting(*GAIN), Known(None, *taken))
    assert caught.value.code == "reversed"


def test_more_than_is_left_is_refused_and_the_answer_says_what_is_left() -> None:
    part = Leg(ANNA, "points", 7), Leg(ISSUER, "points", -7)
    with pytest.raises(Conflict) as caught:
        back(posting(*GAIN), Known(None, (4, 4, 0, 0)), *part)
    assert caught.value.code == "more-than-left"
    assert caught.value.extra["left"][:2] == [
        {"account": ANNA, "unit": "points", "amount": 6},
        {"account": ISSUER, "unit": "points", "amount": -6},
    ]


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ((Leg(ANNA, "points", -4), Leg(ISSUER, "points", 4)), "legs.0"),
        ((Leg(ANNA, "points", 4), Leg(SHOP, "points", -4)), "legs.1"),
        ((Leg(ANNA, "fen", 4), Leg(ISSUER, "fen", -4)), "legs.0"),
        ((Leg(ANNA, "points", 4), Leg(ISSUER, "points", -3)), "legs"),
        ((Leg(ANNA, "points", 4), Leg(ISSUER, "minutes", -4)), "legs"),
    ],
)
def test_a_part_has_legs_of_the_posting_and_balances(part: tuple[Leg, ...], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        back(posting(*GAIN), Known(), *part)
    assert list(caught.value.extra["errors"]) == [field]


def test_a_part_may_be_of_several_legs_of_one_account() -> None:
    legs = (Leg(ANNA, "points", 3), Leg(ANNA, "points", 5), Leg(ISSUER, "points", -8))
    made = back(posting(*legs), Known(), Leg(ANNA, "points", 4), Leg(ISSUER, "points", -4))
    assert made.takes == (3, 1, 4)


def test_two_gains_of_one_account_do_not_take_what_it_has_twice() -> None:
    legs = (Leg(ANNA, "points", 5), Leg(ANNA, "points", 5), Leg(ISSUER, "points", -10))
    made = back(posting(*legs), Known({NEVER: 7}))
    assert amounts(made) == [
        (ANNA, "points", -5),
        (ANNA, "points", -2),
        (debt(ANNA), "points", -3),
        (ISSUER, "points", 10),
    ]


def test_what_was_spent_comes_back_to_the_lots_it_came_from() -> None:
    whole = back(posting(*SPENDING), Known())
    assert whole.legs[0].lots == {"20261231": 4, "20271231": 6}
    part = back(posting(*SPENDING), Known(), Leg(ANNA, "points", -7), Leg(SHOP, "points", 7))
    assert part.legs[0].lots == {"20261231": 1, "20271231": 6}
    rest = back(posting(*SPENDING), Known(None, (7, 7)))
    assert rest.legs[0].lots == {"20261231": 3}


def test_what_was_spent_before_there_were_lots_comes_back_for_ever() -> None:
    spent = (Leg(ANNA, "points", -10), Leg(SHOP, "points", 10))
    assert back(posting(*spent), Known()).legs[0].lots == {NEVER: 10}


def test_a_gain_is_taken_from_its_own_lot_first_then_from_others_and_the_rest_is_owed() -> None:
    made = back(posting(*GAIN[:2]), Known({"20261231": 5, "20271231": 3}))
    assert made.legs[0] == Leg(ANNA, "points", -8)
    assert made.legs[0].lots == {"20271231": 3, "20261231": 5}
    assert made.legs[1] == Leg(debt(ANNA), "points", -2)


def test_an_expiry_is_not_taken_back() -> None:
    with pytest.raises(Conflict) as caught:
        back(posting(*SPENDING, rule=EXPIRED), Known())
    assert caught.value.code == "reversal-of-expiry"


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_parts_in_any_size_never_take_more_than_there_was(sizes: list[int]) -> None:
    original, taken = posting(*GAIN[:2]), list[tuple[int, ...]]()
    for size in sizes:
        part = Leg(ANNA, "points", size), Leg(ISSUER, "points", -size)
        left = 10 - sum(of_legs[0] for of_legs in taken)
        if size > left:
            with pytest.raises(Conflict):
                back(original, Known(None, *taken), *part)
        else:
            made = back(original, Known(None, *taken), *part)
            taken.append(made.takes or ())
    assert sum(of_legs[0] for of_legs in taken) <= 10


def test_the_same_order_again_is_known_by_what_it_takes_and_why() -> None:
    original = posting(*GAIN)
    part = Leg(ANNA, "points", 4), Leg(ISSUER, "points", -4)
    made = back(original, Known({NEVER: 1}), *part)
    assert debt(ANNA) in {leg.account for leg in made.legs}
    assert repeats(original, made, part, "误发")
    assert not repeats(original, made, part, "重复")
    assert not repeats(original, made, (Leg(ANNA, "points", 3), Leg(ISSUER, "points", -3)), "误发")
    assert part_key("P", "A", "k") != whole_key("P")
