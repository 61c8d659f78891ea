"""Gifts of minutes, and changing minutes into points or back: what the district's policy lets members do."""

from dataclasses import dataclass
from datetime import datetime

from chassis.errors import Conflict, Invalid
from services.points import bodies
from services.points.domain import MAX_AMOUNT, Leg, Posting, check_balanced, is_member, issuer
from services.points.timebank.members.domain import Registration, check_receiver, check_spender
from services.points.timebank.policy import domain as policies
from services.points.timebank.policy.domain import POOL, RELATIVES, Policy, limited

GIFTED, CONVERTED = "time-bank.gifted", "time-bank.converted"


@dataclass(frozen=True)
class Order:
    """What a member orders: `amount` of `unit`, for `to`; `key` is theirs, unique for ever."""

    member: str
    to: str
    unit: str
    amount: int
    memo: str
    key: str
    district: str


@dataclass(frozen=True)
class Circumstances:
    """What is so when a member gives or converts.

    `receiver` and `balance` (minutes) are of whoever gains; `related`: both are registered relatives.
    """

    policy: Policy
    receiver: Registration
    balance: int
    related: bool


def checked(order: Order) -> Order:
    """A gift that can be one at all. Raises Invalid for nothing, for oneself, and for other accounts."""
    _check_amount(order)
    if order.to == order.member:
        raise Invalid("to", zh="不能转赠给自己。", en="A gift is for somebody else.")
    if order.to != policies.pool(order.district) and not is_member(order.to):
        raise Invalid(
            "to",
            zh="只能转赠给成员或本区公益池。",
            en=f"Give to a member, or to {policies.pool(order.district)}.",
        )
    return order


def gift(order: Order, so: Circumstances, *, posting_id: str, at: datetime) -> Posting:
    """The posting of a gift; what a receiver may not keep goes to the pool.

    Raises Conflict where the policy does not let this member give to that one.
    """
    to_pool = order.to == policies.pool(order.district)
    if (POOL if to_pool else RELATIVES) not in so.policy.gifts:
        raise Conflict(
            "gift-not-allowed",
            zh="本区政策不允许此类转赠。",
            en="The district's policy knows no gifts of this kind.",
            gifts=list(so.policy.gifts),
        )
    kept = order.amount
    if not to_pool:
        if not so.related:
            raise Conflict(
                "not-related",
                zh="只能转赠给已登记的直系亲属，请先到社区登记。",
                en="Minutes are given to registered lineal relatives: ask community staff to register you.",
            )
        check_receiver(so.receiver, so.policy)
        kept = limited(order.amount, so.balance, so.policy)
    gains = ((order.to, kept), (policies.pool(order.district), order.amount - kept))
    return _posting(
        order,
        GIFTED,
        [Leg(order.member, "minutes", -order.amount)]
        + [Leg(account, "minutes", amount) for account, amount in gains if amount],
        so.policy,
        posting_id,
        at,
    )


def conversion(order: Order, so: Circumstances, *, posting_id: str, at: datetime) -> Posting:
    """The posting of a conversion of `order.amount` of `order.unit`, at the policy's rate.

    Raises Conflict where the policy does not convert so, or the member may not spend or hold so much; Invalid
    for an amount that the rate does not divide.
    """
    _check_amount(order)
    rate, target = so.policy.conversion, "points" if order.unit == "minutes" else "minutes"
    if rate is None or target not in rate.to:
        raise Conflict(
            "no-conversion",
            zh="本区政策不允许此类兑换。",
            en=f"The district's policy does not change {order.unit} into {target}.",
        )
    per, gives = (rate.minutes, rate.points) if order.unit == "minutes" else (rate.points, rate.minutes)
    if order.amount % per:
        raise Invalid("amount", zh=f"须为 {per} 的整数倍。", en=f"A multiple of {per}, at this rate.")
    gained = order.amount // per * gives
    check_receiver(so.receiver, so.policy)
    if order.unit == "minutes":
        check_spender(so.receiver, so.policy, at)
    elif limited(gained, so.balance, so.policy) < gained:
        raise Conflict(
            "above-ceiling",
            zh="兑换后将超过时长上限。",
            en=f"That would take the balance above the ceiling of {so.policy.ceiling} minutes.",
            ceiling=so.policy.ceiling,
        )
    through = issuer(order.district)
    legs = [
        Leg(order.member, order.unit, -order.amount),
        Leg(through, order.unit, order.amount),
        Leg(order.member, target, gained),
        Leg(through, target, -gained),
    ]
    return _posting(order, CONVERTED, legs, so.policy, posting_id, at)


def key_of(rule: str, order: Order) -> str:
    """What a posting of this order is known by for ever."""
    return f"{rule}:{order.member}:{order.key}"


def is_of(posting: Posting, order: Order) -> bool:
    """Whether a stored posting is what this order asks for: the same key with anything else is another."""
    if posting.body_hash is not None:
        return posting.body_hash == bodies.hash_of(_body(order))
    first = Leg(order.member, order.unit, -order.amount)
    return (posting.legs[0], posting.cause, posting.memo) == (first, order.to, order.memo)


def _posting(
    order: Order, rule: str, legs: list[Leg], policy: Policy, posting_id: str, at: datetime
) -> Posting:
    posting = Posting(
        id=posting_id,
        key=key_of(rule, order),
        rule=rule,
        rule_version=policy.version,
        cause=order.to,
        area=order.district,
        legs=tuple(legs),
        posted_at=at,
        memo=order.memo,
        by=order.member,
        body=_body(order),
    )
    check_balanced(posting)
    return posting


def _body(order: Order) -> bodies.Body:
    """What was ordered: the legs follow from it by the policy."""
    return (order.member, order.to, order.unit, order.amount, order.memo)


def _check_amount(order: Order) -> None:
    if not 1 <= order.amount <= MAX_AMOUNT:
        raise Invalid("amount", zh=f"须为 1 至 {MAX_AMOUNT}。", en=f"From 1 to {MAX_AMOUNT}.")
