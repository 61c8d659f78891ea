"""Postings are held to the floor and ceiling that an account stores, on a real database."""

from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest

from chassis.clock import new_ulid, utc_now
from chassis.events import Envelope, envelope, parse
from chassis.mongo import Document, Mongo
from infra.local.deployment import Deployment
from services.issues.cases.events import IssueConfirmed
from services.points import commands
from services.points.app import subscriptions
from services.points.domain import MAX_AMOUNT, AboveCeiling, Frozen, Leg, Overdrawn, Posting, debt, issuer
from services.points.earning.store import EvidenceStore, RuleStore
from services.points.funds.domain import fund
from services.points.integrity import commands as integrity
from tests.integration.ledgers import ADMIN, DISTRICT, SHOP, Ledger, at_once

ISSUER = issuer(DISTRICT)


@pytest.fixture
def ledger(backing: Deployment) -> Iterator[Ledger]:
    own = Mongo(backing.mongo_url, f"bounds_{new_ulid()}")
    yield Ledger(own)
    own.client.drop_database(own.database.name)
    own.close()


def document(ledger: Ledger, account: str) -> Document:
    return ledger.mongo["accounts"].find_one({"_id": account}) or {}


def bind(ledger: Ledger, account: str, **fields: int) -> None:
    """Set another floor or ceiling on a stored account, past the ledger."""
    assert ledger.mongo["accounts"].update_one({"_id": account}, {"$set": fields}).matched_count


def give(ledger: Ledger, *gains: tuple[str, int]) -> Posting:
    legs = [Leg(account, "points", amount) for account, amount in gains]
    issued = [Leg(ISSUER, "points", -amount) for _, amount in gains]
    return ledger.post(new_ulid(), *issued, *legs)


def nothing_was_written(ledger: Ledger, postings: int) -> bool:
    return ledger.mongo["journal"].count_documents({}) == postings


def test_a_new_account_stores_its_figures_and_the_bounds_of_its_kind(ledger: Ledger) -> None:
    member = ledger.member(5)
    stored = document(ledger, member)
    assert stored["points"] == {"posted": 5, "held": 0, "available": 5}
    assert (stored["floor"], stored["ceiling"], stored["status"], stored["version"]) == (0, 2**53, "open", 1)
    ledger.spend(member, 5)
    ledger.reverse(ledger.post("x", Leg(ISSUER, "points", -3), Leg(member, "points", 3)))
    gain = ledger.earn(member, 4)
    ledger.spend(member, 4)
    ledger.reverse(gain)
    owed = document(ledger, debt(member))
    assert (owed["floor"], owed["ceiling"], owed["points"]["posted"]) == (-(2**53), 0, -4)
    assert not ledger.mongo["accounts"].count_documents({"_id": {"$in": [ISSUER, SHOP]}})
    ledger.proof()


def test_an_account_with_a_credit_may_fall_to_its_own_floor_and_no_further(ledger: Ledger) -> None:
    member = ledger.member(10)
    bind(ledger, member, floor=-50)
    ledger.spend(member, 25)
    with pytest.raises(Overdrawn):
        ledger.spend(member, 36)
    ledger.hold(member, 35)
    with pytest.raises(Overdrawn):
        ledger.hold(member, 1)
    assert ledger.balance(member) == {"posted": -15, "held": 35, "available": -50}
    ledger.proof()


def test_an_account_keeps_what_its_own_floor_says(ledger: Ledger) -> None:
    member = ledger.member(10)
    bind(ledger, member, floor=4)
    with pytest.raises(Overdrawn):
        ledger.spend(member, 7)
    ledger.spend(member, 6)
    assert ledger.balance(member)["available"] == 4


def test_of_many_spends_at_once_as_many_succeed_as_the_own_floor_allows(ledger: Ledger) -> None:
    member = ledger.member(50)
    bind(ledger, member, floor=-30)
    assert at_once(20, lambda _: ledger.spend(member, 10)) == {"done": 8, "overdrawn": 12}
    ledger.proof()


def test_an_account_gains_up_to_its_own_ceiling_and_a_refusal_leaves_nothing_behind(ledger: Ledger) -> None:
    full, other, new = ledger.member(10), ledger.member(10), ledger.member()
    bind(ledger, full, ceiling=15)
    with pytest.raises(AboveCeiling) as caught:
        give(ledger, (other, 1), (full, 6), (new, 1))
    assert (caught.value.code, caught.value.extra["account"]) == ("account-ceiling", full)
    assert nothing_was_written(ledger, 2)
    give(ledger, (other, 1), (full, 5), (new, 1))
    assert [ledger.balance(one)["posted"] for one in (full, other, new)] == [15, 11, 1]
    ledger.spend(full, 1)
    give(ledger, (full, 1))
    bind(ledger, full, ceiling=100)
    give(ledger, (full, 85))
    ledger.proof()


def test_many_gains_at_once_stop_at_the_ceiling(ledger: Ledger) -> None:
    member = ledger.member(1)
    bind(ledger, member, ceiling=51)
    assert at_once(20, lambda _: give(ledger, (member, 10))) == {"done": 5, "account-ceiling": 15}
    ledger.proof()


def test_many_that_make_the_same_account_at_once_all_get_through(ledger: Ledger) -> None:
    member, other = ledger.member(), ledger.member()
    assert at_once(24, lambda _: give(ledger, (member, 1), (other, 2))) == {"done": 24}
    assert (ledger.balance(member)["posted"], ledger.balance(other)["posted"]) == (24, 48)
    ledger.proof()


def test_no_sum_of_postings_passes_what_every_client_reads_exactly(ledger: Ledger) -> None:
    member = ledger.member()
    with pytest.raises(AboveCeiling):
        give(ledger, (member, MAX_AMOUNT), (member, 1))
    give(ledger, (member, MAX_AMOUNT - 1))
    with pytest.raises(AboveCeiling) as caught:
        give(ledger, (ledger.member(), 1), (member, 2))
    assert caught.value.extra["account"] == member
    give(ledger, (member, 1))
    assert ledger.balance(member)["posted"] == 2**53
    ledger.proof()


def test_each_unit_has_the_whole_room(ledger: Ledger) -> None:
    member = ledger.member(10)
    bind(ledger, member, ceiling=10, floor=-5)
    ledger.post("m", Leg(ISSUER, "minutes", -10), Leg(member, "minutes", 10))
    ledger.post("f", Leg(ISSUER, "fen", 5), Leg(member, "fen", -5))
    with pytest.raises(Overdrawn):
        ledger.post("g", Leg(ISSUER, "fen", 1), Leg(member, "fen", -1))
    ledger.proof()


def test_a_debt_is_not_paid_beyond_what_is_owed(ledger: Ledger) -> None:
    member = ledger.member()
    gain = ledger.earn(member, 5)
    ledger.spend(member, 5)
    ledger.reverse(gain)
    ledger.earn(member, 9)
    with pytest.raises(AboveCeiling):
        ledger.post("more", Leg(member, "points", -6), Leg(debt(member), "points", 6))
    assert commands.recover(ledger.journal, utc_now, DISTRICT) == 1
    assert (ledger.balance(member)["posted"], ledger.balance(debt(member))["posted"]) == (4, 0)


def test_what_is_taken_back_or_owed_is_not_paid_from_a_credit(ledger: Ledger) -> None:
    member = ledger.member()
    gain = ledger.earn(member, 5)
    ledger.spend(member, 3)
    bind(ledger, member, floor=-100)
    ledger.reverse(gain)
    assert (ledger.balance(member)["posted"], ledger.balance(debt(member))["posted"]) == (0, -3)
    assert commands.recover(ledger.journal, utc_now, DISTRICT) == 0


def test_what_comes_back_to_a_full_account_is_refused(ledger: Ledger) -> None:
    member = ledger.member(10)
    spent = ledger.spend(member, 10)
    give(ledger, (member, 5))
    bind(ledger, member, ceiling=10)
    with pytest.raises(AboveCeiling):
        ledger.reverse(spent)
    ledger.reverse_part(spent, 5)
    assert ledger.balance(member)["posted"] == 10


def test_what_was_held_is_free_again_in_a_full_account(ledger: Ledger) -> None:
    member = ledger.member(10)
    hold = ledger.hold(member, 4)
    bind(ledger, member, ceiling=5)
    ledger.release(hold)
    ledger.capture(ledger.hold(member, 4, ttl=timedelta(minutes=2)), 3)
    assert ledger.balance(member) == {"posted": 7, "held": 0, "available": 7}


def test_accounts_of_before_have_the_bounds_of_their_kind_and_are_given_them_once(ledger: Ledger) -> None:
    member, bound = ledger.member(5), ledger.member(5)
    gain = ledger.earn(member, 5)
    ledger.spend(member, 10)
    ledger.reverse(gain)
    ledger.mongo["accounts"].update_many({}, {"$unset": {"floor": "", "ceiling": "", "status": ""}})
    bind(ledger, bound, ceiling=7)
    ledger.mongo["accounts"].insert_one({"_id": ISSUER, "status": "open"})
    with pytest.raises(Overdrawn):
        ledger.spend(member, 1)
    with pytest.raises(AboveCeiling):
        give(ledger, (member, MAX_AMOUNT), (member, 1))
    give(ledger, (member, 9))
    with pytest.raises(AboveCeiling):
        ledger.post("more", Leg(member, "points", -6), Leg(debt(member), "points", 6))
    ledger.proof()
    for _ in range(2):
        ledger.journal.ensure_indexes()
        stored = {one["_id"]: one for one in ledger.mongo["accounts"].find()}
        own = {name: (one.get("floor"), one.get("ceiling")) for name, one in stored.items()}
        assert own == {
            member: (0, 2**53),
            debt(member): (-(2**53), 0),
            bound: (0, 7),
            ISSUER: (None, None),
        }


def test_an_event_that_earns_for_a_full_account_fails_alone_and_pays_when_there_is_room(
    ledger: Ledger,
) -> None:
    mongo = ledger.mongo
    RuleStore(mongo, ledger.journal).ensure_indexes()
    EvidenceStore(mongo, ledger.journal).ensure_indexes()
    full, others = ledger.member(1), [ledger.member() for _ in range(3)]
    bind(ledger, full, ceiling=1)
    handler = subscriptions(mongo)
    events = [confirmed(solver) for solver in (others[0], full, *others[1:])]
    failed = handler.handle_jointly(events)
    assert [type(one) for one in failed] == [type(None), AboveCeiling, type(None), type(None)]
    assert all(ledger.balance(one)["posted"] > 0 for one in others)
    assert ledger.balance(full)["posted"] == 1
    bind(ledger, full, ceiling=2**53)
    assert handler.handle_jointly(events) == [None] * 4
    assert ledger.balance(full)["posted"] == 1 + ledger.balance(others[0])["posted"]
    ledger.proof()


def confirmed(solver: str) -> Envelope:
    fact = IssueConfirmed(
        number="20261130-A1",
        category="environment",
        level="steward",
        lead_unit=f"{DISTRICT}001001001",
        reporter=None,
        followers=(),
        assignee=solver,
        resolver=solver,
        actor=new_ulid(),
        photos=1,
        due_at=None,
        part_of=None,
        round=1,
    )
    area = f"{DISTRICT}001001001"
    sent = envelope(fact, source="issues", subject=new_ulid(), sequence=4, area=area, at=utc_now())
    return parse(orjson.dumps(sent))


def test_an_account_shows_its_bounds_and_what_only_gathers_has_none(ledger: Ledger) -> None:
    member = ledger.member(5)
    bind(ledger, member, floor=-7, ceiling=70)

    def shown(account: str) -> tuple[int | None, int | None]:
        found = ledger.queries.account(account, ADMIN)
        return found["floor"], found["ceiling"]

    assert shown(member) == (-7, 70)
    assert shown(fund("120199001001")) == (0, 2**53)
    assert shown(debt(member)) == (-(2**53), 0)
    assert shown(ISSUER) == (None, None)


def test_a_nightly_proof_names_and_freezes_what_is_out_of_its_bounds(ledger: Ledger) -> None:
    over, under, sound = ledger.member(10), ledger.member(10), ledger.member(10)
    bind(ledger, over, ceiling=9)
    bind(ledger, under, floor=11)
    assert integrity.prove_night(ledger.seals, utc_now, DISTRICT, "2030-01-02")
    (proof,) = ledger.mongo["proofs"].find()
    assert (proof["sound"], proof["differing"], proof["out_of_bounds"]) == (False, [], sorted([over, under]))
    assert proof["outbox"][0]["data"]["frozen"] == sorted([over, under])
    for one in (over, under):
        with pytest.raises(Frozen):
            ledger.spend(one, 1)
    ledger.spend(sound, 1)
