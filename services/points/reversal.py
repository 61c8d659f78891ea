"""Taking a posting back: append-only, once, and nobody falls below zero by it.

What a member has spent meanwhile they owe: it stands on `owed:<member>`, an account that is never above zero
and that what they gain later is drawn to.
"""

from collections.abc import Callable
from datetime import datetime

from chassis.errors import Conflict
from services.points.domain import Leg, Posting, debt, is_member

Free = Callable[[str, str], int]
"""(account, unit) → what the account has free at this moment."""
REVERSED = "posting.reversed"
RECOVERED = "debt.recovered"


def key_of(original: str) -> str:
    """The key of what takes a posting back: it is done once."""
    return f"{REVERSED}:{original}"


def check_reversible(original: Posting) -> None:
    """Raises Conflict for a posting that takes something back itself."""
    if original.rule in (REVERSED, RECOVERED):
        raise Conflict(
            "reversal-of-reversal",
            zh="冲正凭证不能再冲正，请重新记账。",
            en="What takes a posting back is not taken back itself: post anew.",
        )


def reversal(
    original: Posting, free: Free, *, posting_id: str, at: datetime, reason: str, by: str | None
) -> Posting:
    """The posting that takes back another one. Raises Conflict as `check_reversible` does."""
    check_reversible(original)
    legs = [part for leg in original.legs for part in _back(leg, free)]
    return Posting(
        id=posting_id,
        key=key_of(original.id),
        rule=REVERSED,
        rule_version=1,
        cause=original.cause,
        area=original.area,
        legs=tuple(legs),
        posted_at=at,
        memo=reason,
        by=by,
        verified=original.verified,
        reverses=original.id,
    )


def recovery(
    member: str, unit: str, amount: int, *, area: str, key: str, posting_id: str, at: datetime
) -> Posting:
    """Draw what a member has free to what they owe."""
    return Posting(
        id=posting_id,
        key=f"{RECOVERED}:{member}:{unit}:{key}",
        rule=RECOVERED,
        rule_version=1,
        cause=member,
        area=area,
        legs=(Leg(member, unit, -amount), Leg(debt(member), unit, amount)),
        posted_at=at,
    )


def _back(leg: Leg, free: Free) -> list[Leg]:
    """A leg the other way round; of a gain that was spent, the part that is gone is owed."""
    if leg.amount < 0 or not is_member(leg.account):
        return [Leg(leg.account, leg.unit, -leg.amount)]
    there = max(0, min(leg.amount, free(leg.account, leg.unit)))
    parts = [Leg(leg.account, leg.unit, -there), Leg(debt(leg.account), leg.unit, there - leg.amount)]
    return [part for part in parts if part.amount]
