"""What each action does to an order, its hold, the ledger and the shelf."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.points.domain import Leg, Posting, check_balanced
from services.points.holds.domain import HoldStatus, let_go, taken_for
from services.points.reversal import reversal
from services.points.shop import pickup
from services.points.shop.order import SYSTEM, Change, Details, Terms, Ties

PAID = "order.paid"


def _pay(
    change: Change, actor: Actor, _d: Details, ties: Ties, _t: Terms, posting_id: str, at: datetime
) -> Change:
    order, shop = change.order, f"shop:{change.order.area[:6]}"
    posting = Posting(
        id=posting_id,
        key=f"{PAID}:{order.id}",
        rule=PAID,
        rule_version=1,
        cause=order.id,
        area=order.area,
        legs=(Leg(order.member, "points", -order.amount), Leg(shop, "points", order.amount)),
        posted_at=at,
        memo=order.title,
        by=actor.member_id,
    )
    check_balanced(posting)
    captured = taken_for(ties.hold, order.amount, shop, at)
    return replace(change, order=replace(order, posting=posting.id), hold=captured, posting=posting)


def _prepare(change: Change, *_: object) -> Change:
    return change


def _collect(
    change: Change, _a: Actor, details: Details, _ties: Ties, _t: Terms, _p: str, at: datetime
) -> Change:
    order = change.order
    if not pickup.matches(order.id, details.code or "", order.code_hash):
        raise Invalid(
            "code",
            zh="取货码不正确或已失效，请买家重新出示。",
            en="Not the code of this order: ask the buyer to show a new one.",
        )
    return replace(change, order=replace(order, code_hash=None, collected_at=at))


def _give_up(
    change: Change, actor: Actor, _d: Details, ties: Ties, _t: Terms, _p: str, at: datetime
) -> Change:
    status = HoldStatus.EXPIRED if actor == SYSTEM else HoldStatus.RELEASED
    return replace(change, hold=let_go(ties.hold, status, at), restock=change.order.quantity, uncount=True)


def _return(
    change: Change, actor: Actor, details: Details, ties: Ties, terms: Terms, posting_id: str, at: datetime
) -> Change:
    order, payment = change.order, ties.payment
    if actor.member_id == order.member:
        raise NotAllowed(
            "own-order", zh="不能退回自己的兑换单。", en="Nobody takes back an order of their own."
        )
    if order.collected_at is not None and order.collected_at + terms.returns < at:
        raise Conflict(
            "return-too-late",
            zh=f"已超过 {terms.returns.days} 天的退货期限。",
            en=f"Goods come back within {terms.returns.days} days of their collection.",
            allowed=[],
        )
    if payment is None:
        raise ValueError(f"order {order.id} was never paid")
    refund = reversal(
        payment, lambda *_: 0, posting_id=posting_id, at=at, reason=details.note or "", by=actor.member_id
    )
    return replace(
        change,
        order=replace(order, code_hash=None),
        posting=refund,
        restock=order.quantity if details.restock else 0,
        uncount=True,
    )


_Effect = Callable[[Change, Actor, Details, Ties, Terms, str, datetime], Change]
EFFECTS: dict[str, _Effect] = {
    "pay": _pay,
    "prepare": _prepare,
    "collect": _collect,
    "cancel": _give_up,
    "expire": _give_up,
    "return": _return,
}
