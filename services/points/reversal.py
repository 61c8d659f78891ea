"""Taking a posting back, in whole or in parts: append-only, never more than it was, nobody below zero by it.

What a member has spent meanwhile they owe: it stands on `owed:<member>`, an account that is never above zero
and that what they gain later is drawn to. What a member had given comes back to the lots it was taken from.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chassis.errors import Conflict, Invalid
from services.points.domain import UNITS, Leg, Lots, Posting, debt, is_member
from services.points.lots.domain import EXPIRED, drawn, lots_of, returned

_There = dict[tuple[str, str], Counter[str]]
"""What is left in the wallets that a reversal has taken from so far."""
REVERSED = "posting.reversed"
RECOVERED = "debt.recovered"


class Books(Protocol):
    """The books at the moment of a decision.

    `wallet` is what an account has free, divided by lots; `taken` how much of each leg of a posting each of
    its reversals took (None: all).
    """

    def wallet(self, account: str, unit: str) -> Lots: ...
    def taken(self, posting_id: str) -> Sequence[Sequence[int] | None]: ...


def reversal(
    original: Posting,
    books: Books,
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
    _check_kind(original)
    before = _taken(original, books.taken(original.id))
    left = [abs(leg.amount) - gone for leg, gone in zip(original.legs, before, strict=True)]
    if not any(left):
        raise Conflict("reversed", zh="此凭证已冲正。", en="This posting was taken back before.")
    takes = left if part is None else _shared_out(original, part, left)
    sides = zip(original.legs, before, takes, strict=True)
    there: _There = {}
    return Posting(
        id=posting_id,
        key=key or whole_key(original.id),
        rule=REVERSED,
        rule_version=1,
        cause=original.cause,
        area=original.area,
        legs=tuple(leg for side in sides for leg in _back(*side, books, there)),
        posted_at=at,
        memo=reason,
        by=by,
        verified=original.verified,
        reverses=original.id,
        takes=tuple(takes),
    )


def whole_key(posting_id: str) -> str:
    """The key under which what is left of a posting is taken back, once."""
    return f"{REVERSED}:{posting_id}"


def part_key(posting_id: str, by: str, key: str) -> str:
    """The key under which somebody takes a part of a posting back."""
    return f"{REVERSED}:{posting_id}:{by}:{key}"


def repeats(original: Posting, known: Posting, part: Sequence[Leg], reason: str) -> bool:
    """Whether a reversal that is known is what is ordered now."""
    full = [abs(leg.amount) for leg in original.legs]
    return known.memo == reason and list(known.takes or full) == _shared_out(original, part, full)


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


def _check_kind(original: Posting) -> None:
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


def _taken(original: Posting, takes: Sequence[Sequence[int] | None]) -> list[int]:
    """How much of each leg was taken back before."""
    full = [abs(leg.amount) for leg in original.legs]
    parts = [one or full for one in takes]
    return [sum(of_leg) for of_leg in zip(*parts, strict=True)] or [0] * len(full)


def _shared_out(original: Posting, part: Sequence[Leg], left: Sequence[int]) -> list[int]:
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
        rest = abs(wanted.amount)
        for place in same:
            taken = min(rest, left[place] - takes[place])
            takes[place] += taken
            rest -= taken
        if rest:
            raise Conflict(
                "more-than-left",
                zh="冲正数额超过原凭证的剩余数额。",
                en="That is more than is left of the posting: take back what is left at most.",
                left=[
                    {"account": leg.account, "unit": leg.unit, "amount": most if leg.amount > 0 else -most}
                    for leg, most in zip(original.legs, left, strict=True)
                ],
            )
    if any(sum(leg.amount for leg in part if leg.unit == unit) for unit in UNITS):
        raise Invalid("legs", zh="每个单位的分录之和须为零。", en="The legs of each unit must sum to zero.")
    return takes


def _back(leg: Leg, before: int, amount: int, books: Books, there: _There) -> list[Leg]:
    """So much of a leg the other way round; of a gain that was spent, the part that is gone is owed."""
    if not is_member(leg.account):
        sign = 1 if leg.amount > 0 else -1
        return [Leg(leg.account, leg.unit, -sign * amount)] if amount else []
    own = returned(lots_of(leg), before, amount)
    if leg.amount < 0:
        return [Leg(leg.account, leg.unit, amount, own)] if amount else []
    place = (leg.account, leg.unit)
    wallet = there[place] if place in there else Counter(books.wallet(*place))
    most = min(amount, wallet.total())
    lots = drawn(wallet, most, first=own)
    there[place] = wallet - Counter(lots)
    parts = [Leg(*place, -most, lots), Leg(debt(leg.account), leg.unit, most - amount)]
    return [part for part in parts if part.amount]
