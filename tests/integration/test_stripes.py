"""A fund in stripes, on a real database: many write at once, and it is exact as one account is."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pymongo.errors import ConnectionFailure

from chassis.clock import new_ulid
from chassis.mongo import Document, Mongo
from infra.local.deployment import Deployment
from services.points import stripe_store, stripes
from services.points.domain import MAX_AMOUNT, AboveCeiling, Frozen, Leg, Overdrawn, issuer
from services.points.funds.domain import fund
from services.points.stripes import STRIPES
from tests.integration.ledgers import ADMIN, DISTRICT, SHOP, Ledger, at_once

FUND, ISSUER = fund(DISTRICT), issuer(DISTRICT)


class Chosen:
    """Chooses the stripe of a number, in place of chance."""

    number = 0

    def choice(self, keys: list[str]) -> str:
        return keys[self.number]


@pytest.fixture
def ledger(backing: Deployment) -> Iterator[Ledger]:
    own = Mongo(backing.mongo_url, f"stripes_{new_ulid()}")
    yield Ledger(own)
    own.client.drop_database(own.database.name)
    own.close()


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Chosen:
    one = Chosen()
    monkeypatch.setattr(stripe_store, "random", one)
    return one


def feed(ledger: Ledger, amount: int, unit: str = "fen") -> None:
    ledger.post(new_ulid(), Leg(ISSUER, unit, -amount), Leg(FUND, unit, amount))


def pay(ledger: Ledger, amount: int) -> None:
    ledger.post(new_ulid(), Leg(FUND, "fen", -amount), Leg(SHOP, "fen", amount))


def has(ledger: Ledger) -> int:
    return int(stripe_store.read_account(ledger.mongo, FUND)["fen"]["posted"])


def parts(ledger: Ledger) -> dict[int, int]:
    """How much fen is in which stripe."""
    found = ledger.mongo["accounts"].find({"_id": {"$in": stripes.keys(FUND)}})
    return {stripes.keys(FUND).index(one["_id"]): one["fen"]["posted"] for one in found}


def set_in_database(ledger: Ledger, key: str, **change: Document) -> None:
    assert ledger.mongo["accounts"].update_one({"_id": key}, {f"${name}": to for name, to in change.items()})


def filled(ledger: Ledger, chosen: Chosen, *amounts: int) -> None:
    """A fund with so much in each of its first stripes."""
    for chosen.number, amount in enumerate(amounts):
        feed(ledger, amount)


def test_a_stripe_that_has_too_little_shares_with_the_fullest_and_no_other_is_written(
    ledger: Ledger, chosen: Chosen
) -> None:
    filled(ledger, chosen, 100, 10, 41)
    pay(ledger, 11)
    assert parts(ledger) == {0: 100, 1: 10, 2: 30}
    chosen.number = 1
    pay(ledger, 11)
    assert parts(ledger) == {0: 49, 1: 50, 2: 30}
    chosen.number = 5
    pay(ledger, 20)
    assert parts(ledger) == {0: 49, 1: 15, 2: 30, 5: 15}
    ledger.proof()


def test_what_no_stripe_has_by_itself_is_paid_from_as_many_as_it_takes(
    ledger: Ledger, chosen: Chosen
) -> None:
    filled(ledger, chosen, *[10] * STRIPES)
    pay(ledger, 45)
    assert sorted(parts(ledger).values()) == [1, 1, 1, 1, 1, 10, 10, 10]
    pay(ledger, 34)
    with pytest.raises(Overdrawn):
        pay(ledger, 2)
    pay(ledger, 1)
    assert has(ledger) == 0
    ledger.proof()


def test_a_fund_is_shown_as_one_account(ledger: Ledger, chosen: Chosen) -> None:
    filled(ledger, chosen, 700, 100, 3)
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


def test_deposits_and_spends_that_race_come_out_exactly(ledger: Ledger) -> None:
    feed(ledger, 1000)

    def move(number: int) -> None:
        (feed if number % 3 == 0 else pay)(ledger, 7)

    assert at_once(90, move) == {"done": 90}
    assert has(ledger) == 1000 + 30 * 7 - 60 * 7
    ledger.proof()


def test_whoever_reads_a_fund_while_stripes_share_sees_all_of_it(ledger: Ledger) -> None:
    feed(ledger, 600)
    seen: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        spending = pool.submit(lambda: at_once(10, lambda _: pay(ledger, 60)))
        while not spending.done():
            seen.append(has(ledger))
    spending.result()
    assert seen == sorted(seen, reverse=True)
    assert set(seen) <= set(range(0, 601, 60))


def test_a_read_that_loses_its_connection_is_begun_again_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(ledger, 5)
    lost, found = [1], stripe_store._found

    def once_lost(mongo: Mongo, account: str, session: object) -> dict[str, Document]:
        if lost:
            lost.pop()
            raise ConnectionFailure("lost")
        return found(mongo, account, session)  # type: ignore[arg-type]

    monkeypatch.setattr(stripe_store, "_found", once_lost)
    assert has(ledger) == 5


@pytest.mark.parametrize(
    ("bound", "work", "refusal"), [("floor", pay, Overdrawn), ("ceiling", feed, AboveCeiling)]
)
def test_a_bound_that_is_set_on_a_fund_holds_from_then_on_for_all_of_it(
    ledger: Ledger, chosen: Chosen, bound: str, work: object, refusal: type[Exception]
) -> None:
    filled(ledger, chosen, 400, 400)
    set_in_database(ledger, FUND, set={bound: 800})
    for chosen.number in range(STRIPES):
        with pytest.raises(refusal):
            work(ledger, 1)  # type: ignore[operator]
    (feed if bound == "floor" else pay)(ledger, 10)
    assert list(parts(ledger)) == [0]
    work(ledger, 10)  # type: ignore[operator]
    with pytest.raises(refusal):
        work(ledger, 1)  # type: ignore[operator]
    assert parts(ledger) == {0: 800}
    assert ledger.verification()["differing"] == []


def test_a_fund_is_spread_again_when_its_bound_is_lifted(ledger: Ledger, chosen: Chosen) -> None:
    filled(ledger, chosen, 5)
    set_in_database(ledger, FUND, set={"ceiling": 10})
    chosen.number = 3
    feed(ledger, 5)
    assert parts(ledger) == {0: 10}
    set_in_database(ledger, FUND, set={"ceiling": MAX_AMOUNT})
    feed(ledger, 5)
    assert parts(ledger) == {0: 10, 3: 5}
    ledger.proof()


def test_nothing_is_taken_from_a_frozen_fund_whichever_stripe_is_asked(
    ledger: Ledger, chosen: Chosen
) -> None:
    filled(ledger, chosen, 400, 400)
    ledger.seals.freeze(FUND)
    for chosen.number in range(STRIPES):
        with pytest.raises(Frozen):
            pay(ledger, 1)
        feed(ledger, 1)
    assert parts(ledger) == {0: 808}
    assert ledger.queries.account(FUND, ADMIN)["status"] == "frozen"
    ledger.seals.restore(FUND, {"by": "A"})
    pay(ledger, 808)
    assert has(ledger) == 0
    ledger.proof()


def test_a_busy_fund_is_frozen_by_one_write(ledger: Ledger) -> None:
    feed(ledger, 1000)

    def work(number: int) -> None:
        if number == 20:
            ledger.seals.freeze(FUND)
        else:
            pay(ledger, 1)

    outcomes = at_once(40, work)
    assert set(outcomes) <= {"done", "account-frozen"}
    with pytest.raises(Frozen):
        pay(ledger, 1)
    ledger.proof()


def test_money_that_somebody_wrote_into_a_stripe_is_found_also_after_it_was_shared_and_put_right(
    ledger: Ledger, chosen: Chosen
) -> None:
    filled(ledger, chosen, 40, 40)
    set_in_database(ledger, f"{FUND}#1", inc={"fen.posted": 5})
    pay(ledger, 60)
    assert ledger.seals.drifted(FUND)
    assert ledger.verification()["differing"] == [FUND]
    ledger.seals.restore(FUND, {"by": "A"})
    assert has(ledger) == 20
    ledger.proof()


def test_a_fund_that_is_below_zero_pays_nothing_until_it_is_above_again(
    ledger: Ledger, chosen: Chosen
) -> None:
    filled(ledger, chosen, 100)
    set_in_database(ledger, FUND, inc={"fen.available": 50, "fen.posted": 50})
    pay(ledger, 150)
    ledger.seals.restore(FUND, {"by": "A"})
    for chosen.number in range(STRIPES):
        feed(ledger, 5)
    assert parts(ledger) == {0: -10}
    chosen.number = 1
    feed(ledger, 60)
    with pytest.raises(Overdrawn):
        pay(ledger, 51)
    pay(ledger, 50)
    assert has(ledger) == 0


def test_all_of_a_fund_is_within_the_largest_amount(ledger: Ledger, chosen: Chosen) -> None:
    feed(ledger, 8)
    chosen.number = 1
    feed(ledger, MAX_AMOUNT, "points")
    for chosen.number in range(STRIPES):
        with pytest.raises(AboveCeiling):
            feed(ledger, MAX_AMOUNT, "points")
        with pytest.raises(AboveCeiling):
            feed(ledger, 1, "points")
    assert ledger.queries.account(FUND, ADMIN)["points"]["posted"] == MAX_AMOUNT
    ledger.proof()


def test_a_start_gives_bounds_to_funds_and_not_to_their_stripes(ledger: Ledger, chosen: Chosen) -> None:
    filled(ledger, chosen, 4, 4)
    ledger.mongo["accounts"].update_many({}, {"$unset": {"floor": "", "ceiling": ""}})
    ledger.journal.ensure_indexes()
    found = ledger.mongo["accounts"].find({"floor": {"$exists": True}})
    assert [one["_id"] for one in found] == [FUND]
