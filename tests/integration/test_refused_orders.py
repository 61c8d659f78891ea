"""What the points service refuses leaves no trace: no posting, no hold, no balance that moved."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

import services.points.app
from chassis.clock import new_ulid, rfc3339, utc_now
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from services.points.bounds import FROZEN
from services.points.domain import Leg
from services.points.funds.store import FundStore
from services.points.timebank.policy.domain import POOL, RELATIVES, Conversion
from tests.integration.ledgers import DISTRICT, SHOP
from tests.integration.serving import Served
from tests.integration.time_banks import Bank

COMMUNITY = f"{DISTRICT}001001"
ADMIN = Actor(new_ulid(), (Grant("district_admin", DISTRICT), Grant("shop_keeper", DISTRICT)))


@dataclass(frozen=True)
class Order:
    """Something that is asked for."""

    who: Actor
    path: str
    body: dict[str, Any]


class Counter:
    """The points service of a district whose members have something, and goods to be had for points."""

    def __init__(self, mongo: Mongo, patch: pytest.MonkeyPatch) -> None:
        self.served = Served(services.points.app, mongo, patch)
        self.bank = Bank(mongo)
        self.bank.policy(gifts=(RELATIVES, POOL), conversion=Conversion(10, 1))
        self.member = self.bank.member(100)
        self.earned = self.bank.ledger.earn(self.member.member_id, 100)
        FundStore(mongo, self.bank.ledger.journal).put_area(COMMUNITY, "社区", 1)
        item = {"area": DISTRICT, "title": "大米", "price": 10, "stock": 5}
        self.item = self.served.call(ADMIN, "POST", "/v1/shop/items", item).json["id"]

    def posting(self, **more: Any) -> Order:
        legs = (Leg(self.member.member_id, "points", -7), Leg(SHOP, "points", 7))
        return Order(ADMIN, "/v1/postings", {"memo": "调整", "legs": plain(*legs), **more})

    def hold(self) -> Order:
        body = {"account": self.member.member_id, "unit": "points", "amount": 5}
        return Order(self.member, "/v1/holds", body)

    def goods(self) -> Order:
        return Order(self.member, "/v1/shop/orders", {"item": self.item, "quantity": 1})

    def gift(self, to: str = f"pool:{DISTRICT}") -> Order:
        return Order(self.member, "/v1/time-bank/gifts", {"to": to, "amount": 30})

    def conversion(self) -> Order:
        return Order(self.member, "/v1/time-bank/conversions", {"unit": "minutes", "amount": 10})

    def deposit(self) -> Order:
        return Order(ADMIN, f"/v1/funds/{COMMUNITY}/deposits", {"amount": 500, "memo": "拨款"})

    def reversal_of_a_part(self) -> Order:
        legs = plain(Leg(self.member.member_id, "points", 1), Leg(self.earned.legs[1].account, "points", -1))
        return Order(ADMIN, f"/v1/postings/{self.earned.id}/reversals", {"reason": "多发", "legs": legs})

    def ask(self, order: Order, key: str | None) -> Any:
        return self.served.call(order.who, "POST", order.path, order.body, key)

    def freeze(self) -> None:
        account = {"_id": self.member.member_id}
        self.bank.mongo["accounts"].update_one(account, {"$set": {"status": FROZEN}})


def plain(*legs: Leg) -> list[dict[str, Any]]:
    return [{"account": one.account, "unit": one.unit, "amount": one.amount} for one in legs]


KEYED: list[Callable[[Counter], Order]] = [
    Counter.posting,
    Counter.hold,
    Counter.goods,
    Counter.gift,
    Counter.conversion,
    Counter.deposit,
    Counter.reversal_of_a_part,
]


@pytest.fixture
def counter(mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> Counter:
    return Counter(mongo, monkeypatch)


@pytest.mark.parametrize("ordered", KEYED, ids=lambda one: one.__name__)
def test_without_an_idempotency_key_nothing_is_moved_and_the_answer_names_the_header(
    counter: Counter, ordered: Callable[[Counter], Order]
) -> None:
    order, before = ordered(counter), counter.served.stored()
    refused = counter.ask(order, None)
    assert refused.status_code == 422
    assert refused.json["errors"] == {"Idempotency-Key": ["This needs an Idempotency-Key."]}
    assert counter.served.stored() == before
    assert counter.ask(order, "now with one").status_code == 201  # nothing else was wrong with it
    assert counter.served.stored() != before


def test_a_gift_to_oneself_moves_nothing(counter: Counter) -> None:
    before = counter.served.stored()
    refused = counter.ask(counter.gift(to=counter.member.member_id), "to me")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["to"])
    assert counter.served.stored() == before


@pytest.mark.parametrize(
    "ordered",
    [Counter.posting, Counter.hold, Counter.goods, Counter.gift, Counter.conversion],
    ids=lambda one: one.__name__,
)
def test_nothing_is_moved_from_a_frozen_account(
    counter: Counter, ordered: Callable[[Counter], Order]
) -> None:
    counter.freeze()
    order, before = ordered(counter), counter.served.stored()
    refused = counter.ask(order, "frozen")
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/account-frozen")
    assert counter.served.stored() == before


@pytest.mark.parametrize("days", [-70, 1], ids=["in a closed month", "to come"])
def test_nothing_is_posted_into_a_closed_month_or_for_a_day_to_come(counter: Counter, days: int) -> None:
    before = counter.served.stored()
    order = counter.posting(effective_at=rfc3339(utc_now() + timedelta(days=days)))
    refused = counter.ask(order, "at another time")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["effective_at"])
    assert counter.served.stored() == before
