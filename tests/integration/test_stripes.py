"""A fund in stripes, on a real database: many write at once, and it is exact as one account is."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.clock import new_ulid
from chassis.mongo import Document, Mongo
from infra.local.deployment import Deployment
from services.points import striped, stripes
from services.points.domain import AboveCeiling, Frozen, Leg, Overdrawn, issuer
from services.points.funds.domain import fund
from services.points.stripes import STRIPES
from tests.integration.ledgers import ADMIN, DISTRICT, SHOP, Ledger, at_once

FUND, ISSUER = fund(DISTRICT), issuer(DISTRICT)


@pytest.fixture
def ledger(backing: Deployment) -> Iterator[Ledger]:
    own = Mongo(backing.mongo_url, f"stripes_{new_ulid()}")
    yield Ledger(own)
    own.client.drop_database(own.database.name)
    own.close()


def feed(ledger: Ledger, amount: int) -> None:
    ledger.post(new_ulid(), Leg(ISSUER, "fen", -amount), Leg(FUND, "fen", amount))


def pay(ledger: Ledger, amount: int) -> None:
    ledger.post(new_ulid(), Leg(FUND, "fen", -amount), Leg(SHOP, "fen", amount))


def has(ledger: Ledger) -> int:
    return int(striped.read(ledger.mongo, FUND)["fen"]["posted"])


def parts(ledger: Ledger) -> list[Document]:
    found = ledger.mongo["accounts"].find({"_id": {"$in": stripes.keys(FUND)}})
    return sorted(found, key=lambda one: str(one["_id"]))


def bind(ledger: Ledger, **bounds: int) -> None:
    """Give a fund bounds of its own, as it is documented: what it has is then stored anew."""
    ledger.mongo["accounts"].update_one({"_id": FUND}, {"$set": bounds})
    ledger.seals.restore(FUND, {"by": "A"})


def test_a_fund_is_spread_from_its_first_posting_on_and_shown_as_one_account(ledger: Ledger) -> None:
    feed(ledger, 803)
    assert sorted(one["fen"]["posted"] for one in parts(ledger)) == [100] * 5 + [101] * 3
    shown = ledger.queries.account(FUND, ADMIN)
    assert shown["fen"] == {"posted": 803, "held": 0, "available": 803}
    assert (shown["id"], shown["floor"], shown["ceiling"], shown["status"]) == (FUND, 0, 2**53, "open")
    ledger.proof()


def test_of_a_hundred_spends_at_once_as_many_succeed_as_the_whole_can_pay(ledger: Ledger) -> None:
    feed(ledger, 500)
    assert at_once(100, lambda _: pay(ledger, 10)) == {"done": 50, "overdrawn": 50}
    assert has(ledger) == 0
    assert ledger.mongo["journal"].count_documents({}) == 51
    ledger.proof()


def test_what_no_stripe_has_by_itself_is_paid_from_all_of_them(ledger: Ledger) -> None:
    feed(ledger, 80)
    pay(ledger, 79)
    with pytest.raises(Overdrawn):
        pay(ledger, 2)
    pay(ledger, 1)
    assert has(ledger) == 0
    ledger.proof()


def test_deposits_and_spends_that_race_come_out_exactly(ledger: Ledger) -> None:
    feed(ledger, 1000)

    def move(number: int) -> None:
        (feed if number % 3 == 0 else pay)(ledger, 7)

    assert at_once(90, move) == {"done": 90}
    assert has(ledger) == 1000 + 30 * 7 - 60 * 7
    ledger.proof()


def test_whoever_reads_a_fund_while_it_is_shared_out_sees_all_of_it(ledger: Ledger) -> None:
    feed(ledger, 600)
    seen: list[int] = []
    with ThreadPoolExecutor(2) as pool:
        spending = pool.submit(lambda: at_once(10, lambda _: pay(ledger, 60)))
        while not spending.done():
            seen.append(has(ledger))
    spending.result()
    assert seen == sorted(seen, reverse=True)
    assert set(seen) <= set(range(0, 601, 60))


def test_a_fund_of_an_earlier_release_is_spread_when_it_is_next_written(ledger: Ledger) -> None:
    feed(ledger, 90)
    bind(ledger)  # one document, as before
    assert [one["_id"] for one in parts(ledger)] == [FUND]
    for _ in range(40):  # until another stripe than the first is asked
        pay(ledger, 1)
    assert len(parts(ledger)) == STRIPES
    assert has(ledger) == 50
    ledger.proof()


def test_a_fund_with_a_floor_of_its_own_is_one_document_and_keeps_to_it(ledger: Ledger) -> None:
    feed(ledger, 100)
    bind(ledger, floor=30)
    for _ in range(30):
        with pytest.raises(Overdrawn):
            pay(ledger, 71)
    assert at_once(30, lambda _: pay(ledger, 10)) == {"done": 7, "overdrawn": 23}
    assert [(one["_id"], one["fen"]["posted"]) for one in parts(ledger)] == [(FUND, 30)]
    assert ledger.verification()["differing"] == []


def test_a_fund_with_a_ceiling_of_its_own_is_one_document_until_that_is_lifted(ledger: Ledger) -> None:
    feed(ledger, 30)
    bind(ledger, ceiling=150)
    for _ in range(30):
        with pytest.raises(AboveCeiling):
            feed(ledger, 121)
    assert at_once(30, lambda _: feed(ledger, 10)) == {"done": 12, "account-ceiling": 18}
    assert [(one["_id"], one["fen"]["posted"]) for one in parts(ledger)] == [(FUND, 150)]
    bind(ledger, ceiling=2**53)
    for _ in range(40):
        feed(ledger, 1)
    assert (has(ledger), len(parts(ledger))) == (190, STRIPES)
    ledger.proof()


def test_nothing_is_taken_from_a_frozen_fund_and_a_deposit_is_no_way_round(ledger: Ledger) -> None:
    feed(ledger, 800)
    ledger.seals.freeze(FUND)
    for _ in range(30):
        with pytest.raises(Frozen):
            pay(ledger, 1)
        feed(ledger, 1)
    assert [one["_id"] for one in parts(ledger)] == [FUND]
    assert ledger.queries.account(FUND, ADMIN)["status"] == "frozen"
    ledger.seals.restore(FUND, {"by": "A"})
    pay(ledger, 830)
    assert has(ledger) == 0
    ledger.proof()


def test_money_that_somebody_wrote_into_a_stripe_is_found_and_put_right(ledger: Ledger) -> None:
    feed(ledger, 800)
    ledger.mongo["accounts"].update_one({"_id": f"{FUND}#3"}, {"$inc": {"fen.posted": 5, "fen.available": 5}})
    assert ledger.seals.drifted(FUND)
    assert ledger.verification()["differing"] == [FUND]
    ledger.seals.restore(FUND, {"by": "A"})
    assert has(ledger) == 800
    ledger.proof()


def test_a_start_gives_bounds_to_funds_and_not_to_their_stripes(ledger: Ledger) -> None:
    feed(ledger, 8)
    ledger.mongo["accounts"].update_many({}, {"$unset": {"floor": "", "ceiling": ""}})
    ledger.journal.ensure_indexes()
    assert [one["_id"] for one in parts(ledger) if "floor" in one] == [FUND]
