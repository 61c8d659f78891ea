"""Lots: until when gains are good, which are spent first, what comes back, what is told."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain import NEVER, Leg, Lots, Posting, issuer
from services.points.holds.domain import Hold, from_lots
from services.points.lots.domain import (
    EXPIRED,
    FOREVER,
    Holding,
    Step,
    Validity,
    coming,
    dated,
    divided,
    drawn,
    first_look,
    returned,
    step,
)

DISTRICT = "120199"
ANNA, BORIS = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"
NOON = datetime(2026, 12, 10, 4, tzinfo=UTC)  # noon in Shanghai
YEAR = Validity(points=12)
DAYS = ("20261130", "20261231", "20270131", NEVER)
AMOUNTS = st.dictionaries(st.sampled_from(DAYS), st.integers(1, 50))


def posting(*legs: Leg, at: datetime = NOON, verified: bool = False) -> Posting:
    return Posting("P", "key", "rule", 1, "cause", DISTRICT, legs, at, verified=verified)


def lots_of(whole: Posting, account: str) -> list[Lots | None]:
    return [leg.lots for leg in whole.legs if leg.account == account]


def nothing(_account: str, _unit: str) -> Lots:
    return {}


@pytest.mark.parametrize(
    ("gained", "months", "until"),
    [
        ("2026-12-10T04:00:00+00:00", 12, "20271231"),
        ("2026-01-31T04:00:00+00:00", 1, "20260228"),
        ("2027-01-01T00:00:00+08:00", 1, "20270228"),
        ("2026-12-31T23:59:00+08:00", 1, "20270131"),
        ("2026-12-31T16:00:00+00:00", 2, "20270331"),  # in Shanghai the year has turned
        ("2026-11-01T04:00:00+00:00", 1, "20261231"),
        ("2024-01-05T04:00:00+00:00", 1, "20240229"),
        ("2026-12-10T04:00:00+00:00", 120, "20361231"),
    ],
)
def test_a_gain_is_good_until_the_end_of_the_month_so_many_months_later(
    gained: str, months: int, until: str
) -> None:
    assert Validity(points=months).until("points", datetime.fromisoformat(gained)) == until


def test_minutes_expire_by_their_own_policy_and_money_never() -> None:
    assert YEAR.until("minutes", NOON) == NEVER
    assert Validity(minutes=3).until("minutes", NOON) == "20270331"
    assert Validity(12, 12).until("fen", NOON) == NEVER
    assert FOREVER.until("points", NOON) == NEVER


def test_what_expires_first_is_taken_first_and_what_never_expires_last() -> None:
    there = {NEVER: 5, "20270131": 10, "20261231": 10}
    assert drawn(there, 12) == {"20261231": 10, "20270131": 2}
    assert drawn(there, 25) == {"20261231": 10, "20270131": 10, NEVER: 5}


def test_lots_that_are_named_are_taken_first_as_far_as_they_are_there() -> None:
    there = {"20261231": 10, "20270131": 3, NEVER: 5}
    assert drawn(there, 8, first={"20270131": 8}) == {"20270131": 3, "20261231": 5}


@given(AMOUNTS, st.integers(0, 200), AMOUNTS)
def test_all_that_is_wanted_is_taken_and_no_lot_is_overdrawn(there: Lots, amount: int, first: Lots) -> None:
    taken = drawn(there, amount, first)
    assert sum(taken.values()) == amount
    assert all(part > 0 for part in taken.values())
    assert all(taken[day] <= there.get(day, 0) for day in taken if day != NEVER)


@given(AMOUNTS, st.data())
def test_parts_that_come_back_are_together_what_was_spent(spent: Lots, data: st.DataObject) -> None:
    whole, before = sum(spent.values()), 0
    back = dict.fromkeys(spent, 0)
    while before < whole:
        part = data.draw(st.integers(1, whole - before))
        came = returned(spent, before, part)
        assert sum(came.values()) == part
        for day, amount in came.items():
            back[day] += amount
        before += part
    assert back == spent


def test_a_part_comes_back_as_if_less_had_been_spent() -> None:
    assert returned({"20261231": 30, "20270131": 20}, 0, 25) == {"20270131": 20, "20261231": 5}
    assert returned({"20261231": 30, NEVER: 20}, 20, 25) == {"20261231": 25}


def test_what_is_in_no_lot_never_expires() -> None:
    assert divided({"20261231": 10, "20270131": 0}, 25) == {"20261231": 10, NEVER: 15}
    assert divided({}, 25) == {NEVER: 25}


def test_a_gain_is_new_and_nobody_needs_to_read_for_it() -> None:
    def unread(_account: str, _unit: str) -> Lots:
        raise AssertionError("read")

    gain = posting(Leg(ANNA, "points", 5), Leg(issuer(DISTRICT), "points", -5), verified=True)
    assert lots_of(dated(gain, unread, YEAR), ANNA) == [{"20271231": 5}]
    assert lots_of(dated(gain, unread, YEAR), issuer(DISTRICT)) == [None]
    assert lots_of(dated(gain, unread, FOREVER), ANNA) == [{NEVER: 5}]


def test_a_gain_counts_from_its_effective_time() -> None:
    early = Posting(
        "P",
        "key",
        "rule",
        1,
        "cause",
        DISTRICT,
        (Leg(ANNA, "points", 5), Leg(issuer(DISTRICT), "points", -5)),
        NOON,
        effective_at=NOON - timedelta(days=20),
    )
    assert lots_of(dated(early, nothing, YEAR), ANNA) == [{"20271130": 5}]


def test_a_gift_keeps_its_days_but_what_was_earned_from_a_member_is_new() -> None:
    def wallet(_account: str, _unit: str) -> Lots:
        return {"20261231": 4, NEVER: 10}

    legs = (Leg(ANNA, "points", -6), Leg(BORIS, "points", 6))
    assert lots_of(dated(posting(*legs), wallet, YEAR), BORIS) == [{"20261231": 4, NEVER: 2}]
    earned = dated(posting(*legs, verified=True), wallet, YEAR)
    assert lots_of(earned, ANNA) == [{"20261231": 4, NEVER: 2}]
    assert lots_of(earned, BORIS) == [{"20271231": 6}]


def test_two_legs_of_one_account_do_not_take_the_same_lot_twice() -> None:
    def wallet(_account: str, _unit: str) -> Lots:
        return {"20261231": 4, "20270131": 10, NEVER: 0}

    legs = (Leg(ANNA, "points", -3), Leg(ANNA, "points", -3), Leg(issuer(DISTRICT), "points", 6))
    assert lots_of(dated(posting(*legs), wallet, YEAR), ANNA) == [
        {"20261231": 3},
        {"20261231": 1, "20270131": 2},
    ]


def test_what_is_posted_of_a_hold_is_taken_from_the_lots_that_were_set_aside() -> None:
    hold = Hold("H", "key", ANNA, "points", 9, "", ANNA, NOON, NOON, lots={"20270131": 5, NEVER: 4})
    legs = (Leg(ANNA, "points", -3), Leg(ANNA, "points", -4), Leg(BORIS, "points", 7))
    taken = dated(from_lots(hold, posting(*legs)), nothing, YEAR)
    assert [leg.lots for leg in taken.legs] == [
        {"20270131": 3},
        {"20270131": 2, NEVER: 2},
        {"20270131": 5, NEVER: 2},
    ]
    other = from_lots(hold, posting(Leg(ANNA, "minutes", -3), Leg(BORIS, "minutes", 3)))
    assert lots_of(other, ANNA) == [None]


def take(lots: Mapping[str, Lots], day: str, **more: Any) -> Step:
    at = datetime.fromisoformat(f"{day}T12:00:00+08:00")
    return step(Holding(ANNA, 7, lots, **more), district=DISTRICT, posting_id="E", at=at)


def test_a_lot_expires_on_the_day_after_its_last_and_goes_back_to_the_issuer() -> None:
    lots = {"points": {"20261231": 10, "20270630": 5, "20261130": 0}, "minutes": {"20261130": 60}}
    last = take(lots, "2026-12-31")
    assert last.expired is not None
    assert [(leg.unit, leg.amount) for leg in last.expired.legs] == [("minutes", -60), ("minutes", 60)]
    after = take(lots, "2027-01-01")
    assert after.expired is not None
    assert after.expired.rule == EXPIRED
    assert not after.expired.verified
    assert [(leg.account, leg.unit, leg.amount, leg.lots) for leg in after.expired.legs] == [
        (ANNA, "minutes", -60, {"20261130": 60}),
        (issuer(DISTRICT), "minutes", 60, None),
        (ANNA, "points", -10, {"20261231": 10}),
        (issuer(DISTRICT), "points", 10, None),
    ]
    assert after.kept == {"points": {"20270630": 5}}
    assert after.again == "20270531"


def test_a_members_day_ends_at_midnight_in_shanghai() -> None:
    lots = {"points": {"20261231": 10}}
    holding = Holding(ANNA, 1, lots)

    def at(moment: str) -> Step:
        return step(holding, district=DISTRICT, posting_id="E", at=datetime.fromisoformat(moment))

    assert at("2026-12-31T15:59:59+00:00").expired is None
    assert at("2026-12-31T16:00:00+00:00").expired is not None


@pytest.mark.parametrize(
    ("day", "before", "left", "again"),
    [
        ("2026-11-30", None, None, "20261201"),
        ("2026-12-01", 30, 30, "20261224"),
        ("2026-12-23", 30, 8, "20261224"),
        ("2026-12-24", 7, 7, "20270101"),
        ("2026-12-31", 7, 0, "20270101"),
    ],
)
def test_notice_is_given_thirty_and_seven_days_before(
    day: str, before: int | None, left: int | None, again: str
) -> None:
    found = take({"points": {"20261231": 10}, "minutes": {"20261231": 60}}, day)
    told = [(one.before, one.event.days, one.event.on) for one in found.notices]
    assert told == ([] if before is None else [(before, left, "2026-12-31")])
    for one in found.notices:
        assert [(lot.unit, lot.amount) for lot in one.event.lots] == [("minutes", 60), ("points", 10)]
    assert found.again == again
    assert found.expired is None


def test_the_first_look_at_a_new_lot_is_its_first_notice() -> None:
    assert first_look("20261231") == "20261201"


def test_of_lots_that_are_spent_nothing_is_told_and_nothing_is_kept() -> None:
    spent = take({"points": {"20261231": 0}}, "2026-12-30")
    assert spent == Step(None, (), {}, None)


def test_nothing_is_taken_from_a_frozen_account_and_it_is_looked_at_tomorrow() -> None:
    found = take({"points": {"20261231": 10}}, "2027-01-05", frozen=True)
    assert found == Step(None, (), {"points": {"20261231": 10}}, "20270106")


def test_the_account_shows_what_expires_next_first() -> None:
    lots = {"points": {"20270131": 5, "20261231": 3, "20261130": 0}, "minutes": {"20270101": 60}}
    shown = [(one["unit"], one["amount"], str(one["on"])) for one in coming(lots)]
    assert shown == [("points", 3, "2026-12-31"), ("minutes", 60, "2027-01-01"), ("points", 5, "2027-01-31")]
