"""Taking a posting back, in whole or in parts: append-only, never more than it was, nobody below zero by it.

What a member has spent meanwhile they owe: it stands on `owed:<member>`, an account that is never above zero
and that what they gain later is drawn to. What a member had given comes back to the lots it was taken from.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from chassis.errors import Conflict, Invalid
from services.points import bodies
from services.points.domain import UNITS, Leg, Posting, debt, is_member
from services.points.lots.domain import EXPIRED

Free = Callable[[str, str], int]
"""(account, unit) → what the account has free at this moment."""
REVERSED = "posting.reversed"
RECOVERED = "debt.recovered"


class NothingLeft(Conflict):
    """All of the posting was taken back before."""

    def __init__(self) -> None:
        super().__init__("reversed", zh="此凭证已冲正。", en="This posting was taken back before.")


class MoreThanLeft(Conflict):
    """Less is left of the posting than is to be taken back; `left` says what, in legs as it has them."""

    def __init__(self, original: Posting) -> None:
        super().__init__(
            "more-than-left",
            zh="冲正数额超过原凭证的剩余数额。",
            en="That is more than is left of the posting: take back what is left at most.",
            left=[
                {"account": leg.account, "unit": leg.unit, "amount": most if leg.amount > 0 else -most}
                for leg, most in zip(original.legs, left(original), strict=True)
            ],
        )


def reversal(
    original: Posting,
    free: Free,
    *,
    posting_id: str,
    at: datetime,
    reason: str,
    by: str | None,
    part: Sequence[Leg] | None = None,
    key: str | None = None,
) -> Posting:
    """The posting that takes back another one: what is left of it, or the legs of `part`.

    `part` is written as the original is, and `key` is of the whole where nothing is said. Raises Conflict
    for one that takes something back itself, for an expiry, and when less is left than is to be taken;
    Invalid for legs that the original does not have or that do not sum to zero.
    """
    check_reversible(original)
    rest = left(original)
    if not any(rest):
        raise NothingLeft
    takes = rest if part is None else _shared_out(original, part, rest)
    there: Counter[tuple[str, str]] = Counter()
    return Posting(
        id=posting_id,
        key=key or key_of(original.id),
        rule=REVERSED,
        rule_version=1,
        cause=original.cause,
        area=original.area,
        legs=tuple(
            back
            for leg, amount in zip(original.legs, takes, strict=True)
            for back in _back(leg, amount, free, there)
        ),
        posted_at=at,
        memo=reason,
        by=by,
        verified=original.verified,
        reverses=original.id,
        takes=tuple(takes),
        body=_body(original, part, reason),
    )


def left(original: Posting) -> list[int]:
    """What was not taken back of each leg of a posting."""
    taken = original.taken or [0] * len(original.legs)
    return [abs(leg.amount) - gone for leg, gone in zip(original.legs, taken, strict=True)]


def with_taken(original: Posting, takes: Sequence[Sequence[int] | None]) -> Posting:
    """A posting that knows what its reversals took of each of its legs (None: all that there was)."""
    full = [abs(leg.amount) for leg in original.legs]
    sums = [sum(of_leg) for of_leg in zip(*(one or full for one in takes), strict=True)]
    return replace(original, taken=tuple(sums))


def check_left(original: Posting, posting: Posting) -> None:
    """Raises NothingLeft, MoreThanLeft for a reversal of more than is left of a posting."""
    rest = left(original)
    if not any(rest):
        raise NothingLeft
    takes = posting.takes or [abs(leg.amount) for leg in original.legs]
    if any(amount > most for amount, most in zip(takes, rest, strict=True)):
        raise MoreThanLeft(original)


def key_of(posting_id: str) -> str:
    """The key of what takes back the whole of a posting, or what is left of it: it is done once."""
    return f"{REVERSED}:{posting_id}"


def part_key(posting_id: str, by: str, key: str) -> str:
    """The key under which somebody takes a part of a posting back."""
    return f"{REVERSED}:{posting_id}:{by}:{key}"


def repeats(original: Posting, known: Posting, part: Sequence[Leg], reason: str) -> bool:
    """Whether a reversal that is known is what is ordered now."""
    if known.body_hash is not None:
        return known.body_hash == bodies.hash_of(_body(original, part, reason))
    full = [abs(leg.amount) for leg in original.legs]
    return known.memo == reason and list(known.takes) == _shared_out(original, part, full)


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


def check_reversible(original: Posting) -> None:
    """Raises Conflict for a posting that takes something back itself, and for an expiry."""
    if original.rule in (REVERSED, RECOVERED):
        raise Conflict(
            "reversal-of-reversal",
            zh="冲正凭证不能再冲正，请重新记账。",
            en="What takes a posting back is not taken back itself: post anew.",
        )
    if original.rule == EXPIRED:
        raise Conflict(
            "reversal-of-expiry",
            zh="到期凭证不能冲正：退回的批次会再次到期，请重新记账。",
            en="What came back of an expiry would expire again: post anew.",
        )


def _body(original: Posting, part: Sequence[Leg] | None, reason: str) -> bodies.Body:
    """What was ordered: the legs of a reversal follow from what its members have left."""
    legs = None if part is None else sorted(part, key=lambda leg: (leg.account, leg.unit, leg.amount))
    return (original.id, legs, reason)


def _shared_out(original: Posting, part: Sequence[Leg], rest: Sequence[int]) -> list[int]:
    """How much of each leg of the original a part takes; see `reversal` for what it raises."""
    takes = [0] * len(original.legs)
    for number, wanted in enumerate(part):
        same = [
            place
            for place, leg in enumerate(original.legs)
            if (leg.account, leg.unit, leg.amount > 0) == (wanted.account, wanted.unit, wanted.amount > 0)
        ]
        if not same:
            raise Invalid(
                f"legs.{number}",
                zh="原凭证没有这条分录；账户、单位和正负须与原分录一致。",
                en="The posting has no such leg: name account, unit and sign as it does.",
            )
        lacking = abs(wanted.amount)
        for place in same:
            taken = min(lacking, rest[place] - takes[place])
            takes[place] += taken
            lacking -= taken
        if lacking:
            raise MoreThanLeft(original)
    if any(sum(leg.amount for leg in part if leg.unit == unit) for unit in UNITS):
        raise Invalid("legs", zh="每个单位的分录之和须为零。", en="The legs of each unit must sum to zero.")
    return takes


def _back(leg: Leg, amount: int, free: Free, taken: Counter[tuple[str, str]]) -> list[Leg]:
    """So much of a leg the other way round; of a gain that was spent, the part that is gone is owed.

    `taken` is what other legs of the reversal take from the same accounts.
    """
    place = (leg.account, leg.unit)
    if leg.amount < 0 or not is_member(leg.account):
        parts = [Leg(*place, amount if leg.amount < 0 else -amount)]
    else:
        there = max(0, min(amount, free(*place) - taken[place]))
        taken[place] += there
        parts = [Leg(*place, -there), Leg(debt(leg.account), leg.unit, there - amount)]
    return [part for part in parts if part.amount]
