"""The shape of the events: what is published is described, relayed and heard; what is heard is published."""

from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection

import services.issues.app
import services.notify.app
import services.points.app
import services.volunteer.app
from chassis.broker import topology
from chassis.clock import rfc3339, utc_now
from chassis.mongo import Mongo
from chassis.subscriptions import Subscriptions
from chassis.worker import Worker
from demo.client import Person
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, District, centre, grids, stewards_of
from infra import contracts
from infra.local.deployment import Deployment, wait_until

SHOP_KEEPER = "13900000005"
NOWHERE = Mongo("mongodb://127.0.0.1:1", "none")
SUBSCRIPTIONS: dict[str, Subscriptions] = {
    "issues": services.issues.app.subscriptions(NOWHERE),
    "notify": services.notify.app.subscriptions(NOWHERE),
    "points": services.points.app.subscriptions(NOWHERE),
}
WORKERS: dict[str, Worker] = {
    "issues": services.issues.app.create_worker(contracts.environment()),
    "notify": services.notify.app.create_worker(contracts.environment()),
    "points": services.points.app.create_worker(contracts.environment()),
    "volunteer": services.volunteer.app.create_worker(contracts.environment()),
}
PUBLISHED = {kind.type: kind for one in contracts.SERVICES.values() for kind in one.published}
HEARD = [(name, kind) for name, one in SUBSCRIPTIONS.items() for kind in one.table]


def test_every_service_is_among_those_looked_at_here() -> None:
    assert set(WORKERS) == set(contracts.SERVICES)
    assert set(SUBSCRIPTIONS) == {name for name, one in contracts.SERVICES.items() if one.subscribed}


@pytest.mark.parametrize(("service", "kind"), HEARD)
def test_what_a_service_listens_to_is_published(service: str, kind: str) -> None:
    assert kind in PUBLISHED, service


def test_each_type_of_event_has_one_publisher_and_a_version() -> None:
    kinds = [kind.type for one in contracts.SERVICES.values() for kind in one.published]
    assert len(kinds) == len(set(kinds))
    assert all(kind.rsplit(".v", 1)[1].isdigit() for kind in kinds)


@pytest.mark.parametrize("kind", sorted(PUBLISHED))
def test_every_published_event_has_its_schema_in_the_documentation(kind: str) -> None:
    assert (contracts.ROOT / f"docs/events/{kind}.json").is_file()


@pytest.mark.parametrize("service", sorted(SUBSCRIPTIONS))
def test_every_service_that_listens_has_a_queue_and_a_worker_that_consumes_it(service: str) -> None:
    declared = topology.load(str(contracts.ROOT / "infra/topology.json"))
    assert set(declared.subscriptions[service]) == set(SUBSCRIPTIONS[service].routing_keys)
    assert WORKERS[service].handle is not None
    assert WORKERS[service].service == service


def test_no_queue_is_declared_that_nobody_consumes() -> None:
    declared = topology.load(str(contracts.ROOT / "infra/topology.json"))
    assert set(declared.subscriptions) == set(SUBSCRIPTIONS)
    assert WORKERS["volunteer"].handle is None


def cancel_a_proposal(district: District, author: Person) -> None:
    """The fund hears of it, and keeps that it must not pay."""
    terms, budget = {"quorum": 1}, [{"purpose": "x", "amount": 1}]
    plan = {"area": COMMUNITY_A, "title": "x", "text": "x", "budget": budget, "terms": terms}
    act = f"/v1/proposals/{author.post('/v1/proposals', plan)['id']}/transitions"
    author.post(act, {"action": "submit"})
    staff = district.community_staff
    staff.post(act, {"action": "deliberate"})
    until = rfc3339(utc_now() + timedelta(hours=1))
    staff.post(act, {"action": "open_voting", "closes_at": until})
    staff.post(act, {"action": "cancel", "note": "x"})


def use_the_shop(district: District, buyer: Person) -> None:
    """Something is given, something on offer, and one who has a point reserves it."""
    buyer.post("/v1/donations", {"area": COMMUNITY_A, "kind": "goods", "what": "x"})
    item = {"area": COMMUNITY_A, "title": "x", "price": 1, "stock": 1}
    offered = district.person(SHOP_KEEPER).post("/v1/shop/items", item)["id"]
    wallet = f"/v1/accounts/{buyer.id}"
    wait_until(lambda: buyer.get(wallet)["points"]["available"] > 0, 20, "the buyer is paid")
    buyer.post("/v1/shop/orders", {"item": offered}, key="relayed")


def ask_for_help(person: Person) -> None:
    """The time bank publishes of requests and offers."""
    now = utc_now()
    window = {"starts_at": rfc3339(now), "ends_at": rfc3339(now + timedelta(hours=1))}
    wanted = {"kind": "request", "area": COMMUNITY_A, "skills": ["other"], "minutes": 5, "text": "x"}
    person.post("/v1/time-bank/requests", {**wanted, **window})


def hear_of_expiry(accounts: Collection[dict[str, Any]], member: Person) -> None:
    """As if something of a member's were to expire in a few days."""
    day = f"{utc_now() + timedelta(days=5):%Y%m%d}"
    lots = {"lots": {"points": {day: 1}}, "lots_due": f"{utc_now():%Y%m%d}"}
    accounts.update_one({"_id": member.id}, {"$set": lots}, upsert=True)

    def told() -> bool:
        return any(one["kind"] == "lots.expiring.v1" for one in member.pages("/v1/inbox"))

    wait_until(told, 20, "the notice of expiry in the inbox")
    accounts.update_one({"_id": member.id}, {"$unset": {"lots": "", "lots_due": ""}})


def test_every_collection_with_an_outbox_is_relayed(deployment: Deployment, district: District) -> None:
    """Told by the indexes that workers look for work through, and by the documents themselves."""
    resident = district.person(RESIDENTS_OF_A[20])
    steward = district.person(next(iter(stewards_of(COMMUNITY_A))))
    grid = grids(COMMUNITY_A)[0]
    place = {"category": "safety", "description": "x", "location": centre(grid)}
    steward.act(resident.post("/v1/issues", place)["id"], "claim")
    activity = {"category": "ad_hoc", "area": grid, "summary": "x"}
    steward.post("/v1/activities", activity)
    wish = {"kind": "other", "area": COMMUNITY_A, "title": "x", "text": "x"}
    resident.post("/v1/suggestions", wish)
    cancel_a_proposal(district, steward)
    ask_for_help(resident)
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        allocations = client["points"]["allocations"]
        wait_until(lambda: allocations.count_documents({}) > 0, 20, "the fund hears of the proposal")
        journal = client["points"]["journal"]
        wait_until(lambda: journal.count_documents({}) > 0, 20, "the claim is paid")
        use_the_shop(district, steward)
        hear_of_expiry(client["points"]["accounts"], resident)
        for service, worker in WORKERS.items():
            database = client[service]
            names = [name for name in database.list_collection_names() if "." not in name]
            indexed = {name for name in names if "pending_1" in database[name].index_information()}
            kept = {name for name in names if database[name].find_one({"outbox": {"$exists": True}})}
            assert set(worker.outboxes) == indexed, service
            assert kept == indexed, service
