"""Taking a posting back in parts: each leg at most as it was, each unit balanced, never more in sum."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid
from services.points.domain import NEVER, Leg, Lots, Posting, check_balanced, debt, issuer
from services.points.lots.domain import EXPIRED, FOREVER, dated
from services.points.reversal import (
    MoreThanLeft,
    NothingLeft,
    check_left,
    left,
    repeats,
    reversal,
    with_taken,
)

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


def posting(*legs: Leg, rule: str = "issue.confirmed", taken: tuple[int, ...] = ()) -> Posting:
    return Posting("P", "key", rule, 1, "cause", "120199", legs, NOW, verified=True, taken=taken)


def back(original: Posting, *part: Leg, free: int = 1000) -> Posting:
    made = reversal(
        original,
        lambda _account, _unit: free,
        posting_id="R",
        at=NOW,
        reason="误发",
        by="A",
        part=part or None,
        key="k" if part else None,
    )
    check_balanced(made)
    return made


def restored(original: Posting, *part: Leg, wallet: Lots | None = None) -> list[Lots | None]:
    """The lots of the first leg that takes a posting back."""
    there = wallet or {NEVER: 1000}
    made = back(original, *part, free=sum(there.values()))
    return [leg.lots for leg in dated(made, lambda *_: there, FOREVER, original).legs]


def amounts(made: Posting) -> list[tuple[str, str, int]]:
    return [(leg.account, leg.unit, leg.amount) for leg in made.legs]


def test_a_part_takes_back_just_the_legs_it_names() -> None:
    made = back(posting(*GAIN), Leg(ANNA, "points", 4), Leg(ISSUER, "points", -4))
    assert amounts(made) == [(ANNA, "points", -4), (ISSUER, "points", 4)]
    assert (made.reverses, made.takes, made.key, made.verified) == ("P", (4, 4, 0, 0), "k", True)


def test_without_legs_what_is_left_is_taken_back() -> None:
    made = back(posting(*GAIN, taken=(5, 5, 60, 60)))
    assert amounts(made) == [(ANNA, "points", -5), (ISSUER, "points", 5)]
    assert made.key == "posting.reversed:P"


@pytest.mark.parametrize("part", [(), (Leg(ANNA, "points", 1), Leg(ISSUER, "points", -1))])
def test_where_nothing_is_left_nothing_is_taken_back(part: tuple[Leg, ...]) -> None:
    with pytest.raises(NothingLeft):
        back(posting(*GAIN, taken=(10, 10, 60, 60)), *part)


def test_more_than_is_left_is_refused_and_the_answer_says_what_is_left() -> None:
    part = Leg(ANNA, "points", 7), Leg(ISSUER, "points", -7)
    with pytest.raises(MoreThanLeft) as caught:
        back(posting(*GAIN, taken=(4, 4, 0, 0)), *part)
    assert caught.value.extra["left"] == [
        {"account": ANNA, "unit": "points", "amount": 6},
        {"account": ISSUER, "unit": "points", "amount": -6},
        {"account": ANNA, "unit": "minutes", "amount": 60},
        {"account": ISSUER, "unit": "minutes", "amount": -60},
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
        back(posting(*GAIN), *part)
    assert list(caught.value.extra["errors"]) == [field]


def test_a_part_may_be_of_several_legs_of_one_account() -> None:
    legs = (Leg(ANNA, "points", 3), Leg(ANNA, "points", 5), Leg(ISSUER, "points", -8))
    made = back(posting(*legs), Leg(ANNA, "points", 4), Leg(ISSUER, "points", -4))
    assert made.takes == (3, 1, 4)


def test_two_gains_of_one_account_do_not_take_what_it_has_twice() -> None:
    legs = (Leg(ANNA, "points", 5), Leg(ANNA, "points", 5), Leg(ISSUER, "points", -10))
    assert amounts(back(posting(*legs), free=7)) == [
        (ANNA, "points", -5),
        (ANNA, "points", -2),
        (debt(ANNA), "points", -3),
        (ISSUER, "points", 10),
    ]


def test_what_was_spent_comes_back_to_the_lots_it_came_from() -> None:
    assert restored(posting(*SPENDING)) == [{"20261231": 4, "20271231": 6}, None]
    part = Leg(ANNA, "points", -7), Leg(SHOP, "points", 7)
    assert restored(posting(*SPENDING), *part) == [{"20261231": 1, "20271231": 6}, None]
    assert restored(posting(*SPENDING, taken=(7, 7))) == [{"20261231": 3}, None]


def test_what_was_spent_before_there_were_lots_comes_back_for_ever() -> None:
    spent = (Leg(ANNA, "points", -10), Leg(SHOP, "points", 10))
    assert restored(posting(*spent)) == [{NEVER: 10}, None]


def test_a_gain_is_taken_from_its_own_lot_first_then_from_others_and_the_rest_is_owed() -> None:
    original = posting(*GAIN[:2])
    assert restored(original, wallet={"20261231": 5, "20271231": 3}) == [
        {"20271231": 3, "20261231": 5},
        None,
        None,
    ]
    assert amounts(back(original, free=8)) == [
        (ANNA, "points", -8),
        (debt(ANNA), "points", -2),
        (ISSUER, "points", 10),
    ]


def test_an_expiry_is_not_taken_back() -> None:
    with pytest.raises(Conflict) as caught:
        back(posting(*SPENDING, rule=EXPIRED))
    assert caught.value.code == "reversal-of-expiry"


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_parts_in_any_size_never_take_more_than_there_was(sizes: list[int]) -> None:
    original, made = posting(*GAIN[:2]), list[Posting]()
    for size in sizes:
        part = Leg(ANNA, "points", size), Leg(ISSUER, "points", -size)
        if size > left(original)[0]:
            with pytest.raises(Conflict):
                back(original, *part)
        else:
            made.append(back(original, *part))
            before, original = left(original), with_taken(original, [one.takes for one in made])
            assert left(original) == [one - size for one in before]
    assert min(left(original)) >= 0


def test_whoever_decided_by_an_older_state_is_refused_when_it_is_written() -> None:
    original = posting(*GAIN[:2])
    whole, part = back(original), back(original, Leg(ANNA, "points", 4), Leg(ISSUER, "points", -4))
    now = replace(original, taken=(8, 8))
    for late in (whole, part):
        with pytest.raises(MoreThanLeft):
            check_left(now, late)
    with pytest.raises(NothingLeft):
        check_left(replace(original, taken=(10, 10)), part)
    check_left(original, part)


def test_a_reversal_of_before_they_said_how_much_took_all() -> None:
    original = posting(*GAIN)
    assert left(with_taken(original, [None])) == [0, 0, 0, 0]
    assert left(with_taken(original, [])) == [10, 10, 60, 60]
    assert left(with_taken(original, [(4, 4, 0, 0), (1, 1, 60, 60)])) == [5, 5, 0, 0]


def test_the_same_order_again_is_known_by_what_it_takes_and_why() -> None:
    original = posting(*GAIN)
    part = Leg(ANNA, "points", 4), Leg(ISSUER, "points", -4)
    made = back(original, *part, free=1)
    assert debt(ANNA) in {leg.account for leg in made.legs}
    taken = replace(original, taken=(4, 4, 0, 0))
    assert repeats(taken, made, part, "误发")
    assert not repeats(taken, made, part, "重复")
    assert not repeats(taken, made, (Leg(ANNA, "points", 3), Leg(ISSUER, "points", -3)), "误发")
