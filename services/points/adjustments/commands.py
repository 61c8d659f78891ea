"""Postings by hand and reversals, and the second administrator that large ones need."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict, KeyReused
from chassis.identity import Actor
from services.points import commands as ledger
from services.points import reversal
from services.points.adjustments import domain
from services.points.adjustments.domain import Adjustment, Change, Limits, Standing
from services.points.adjustments.events import AdjustmentSplit
from services.points.commands import Journal
from services.points.domain import Leg, Posting, check_effective
from services.points.reversal import Free, NothingLeft

_AT_ONCE = 200
_WATCHED = timedelta(days=4)
"""Nights on which nobody watched are made up for."""


class Adjustments(Protocol):
    """Where adjustments are kept, beside the ledger.

    `add` answers with what stands under the key, from now or before. `save` writes a decision, `post` and
    `take_back` one with its posting, in one transaction; they raise ConcurrentUpdate when somebody was
    first, and answer false when the posting's key is taken by another one. `tell_split` answers false where
    that was told before.
    """

    def of_key(self, key: str) -> Adjustment | None: ...
    def get(self, adjustment_id: str) -> Adjustment: ...
    def add(self, change: Change) -> Adjustment: ...
    def save(self, change: Change) -> None: ...
    def post(self, change: Change, posting: Posting) -> bool: ...
    def take_back(self, change: Change, decide: Callable[[Free], Posting]) -> bool: ...
    def due(self, at: datetime, most: int) -> list[Adjustment]: ...
    def by_hand(self, since: datetime, until: datetime) -> Iterable[Posting]: ...
    def tell_split(self, event: AdjustmentSplit, at: datetime) -> bool: ...


def post(
    adjustments: Adjustments, journal: Journal, *, order: Posting, limits: Limits
) -> Posting | Adjustment:
    """Post what an administrator orders, or have it wait where one may not; once a key for ever.

    Raises what `ledger.post_by_hand` does.
    """
    known = adjustments.of_key(order.key)
    if known is None:
        alone = not domain.needs_second(order.legs, limits, str(order.by))
        if alone or journal.stored(order.key) is not None:
            return ledger.post_by_hand(journal, order)
        ledger.check_order(journal, order)
        known = adjustments.add(domain.asked(order))
    if domain.ordered(known) != domain.ordered(domain.asked(order).adjustment):
        raise KeyReused
    return known if known.posting is None else journal.get(known.posting)


def reverse(
    adjustments: Adjustments,
    journal: Journal,
    clock: Clock,
    actor: Actor,
    *,
    posting_id: str,
    new_id: str,
    reason: str,
    limits: Limits,
) -> Posting | Adjustment:
    """Take what is left of a posting back, or have that wait where the posting is too large for one.

    The same by the same person again is answered with what came of it. Raises what `ledger.reverse` does, and
    Conflict while another one waits for the same posting.
    """
    original = journal.get(posting_id)
    try:
        if domain.needs_second(domain.backwards(original.legs), limits, actor.member_id):
            return _ask_back(adjustments, clock, actor, original, new_id=new_id, reason=reason)
        return ledger.reverse(
            journal, clock, posting_id=posting_id, reversal_id=new_id, reason=reason, by=actor.member_id
        )
    except NothingLeft:
        known = journal.stored(reversal.key_of(posting_id))
        if known is None or (known.by, known.memo) != (actor.member_id, reason):
            raise
        return known


def _ask_back(
    adjustments: Adjustments, clock: Clock, actor: Actor, original: Posting, *, new_id: str, reason: str
) -> Adjustment:
    """Have what is left of a posting wait for a second administrator to take it back."""
    reversal.check_reversible(original)
    ledger.check_untied(original)
    if not any(reversal.left(original)):
        raise NothingLeft
    # What was refused may be asked for again; only one waits at a time, whoever is first.
    attempt = 1
    while (known := adjustments.of_key(_attempt_key(original, attempt))) is not None:
        if known.standing is Standing.PENDING:
            break
        attempt += 1
    wanted = domain.asked_back(
        original,
        actor,
        reason=reason,
        key=_attempt_key(original, attempt),
        adjustment_id=new_id,
        at=clock(),
    )
    stored = adjustments.add(wanted)
    if (stored.author, domain.ordered(stored)) != (actor.member_id, domain.ordered(wanted.adjustment)):
        raise Conflict(
            "reversal-pending",
            zh="此凭证的冲正正在等待批准。",
            en="Taking this posting back awaits approval already.",
            adjustment=stored.id,
        )
    return stored


def reverse_part(
    adjustments: Adjustments,
    journal: Journal,
    clock: Clock,
    actor: Actor,
    *,
    posting_id: str,
    new_id: str,
    reason: str,
    legs: Sequence[Leg],
    key: str,
    limits: Limits,
) -> Posting | Adjustment:
    """Take a part of a posting back, once a key for ever; or have that wait where the posting is too large.

    The whole posting decides, or a large one could be taken back bit by bit. Raises what
    `ledger.reverse_part` does.
    """
    original, now = journal.get(posting_id), clock()
    if not domain.needs_second(domain.backwards(original.legs), limits, actor.member_id):
        return ledger.reverse_part(
            journal,
            clock,
            actor,
            posting_id=posting_id,
            reversal_id=new_id,
            reason=reason,
            legs=legs,
            key=key,
        )
    own = reversal.part_key(posting_id, actor.member_id, key)
    wanted = domain.asked_back(
        original, actor, reason=reason, key=own, adjustment_id=new_id, at=now, part=legs
    )
    known = adjustments.of_key(own)
    if known is None:
        ledger.check_untied(original)
        reversal.reversal(
            original, lambda *_: 0, posting_id=new_id, at=now, reason=reason, by=actor.member_id, part=legs
        )  # raises for what cannot be taken back
        known = adjustments.add(wanted)
    if domain.ordered(known) != domain.ordered(wanted.adjustment):
        raise KeyReused
    return known if known.posting is None else journal.get(known.posting)


def approve(
    adjustments: Adjustments,
    journal: Journal,
    clock: Clock,
    actor: Actor,
    *,
    adjustment_id: str,
    posting_id: str,
    note: str | None,
) -> Adjustment:
    """Post what waits, as the second administrator; see `domain.approved`.

    Raises Invalid when the books of its effective time are closed by now; Overdrawn, Frozen; Conflict.
    """

    def attempt() -> Adjustment:
        pending, now = adjustments.get(adjustment_id), clock()
        if domain.repeats(pending, Standing.APPROVED, actor, note):
            return pending  # decided by this very request, whose answer was lost
        change = domain.approved(pending, actor, now, posting_id, note)
        if not _carry_out(adjustments, journal, change):
            if adjustments.get(adjustment_id).standing is not Standing.PENDING:
                raise ConcurrentUpdate(adjustment_id)
            raise Conflict(
                "posted-otherwise",
                zh="此调整对应的凭证已存在，请拒绝此调整。",
                en="This was posted otherwise meanwhile: refuse it.",
            )
        return change.adjustment

    return _until_first(attempt)


def refuse(
    adjustments: Adjustments, clock: Clock, actor: Actor, *, adjustment_id: str, note: str
) -> Adjustment:
    """Decide against what waits; see `domain.refused`."""

    def attempt() -> Adjustment:
        pending = adjustments.get(adjustment_id)
        if domain.repeats(pending, Standing.REFUSED, actor, note):
            return pending
        change = domain.refused(pending, actor, clock(), note)
        adjustments.save(change)
        return change.adjustment

    return _until_first(attempt)


def expire(adjustments: Adjustments, clock: Clock) -> int:
    """End what nobody decided in time; returns how many this call ended."""
    ended = 0
    for one in adjustments.due(clock(), _AT_ONCE):
        change = domain.expired(one, clock())
        if change is None:
            continue
        try:
            adjustments.save(change)
        except ConcurrentUpdate:
            continue  # decided, or ended by another, meanwhile
        ended += 1
    return ended


def watch(adjustments: Adjustments, clock: Clock, limits: Limits) -> int:
    """Tell, once a day and administrator, who posted by hand in pieces what is large; returns how many."""
    now, told = clock(), 0
    for (author, day), at in domain.split(adjustments.by_hand(now - _WATCHED, now), limits).items():
        told += adjustments.tell_split(AdjustmentSplit(author, author, day), at)
    return told


def _carry_out(adjustments: Adjustments, journal: Journal, change: Change) -> bool:
    done = change.adjustment
    at = done.decided_at or done.asked_at
    if done.reverses is None:
        if done.effective_at is not None:
            check_effective(done.effective_at, at)
        return adjustments.post(change, domain.posting(done))
    original = journal.get(done.reverses)

    def decide(free: Free) -> Posting:
        return reversal.reversal(
            original,
            free,
            posting_id=str(done.posting),
            at=at,
            reason=done.memo,
            by=done.author,
            part=domain.backwards(done.legs) if done.in_part else None,
            key=done.key if done.in_part else None,
        )

    return adjustments.take_back(change, decide)


def _attempt_key(original: Posting, attempt: int) -> str:
    return f"{reversal.key_of(original.id)}:{attempt}"


def _until_first(attempt: Callable[[], Adjustment]) -> Adjustment:
    """Try again after losing a race: the loser then meets what was decided, and says so."""
    try:
        return attempt()
    except ConcurrentUpdate:
        return attempt()
