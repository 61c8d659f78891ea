"""Postings by hand, and taking postings back."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock, new_ulid
from chassis.errors import Conflict, Invalid, KeyReused
from chassis.identity import Actor
from services.points import bodies, domain
from services.points.domain import AboveCeiling, Frozen, Leg, Overdrawn, Posting
from services.points.donations.effects import ALLOCATED
from services.points.funds import domain as funds
from services.points.reversal import Free, MoreThanLeft, NothingLeft, part_key, recovery, repeats, reversal
from services.points.shop.effects import PAID

_AT_ONCE = 200
_TRIES = 4


@dataclass(frozen=True)
class Debt:
    """What a member owes in a unit, and has free to pay it with. `state` changes whenever it is paid."""

    member: str
    unit: str
    owed: int
    free: int
    state: str


class Journal(Protocol):
    """The ledger's book.

    `post` answers false when a posting with the same key is there already. `take_back` posts what `decide`
    makes of what the accounts have free at that moment, and answers with it; None when its key is there
    already, or nothing is left to be taken back.
    """

    def post(self, posting: Posting) -> bool: ...
    def stored(self, key: str) -> Posting | None: ...
    def knows(self, account: str) -> bool: ...
    def get(self, posting_id: str) -> Posting: ...
    def take_back(self, decide: Callable[[Free], Posting]) -> Posting | None: ...
    def debts(self, most: int) -> list[Debt]: ...


def by_hand(
    clock: Clock,
    actor: Actor,
    *,
    district: str,
    key: str,
    posting_id: str,
    memo: str,
    legs: Sequence[Leg],
    effective_at: datetime | None = None,
) -> Posting:
    """What an administrator orders, not yet checked or posted."""
    return Posting(
        id=posting_id,
        key=f"by-hand:{actor.member_id}:{key}",
        rule=domain.BY_HAND,
        rule_version=1,
        cause=posting_id,
        area=district,
        legs=tuple(legs),
        posted_at=clock(),
        memo=memo,
        by=actor.member_id,
        effective_at=effective_at,
    )


def post_by_hand(journal: Journal, posting: Posting) -> Posting:
    """Post what an administrator orders, once a key for ever.

    Raises Invalid for legs that do not balance, an account nobody knows, a closed period, and a key that was
    used with another body; Overdrawn, AboveCeiling, Frozen.
    """
    check_order(journal, posting)
    if journal.post(posting):
        return posting
    stored = journal.stored(posting.key) or posting
    check_same(stored, posting)
    return stored


def check_order(journal: Journal, posting: Posting) -> None:
    """Raises Invalid for an order by hand that cannot be posted."""
    domain.check_balanced(posting)
    if posting.effective_at is not None and journal.stored(posting.key) is None:
        # A repeat may come when the books are closed.
        domain.check_effective(posting.effective_at, posting.posted_at)
    for number, leg in enumerate(posting.legs):
        if not journal.knows(leg.account):
            raise Invalid(
                f"legs.{number}.account", zh="没有这个账户。", en="There is no account of this name."
            )


def check_same(stored: Posting, posting: Posting) -> None:
    """Raises KeyReused where what stands under a key is another order."""
    if not bodies.repeats(stored, posting):
        raise KeyReused


def reverse(
    journal: Journal,
    clock: Clock,
    *,
    posting_id: str,
    reversal_id: str,
    reason: str,
    by: str | None,
) -> Posting:
    """Take back what is left of a posting, once. What members have spent of it, they owe.

    Raises NotFound; Conflict when nothing is left, it takes back another one itself, or it belongs to an
    order or project that would not hear of it; Overdrawn when a fund or project no longer has it.
    """
    now = clock()

    def attempt() -> Posting:
        original = journal.get(posting_id)
        check_untied(original)
        posting = journal.take_back(
            lambda free: reversal(original, free, posting_id=reversal_id, at=now, reason=reason, by=by)
        )
        if posting is None:
            raise NothingLeft
        return posting

    for _ in range(_TRIES):
        with suppress(MoreThanLeft):  # a part was taken back meanwhile: take what is left now
            return attempt()
    return attempt()


def reverse_part(
    journal: Journal,
    clock: Clock,
    actor: Actor,
    *,
    posting_id: str,
    reversal_id: str,
    reason: str,
    legs: Sequence[Leg],
    key: str,
) -> Posting:
    """Take back a part of a posting, given as legs of it, once a key for ever; see `reversal`.

    Raises NotFound; Invalid for legs that it does not have or that do not balance, and for a key that was
    used with another body; Conflict when less is left, or an order or project rests on it; Overdrawn when a
    fund or project no longer has it.
    """
    original = journal.get(posting_id)
    check_untied(original)
    own, now = part_key(posting_id, actor.member_id, key), clock()

    def known() -> Posting | None:
        stored = journal.stored(own)
        if stored is not None and not repeats(original, stored, legs, reason):
            raise KeyReused
        return stored

    def decide(free: Free) -> Posting:
        return reversal(
            original,
            free,
            posting_id=reversal_id,
            at=now,
            reason=reason,
            by=actor.member_id,
            part=legs,
            key=own,
        )

    before = known()
    if before is not None:
        return before  # before what is left is asked: a repeat takes nothing more
    try:
        posting = journal.take_back(decide)
    except MoreThanLeft:
        before = known()  # the same order at the same time may have been what took the rest
        if before is None:
            raise
        return before
    posting = posting or known()
    if posting is None:
        raise NothingLeft
    return posting


def recover(journal: Journal, clock: Clock, district: str) -> int:
    """Draw to what members owe what they have free by now; returns how many debts shrank."""
    shrank = 0
    for one in journal.debts(_AT_ONCE):
        posting = recovery(
            one.member,
            one.unit,
            min(one.owed, one.free),
            area=district,
            key=one.state,
            posting_id=new_ulid(),
            at=clock(),
        )
        try:
            shrank += journal.post(posting)
        except (Overdrawn, AboveCeiling, Frozen):
            continue  # spent, paid off or frozen meanwhile
    return shrank


def check_untied(original: Posting) -> None:
    """Raises Conflict for a posting that an order or project rests on."""
    supplement = any(leg.account.startswith("project:") for leg in original.legs)
    tied = original.rule in (PAID, funds.ALLOCATED, funds.RETURNED)
    if tied or (original.rule == ALLOCATED and supplement):
        raise Conflict(
            "tied-posting",
            zh="此凭证属于兑换单或项目，请在兑换单上退货，或由项目退回资金。",
            en="An order or project rests on it: return the order; a project gives back what is left.",
            cause=original.cause,
        )
