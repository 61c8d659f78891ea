"""What can be done with holds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Invalid, KeyReused, NotAllowed
from chassis.identity import Actor
from services.points.domain import Posting
from services.points.holds import domain
from services.points.holds.domain import Hold

_AT_ONCE = 200


class Holds(Protocol):
    """Where holds are kept, beside the ledger.

    `open` answers with what stands under the key, from now or before, and raises Overdrawn, Frozen. `end`
    writes what became of a hold, and the posting of a captured one, in one transaction; it raises
    ConcurrentUpdate when somebody was first.
    """

    def open(self, hold: Hold) -> Hold: ...
    def get(self, hold_id: str) -> Hold: ...
    def end(self, hold: Hold, posting: Posting | None = None) -> None: ...
    def due(self, at: datetime, most: int) -> list[Hold]: ...
    def knows(self, account: str) -> bool: ...


def hold(
    holds: Holds,
    clock: Clock,
    actor: Actor,
    *,
    account: str,
    unit: str,
    amount: int,
    memo: str,
    ttl: timedelta,
    key: str,
    hold_id: str,
) -> Hold:
    """Set an amount aside, once a key for ever; see `domain.opened`.

    Raises Invalid for an unknown account, and for a key that was used with another body; Overdrawn, Frozen.
    """
    wanted = domain.opened(account, unit, amount, memo, ttl, actor, key=key, hold_id=hold_id, at=clock())
    if not holds.knows(account):
        raise Invalid("account", zh="没有这个账户。", en="There is no account of this name.")
    stored = holds.open(wanted)
    if domain.ordered(stored) != domain.ordered(wanted):
        raise KeyReused
    return stored


def capture(
    holds: Holds,
    clock: Clock,
    actor: Actor,
    *,
    hold_id: str,
    amount: int | None,
    target: str,
    district: str,
    posting_id: str,
) -> Hold:
    """Take a hold, or part of it, for an account; the rest is free again. See `domain.captured`.

    Raises Invalid for an unknown account, NotAllowed for the actor's own.
    """
    if target == actor.member_id:
        raise NotAllowed("own-capture", zh="不能扣款给自己。", en="Nobody takes what is held for themselves.")
    if not holds.knows(target):
        raise Invalid("target", zh="没有这个账户。", en="There is no account of this name.")

    def attempt() -> Hold:
        taken = domain.captured(holds.get(hold_id), amount, target, clock())
        posting = domain.capture_posting(taken, area=district, posting_id=posting_id, by=actor.member_id)
        holds.end(taken, posting)
        return taken

    return _until_first(attempt)


def release(holds: Holds, clock: Clock, actor: Actor, *, hold_id: str) -> Hold:
    """Let a hold go; see `domain.released`."""

    def attempt() -> Hold:
        gone = domain.released(holds.get(hold_id), actor, clock())
        holds.end(gone)
        return gone

    return _until_first(attempt)


def expire(holds: Holds, clock: Clock) -> int:
    """End the holds whose time is over; returns how many this call ended."""
    ended = 0
    for one in holds.due(clock(), _AT_ONCE):
        over = domain.expired(one, clock())
        if over is None:
            continue
        try:
            holds.end(over)
        except ConcurrentUpdate:
            continue  # captured, released or expired by another meanwhile
        ended += 1
    return ended


def _until_first(attempt: Callable[[], Hold]) -> Hold:
    """Try again after losing a race: the loser then meets what became of the hold, and says so."""
    try:
        return attempt()
    except ConcurrentUpdate:
        return attempt()
