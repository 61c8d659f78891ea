"""The workflow of commendations: one table says who may do what to one, when, and what it then is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chassis.errors import Conflict, Invalid, NotAllowed, Stale
from chassis.identity import Actor
from services.points.commendations import events
from services.points.commendations.commendation import (
    Change,
    Commendation,
    Details,
    Entry,
    Objection,
    Party,
    Status,
    may_nominate,
    moved,
    parties,
)
from services.points.commendations.events import CommendationFact

MOST_OBJECTIONS = 50
FORGET = "forget"
"""What the line says of a member who was forgotten: those before it keep no note."""
_SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Transition:
    """One row of the workflow: from one of `sources` to `target`, by one of `parties`."""

    sources: frozenset[Status]
    target: Status
    parties: frozenset[Party]
    event: type[CommendationFact] | None
    needs: tuple[str, ...]


def _row(
    sources: str, target: str, by: str, event: type[CommendationFact] | None, needs: str = ""
) -> Transition:
    return Transition(
        sources=frozenset(Status(one) for one in sources.split()),
        target=Status(target),
        parties=frozenset(Party(one) for one in by.split()),
        event=event,
        needs=tuple(needs.split()),
    )


WORKFLOW: dict[str, Transition] = {
    "publicise": _row(
        "nominated", "publicity", "reviewer", events.CommendationPublicised, "responsible contact"
    ),
    "dismiss_objection": _row("publicity", "publicity", "reviewer", None, "objection note"),
    "refuse": _row("nominated publicity", "refused", "reviewer", events.CommendationRefused, "note"),
    "withdraw": _row("nominated publicity", "withdrawn", "nominator nominee", events.CommendationWithdrawn),
    "award": _row("publicity", "awarded", "system", events.CommendationAwarded),
    "revoke": _row("awarded", "revoked", "admin", events.CommendationRevoked, "note"),
}
PUBLIC_ACTIONS = tuple(name for name, row in WORKFLOW.items() if row.parties != {Party.SYSTEM})
_ASKS = {
    "note": ("请填写说明。", "Say in a note why."),
    "responsible": ("请填写负责人姓名。", "Name who answers for it."),
    "contact": ("请填写联系方式。", "Say how they are reached."),
    "objection": ("请指明异议。", "Name the objection."),
}


def nominated(commendation: Commendation, actor: Actor) -> Change:
    """A new nomination.

    Raises NotAllowed for somebody who does not work there and for oneself; Invalid where the ledger knows
    of no verified work.
    """
    if not may_nominate(actor, commendation.area):
        raise NotAllowed(
            "not-your-area",
            zh="只有本区域的小巷管家和工作人员可以推荐。",
            en="Stewards and staff of the area nominate.",
        )
    if actor.member_id == commendation.member:
        raise NotAllowed("own-commendation", zh="不能推荐自己。", en="Nobody nominates themselves.")
    if commendation.facts.points <= 0 and commendation.facts.minutes <= 0:
        raise Invalid(
            "period",
            zh="该成员在此区域和期间没有经核实的服务。",
            en="The ledger knows of no verified work of theirs in this area and period.",
        )
    entry = Entry("nominate", actor.member_id, commendation.nominated_at, commendation.status)
    return Change(commendation, entry, _fact(events.CommendationNominated, commendation, actor.member_id))


def allowed_actions(commendation: Commendation, actor: Actor) -> list[str]:
    """The actions that an actor may take now."""
    held, status = parties(commendation, actor), commendation.status
    return [name for name, row in WORKFLOW.items() if status in row.sources and row.parties & held]


def transition(
    commendation: Commendation, action: str, actor: Actor, details: Details, at: datetime, days: int
) -> Change:
    """Carry out one action of the workflow; a publicity lasts so many days.

    Raises NotAllowed for an actor without the right, Conflict (with the allowed actions) where the status
    does not allow it, Invalid where something that the action needs is missing.
    """
    row = WORKFLOW[action]
    if not parties(commendation, actor) & row.parties:
        raise NotAllowed(
            "not-your-commendation",
            zh="您不能对此表彰进行此操作。",
            en=f"Only {', '.join(sorted(row.parties))} may do this: {action.replace('_', ' ')}.",
        )
    if commendation.status not in row.sources:
        raise _not_possible(commendation, action, actor)
    for name in row.needs:
        if not getattr(details, name):
            zh, en = _ASKS[name]
            raise Invalid(name, zh=zh, en=en)
    effect = _EFFECTS.get(action, _ended)
    changed = replace(effect(commendation, actor, details, at, days), status=row.target)
    entry = Entry(action, actor.member_id, at, changed.status, details.note)
    event = _fact(row.event, changed, actor.member_id) if row.event else None
    return Change(changed, entry, event)


def repeats(
    commendation: Commendation, record: Iterable[Entry], action: str, actor: Actor, details: Details
) -> bool:
    """Whether an action is one that this actor took before, in the same words: none is taken twice."""
    if action == "dismiss_objection":
        answer = (details.objection, actor.member_id, details.note)
        return any((one.id, one.dismissed_by, one.answer) == answer for one in commendation.objections)
    answers = (commendation.responsible, commendation.contact)
    if action == "publicise" and answers != (details.responsible, details.contact):
        return False
    line = (action, actor.member_id, details.note)
    return any((one.action, one.actor, one.note) == line for one in record)


def objected(commendation: Commendation, objection: Objection, actor: Actor) -> Change:
    """Somebody objects. Raises Conflict when its publicity is over, or the actor did so before."""
    if actor.member_id == commendation.member:
        raise NotAllowed(
            "own-commendation",
            zh="不能对自己的表彰提出异议，可以放弃。",
            en="Withdraw it, if you do not want it.",
        )
    closes = commendation.closes_at
    if commendation.status is not Status.PUBLICITY or closes is None or objection.at >= closes:
        raise Conflict("publicity-over", zh="不在公示期内。", en="Its publicity is not open.")
    if any(one.by == actor.member_id for one in commendation.objections):
        raise Conflict("objected", zh="您已提出异议。", en="You have objected before.")
    if len(commendation.objections) >= MOST_OBJECTIONS:
        raise Conflict("many-objections", zh="异议已足够多，请等待答复。", en="There are objections enough.")
    changed = moved(commendation, objections=(*commendation.objections, objection))
    entry = Entry("object", actor.member_id, objection.at, changed.status)
    return Change(changed, entry, _fact(events.CommendationObjected, changed, None))


def awarded(commendation: Commendation, at: datetime, code: str) -> Change | None:
    """A commendation whose publicity has ended; None while it runs, is disputed, or is over for good."""
    due = commendation.award_at
    if due is None or due > at:
        return None
    changed = moved(commendation, status=WORKFLOW["award"].target, awarded_at=at, code=code)
    entry = Entry("award", None, at, changed.status)
    return Change(changed, entry, _fact(events.CommendationAwarded, changed, None))


def forgotten(commendation: Commendation, at: datetime) -> Change | None:
    """A commendation of a member who is to be forgotten: without name and grounds, and none if still open."""
    if not commendation.name:
        return None
    open_still = commendation.status in WORKFLOW["withdraw"].sources
    changed = moved(
        commendation,
        name="",
        grounds="",
        objections=tuple(_without_words(one) for one in commendation.objections),
        status=Status.WITHDRAWN if open_still else commendation.status,
        ended_at=at if open_still else commendation.ended_at,
    )
    event = _fact(events.CommendationWithdrawn, changed, None) if open_still else None
    return Change(changed, Entry(FORGET, None, at, changed.status), event)


def _without_words(objection: Objection) -> Objection:
    return replace(objection, reason="", answer=None if objection.answer is None else "")


def check_version(commendation: Commendation, expected: int | None) -> None:
    """Raises Stale when the caller has seen another version than this."""
    if expected is not None and expected != commendation.version:
        raise Stale(
            "stale-version",
            zh="内容已更新，请刷新后重试。",
            en=f"The commendation is at version {commendation.version} now: load it again.",
            version=commendation.version,
        )


def _publicised(one: Commendation, _: Actor, details: Details, at: datetime, days: int) -> Commendation:
    """Whole days are counted: it ends at a midnight, Shanghai time."""
    day = at.astimezone(_SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return moved(
        one,
        responsible=details.responsible,
        contact=details.contact,
        publicised_at=at,
        closes_at=(day + timedelta(days=days + 1)).astimezone(at.tzinfo),
    )


def _dismissed(one: Commendation, actor: Actor, details: Details, _: datetime, __: int) -> Commendation:
    if all(known.id != details.objection or known.answer is not None for known in one.objections):
        raise Invalid("objection", zh="没有待答复的此异议。", en="No such objection awaits an answer.")
    return moved(
        one,
        objections=tuple(
            replace(known, answer=details.note, dismissed_by=actor.member_id)
            if known.id == details.objection
            else known
            for known in one.objections
        ),
    )


def _ended(one: Commendation, _: Actor, __: Details, at: datetime, ___: int) -> Commendation:
    return moved(one, ended_at=at)


_Effect = Callable[[Commendation, Actor, Details, datetime, int], Commendation]
_EFFECTS: dict[str, _Effect] = {"publicise": _publicised, "dismiss_objection": _dismissed}


def _fact(kind: type[CommendationFact], one: Commendation, actor: str | None) -> CommendationFact:
    return kind(one.number, one.member, one.nominator, actor)


def _not_possible(commendation: Commendation, action: str, actor: Actor) -> Conflict:
    return Conflict(
        "action-not-possible",
        zh=f"表彰当前状态（{commendation.status}）不能进行此操作。",
        en=f"A commendation that is {commendation.status} cannot be acted on so: {action}.",
        status_now=commendation.status,
        allowed=allowed_actions(commendation, actor),
    )
