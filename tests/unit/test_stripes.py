"""How a fund is divided into stripes, added up again, and which of them are written."""

from hypothesis import given
from hypothesis import strategies as st

from services.points import stripes
from services.points.bounds import FROZEN, usual
from services.points.domain import MAX_AMOUNT, Change
from services.points.funds.domain import fund
from services.points.stripes import MOST, STRIPES, Plan

FUND = fund("120199001001")
KEYS = stripes.keys(FUND)
AMOUNTS = st.integers(0, MOST)
FOUND = st.dictionaries(st.sampled_from(KEYS), AMOUNTS)


def stripe(key: str, fen: int, beside: int = 0) -> dict[str, object]:
    return {"_id": key, "fen": {"posted": fen + beside, "held": 0, "available": fen}}


def change(fen: int) -> dict[str, Change]:
    return {"fen": Change(posted=fen)}


def test_only_funds_are_kept_in_stripes() -> None:
    assert KEYS[:2] == [FUND, f"{FUND}#1"]
    assert len(set(KEYS)) == STRIPES
    for account in ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "issuer:120199", "project:01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        assert stripes.keys(account) == [account]
        assert stripes.account_of(account) == account


@given(found=FOUND, first=st.sampled_from(KEYS), amount=st.integers(-MAX_AMOUNT, MAX_AMOUNT))
def test_whatever_the_whole_allows_is_written_to_few_stripes_that_hold_as_much_and_nothing_is_lost(
    found: dict[str, int], first: str, amount: int
) -> None:
    before = sum(found.values())
    amount = max(-before, min(amount, MAX_AMOUNT - before))
    stored = {key: stripe(key, fen) for key, fen in found.items()}
    plan = stripes.planned(FUND, stored, first, change(amount))
    assert first in plan.written
    assert set(plan.read) == stored.keys() & set(plan.written)
    shares = stripes.shared_out([stored[key] for key in plan.read], change(amount), len(plan.written))
    free = [one["fen"]["available"] for one in shares]
    assert sum(free) == amount + sum(found[key] for key in plan.read)
    assert 0 <= min(free) <= max(free) <= MOST
    assert max(free) - min(free) <= 1
    fullest = sorted((fen for key, fen in found.items() if key != first), reverse=True)
    fewer = found.get(first, 0) + sum(fullest[: len(plan.written) - 2])
    assert len(plan.written) == 1 or amount > 0 or fewer + amount < 0


def test_what_else_is_posted_stays_with_the_first() -> None:
    shares = stripes.shared_out([stripe(FUND, 10, beside=5), stripe(f"{FUND}#1", 3)], change(-4), 2)
    assert shares == [
        {"fen": {"posted": 10, "held": 0, "available": 5}},
        {"fen": {"posted": 4, "held": 0, "available": 4}},
    ]
    held = {"_id": FUND, "fen": {"posted": 10, "held": 4, "available": 6}}
    (one,) = stripes.shared_out([held], {"fen": Change(posted=-3, held=-4)}, 1)
    assert one == {"fen": {"posted": 7, "held": 0, "available": 7}}


def test_what_is_not_changed_is_shared_as_well_and_a_unit_that_is_not_there_is_not_made() -> None:
    whole = {"fen": {"posted": 16, "held": 0, "available": 16}, "points": {"posted": 8, "available": 8}}
    shares = stripes.shared_out([whole], change(-8), STRIPES)
    assert [one["fen"]["posted"] for one in shares] == [1] * STRIPES
    assert [one["points"]["posted"] for one in shares] == [1] * STRIPES
    assert all("minutes" not in one for one in shares)


def test_accounts_are_read_as_one_document_each_whatever_the_order_of_their_parts() -> None:
    points = {"posted": 3, "held": 1, "available": 2}
    member = {"_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "points": points, "due": 1}
    own = {"_id": FUND, "floor": 0, "status": "open", "fen": {"posted": 5, "held": 0, "available": 5}}
    rest = [
        {"_id": f"{FUND}#{number}", "version": 9, "fen": {"posted": 2, "held": -1, "available": 3}}
        for number in (2, 1)
    ]
    found = stripes.wholes([*rest, member, own])
    assert found.keys() == {member["_id"], FUND}
    assert found[FUND]["fen"] == {"posted": 9, "held": -2, "available": 11}
    assert (found[FUND]["_id"], found[FUND]["floor"], found[FUND]["status"]) == (FUND, 0, "open")
    assert found["01ARZ3NDEKTSV4RRFFQ69G5FAV"] == member


def test_what_is_frozen_or_bound_otherwise_or_below_zero_is_gathered_in_its_own_document() -> None:
    usually = usual(FUND).as_stored()
    other = stripe(KEYS[3], 7)
    for own, is_gathered in (
        ({"status": "open", **usually}, False),
        ({}, False),
        ({"status": FROZEN, **usually}, True),
        ({**usually, "floor": 1}, True),
        ({**usually, "ceiling": 100}, True),
        (stripe(FUND, -8), True),
    ):
        found = {FUND: {**stripe(FUND, 2), **own, "_id": FUND}, KEYS[3]: other}
        plan = stripes.planned(FUND, found, KEYS[3], change(1))
        assert plan == (Plan([FUND], [FUND, KEYS[3]]) if is_gathered else Plan([KEYS[3]], [KEYS[3]]))
