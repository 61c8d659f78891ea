"""What can be done with commendations."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Invalid, Unavailable
from chassis.identity import Actor
from services.points.commendations import domain
from services.points.commendations.commendation import (
    Change,
    Commendation,
    Details,
    Entry,
    Objection,
    facts,
)
from services.points.domain import Ladder, Posting

_TRIES = 8
_AT_ONCE = 200


class Commendations(Protocol):
    """Where commendations are kept.

    `knows` answers no for a member who was forgotten by `forget`, for ever. `add` answers with what stands
    under the id; `save` raises ConcurrentUpdate when somebody was first.
    """

    def knows(self, member: str) -> bool: ...
    def forget(self, member: str) -> None: ...
    def postings(self, member: str) -> Sequence[Posting]: ...
    def add(self, change: Change) -> Commendation: ...
    def get(self, commendation_id: str) -> Commendation: ...
    def record(self, commendation_id: str) -> Sequence[Entry]: ...
    def save(self, change: Change) -> None: ...
    def due(self, at: datetime, most: int) -> list[Commendation]: ...
    def of_member(self, member: str) -> list[str]: ...


def nominate(
    commendations: Commendations,
    clock: Clock,
    actor: Actor,
    *,
    ladder: Ladder,
    commendation_id: str,
    member: str,
    name: str,
    area: str,
    period: str,
    title: str,
    grounds: str,
) -> Commendation:
    """Nominate a member, with what the ledger knows of them on this day; see `domain.nominated`."""
    if not commendations.knows(member):
        raise Invalid("member", zh="没有这个成员。", en="There is no such member.")
    now = clock()
    commendation = Commendation(
        id=commendation_id,
        number=f"BZ{now:%Y%m%d}-{commendation_id[-10:]}",
        member=member,
        name=name,
        area=area,
        period=period,
        title=title,
        grounds=grounds,
        nominator=actor.member_id,
        facts=facts(commendations.postings(member), member, area, period, ladder),
        nominated_at=now,
    )
    made = commendations.add(domain.nominated(commendation, actor))
    if not commendations.knows(member):  # forgotten between the first look and the nomination
        return _decide(commendations, made.id, lambda one: domain.forgotten(one, clock()))
    return made


def act(
    commendations: Commendations,
    clock: Clock,
    actor: Actor,
    *,
    commendation_id: str,
    action: str,
    details: Details,
    days: int,
    expected_version: int | None = None,
) -> Commendation:
    """Carry out one action of the workflow; see `domain.transition`, and Stale. Again it does nothing."""

    def decide(one: Commendation) -> Change | None:
        if domain.repeats(one, commendations.record(one.id), action, actor, details):
            return None
        domain.check_version(one, expected_version)
        return domain.transition(one, action, actor, details, clock(), days)

    return _decide(commendations, commendation_id, decide)


def object_to(
    commendations: Commendations,
    clock: Clock,
    actor: Actor,
    *,
    commendation_id: str,
    objection_id: str,
    reason: str,
) -> Commendation:
    """Object during the publicity, once an id; see `domain.objected`."""

    def decide(one: Commendation) -> Change | None:
        if any(known.id == objection_id for known in one.objections):
            return None
        return domain.objected(one, Objection(objection_id, actor.member_id, reason, clock()), actor)

    return _decide(commendations, commendation_id, decide)


def award_due(commendations: Commendations, clock: Clock) -> int:
    """Award what nobody objects to and whose publicity is over; returns how many this call awarded."""
    awarded = 0
    for one in commendations.due(clock(), _AT_ONCE):
        change = domain.awarded(one, clock(), secrets.token_hex(5).upper())
        if change is None:
            continue
        try:
            commendations.save(change)
        except ConcurrentUpdate:
            continue  # objected to, withdrawn or awarded by another meanwhile
        awarded += 1
    return awarded


def forget_member(commendations: Commendations, clock: Clock, *, member: str) -> None:
    """Take a member's name out of commendations, and open ones back; nobody nominates them any more."""
    commendations.forget(member)
    for commendation_id in commendations.of_member(member):
        _decide(commendations, commendation_id, lambda one: domain.forgotten(one, clock()))


def _decide(
    commendations: Commendations, commendation_id: str, decide: Callable[[Commendation], Change | None]
) -> Commendation:
    for _ in range(_TRIES):
        one = commendations.get(commendation_id)
        change = decide(one)
        if change is None:
            return one
        try:
            commendations.save(change)
        except ConcurrentUpdate:
            continue
        return change.commendation
    raise Unavailable(
        "busy-commendation",
        zh="表彰正在处理，请稍后重试。",
        en="It is being worked on: try again.",
        retry_after=1,
    )
