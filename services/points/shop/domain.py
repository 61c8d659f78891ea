"""The workflow of orders: one table says who may do what to one, when, and what it then is."""

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.points.domain import SHANGHAI
from services.points.holds.domain import Hold
from services.points.shop import events, pickup
from services.points.shop.effects import EFFECTS
from services.points.shop.events import OrderFact
from services.points.shop.item import Item, OutOfStock, State, Withdrawn
from services.points.shop.order import (
    SYSTEM,
    Change,
    Details,
    Entry,
    Order,
    Party,
    Status,
    Terms,
    Ties,
    parties,
    status_at,
)


@dataclass(frozen=True)
class Transition:
    """One row of the workflow: from one of `sources` to `target`, by one of `parties`, telling `event`."""

    sources: frozenset[Status]
    target: Status
    parties: frozenset[Party]
    event: type[OrderFact] | None
    needs: tuple[str, ...]


def _row(sources: str, target: str, by: str, event: type[OrderFact] | None, needs: str = "") -> Transition:
    return Transition(
        sources=frozenset(Status(one) for one in sources.split()),
        target=Status(target),
        parties=frozenset(Party(one) for one in by.split()),
        event=event,
        needs=tuple(needs.split()),
    )


WORKFLOW: dict[str, Transition] = {
    "pay": _row("reserved", "paid", "buyer", events.OrderPaid),
    "prepare": _row("paid", "ready", "keeper", events.OrderReady),
    "collect": _row("ready", "collected", "keeper", None, needs="code"),
    "cancel": _row("reserved", "cancelled", "buyer keeper", events.OrderCancelled),
    "expire": _row("reserved", "expired", "system", events.OrderExpired),
    "return": _row("paid ready collected", "returned", "keeper", events.OrderReturned, needs="note"),
}
"""An order begins as `reserved`: see `reserve`."""
PUBLIC_ACTIONS = tuple(name for name, row in WORKFLOW.items() if row.parties != {Party.SYSTEM})
CODED = frozenset({Status.PAID, Status.READY})
"""While an order stands so, its buyer can have a pick-up code."""
_ASKS = {
    "note": ("请填写说明。", "Say in a note why."),
    "code": ("请填写取货码。", "Enter the pick-up code that the buyer shows."),
}


def reserve(
    item: Item, actor: Actor, quantity: int, terms: Terms, at: datetime, *, order_id: str, key: str
) -> tuple[Order, Hold]:
    """An order of something at its present price, and the hold on what it costs.

    Raises Withdrawn, OutOfStock by what is known of the stock; whether that still holds, the store finds
    out where it takes it.
    """
    if item.state is not State.LISTED:
        raise Withdrawn
    if item.stock < quantity:
        raise OutOfStock(item.stock)
    until, local = at + terms.reservation, at.astimezone(SHANGHAI)
    order = Order(
        id=order_id,
        number=f"O{local:%Y%m%d}-{order_id[-6:]}",
        key=f"{actor.member_id}:{key}",
        item=item.id,
        title=item.title,
        area=item.area,
        member=actor.member_id,
        quantity=quantity,
        price=item.price,
        month=f"{local:%Y-%m}",
        hold=order_id,
        reserved_until=until,
        created_at=at,
        history=(Entry("reserve", actor.member_id, at),),
    )
    return order, Hold(
        id=order.hold,
        key=f"order:{order.id}",
        account=order.member,
        unit="points",
        amount=order.amount,
        memo=item.title,
        by=order.member,
        opened_at=at,
        expires_at=until,
        bound_to=f"order:{order.id}",
    )


def ordered(order: Order) -> tuple[object, ...]:
    """What somebody ordered: the same key with anything else is another order."""
    return (order.item, order.quantity)


def monthly_limit(limit: int, taken: int) -> Conflict:
    """The refusal of more than a person may order in a month."""
    left = max(0, limit - taken)
    return Conflict(
        "monthly-limit",
        zh=f"每人每月限 {limit} 件，本月还可兑换 {left} 件。",
        en=f"A person may order {limit} of this in a month, and you {left} more this month.",
        limit=limit,
        left=left,
    )


def allowed_actions(order: Order, actor: Actor, at: datetime) -> list[str]:
    """The actions that the actor may take now."""
    held, status = parties(order, actor), status_at(order, at)
    return [
        name
        for name, row in WORKFLOW.items()
        if row.parties & held and status in row.sources and Party.SYSTEM not in row.parties
    ]


def transition(
    order: Order,
    action: str,
    actor: Actor,
    details: Details,
    at: datetime,
    *,
    ties: Ties,
    terms: Terms,
    request_id: str | None,
) -> Change:
    """Carry out one action of the workflow. What is posted takes the identifier of the request.

    Raises NotAllowed for an actor without the right, Conflict (with the allowed actions) where the status
    or the time does not allow it, Invalid where something that the action needs is missing or wrong.
    """
    row = WORKFLOW[action]
    if not parties(order, actor) & row.parties:
        raise NotAllowed(
            "not-your-order",
            zh="您不能对此兑换单进行此操作。",
            en=f"Only {', '.join(sorted(row.parties))} of this order may {action} it.",
        )
    status = order.status if action == "expire" else status_at(order, at)
    if status not in row.sources:
        raise _not_possible(order, action, actor, at)
    for name in row.needs:
        if not getattr(details, name):
            zh, en = _ASKS[name]
            raise Invalid(name, zh=zh, en=en)
    moved = replace(
        order,
        status=row.target,
        history=(*order.history, Entry(action, actor.member_id, at, details.note, request_id)),
        version=order.version + 1,
    )
    change = EFFECTS[action](Change(moved), actor, details, ties, terms, request_id or "", at)
    told = row.event(order.number, order.member, actor.member_id) if row.event else None
    return replace(change, event=told)


def with_code(order: Order, actor: Actor, code: str, at: datetime) -> Order:
    """An order with a new pick-up code; the one before is good for nothing any more.

    Raises NotAllowed for others than the buyer, Conflict unless it is paid and not collected.
    """
    if Party.BUYER not in parties(order, actor):
        raise NotAllowed("not-your-order", zh="这不是您的兑换单。", en="This is not your order.")
    if order.status not in CODED:
        raise _not_possible(order, "show a pick-up code of", actor, at)
    return replace(order, code_hash=pickup.hashed(order.id, code), version=order.version + 1)


def expire(order: Order, ties: Ties, terms: Terms, at: datetime) -> Change | None:
    """The order once its time is over; None where it is not, or something became of it before."""
    if status_at(order, at) is not Status.EXPIRED or order.status is Status.EXPIRED:
        return None
    return transition(order, "expire", SYSTEM, Details(), at, ties=ties, terms=terms, request_id=None)


def _not_possible(order: Order, action: str, actor: Actor, at: datetime) -> Conflict:
    status = status_at(order, at)
    return Conflict(
        "action-not-possible",
        zh=f"兑换单当前状态（{status}）不能进行此操作。",
        en=f"Nobody can {action} an order that is {status}.",
        status_now=status,
        allowed=allowed_actions(order, actor, at),
    )
