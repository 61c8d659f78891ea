"""The charity shop on a real database: stock, points and limits are exact however many act at once."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import new_ulid, utc_now
from chassis.errors import Conflict, Invalid
from chassis.identity import Actor
from chassis.mongo import Mongo
from infra.local.deployment import Deployment
from services.points.bounds import FROZEN
from services.points.holds.domain import HoldStatus
from services.points.lots.domain import Validity
from services.points.shop import commands
from services.points.shop.order import Details, Status
from tests.integration.ledgers import KEEPER, SHOP, Ledger, at_once
from tests.integration.shops import TERMS, Shop


@pytest.fixture(scope="module")
def opened(deployment: Deployment) -> Iterator[Shop]:
    own = Mongo(deployment.mongo_url, f"shop_{new_ulid()}")
    yield Shop(Ledger(own))
    own.client.drop_database(own.database.name)
    own.close()


@pytest.fixture
def shop(opened: Shop) -> Shop:
    opened.ledger.now = utc_now
    return opened


def held(shop: Shop, member: str) -> dict[str, int]:
    return shop.ledger.balance(member)


def test_of_two_hundred_racing_orders_for_fifty_items_fifty_succeed_without_an_orphan_hold(
    shop: Shop,
) -> None:
    item = shop.item(price=3, stock=50)
    members = [shop.ledger.member(30) for _ in range(200)]
    outcomes = at_once(200, lambda number: shop.reserve(members[number], item))
    assert outcomes == {"done": 50, "out-of-stock": 150}
    assert shop.stock(item) == 0
    orders = shop.ledger.mongo["shop_orders"].count_documents({"item": item.id})
    holds = shop.ledger.mongo["holds"].count_documents({"account": {"$in": members}})
    assert (orders, holds) == (50, 50)
    assert sum(held(shop, one)["held"] for one in members) == 150
    shop.ledger.proof()


def test_the_monthly_limit_is_exact_however_many_orders_race(shop: Shop) -> None:
    item, member = shop.item(price=1, stock=100, monthly_limit=3), shop.ledger.member(100)
    assert at_once(16, lambda _: shop.reserve(member, item)) == {"done": 3, "monthly-limit": 13}
    assert (shop.stock(item), held(shop, member)["held"]) == (97, 3)


def test_what_was_given_up_does_not_count_and_what_was_paid_does(shop: Shop) -> None:
    item, member = shop.item(price=1, stock=9, monthly_limit=1), shop.ledger.member(9)
    shop.act(KEEPER, shop.reserve(member, item), "cancel")
    shop.pay(shop.reserve(member, item))
    with pytest.raises(Conflict) as refused:
        shop.reserve(member, item)
    assert (refused.value.code, refused.value.extra["left"]) == ("monthly-limit", 0)


@pytest.mark.parametrize("seed", range(4))
def test_paying_cancelling_and_expiring_at_once_leave_one_end(shop: Shop, seed: int) -> None:
    item, member = shop.item(price=7, stock=5), shop.ledger.member(20)
    before, order = shop.ledger.balance(SHOP)["posted"], shop.reserve(member, item, 2)
    in_time, late = utc_now(), utc_now() + timedelta(hours=1)
    ends: list[Callable[[], object]] = [
        lambda: shop.pay(order),
        lambda: shop.act(KEEPER, order, "cancel"),
        lambda: shop.pay(order),
    ]
    random.Random(seed).shuffle(ends)

    ends.insert(seed % 3, lambda: commands.expire(shop.orders, lambda: late, TERMS))
    shop.ledger.now = lambda: in_time
    at_once(len(ends), lambda number: ends[number]())
    stored = shop.orders.get(order.id)
    paid = stored.status is Status.PAID
    assert stored.status in (Status.PAID, Status.CANCELLED, Status.EXPIRED)
    assert shop.stock(item) == (3 if paid else 5)
    assert held(shop, member) == {"posted": 6 if paid else 20, "held": 0, "available": 6 if paid else 20}
    assert shop.ledger.balance(SHOP)["posted"] - before == (14 if paid else 0)
    assert (
        shop.ledger.holds.get(stored.hold).status
        in {
            Status.PAID: [HoldStatus.CAPTURED],
            Status.CANCELLED: [HoldStatus.RELEASED],
            Status.EXPIRED: [HoldStatus.EXPIRED],
        }[stored.status]
    )
    shop.ledger.proof()


def test_a_reservation_whose_time_is_over_cannot_be_paid_and_is_swept_once(shop: Shop) -> None:
    item, member = shop.item(price=7, stock=1), shop.ledger.member(7)
    order, later = shop.reserve(member, item), utc_now() + timedelta(minutes=31)
    assert shop.expire() == 0
    shop.ledger.now = lambda: later
    with pytest.raises(Conflict) as refused:
        shop.pay(order)
    assert (refused.value.extra["status_now"], refused.value.extra["allowed"]) == ("expired", [])
    assert (shop.expire(), shop.expire()) == (1, 0)
    assert (shop.stock(item), held(shop, member)["available"]) == (1, 7)
    assert shop.orders.get(order.id).status is Status.EXPIRED


def test_an_order_keeps_its_price_and_the_same_key_is_the_same_order(shop: Shop) -> None:
    item, member = shop.item(price=5, stock=9), shop.ledger.member(50)
    order = shop.reserve(member, item, 2, key="once")
    shop.ledger.mongo["shop_items"].update_one({"_id": item.id}, {"$set": {"price": 6}})
    assert shop.reserve(member, item, 2, key="once").id == order.id
    with pytest.raises(Invalid) as refused:
        shop.reserve(member, item, 3, key="once")
    assert "Idempotency-Key" in refused.value.extra["errors"]
    shop.pay(order)
    assert held(shop, member) == {"posted": 40, "held": 0, "available": 40}
    assert shop.reserve(member, item).price == 6


def test_without_enough_points_nothing_is_reserved(shop: Shop) -> None:
    item, member = shop.item(price=5, stock=9, monthly_limit=9), shop.ledger.member(4)
    with pytest.raises(Conflict) as refused:
        shop.reserve(member, item)
    assert refused.value.code == "overdrawn"
    assert shop.stock(item) == 9
    assert shop.ledger.mongo["shop_orders"].count_documents({"member": member}) == 0
    assert shop.ledger.mongo["shop_counts"].find_one({"_id": {"$regex": member}}) is None


def test_a_code_collects_once_and_a_new_one_replaces_it(shop: Shop) -> None:
    item, member = shop.item(price=5, stock=9), shop.ledger.member(50)
    order = shop.pay(shop.reserve(member, item))
    old, code = shop.code(order), shop.code(order)
    shop.act(KEEPER, order, "prepare")
    for wrong in (old, "0000-0000-0000"):
        with pytest.raises(Invalid):
            shop.act(KEEPER, order, "collect", Details(code=wrong))
    assert at_once(4, lambda _: shop.act(KEEPER, order, "collect", Details(code=code))) == {
        "done": 1,
        "action-not-possible": 3,
    }
    stored = shop.ledger.mongo["shop_orders"].find_one({"_id": order.id})
    assert code not in str(stored)


def test_a_return_pays_back_once_and_puts_the_goods_back_if_asked(shop: Shop) -> None:
    item, member = shop.item(price=5, stock=9), shop.ledger.member(50)
    first, second = (shop.pay(shop.reserve(member, item)) for _ in range(2))
    back = Details(note="瑕疵", restock=True)
    assert at_once(4, lambda _: shop.act(KEEPER, first, "return", back))["done"] == 1
    shop.act(KEEPER, second, "return", Details(note="破损"))
    assert (shop.stock(item), held(shop, member)["available"]) == (8, 50)
    assert shop.orders.get(first.id).status is Status.RETURNED
    shop.ledger.proof()


def test_the_payment_of_an_order_is_taken_back_by_its_return_only(shop: Shop) -> None:
    item, member = shop.item(price=5, stock=9), shop.ledger.member(50)
    order = shop.pay(shop.reserve(member, item))
    assert order.posting is not None
    with pytest.raises(Conflict) as refused:
        shop.ledger.reverse(shop.ledger.journal.get(order.posting))
    assert refused.value.code == "tied-posting"
    shop.act(KEEPER, order, "return")
    assert held(shop, member)["available"] == 50


def test_the_hold_of_an_order_ends_with_the_order_only(shop: Shop) -> None:
    item, member = shop.item(price=5, stock=9), shop.ledger.member(50)
    order = shop.reserve(member, item)
    hold, later = shop.ledger.holds.get(order.hold), utc_now() + timedelta(days=1)
    for end in (shop.ledger.capture, shop.ledger.release):
        with pytest.raises(Conflict) as refused:
            end(hold)
        assert refused.value.code == "hold-bound"
    assert hold.id not in [one.id for one in shop.ledger.holds.due(later, 100)]


def test_stock_moves_once_an_id_and_never_below_zero(shop: Shop) -> None:
    item = shop.item(price=5, stock=1)
    for _ in range(2):
        shop.shelf.supply(item.id, 4, "same")
    assert shop.stock(item) == 5
    with pytest.raises(Conflict):
        shop.shelf.supply(item.id, -6, "other")
    shop.shelf.supply(item.id, -5, "other")
    assert shop.stock(item) == 0


def test_nothing_is_paid_from_a_frozen_account_and_its_reservation_ends_all_the_same(shop: Shop) -> None:
    item, member = shop.item(price=5, stock=1), shop.ledger.member(50)
    order, later = shop.reserve(member, item), utc_now() + timedelta(minutes=31)
    shop.ledger.mongo["accounts"].update_one({"_id": member}, {"$set": {"status": FROZEN}})
    with pytest.raises(Conflict) as refused:
        shop.pay(order)
    assert refused.value.code == "account-frozen"
    assert held(shop, member) == {"posted": 50, "held": 5, "available": 45}
    shop.ledger.now = lambda: later
    shop.expire()
    assert shop.orders.get(order.id).status is Status.EXPIRED
    assert (shop.stock(item), held(shop, member)["available"]) == (1, 50)


def test_a_request_whose_answer_was_lost_is_carried_out_once_and_answered_again(shop: Shop) -> None:
    item, member = shop.item(price=5, stock=3), shop.ledger.member(50)
    order, buyer, pay = shop.reserve(member, item), Actor(member), new_ulid()
    paid = shop.act(buyer, order, "pay", request=pay, seen=1)
    shop.act(KEEPER, order, "prepare")
    again = shop.act(buyer, order, "pay", request=pay, seen=1)
    assert (again.status, again.posting) == (Status.READY, paid.posting)
    assert held(shop, member) == {"posted": 45, "held": 0, "available": 45}
    given_up, cancel = shop.reserve(member, item), new_ulid()
    for _ in range(2):
        assert shop.act(buyer, given_up, "cancel", request=cancel).status is Status.CANCELLED
    assert shop.stock(item) == 2
    with pytest.raises(Conflict):
        shop.act(buyer, given_up, "cancel")


def test_what_was_reserved_or_paid_before_it_expired_comes_back_to_its_lot_and_is_gone_then(
    deployment: Deployment,
) -> None:
    """Points of November are good until the end of December, Shanghai time."""
    own = Mongo(deployment.mongo_url, f"shop_{new_ulid()}")
    shop = Shop(Ledger(own, Validity(points=1)))
    november, last_day, next_day = (
        datetime(2026, 11, 20, tzinfo=UTC),
        datetime(2026, 12, 31, 15, 50, tzinfo=UTC),
        datetime(2026, 12, 31, 16, 30, tzinfo=UTC),
    )
    shop.ledger.now = lambda: november
    item, member = shop.item(price=5, stock=9), shop.ledger.member(30)
    shop.ledger.now = lambda: last_day
    paid, unpaid, late = shop.pay(shop.reserve(member, item)), *(shop.reserve(member, item) for _ in range(2))
    shop.ledger.sweep(next_day)
    assert held(shop, member) == {"posted": 10, "held": 10, "available": 0}
    shop.ledger.now = lambda: last_day + timedelta(minutes=29)
    shop.pay(late)
    shop.ledger.now = lambda: next_day
    shop.expire()
    assert shop.orders.get(unpaid.id).status is Status.EXPIRED
    shop.act(KEEPER, paid, "return", Details(note="瑕疵", restock=True))
    assert held(shop, member) == {"posted": 10, "held": 0, "available": 10}
    shop.ledger.sweep(next_day)
    assert held(shop, member) == {"posted": 0, "held": 0, "available": 0}
    assert shop.stock(item) == 8
    shop.ledger.now = utc_now
    shop.ledger.proof()
    own.client.drop_database(own.database.name)
    own.close()
