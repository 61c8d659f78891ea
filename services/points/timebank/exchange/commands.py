"""What can be done with requests and offers of help."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock, new_ulid
from chassis.errors import ConcurrentUpdate, Conflict, Invalid, Refusal, Stale
from chassis.identity import Actor
from services.points.timebank.exchange import deadlines, domain, forgetting, matching
from services.points.timebank.exchange.effects import Details, Reads, Surroundings
from services.points.timebank.exchange.help import Change, Entry, Help, Kind
from services.points.timebank.policy.domain import Policy

_TRIES = 8
_AT_ONCE = 200
_REMEMBERED = 20
Decide = Callable[[Help, Reads], Change | None]


class Policies(Protocol):
    """The versions of the district's policy."""

    def in_force(self, at: datetime) -> Policy: ...


class Helps(Protocol):
    """Where requests and offers are kept, beside the ledger.

    `change` writes what `decide` makes of one as it is now, with its hold and its posting, in one
    transaction, and answers with what is then stored; it raises ConcurrentUpdate when somebody was first.
    `reads` reads outside of one.
    """

    def knows_area(self, area: str) -> bool: ...
    def reads(self) -> Reads: ...
    def add(self, change: Change) -> Help: ...
    def counterparts(self, one: Help) -> list[Help]: ...
    def change(self, help_id: str, decide: Decide) -> Help: ...
    def due(self, at: datetime, most: int) -> list[str]: ...
    def of_person(self, member: str) -> list[str]: ...
    def lines(self, help_id: str) -> tuple[Help, tuple[Entry, ...]]: ...
    def rewrite(self, one: Help, lines: Sequence[Entry]) -> None: ...


def open_help(
    helps: Helps,
    policies: Policies,
    clock: Clock,
    actor: Actor,
    *,
    help_id: str,
    kind: Kind,
    area: str,
    skills: Sequence[str],
    starts_at: datetime,
    ends_at: datetime,
    minutes: int,
    text: str,
    contact: str | None = None,
) -> Help:
    """Ask for help or offer it, once an id; see `domain.opened`. Raises Invalid for an unknown area."""
    if not helps.knows_area(area):
        raise Invalid("area", zh="没有这个区域。", en="There is no area with this code.")
    now = clock()
    wanted = Help(
        id=help_id,
        number=f"H{now:%Y%m%d}-{help_id[-6:]}",
        kind=kind,
        author=actor.member_id,
        area=area,
        skills=tuple(sorted(set(skills))),
        starts_at=starts_at,
        ends_at=ends_at,
        minutes=minutes,
        text=text,
        created_at=now,
        contacts={actor.member_id: contact} if contact else {},
    )
    found = matching.ranked(wanted, helps.counterparts(wanted))
    around = Surroundings(policies.in_force(now), now, new_ulid(), helps.reads())
    return helps.add(domain.opened(wanted, found, around))


def act(
    helps: Helps,
    policies: Policies,
    clock: Clock,
    actor: Actor,
    *,
    help_id: str,
    action: str,
    details: Details,
    request_id: str,
    expected_version: int | None = None,
) -> Help:
    """Carry out one action of the workflow, once a `request_id`: a repeat by an `Idempotency-Key` brings the
    same one, whenever the first process died. What staff decide in the same words again changes nothing.

    See `domain.transition` for what it raises, Stale, and Overdrawn or Frozen where the receiver's minutes
    cannot be held.
    """
    policy = policies.in_force(clock())

    def decide(one: Help, reads: Reads) -> Change | None:
        if request_id in one.requests:
            return None
        domain.check_version(one, expected_version)
        around = Surroundings(policy, clock(), new_ulid(), reads)
        change = domain.transition(one, action, actor, details, around)
        known = (*one.requests, request_id)[-_REMEMBERED:]
        return replace(change, help=replace(change.help, requests=known))

    try:
        return _until_saved(lambda: helps.change(help_id, decide))
    except (Conflict, Stale):
        one, lines = helps.lines(help_id)
        if domain.repeats(one, lines, action, actor, details):
            return one  # what staff decided, whose answer was lost
        raise


def run_clock(helps: Helps, policies: Policies, clock: Clock) -> int:
    """Do what is due by the clock; returns how many were looked at.

    Any number of processes may do so at once: each step is decided on what is stored in the very transaction
    that writes it.
    """
    now = clock()
    policy = policies.in_force(now)

    def decide(one: Help, reads: Reads) -> Change | None:
        return deadlines.tick(one, Surroundings(policy, now, new_ulid(), reads))

    due = helps.due(now, _AT_ONCE)
    for help_id in due:
        try:
            helps.change(help_id, decide)
        except (ConcurrentUpdate, Refusal):
            continue  # somebody else is at it: if anything is left to do, it is due again
    return len(due)


def forget_member(helps: Helps, policies: Policies, clock: Clock, *, member: str) -> None:
    """Forget a person in all requests and offers; what is being written to is for the next time.

    Forgetting again changes nothing.
    """
    now = clock()
    policy = policies.in_force(now)

    def decide(one: Help, reads: Reads) -> Change | None:
        return forgetting.end(one, member, Surroundings(policy, now, new_ulid(), reads))

    for help_id in helps.of_person(member):
        try:
            helps.change(help_id, decide)
            emptied = forgetting.without_words(*helps.lines(help_id), member)
            if emptied is not None:
                helps.rewrite(*emptied)
        except (ConcurrentUpdate, Refusal):
            continue


def _until_saved(attempt: Callable[[], Help]) -> Help:
    """Decide anew on what somebody else left who saved first."""
    for _ in range(_TRIES):
        try:
            return attempt()
        except ConcurrentUpdate:
            continue
    raise Conflict("busy-help", zh="请稍后重试。", en="Too many act on it at once: try again.")
