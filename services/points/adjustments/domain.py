"""Adjustments: what an administrator may not post alone, because it is too large, waits for a second one.

Large is what moves more than a set amount in a unit: half the sum of its legs without their signs. A reversal
is as large as what it takes back. What its author gains by is never too small.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import Conflict, NotAllowed
from chassis.events import Event
from chassis.identity import Actor
from services.points.adjustments import events
from services.points.domain import BY_HAND, SHANGHAI, Leg, Posting, debt

OPEN_FOR = timedelta(days=14)
Limits = Mapping[str, int]
"""Unit → the most that one administrator may move alone."""


class Standing(StrEnum):
    """What became of an adjustment."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Adjustment:
    """A posting, or the reversal of the posting `reverses`, that waits for a second administrator.

    A reversal is of what is left of it then, or, `in_part`, of these very legs, the other way round.
    `key` is unique for ever; `posting` is what came of it, `note` what whoever decided said.
    """

    id: str
    key: str
    area: str
    legs: tuple[Leg, ...]
    memo: str
    author: str
    asked_at: datetime
    expires_at: datetime
    effective_at: datetime | None = None
    reverses: str | None = None
    in_part: bool = False
    standing: Standing = Standing.PENDING
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str | None = None
    posting: str | None = None
    version: int = 1


@dataclass(frozen=True)
class Change:
    """An adjustment after a decision, and the fact to publish."""

    adjustment: Adjustment
    event: Event


def size(legs: Sequence[Leg]) -> dict[str, int]:
    """How much balanced legs move, by unit."""
    moved: Counter[str] = Counter()
    for leg in legs:
        moved[leg.unit] += abs(leg.amount)
    return {unit: amount // 2 for unit, amount in moved.items()}


def needs_second(legs: Sequence[Leg], limits: Limits, author: str) -> bool:
    """Whether one administrator may not post this alone."""
    large = any(amount > limits[unit] for unit, amount in size(legs).items())
    return large or gains_by(legs, author)


def gains_by(legs: Sequence[Leg], member: str) -> bool:
    """Whether a member has more, or owes less, by legs."""
    return any(leg.account in (member, debt(member)) and leg.amount > 0 for leg in legs)


def split(postings: Iterable[Posting], limits: Limits) -> dict[tuple[str, str], datetime]:
    """Who posted alone on a day (Shanghai), piece by piece, what they might not have posted at once.

    (administrator, day) → when the last of it was posted. What rests on an adjustment had its second.
    """
    sums: Counter[tuple[str, str, str]] = Counter()
    last: dict[tuple[str, str], datetime] = {}
    for one in postings:
        if one.rule != BY_HAND or one.cause != one.id:
            continue
        whose = (str(one.by), f"{one.posted_at.astimezone(SHANGHAI):%Y-%m-%d}")
        last[whose] = max(one.posted_at, last.get(whose, one.posted_at))
        sums.update({(*whose, unit): amount for unit, amount in size(one.legs).items()})
    large = {(by, day) for (by, day, unit), amount in sums.items() if amount > limits[unit]}
    return {whose: last[whose] for whose in sorted(large)}


def asked(order: Posting) -> Change:
    """A posting by hand that waits."""
    return _asked(
        Adjustment(
            id=order.id,
            key=order.key,
            area=order.area,
            legs=order.legs,
            memo=order.memo or "",
            author=str(order.by),
            asked_at=order.posted_at,
            expires_at=order.posted_at + OPEN_FOR,
            effective_at=order.effective_at,
        )
    )


def asked_back(
    original: Posting,
    actor: Actor,
    *,
    reason: str,
    key: str,
    adjustment_id: str,
    at: datetime,
    part: Sequence[Leg] | None = None,
) -> Change:
    """A reversal that waits: of the whole, or of a part that is written as the original is."""
    return _asked(
        Adjustment(
            id=adjustment_id,
            key=key,
            area=original.area,
            legs=backwards(original.legs if part is None else part),
            memo=reason,
            author=actor.member_id,
            asked_at=at,
            expires_at=at + OPEN_FOR,
            reverses=original.id,
            in_part=part is not None,
        )
    )


def backwards(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """Legs the other way round."""
    return tuple(Leg(leg.account, leg.unit, -leg.amount) for leg in legs)


def ordered(adjustment: Adjustment) -> tuple[object, ...]:
    """What somebody asked for: the same key with anything else is another order."""
    return (adjustment.legs, adjustment.memo, adjustment.effective_at, adjustment.reverses)


def approved(adjustment: Adjustment, actor: Actor, at: datetime, posting_id: str, note: str | None) -> Change:
    """An adjustment that is to be posted.

    Raises Conflict when it was decided before or its time is over; NotAllowed for its author, and for
    whoever gains by it.
    """
    if actor.member_id == adjustment.author:
        raise NotAllowed(
            "own-adjustment",
            zh="不能批准自己提出的调整，须由另一位管理员批准。",
            en="Nobody approves an adjustment of their own: another administrator must.",
        )
    if gains_by(adjustment.legs, actor.member_id):
        raise NotAllowed(
            "own-gain",
            zh="不能批准使自己受益的调整。",
            en="Nobody approves what they gain by: another administrator must.",
        )
    _check_open(adjustment, at)
    done = _decided(adjustment, Standing.APPROVED, actor.member_id, at, note)
    done = replace(done, posting=posting_id)
    return Change(done, events.AdjustmentApproved(done.author, actor.member_id, posting_id))


def refused(adjustment: Adjustment, actor: Actor, at: datetime, note: str) -> Change:
    """An adjustment that is not posted; its author may take it back so too. Raises Conflict."""
    _check_open(adjustment, at)
    done = _decided(adjustment, Standing.REFUSED, actor.member_id, at, note)
    return Change(done, events.AdjustmentRefused(done.author, actor.member_id))


def repeats(adjustment: Adjustment, standing: Standing, actor: Actor, note: str | None) -> bool:
    """Whether this decision is the one that an actor has made before, in the same words."""
    decided = (adjustment.standing, adjustment.decided_by, adjustment.note)
    return decided == (standing, actor.member_id, note)


def expired(adjustment: Adjustment, at: datetime) -> Change | None:
    """An adjustment that nobody decided in time; None when it was decided, or still has time."""
    if adjustment.standing is not Standing.PENDING or adjustment.expires_at > at:
        return None
    done = _decided(adjustment, Standing.EXPIRED, None, at, None)
    return Change(done, events.AdjustmentExpired(done.author, None))


def posting(adjustment: Adjustment) -> Posting:
    """What an approved posting by hand posts: in its author's name, resting on the adjustment."""
    return Posting(
        id=str(adjustment.posting),
        key=adjustment.key,
        rule=BY_HAND,
        rule_version=1,
        cause=adjustment.id,
        area=adjustment.area,
        legs=adjustment.legs,
        posted_at=adjustment.decided_at or adjustment.asked_at,
        memo=adjustment.memo,
        by=adjustment.author,
        effective_at=adjustment.effective_at,
    )


def _asked(adjustment: Adjustment) -> Change:
    return Change(adjustment, events.AdjustmentRequested(adjustment.author, adjustment.author))


def _decided(
    adjustment: Adjustment, standing: Standing, by: str | None, at: datetime, note: str | None
) -> Adjustment:
    return replace(
        adjustment,
        standing=standing,
        decided_by=by,
        decided_at=at,
        note=note,
        version=adjustment.version + 1,
    )


def _check_open(adjustment: Adjustment, at: datetime) -> None:
    over = adjustment.standing is Standing.PENDING and adjustment.expires_at <= at
    standing = Standing.EXPIRED if over else adjustment.standing
    if standing is not Standing.PENDING:
        raise Conflict(
            "adjustment-decided",
            zh="此调整已有结论或已过期。",
            en=f"This adjustment is {standing.value}: ask for a new one.",
            standing=standing.value,
        )
