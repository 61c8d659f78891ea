"""How a fund is divided into stripes, and added up again."""

from hypothesis import given
from hypothesis import strategies as st

from services.points import stripes
from services.points.bounds import FROZEN, usual
from services.points.domain import MAX_AMOUNT, Change
from services.points.funds.domain import fund
from services.points.stripes import MOST, STRIPES

FUND = fund("120199001001")
AMOUNTS = st.integers(0, MAX_AMOUNT)


def stored(shares: list[stripes.Figures]) -> list[dict[str, object]]:
    """Shares as documents."""
    return [{"_id": key, **one} for key, one in zip(stripes.keys(FUND), shares, strict=False)]


def test_only_funds_are_kept_in_stripes() -> None:
    assert stripes.keys(FUND)[:2] == [FUND, f"{FUND}#1"]
    assert len(set(stripes.keys(FUND))) == STRIPES
    for account in ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "issuer:120199", "project:01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        assert stripes.keys(account) == [account]
        assert stripes.account_of(account) == account


@given(available=AMOUNTS, held=AMOUNTS, change=AMOUNTS, among=st.sampled_from([1, STRIPES]))
def test_shares_add_up_to_the_whole_and_none_is_below_nothing_or_has_much_more_than_another(
    available: int, held: int, change: int, among: int
) -> None:
    whole = {"_id": FUND, "fen": {"posted": available + held, "held": held, "available": available}}
    left = max(0, available - change)
    shares = stripes.shared_out(whole, {"fen": Change(posted=left - available)}, among)
    assert len(shares) == among
    free = [one["fen"]["available"] for one in shares]
    assert min(free) >= 0
    assert max(free) - min(free) <= 1
    assert among == 1 or max(free) <= MOST
    assert all(one["fen"]["posted"] - one["fen"]["held"] == one["fen"]["available"] >= 0 for one in shares)
    (account,) = stripes.wholes(stored(shares)).values()
    assert account["fen"] == {"posted": left + held, "held": held, "available": left}


def test_what_is_not_changed_is_shared_out_as_well_and_a_unit_that_is_not_there_is_not_made() -> None:
    whole = {"fen": {"posted": 16, "held": 0, "available": 16}, "points": {"posted": 8, "available": 8}}
    shares = stripes.shared_out(whole, {"fen": Change(posted=-8)}, STRIPES)
    assert [one["fen"]["posted"] for one in shares] == [1] * STRIPES
    assert [one["points"]["posted"] for one in shares] == [1] * STRIPES
    assert all("minutes" not in one for one in shares)


def test_accounts_are_read_as_one_document_each_whatever_the_order_of_their_parts() -> None:
    member = {
        "_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "points": {"posted": 3, "held": 1, "available": 2},
        "due": 1,
    }
    head = {"_id": FUND, "floor": 0, "status": "open", "fen": {"posted": 5, "held": 0, "available": 5}}
    rest = [
        {"_id": f"{FUND}#{number}", "version": 9, "fen": {"posted": 2, "held": -1, "available": 3}}
        for number in (2, 1)
    ]
    found = stripes.wholes([*rest, member, head])
    assert found.keys() == {member["_id"], FUND}
    assert found[FUND]["fen"] == {"posted": 9, "held": -2, "available": 11}
    assert (found[FUND]["_id"], found[FUND]["floor"], found[FUND]["status"]) == (FUND, 0, "open")
    assert found["01ARZ3NDEKTSV4RRFFQ69G5FAV"] == member


def test_an_account_is_spread_unless_it_is_frozen_or_has_bounds_of_its_own() -> None:
    bounds = usual(FUND).as_stored()
    assert stripes.is_spread(FUND, {})
    assert stripes.is_spread(FUND, {**bounds, "status": "open"})
    assert not stripes.is_spread(FUND, {**bounds, "status": FROZEN})
    assert not stripes.is_spread(FUND, {**bounds, "floor": 1})
    assert not stripes.is_spread(FUND, {**bounds, "ceiling": 100})
