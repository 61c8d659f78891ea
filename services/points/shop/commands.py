"""What can be done in the charity shop."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Invalid, KeyReused, Unavailable
from chassis.identity import Actor
from services.points.holds.domain import Hold
from services.points.shop import domain, item, pickup
from services.points.shop.item import Item, State
from services.points.shop.order import Change, Details, Order, Terms, Ties

_TRIES = 8
_AT_ONCE = 200
T = TypeVar("T")


class Shelf(Protocol):
    """Where items are kept.

    `add` gives back the stored one when its id is known already. `save` raises ConcurrentUpdate when somebody
    edited first. `supply` moves the stock, once an id, and raises OutOfStock below zero.
    """

    def get(self, item_id: str) -> Item: ...
    def add(self, new: Item, actor: str) -> Item: ...
    def save(self, edited: Item, actor: str, at: datetime) -> None: ...
    def supply(self, item_id: str, quantity: int, supply_id: str) -> None: ...
    def knows_area(self, area: str) -> bool: ...


class Orders(Protocol):
    """Where orders are kept, beside the ledger.

    `reserve` writes an order, its hold and what it takes off the shelf in one transaction; it answers with
    what stands under the key. It raises OutOfStock, Withdrawn, Conflict above the monthly limit, Overdrawn,
    Frozen, and ConcurrentUpdate where the price is another one by now. `save` writes a change in one
    transaction and raises ConcurrentUpdate when somebody was first.
    """

    def by_key(self, key: str) -> Order | None: ...
    def reserve(self, order: Order, hold: Hold) -> Order: ...
    def get(self, order_id: str) -> Order: ...
    def ties(self, order: Order) -> Ties: ...
    def save(self, change: Change, at: datetime) -> None: ...
    def due(self, at: datetime, most: int) -> list[Order]: ...


def offer(
    shelf: Shelf,
    clock: Clock,
    actor: Actor,
    *,
    item_id: str,
    area: str,
    title: str,
    description: str,
    media: list[str],
    price: int,
    stock: int,
    monthly_limit: int | None,
    state: State,
) -> Item:
    """Put a new item into the shop. Raises NotAllowed, Invalid for an unknown area."""
    item.check_keeper(actor, area)
    if not shelf.knows_area(area):
        raise Invalid("area", zh="没有这个区域。", en="There is no area with this code.")
    new = Item(
        id=item_id,
        area=area,
        title=title,
        description=description,
        media=tuple(media),
        price=price,
        stock=stock,
        monthly_limit=monthly_limit,
        state=state,
        created_at=clock(),
    )
    return shelf.add(new, actor.member_id)


def edit(
    shelf: Shelf,
    clock: Clock,
    actor: Actor,
    *,
    item_id: str,
    changes: Mapping[str, Any],
    expected_version: int | None,
) -> Item:
    """Change what is said of an item, or withdraw it. Raises NotFound, NotAllowed, Stale."""

    def attempt() -> Item:
        known = shelf.get(item_id)
        item.check_keeper(actor, known.area)
        item.check_version(known.version, expected_version)
        edited = item.edited(known, changes)
        shelf.save(edited, actor.member_id, clock())
        return edited

    return _until_first(attempt)


def supply(shelf: Shelf, actor: Actor, *, item_id: str, quantity: int, supply_id: str) -> Item:
    """Put more on the shelf, or take some off, once an id.

    Raises NotFound, NotAllowed, Invalid, OutOfStock.
    """
    item.check_keeper(actor, shelf.get(item_id).area)
    item.check_supply(quantity)
    shelf.supply(item_id, quantity, supply_id)
    return shelf.get(item_id)


def reserve(
    shelf: Shelf,
    orders: Orders,
    clock: Clock,
    actor: Actor,
    terms: Terms,
    *,
    item_id: str,
    quantity: int,
    order_id: str,
    key: str,
) -> Order:
    """Order something, once a key for ever; see `domain.reserve` and `Orders.reserve` for what it raises.

    Raises NotFound for an unknown item, Invalid for a key that was used with another body.
    """

    def attempt() -> Order:
        known = orders.by_key(f"{actor.member_id}:{key}")
        if known is None:
            wanted, hold = domain.reserve(
                shelf.get(item_id), actor, quantity, terms, clock(), order_id=order_id, key=key
            )
            known = orders.reserve(wanted, hold)
        if domain.ordered(known) != (item_id, quantity):
            raise KeyReused
        return known

    return _until_first(attempt)


def act(
    orders: Orders,
    clock: Clock,
    actor: Actor,
    terms: Terms,
    *,
    order_id: str,
    action: str,
    details: Details,
    expected_version: int | None,
    request_id: str,
) -> Order:
    """Carry out one action of the workflow, once a request; see `domain.transition` for what it raises, and
    Stale."""

    def attempt() -> Order:
        order, now = orders.get(order_id), clock()
        if order.met(request_id):
            return order
        item.check_version(order.version, expected_version)
        change = domain.transition(
            order,
            action,
            actor,
            details,
            now,
            ties=orders.ties(order),
            terms=terms,
            request_id=request_id,
        )
        orders.save(change, now)
        return change.order

    return _until_first(attempt)


def give_code(orders: Orders, clock: Clock, actor: Actor, *, order_id: str) -> tuple[Order, str]:
    """A new pick-up code for the buyer, in place of the one before; see `domain.with_code`."""
    code = pickup.new_code()

    def attempt() -> Order:
        now = clock()
        order = domain.with_code(orders.get(order_id), actor, code, now)
        orders.save(Change(order), now)
        return order

    return _until_first(attempt), code


def expire(orders: Orders, clock: Clock, terms: Terms) -> int:
    """End the reservations whose time is over; returns how many this call ended."""
    ended = 0
    for order in orders.due(clock(), _AT_ONCE):
        now = clock()
        change = domain.expire(order, orders.ties(order), terms, now)
        if change is None:
            continue
        try:
            orders.save(change, now)
        except (ConcurrentUpdate, Unavailable):
            continue  # another was at it meanwhile: what is left of it is for the next sweep
        ended += 1
    return ended


def _until_first(attempt: Callable[[], T]) -> T:
    """Try again after losing a race: the loser then meets what the other made of it, and decides anew."""
    for _ in range(_TRIES):
        try:
            return attempt()
        except ConcurrentUpdate:
            continue
    raise Unavailable(
        "busy-shop", zh="请稍后重试。", en="Too many act on it at once: try again.", retry_after=1
    )
