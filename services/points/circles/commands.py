"""Looking for gift circles every night, and what staff decide."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate
from chassis.identity import Actor
from services.points.circles import domain
from services.points.circles.domain import WINDOW, Change, Flag, Verdict
from services.points.domain import Posting


class Flags(Protocol):
    """Where flags are kept.

    `last` is the newest on a member in a unit. `raise_flag` answers false when another process was first;
    `save` raises ConcurrentUpdate when somebody was.
    """

    def postings(self, since: datetime, until: datetime) -> Iterable[Posting]: ...
    def last(self, member: str, unit: str) -> Flag | None: ...
    def get(self, flag_id: str) -> Flag: ...
    def raise_flag(self, change: Change, after: Flag | None) -> bool: ...
    def save(self, change: Change) -> None: ...


def watch(flags: Flags, clock: Clock, new_id: Callable[[], str], area: str) -> int:
    """Flag whom the gifts of the last days came back to; returns how many flags are new."""
    until = clock()
    since = until - WINDOW
    found = domain.shares(domain.gifts(flags.postings(since, until)))
    new = 0
    for (member, unit), share in found.items():
        if not domain.is_circular(share):
            continue
        last = flags.last(member, unit)
        if last is not None and last.verdict is Verdict.OPEN:
            _renew(flags, domain.renewed(last, share, since, until))
        elif last is None or domain.asks_again(last, since):
            flag = Flag(new_id(), member, unit, area, share, since, until)
            new += flags.raise_flag(domain.raised(flag), last)
    return new


def decide(flags: Flags, clock: Clock, actor: Actor, *, flag_id: str, verdict: Verdict, reason: str) -> Flag:
    """Say what a flag comes to; see `domain.decided`. The same again changes nothing."""
    try:
        return _decide(flags, clock, actor, flag_id, verdict, reason)
    except ConcurrentUpdate:
        return _decide(flags, clock, actor, flag_id, verdict, reason)


def _decide(flags: Flags, clock: Clock, actor: Actor, flag_id: str, verdict: Verdict, reason: str) -> Flag:
    flag = flags.get(flag_id)
    if domain.repeats(flag, verdict, reason, actor):
        return flag  # whose answer was lost
    change = domain.decided(flag, verdict, reason, actor, clock())
    flags.save(change)
    return change.flag


def _renew(flags: Flags, change: Change) -> None:
    try:
        flags.save(change)
    except ConcurrentUpdate:
        return  # decided, or renewed by another, meanwhile
