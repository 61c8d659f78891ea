"""What each action changes in help. Whether it may be taken, `domain.WORKFLOW` says."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.errors import Conflict, Invalid
from chassis.identity import Actor
from services.points.timebank.exchange import settlement
from services.points.timebank.exchange.help import Help, Kind, Settlement, Status
from services.points.timebank.exchange.matching import match
from services.points.timebank.exchange.settlement import Standing
from services.points.timebank.members.domain import Registration, check_receiver, check_spender
from services.points.timebank.policy.domain import Policy

EARLY = timedelta(hours=1)
LATE = timedelta(hours=24)
REMINDERS = (timedelta(days=3), timedelta(days=7))
"""How long after it began staff are reminded of a dispute."""


@dataclass(frozen=True)
class Reads:
    """What is asked for only where it matters: what is registered of a member, what the giver of some help
    has, and another request or offer by its id (it raises NotFound)."""

    registration: Callable[[str], Registration]
    standing: Callable[[Help], Standing]
    other: Callable[[str], Help]


@dataclass(frozen=True)
class Surroundings:
    """What a decision rests on beside the help itself: the policy in force, the moment, what can be read,
    and an identifier for the hold or posting that it makes."""

    policy: Policy
    at: datetime
    fresh_id: str
    reads: Reads


@dataclass(frozen=True)
class Details:
    """What an action may carry: `candidate` is the offer that a request's author asks by, `minutes` what
    staff decide on, `contact` what one of the two lets the other know."""

    note: str | None = None
    minutes: int | None = None
    candidate: str | None = None
    contact: str | None = None


Effect = Callable[[Help, Actor, Details, Surroundings], Help]


def check_may_receive(member: str, around: Surroundings) -> None:
    """Raises Conflict for a member who may not be helped for minutes: too young to spend them, or a group."""
    known = around.reads.registration(member)
    check_receiver(known, around.policy)
    check_spender(known, around.policy, around.at)


def _invite(one: Help, actor: Actor, details: Details, around: Surroundings) -> Help:
    """A request's author asks the author of an offer."""
    found = match(one, around.reads.other(str(details.candidate)))
    if found is None:
        raise Conflict(
            "no-match",
            zh="该服务与您的求助不匹配或已被占用。",
            en="This offer does not go with your request, or is no longer open: choose another.",
        )
    return _matched(one, found.offer.author, actor, found.minutes, found.offer.id)


def _respond(one: Help, actor: Actor, _: Details, around: Surroundings) -> Help:
    """A neighbour takes up a request or an offer."""
    if one.kind is Kind.OFFER:
        check_may_receive(actor.member_id, around)
    return _matched(one, actor.member_id, actor, one.minutes, None)


def _matched(one: Help, partner: str, actor: Actor, minutes: int, offer: str | None) -> Help:
    return replace(
        one,
        status=Status.MATCHED,
        partner=partner,
        proposed_by=actor.member_id,
        agreed=minutes,
        offer=offer,
    )


def _decline(one: Help, _: Actor, __: Details, ___: Surroundings) -> Help:
    former = tuple(dict.fromkeys((*one.former, str(one.partner))))
    gone = replace(one, partner=None, proposed_by=None, agreed=None, offer=None, former=former)
    return replace(gone, status=Status.OPEN)


def _accept(one: Help, _: Actor, __: Details, around: Surroundings) -> Help:
    check_may_receive(str(one.receiver), around)
    return replace(one, status=Status.ACCEPTED, hold=around.fresh_id)


def _check_in(one: Help, _: Actor, __: Details, around: Surroundings) -> Help:
    if around.at < one.starts_at - EARLY:
        raise Conflict(
            "too-early",
            zh="未到签到时间，可提前一小时签到。",
            en="It is too early: check in from an hour before the agreed time.",
        )
    return replace(one, status=Status.CHECKED_IN, checked_in_at=around.at, next_check_at=one.ends_at + LATE)


def _check_out(one: Help, _: Actor, __: Details, around: Surroundings) -> Help:
    silence = timedelta(hours=around.policy.auto_confirm_hours)
    return replace(
        one, status=Status.CHECKED_OUT, checked_out_at=around.at, next_check_at=around.at + silence
    )


def _confirm(one: Help, _: Actor, __: Details, around: Surroundings) -> Help:
    return _settled(one, settlement.served_minutes(one, around.policy), around)


def _settle(one: Help, _: Actor, details: Details, around: Surroundings) -> Help:
    """Staff decide on the minutes."""
    minutes, held = details.minutes or 0, one.agreed or 0
    if not 1 <= minutes <= held:
        raise Invalid("minutes", zh=f"须为 1 至 {held}。", en=f"From 1 to {held}, the minutes held.")
    return _settled(one, minutes, around)


def _settled(one: Help, actual: int, around: Surroundings) -> Help:
    paid = settlement.split(actual, one.agreed or 0, around.reads.standing(one), around.policy)
    return _ended(replace(one, settlement=paid), Status.SETTLED, around)


def _dispute(one: Help, _: Actor, __: Details, around: Surroundings) -> Help:
    disputed = replace(one, status=Status.DISPUTED, disputed_at=around.at)
    return replace(disputed, next_check_at=_next_reminder(around.at, around.at))


def _remind(one: Help, _: Actor, __: Details, around: Surroundings) -> Help:
    return replace(one, next_check_at=_next_reminder(one.disputed_at or around.at, around.at))


def _next_reminder(disputed_at: datetime, at: datetime) -> datetime | None:
    """The next after a moment; several that were missed are one."""
    return next((due for after in REMINDERS if (due := disputed_at + after) > at), None)


def _dismiss(one: Help, _: Actor, __: Details, around: Surroundings) -> Help:
    nothing = Settlement(0, 0, 0, around.policy.version)
    return _ended(replace(one, settlement=nothing), Status.CANCELLED, around)


def _over(status: Status) -> Effect:
    return lambda one, _, __, around: _ended(one, status, around)


def _ended(one: Help, status: Status, around: Surroundings) -> Help:
    return replace(one, status=status, ended_at=around.at, next_check_at=None)


EFFECTS: dict[str, Effect] = {
    "invite": _invite,
    "respond": _respond,
    "decline": _decline,
    "accept": _accept,
    "withdraw": _over(Status.CANCELLED),
    "cancel": _over(Status.CANCELLED),
    "check_in": _check_in,
    "check_out": _check_out,
    "confirm": _confirm,
    "auto_confirm": _confirm,
    "dispute": _dispute,
    "stall": _dispute,
    "remind": _remind,
    "settle": _settle,
    "dismiss": _dismiss,
    "lapse": _over(Status.LAPSED),
}
