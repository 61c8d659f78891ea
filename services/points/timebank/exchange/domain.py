"""The workflow of mutual help: one table says who may do what, when, and what it then is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.errors import Conflict, Invalid, NotAllowed, Stale
from chassis.identity import Actor
from services.points.holds.domain import Hold, set_aside
from services.points.timebank.exchange import events, settlement
from services.points.timebank.exchange.effects import EFFECTS, Details, Surroundings, check_may_receive
from services.points.timebank.exchange.events import HelpFact
from services.points.timebank.exchange.help import (
    HOLDING,
    OVER,
    Change,
    Entry,
    Help,
    Kind,
    Party,
    Status,
    fact,
    parties,
)
from services.points.timebank.exchange.matching import Match

LONGEST = timedelta(days=31)
MAX_MINUTES = 1440
_TOLD_CANDIDATES = 20


@dataclass(frozen=True)
class Transition:
    """One row of the workflow: from one of `sources` to `target`, by one of `parties`. `timely`: only
    while the agreed time is not over."""

    sources: frozenset[Status]
    target: Status
    parties: frozenset[Party]
    event: type[HelpFact] | None
    needs: tuple[str, ...]
    timely: bool


def _row(
    sources: str,
    target: str,
    by: str,
    event: type[HelpFact] | None,
    needs: str = "",
    *,
    timely: bool = False,
) -> Transition:
    return Transition(
        sources=frozenset(Status(one) for one in sources.split()),
        target=Status(target),
        parties=frozenset(Party(one) for one in by.split()),
        event=event,
        needs=tuple(needs.split()),
        timely=timely,
    )


WORKFLOW: dict[str, Transition] = {
    "invite": _row("open", "matched", "receiver", events.HelpMatched, "candidate", timely=True),
    "respond": _row("open", "matched", "neighbour", events.HelpMatched, timely=True),
    "decline": _row("matched", "open", "author partner system", events.HelpDeclined),
    "accept": _row("matched", "accepted", "awaited", events.HelpAccepted, timely=True),
    "withdraw": _row("open matched", "cancelled", "author staff system", events.HelpCancelled),
    "cancel": _row("accepted", "cancelled", "giver receiver staff system", events.HelpCancelled),
    "check_in": _row("accepted", "checked_in", "giver", None, timely=True),
    "check_out": _row("checked_in", "checked_out", "giver receiver", events.HelpCheckedOut),
    "confirm": _row("checked_out", "settled", "receiver", events.HelpSettled),
    "auto_confirm": _row("checked_out", "settled", "system", events.HelpAutoConfirmed),
    "dispute": _row("checked_in checked_out", "disputed", "giver receiver", events.HelpDisputed, "note"),
    "stall": _row("checked_in", "disputed", "system", events.HelpDisputed),
    "remind": _row("disputed", "disputed", "system", events.HelpReminded),
    "settle": _row("disputed", "settled", "staff", events.HelpDecided, "minutes note"),
    "dismiss": _row("disputed", "cancelled", "staff", events.HelpDecided, "note"),
    "lapse": _row("open matched accepted", "lapsed", "system", events.HelpCancelled),
}
DECISIONS = frozenset({"settle", "dismiss"})
PUBLIC_ACTIONS = tuple(name for name, row in WORKFLOW.items() if row.parties != {Party.SYSTEM})
_ASKS = {
    "note": ("请填写说明。", "Say in a note what happened, or why."),
    "candidate": ("请选择一项服务。", "Say which offer you choose: see the matches of your request."),
    "minutes": ("请填写结算分钟数。", "Say how many minutes are to be paid."),
}


def opened(wanted: Help, found: Iterable[Match], around: Surroundings) -> Change:
    """A new request or offer; those whom it goes together with are told.

    Raises Invalid for skills outside the vocabulary and for impossible times, Conflict where its author may
    not be helped.
    """
    unknown = sorted(set(wanted.skills) - around.policy.skill_codes)
    if unknown:
        raise Invalid(
            "skills",
            zh=f"本区没有这些技能代码：{'、'.join(unknown)}。",
            en=f"Not in the district's vocabulary: {', '.join(unknown)}. See GET /v1/time-bank/policy.",
        )
    _check_times(wanted, around.at)
    if wanted.kind is Kind.REQUEST:
        check_may_receive(wanted.author, around)
    one = replace(wanted, next_check_at=wanted.ends_at)
    candidates = tuple(dict.fromkeys(made.other(one).author for made in found))[:_TOLD_CANDIDATES]
    told = fact(events.HelpCandidatesFound, one, one.author, candidates=candidates)
    return Change(one, Entry("open", one.author, around.at, one.status), (told,) if candidates else ())


def allowed_actions(one: Help, actor: Actor) -> list[str]:
    """The actions that the actor may take now."""
    held = parties(one, actor)
    return [name for name, row in WORKFLOW.items() if one.status in row.sources and row.parties & held]


def transition(one: Help, action: str, actor: Actor, details: Details, around: Surroundings) -> Change:
    """Carry out one action of the workflow.

    Raises NotAllowed for an actor without the right, Conflict (with the allowed actions) where the status or
    the policy does not allow it, Invalid where something that the action needs is missing.
    """
    row = WORKFLOW[action]
    if not parties(one, actor) & row.parties:
        raise NotAllowed(
            "not-yours",
            zh="您不能对此事项进行此操作。",
            en=f"Only its {', '.join(sorted(row.parties))} may do this: {action.replace('_', ' ')}.",
            allowed=allowed_actions(one, actor),
        )
    if one.status not in row.sources:
        raise Conflict(
            "action-not-possible",
            zh=f"当前状态（{one.status}）不能进行此操作。",
            en=f"What is {one.status} cannot be acted on so: {action}.",
            status_now=one.status,
            allowed=allowed_actions(one, actor),
        )
    if row.timely and around.at >= one.ends_at:
        raise Conflict("time-over", zh="约定时间已过。", en="Its time is over: open another one.")
    for name in row.needs:
        if not getattr(details, name):
            zh, en = _ASKS[name]
            raise Invalid(name, zh=zh, en=en)
    moved = EFFECTS[action](one, actor, details, around)
    moved = replace(moved, contacts=_contacts(moved, actor, details), version=one.version + 1)
    line = Entry(action, actor.member_id, around.at, moved.status, details.note)
    told = moved if moved.partner else replace(moved, partner=one.partner)  # who is let go hears of it
    events_due = (fact(row.event, told, actor.member_id),) if row.event else ()
    return _with_money(one, Change(moved, line, events_due), actor, around)


def repeats(one: Help, lines: Iterable[Entry], action: str, actor: Actor, details: Details) -> bool:
    """Whether staff decided a dispute so before, in the same words."""
    if action not in DECISIONS or one.settlement is None:
        return False
    line = (action, actor.member_id, details.note)
    known = any((entry.action, entry.actor, entry.note) == line for entry in lines)
    return known and (action != "settle" or details.minutes == one.settlement.paid)


def check_version(one: Help, expected: int | None) -> None:
    """Raises Stale when the caller has seen another version than this."""
    if expected is not None and expected != one.version:
        raise Stale(
            "stale-version",
            zh="内容已更新，请刷新后重试。",
            en=f"It is at version {one.version} now: load it again and decide anew.",
            version=one.version,
        )


def _contacts(one: Help, actor: Actor, details: Details) -> dict[str, str]:
    """The words of the two for each other; they go with whoever goes, and when it is over."""
    told = {actor.member_id: details.contact} if details.contact else {}
    words = {} if one.status in OVER else {**one.contacts, **told}
    return {member: said for member, said in words.items() if member in (one.author, one.partner)}


def _with_money(before: Help, change: Change, actor: Actor, around: Surroundings) -> Change:
    """What the step does in the ledger: it opens the hold, or ends it in whole or in part."""
    one = change.help
    if one.status in HOLDING and before.status not in HOLDING:
        return replace(change, opens=_hold(one, actor, around))
    if one.status in OVER and before.status in HOLDING:
        settled = one.settlement
        if settled is None:
            return replace(change, captured=0)
        made = settlement.posting(one, settled, posting_id=around.fresh_id, by=actor.member_id, at=around.at)
        return replace(change, captured=settled.paid, posting=made)
    return change


def _hold(one: Help, actor: Actor, around: Surroundings) -> Hold:
    return set_aside(
        str(one.receiver),
        "minutes",
        one.agreed or 0,
        one.number,
        bound_to=f"help:{one.id}",
        by=actor.member_id,
        hold_id=str(one.hold),
        at=around.at,
    )


def _check_times(one: Help, at: datetime) -> None:
    if one.ends_at <= at:
        raise Invalid("ends_at", zh="结束时间须在未来。", en="Its time must lie ahead.")
    span = one.ends_at - one.starts_at
    if not timedelta(minutes=one.minutes) <= span <= LONGEST:
        raise Invalid(
            "ends_at",
            zh="时间段须容得下所需分钟数，且不超过 31 天。",
            en="The time from start to end must hold the minutes, and be 31 days at most.",
        )
