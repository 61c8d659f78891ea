"""A charity shop on a real database, beside a ledger with members who have points."""

from datetime import timedelta

from chassis.clock import new_ulid
from chassis.identity import Actor
from services.points.shop import commands
from services.points.shop.item import Item, State
from services.points.shop.order import Details, Order, Terms
from services.points.shop.store import OrderStore, ShelfStore
from tests.integration.ledgers import DISTRICT, KEEPER, Ledger

TERMS = Terms(timedelta(minutes=30), timedelta(days=7))


class Shop:
    """A shop with a keeper."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.shelf = ShelfStore(ledger.mongo)
        self.orders = OrderStore(ledger.mongo, ledger.journal, ledger.holds, self.shelf)
        self.shelf.ensure_indexes()
        self.orders.ensure_indexes()

    def item(self, price: int, stock: int, monthly_limit: int | None = None) -> Item:
        return commands.offer(
            self.shelf,
            self.ledger.now,
            KEEPER,
            item_id=new_ulid(),
            area=DISTRICT,
            title="手工布袋",
            description="",
            media=[],
            price=price,
            stock=stock,
            monthly_limit=monthly_limit,
            state=State.LISTED,
        )

    def stock(self, item: Item) -> int:
        return self.shelf.get(item.id).stock

    def reserve(self, member: str, item: Item, quantity: int = 1, key: str | None = None) -> Order:
        return commands.reserve(
            self.shelf,
            self.orders,
            self.ledger.now,
            Actor(member),
            TERMS,
            item_id=item.id,
            quantity=quantity,
            order_id=new_ulid(),
            key=key or new_ulid(),
        )

    def act(
        self,
        actor: Actor,
        order: Order,
        action: str,
        details: Details | None = None,
        *,
        request: str | None = None,
        seen: int | None = None,
    ) -> Order:
        return commands.act(
            self.orders,
            self.ledger.now,
            actor,
            TERMS,
            order_id=order.id,
            action=action,
            details=details or Details(note="说明"),
            expected_version=seen,
            request_id=request or new_ulid(),
        )

    def pay(self, order: Order) -> Order:
        return self.act(Actor(order.member), order, "pay")

    def code(self, order: Order) -> str:
        return commands.give_code(self.orders, self.ledger.now, Actor(order.member), order_id=order.id)[1]

    def expire(self) -> int:
        return commands.expire(self.orders, self.ledger.now, TERMS)
