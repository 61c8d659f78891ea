"""What is written to the journal balances, whoever made it, and a frozen account loses nothing by it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chassis.clock import new_ulid
from chassis.errors import Invalid
from chassis.mongo import Mongo
from infra.local.deployment import Deployment
from services.points import commands
from services.points.domain import Leg, Posting, issuer
from tests.integration.ledgers import DISTRICT, Ledger

MOST_MEMBERS = 19


@pytest.fixture
def ledger(deployment: Deployment) -> Iterator[Ledger]:
    own = Mongo(deployment.mongo_url, f"writes_{new_ulid()}")
    yield Ledger(own)
    own.client.drop_database(own.database.name)
    own.close()


def posting(ledger: Ledger, *legs: Leg) -> Posting:
    """As some part of the service might make it."""
    return Posting(new_ulid(), new_ulid(), "some.rule", 1, new_ulid(), DISTRICT, legs, ledger.now())


def test_nothing_is_posted_that_does_not_sum_to_zero(ledger: Ledger) -> None:
    member = ledger.member(5)
    one_sided = posting(ledger, Leg(member, "points", 3), Leg(issuer(DISTRICT), "points", -2))
    with pytest.raises(Invalid):
        ledger.journal.post(one_sided)
    with pytest.raises(Invalid):
        ledger.journal.transact(lambda session: ledger.journal.write_all([one_sided], session), lambda: False)
    assert ledger.mongo["journal"].count_documents({"lists": member}) == 1
    ledger.proof()


def test_a_long_posting_of_which_everybody_spent_some_is_taken_back_in_one(ledger: Ledger) -> None:
    members = [ledger.member() for _ in range(MOST_MEMBERS)]
    gains = [Leg(member, "points", 2) for member in members]
    paid = posting(ledger, *gains, Leg(issuer(DISTRICT), "points", -2 * MOST_MEMBERS))
    assert ledger.journal.post(paid)
    for member in members:
        ledger.spend(member, 1)
    taken = ledger.reverse(paid)
    assert len(taken.legs) == 2 * MOST_MEMBERS + 1
    assert {ledger.balance(member)["posted"] for member in members} == {0}
    assert {-ledger.balance(f"owed:{member}")["posted"] for member in members} == {1}
    ledger.proof()


def test_what_is_taken_back_of_a_frozen_account_is_owed_until_it_is_open_again(ledger: Ledger) -> None:
    member = ledger.member()
    gain = ledger.earn(member, 5)
    ledger.mongo["accounts"].update_one({"_id": member}, {"$set": {"status": "frozen"}})
    taken = ledger.reverse(gain)
    assert Leg(f"owed:{member}", "points", -5) in [replace(leg, lots=None) for leg in taken.legs]
    assert (ledger.balance(member)["posted"], ledger.balance(f"owed:{member}")["posted"]) == (5, -5)
    assert commands.recover(ledger.journal, ledger.now, DISTRICT) == 0
    ledger.mongo["accounts"].update_one({"_id": member}, {"$set": {"status": "open"}})
    assert commands.recover(ledger.journal, ledger.now, DISTRICT) == 1
    assert (ledger.balance(member)["posted"], ledger.balance(f"owed:{member}")["posted"]) == (0, 0)
    ledger.proof()
