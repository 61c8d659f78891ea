"""The sums of what only gathers on a real database: exact, of bounded cost, and held against the journal."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import new_ulid, ulid_at, utc_now
from chassis.errors import NotFound
from chassis.mongo import Mongo
from infra.local.deployment import Deployment
from services.points.domain import Leg, issuer
from services.points.gathered.commands import carry
from services.points.gathered.store import GatheredStore
from services.points.integrity import commands
from services.points.integrity.commands import Sealing
from services.points.integrity.domain import ALLOWED, LAG
from tests.integration.ledgers import ADMIN, DISTRICT, SHOP, Ledger, at_once

LONG_AFTER = ALLOWED + LAG
"""By then all that was posted until now may be carried, and nothing that is yet to come."""
NIGHT = datetime(2030, 1, 1, 19, 30, tzinfo=UTC)
ISSUER = issuer(DISTRICT)


class Office(Ledger):
    """A ledger whose sums are carried, as some minutes later."""

    def __init__(self, mongo: Mongo) -> None:
        super().__init__(mongo)
        self.gathered = GatheredStore(mongo, DISTRICT)
        self.gathered.ensure_indexes()
        self.now = lambda: utc_now() + LONG_AFTER

    def carry(self) -> None:
        Sealing(self.seals, lambda: utc_now() + LONG_AFTER, DISTRICT).run()
        carry(self.gathered, self.seals)


@pytest.fixture
def office(deployment: Deployment) -> Iterator[Office]:
    own = Mongo(deployment.mongo_url, f"gathered_{new_ulid()}")
    yield Office(own)
    own.client.drop_database(own.database.name)
    own.close()


def plain(posted: int) -> dict[str, int]:
    return {"posted": posted, "held": 0, "available": posted}


def test_what_was_carried_is_not_read_again_and_what_came_since_is_counted(office: Office) -> None:
    member = office.member(30)
    office.spend(member, 10)
    assert (office.balance(ISSUER), office.balance(SHOP)) == (plain(-30), plain(10))
    office.carry()
    office.earn(member, 5)
    assert (office.balance(ISSUER), office.balance(SHOP)) == (plain(-35), plain(10))
    carried = {"order": {"$lt": office.gathered.carried().through}}
    assert office.mongo["journal"].delete_many(carried).deleted_count == 2
    assert (office.balance(ISSUER), office.balance(SHOP)) == (plain(-35), plain(10))


def test_every_posting_is_carried_once_however_many_carry(office: Office) -> None:
    member = office.member()
    for turn in range(1, 4):
        at_once(8, lambda _: office.earn(member, 1))
        at_once(4, lambda _: office.carry())
        assert office.gathered.carried().sums == {ISSUER: {"points": -8 * turn}}
        assert office.balance(ISSUER) == plain(-8 * turn)
    assert office.verification()["differing"] == []


def test_a_posting_that_was_committed_late_is_counted(office: Office) -> None:
    member = office.member(5)
    Sealing(office.seals, lambda: utc_now() + timedelta(seconds=10), DISTRICT).run()
    late = office.earn(member, 5)
    place = ulid_at(utc_now() - ALLOWED + timedelta(seconds=20))
    office.mongo["journal"].update_one({"_id": late.id}, {"$set": {"order": place}})
    carry(office.gathered, office.seals)
    assert office.gathered.carried().through < place
    assert office.balance(ISSUER) == plain(-10)


def test_a_sum_that_drifted_is_told_and_a_restoration_sets_it_right(office: Office) -> None:
    member = office.member(30)
    office.carry()
    office.mongo["gathered"].update_one({"_id": DISTRICT}, {"$inc": {f"sums.{ISSUER}.points": 7}})
    commands.prove_night(office.seals, office.now, DISTRICT, "2030-01-02")
    (proof,) = office.mongo["proofs"].find()
    assert (proof["differing"], proof["outbox"][0]["data"]["frozen"]) == ([ISSUER], [ISSUER])
    assert office.queries.account(ISSUER, ADMIN)["status"] == "frozen"
    office.earn(member, 5)  # nothing waits for the issuer
    office.carry()
    at_once(3, lambda _: commands.restore(office.seals, utc_now, ADMIN, account=ISSUER, reason="核对"))
    found = office.queries.account(ISSUER, ADMIN)
    assert (found["status"], found["points"]) == ("open", plain(-35))
    assert office.verification()["differing"] == []
    with pytest.raises(NotFound):
        commands.restore(office.seals, utc_now, ADMIN, account="pool:120199", reason="核对")


def test_a_fund_is_answered_from_its_balance_with_how_it_stands(office: Office) -> None:
    fund = f"fund:{DISTRICT}"
    office.post("k", Leg(fund, "fen", 500), Leg(ISSUER, "fen", -500))
    office.mongo["journal"].delete_many({})
    office.seals.freeze(fund)
    found = office.queries.account(fund, ADMIN)
    assert (found["status"], found["fen"]) == ("frozen", plain(500))
