"""Holds: what an account sets aside for a while, to be taken in whole or in part, or let go.

A hold is open until it is captured, released or expired; whichever comes first is what it was. One that
something else set aside (a request of the time bank, say) has no time of its own: that alone ends it.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.points.domain import MAX_AMOUNT, NEVER, UNITS, Leg, Lots, Posting, is_member, keeps_balance
from services.points.lots.domain import drawn

KEEPERS = frozenset({"shop_keeper", "district_admin", "integration"})
"""Who may hold what is another member's, and capture."""
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=30)
DEFAULT_TTL = timedelta(minutes=15)
NO_TIME = datetime(2199, 12, 31, tzinfo=UTC)
CAPTURED = "hold.captured"


class HoldStatus(StrEnum):
    """What became of a hold."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Hold:
    """An amount of a unit that an account has set aside until `expires_at`.

    A hold that is `bound_to` something (`order:<id>`) ends with that, and neither by itself nor by hand.
    `key` is unique for ever, `by` opened it; `captured` of it went to `target`. `lots` is what it was taken
    from and goes back to, where any of that expires.
    """

    id: str
    key: str
    account: str
    unit: str
    amount: int
    memo: str
    by: str
    opened_at: datetime
    expires_at: datetime
    status: HoldStatus = HoldStatus.OPEN
    captured: int = 0
    target: str | None = None
    ended_at: datetime | None = None
    bound_to: str | None = None
    version: int = 1
    lots: Lots | None = None


def set_aside(
    account: str, unit: str, amount: int, memo: str, *, bound_to: str, by: str, hold_id: str, at: datetime
) -> Hold:
    """A hold for something that alone will end it, once for ever. Raises Invalid for an amount below 1."""
    check_amount(amount, MAX_AMOUNT)
    return Hold(
        id=hold_id,
        key=bound_to,
        account=account,
        unit=unit,
        amount=amount,
        memo=memo,
        by=by,
        opened_at=at,
        expires_at=NO_TIME,
        bound_to=bound_to,
    )


def served(hold: Hold, amount: int, target: str | None, at: datetime) -> Hold:
    """A hold that its purpose ends: `amount` of it is taken (0: it is let go), the rest is free again.

    Raises Invalid for more than is held, Conflict when it was ended before.
    """
    _check_open(hold, at)
    if not 0 <= amount <= hold.amount:
        raise Invalid("amount", zh=f"须为 0 至 {hold.amount}。", en=f"From 0 to {hold.amount}.")
    return replace(
        hold,
        status=HoldStatus.CAPTURED if amount else HoldStatus.RELEASED,
        captured=amount,
        target=target if amount else None,
        ended_at=at,
        version=hold.version + 1,
    )


def opened(
    account: str,
    unit: str,
    amount: int,
    memo: str,
    ttl: timedelta,
    actor: Actor,
    *,
    key: str,
    hold_id: str,
    at: datetime,
) -> Hold:
    """A new hold. Raises NotAllowed for another's account, Invalid for amounts and times out of bounds."""
    if account != actor.member_id and not actor.roles & KEEPERS:
        raise NotAllowed(
            "not-your-account",
            zh="只能冻结自己的账户。",
            en="You may set aside what is your own only.",
        )
    if not is_member(account):
        # A fund's money goes to projects by their proposals, a debt is paid by itself.
        raise Invalid("account", zh="只能冻结成员的账户。", en="Only a member's account can be held on.")
    check_amount(amount, MAX_AMOUNT)
    if unit not in UNITS:
        raise Invalid("unit", zh="没有这个单位。", en=f"Use one of the units: {', '.join(UNITS)}.")
    if not SHORTEST <= ttl <= LONGEST:
        raise Invalid("ttl", zh="须为 1 分钟至 30 天。", en="From a minute to thirty days, in seconds.")
    return Hold(
        id=hold_id,
        key=f"{actor.member_id}:{key}",
        account=account,
        unit=unit,
        amount=amount,
        memo=memo,
        by=actor.member_id,
        opened_at=at,
        expires_at=at + ttl,
    )


def check_amount(amount: int, most: int) -> None:
    """Raises Invalid unless 1 ≤ amount ≤ most."""
    if not 1 <= amount <= most:
        raise Invalid("amount", zh=f"须为 1 至 {most}。", en=f"From 1 to {most}.")


def ordered(hold: Hold) -> tuple[object, ...]:
    """What somebody ordered by a hold: the same key with anything else is another order."""
    return (hold.account, hold.unit, hold.amount, hold.memo, hold.expires_at - hold.opened_at)


def captured(hold: Hold, amount: int | None, target: str, at: datetime) -> Hold:
    """A hold of which an amount (None: all) is taken; the rest is free again.

    Raises Conflict when it is no longer open, Invalid for more than is held, for a hold's own account, for
    what somebody else set aside and would give to a member, and for minutes that would buy goods or be a
    gift: how these go, the time bank's policy says.
    """
    _check_free(hold)
    _check_open(hold, at)
    taken = hold.amount if amount is None else amount
    check_amount(taken, hold.amount)
    if target == hold.account:
        raise Invalid("target", zh="不能转给自己。", en="It is this account's already.")
    if hold.by != hold.account and keeps_balance(target):
        # Else who keeps a shop could give what is anybody's to a friend, without a second person's word.
        raise Invalid(
            "target",
            zh="由他人发起的冻结只能扣给商店、公共池或发行账户。",
            en="What its owner did not set aside goes to a shop, a pool or an issuer only.",
        )
    if hold.unit == "minutes" and (is_member(target) or target.startswith("shop:")):
        raise Invalid(
            "target",
            zh="服务时长不能直接换物或转给他人，请按时间银行政策办理。",
            en="Minutes buy no goods and go to members by the time bank alone: see its policy.",
        )
    return taken_for(hold, taken, target, at)


def taken_for(hold: Hold, taken: int, target: str, at: datetime) -> Hold:
    """A hold of which an amount was taken."""
    return replace(
        hold,
        status=HoldStatus.CAPTURED,
        captured=taken,
        target=target,
        ended_at=at,
        version=hold.version + 1,
    )


def capture_posting(hold: Hold, *, area: str, posting_id: str, by: str | None) -> Posting:
    """What a captured hold posts."""
    return Posting(
        id=posting_id,
        key=f"{CAPTURED}:{hold.id}",
        rule=CAPTURED,
        rule_version=1,
        cause=hold.id,
        area=area,
        legs=(
            Leg(hold.account, hold.unit, -hold.captured),
            Leg(str(hold.target), hold.unit, hold.captured),
        ),
        posted_at=hold.ended_at or hold.opened_at,
        memo=hold.memo,
        by=by,
    )


def from_lots(hold: Hold, posting: Posting) -> Posting:
    """What is posted of a hold, taken from the lots that were set aside."""
    rest, legs = Counter(hold.lots or {NEVER: hold.amount}), []
    for leg in posting.legs:
        if leg.amount < 0 and (leg.account, leg.unit) == (hold.account, hold.unit):
            lots = drawn(rest, -leg.amount)
            rest.subtract(lots)
            legs.append(replace(leg, lots=lots))
        else:
            legs.append(leg)
    return replace(posting, legs=tuple(legs))


def released(hold: Hold, actor: Actor, at: datetime) -> Hold:
    """A hold that is let go. Raises NotAllowed unless the actor opened it or keeps a shop; Conflict."""
    if actor.member_id != hold.by and not actor.roles & KEEPERS:
        raise NotAllowed("not-your-hold", zh="只能解除自己的冻结。", en="You may release what you hold only.")
    _check_free(hold)
    _check_open(hold, at)
    return let_go(hold, HoldStatus.RELEASED, at)


def let_go(hold: Hold, status: HoldStatus, at: datetime) -> Hold:
    """A hold that ends without anything being taken of it."""
    return replace(hold, status=status, ended_at=at, version=hold.version + 1)


def expired(hold: Hold, at: datetime) -> Hold | None:
    """A hold whose time is over; None when it is not, or something became of it before."""
    if hold.status is not HoldStatus.OPEN or hold.bound_to is not None or hold.expires_at > at:
        return None
    return let_go(hold, HoldStatus.EXPIRED, at)


def may_see(hold_account: str, by: str, actor: Actor) -> bool:
    """Whether an actor may see a hold: on their account, opened by them, or as one who keeps a shop."""
    own = is_member(hold_account) and hold_account == actor.member_id
    return own or by == actor.member_id or bool(actor.roles & KEEPERS)


def _check_free(hold: Hold) -> None:
    if hold.bound_to is not None:
        raise Conflict(
            "hold-bound",
            zh="此冻结属于其他单据，请在该单据上操作。",
            en=f"This hold ends with {hold.bound_to}: act on that.",
            bound_to=hold.bound_to,
        )


def _check_open(hold: Hold, at: datetime) -> None:
    over = hold.status is HoldStatus.OPEN and hold.expires_at <= at
    status = HoldStatus.EXPIRED if over else hold.status
    if status is not HoldStatus.OPEN:
        raise Conflict(
            "hold-ended",
            zh="此冻结已结束。",
            en=f"This hold is {status.value}: open a new one.",
            hold_status=status.value,
        )
