"""Residents' suggestions: their kinds, who may do what to one, and what it then is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from chassis.errors import Conflict, Invalid, NotAllowed, Stale
from chassis.identity import Actor
from services.issues.suggestions import events
from services.issues.suggestions.events import SuggestionFact

STAFF_ROLES = frozenset({"community_staff", "subdistrict_staff", "district_admin"})
_CODE = re.compile(r"^[a-z][a-z0-9_]{0,39}$")


class Status(StrEnum):
    """Where a suggestion stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Decision(StrEnum):
    """What an official answer says."""

    ACCEPTED = "accepted"
    PLANNED = "planned"
    DECLINED = "declined"
    DONE = "done"


class Party(StrEnum):
    """What an actor is to a suggestion."""

    AUTHOR = "author"
    STAFF = "staff"


@dataclass(frozen=True)
class Kind:
    """What a suggestion is about. No new suggestions are made of a retired kind."""

    code: str
    zh: str
    en: str
    retired: bool = False


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        one.code: one
        for one in (
            Kind("environment", "环境卫生", "environment"),
            Kind("facilities", "公共设施", "facilities"),
            Kind("parking", "停车管理", "parking"),
            Kind("elderly", "养老服务", "services for the elderly"),
            Kind("culture", "文化活动", "culture"),
            Kind("safety", "公共安全", "safety"),
            Kind("other", "其他", "other"),
        )
    }
)
"""What every district begins with; a district's own take their place."""


@dataclass(frozen=True)
class Answer:
    """An official answer. `by` is None once they were forgotten."""

    by: str | None
    at: datetime
    decision: Decision
    text: str


@dataclass(frozen=True)
class Suggestion:
    """A resident's wish for an area. `answers` are all that were given, the one in force last.

    `author` is None once they were forgotten; their words then go when the suggestion is over.
    """

    id: str
    number: str
    kind: str
    area: str
    title: str
    text: str
    author: str | None
    created_at: datetime
    supporters: tuple[str, ...] = ()
    status: Status = Status.OPEN
    answers: tuple[Answer, ...] = ()
    closed_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True)
class Details:
    """What an action may carry: `decision` and `text` of an answer."""

    decision: Decision | None = None
    text: str | None = None


@dataclass(frozen=True)
class Transition:
    """One row of the workflow: from one of `sources` to `target`, by one of `parties`."""

    sources: frozenset[Status]
    target: Status
    parties: frozenset[Party]
    event: type[SuggestionFact]
    needs: tuple[str, ...] = ()


def _row(sources: str, target: str, by: str, event: type[SuggestionFact], needs: str = "") -> Transition:
    return Transition(
        sources=frozenset(Status(one) for one in sources.split()),
        target=Status(target),
        parties=frozenset(Party(one) for one in by.split()),
        event=event,
        needs=tuple(needs.split()),
    )


WORKFLOW: dict[str, Transition] = {
    "answer": _row("open answered", "answered", "staff", events.SuggestionAnswered, "decision text"),
    "close": _row("answered", "closed", "author staff", events.SuggestionClosed),
    "withdraw": _row("open answered", "withdrawn", "author", events.SuggestionWithdrawn),
}
SUPPORTED = frozenset({Status.OPEN, Status.ANSWERED})
"""While a suggestion has one of these, residents may support it."""
_ASKS = {
    "decision": ("请选择答复结论。", "Say whether it is accepted, planned, declined or done."),
    "text": ("请填写答复内容。", "Say in words what the answer is."),
}


@dataclass(frozen=True)
class Change:
    """A suggestion after a decision, and the fact to publish."""

    suggestion: Suggestion
    event: SuggestionFact
    at: datetime


def parties(suggestion: Suggestion, actor: Actor) -> frozenset[Party]:
    """What the actor is to the suggestion."""
    held = set()
    if actor.member_id == suggestion.author:
        held.add(Party.AUTHOR)
    if actor.has_any(STAFF_ROLES, suggestion.area):
        held.add(Party.STAFF)
    return frozenset(held)


def make(suggestion: Suggestion) -> Change:
    """A new suggestion."""
    author = str(suggestion.author)
    return Change(suggestion, _fact(events.SuggestionMade, suggestion, author), suggestion.created_at)


def allowed_actions(suggestion: Suggestion, actor: Actor) -> list[str]:
    """The actions that the actor may take now."""
    held = parties(suggestion, actor)
    return [name for name, row in WORKFLOW.items() if suggestion.status in row.sources and row.parties & held]


def transition(suggestion: Suggestion, action: str, actor: Actor, details: Details, at: datetime) -> Change:
    """Carry out one action of the workflow.

    Raises NotAllowed for an actor without the right, Conflict (with the allowed actions) where the status
    does not allow it, Invalid where something that the action needs is missing.
    """
    row = WORKFLOW[action]
    if not parties(suggestion, actor) & row.parties:
        raise NotAllowed(
            "not-your-suggestion",
            zh="您不能对此建议进行此操作。",
            en=f"Only {' or '.join(sorted(row.parties))} of this suggestion may {action} it.",
        )
    if suggestion.status not in row.sources:
        raise Conflict(
            "action-not-possible",
            zh=f"建议当前状态（{suggestion.status}）不能进行此操作。",
            en=f"A suggestion that is {suggestion.status} cannot be acted on so: {action}.",
            status_now=suggestion.status,
            allowed=allowed_actions(suggestion, actor),
        )
    for name in row.needs:
        if not getattr(details, name):
            zh, en = _ASKS[name]
            raise Invalid(name, zh=zh, en=en)
    moved = replace(suggestion, status=row.target, version=suggestion.version + 1)
    if details.decision is not None and details.text is not None and action == "answer":
        given = Answer(actor.member_id, at, details.decision, details.text)
        moved = replace(moved, answers=(*suggestion.answers, given))
    if row.target not in SUPPORTED:
        moved = _settled(replace(moved, closed_at=at))
    return Change(moved, _fact(row.event, moved, actor.member_id), at)


def erase(suggestion: Suggestion, member: str) -> Suggestion | None:
    """Forget a person; None where nothing of them is kept.

    Their support is no longer counted. What they suggested goes once it is over: until then others may
    support it, and staff answer it. Of an answer they gave in office only the name goes.
    """
    answers = tuple(replace(one, by=None) if one.by == member else one for one in suggestion.answers)
    without = replace(
        suggestion,
        author=None if suggestion.author == member else suggestion.author,
        supporters=tuple(one for one in suggestion.supporters if one != member),
        answers=answers,
    )
    if without == suggestion:
        return None
    return replace(_settled(without), version=suggestion.version + 1)


def _settled(suggestion: Suggestion) -> Suggestion:
    """Without the words of a forgotten author, once nobody needs them any more."""
    if suggestion.author is not None or suggestion.status in SUPPORTED:
        return suggestion
    return replace(suggestion, title="", text="")


def check_version(suggestion: Suggestion, expected: int | None) -> None:
    """Raises Stale when the caller has seen another version than this."""
    if expected is not None and expected != suggestion.version:
        raise Stale(
            "stale-version",
            zh="内容已更新，请刷新后重试。",
            en=f"The suggestion is at version {suggestion.version} now: load it again and decide anew.",
            version=suggestion.version,
        )


def check_support(suggestion: Suggestion, actor: Actor) -> None:
    """Raises NotAllowed for the author, Conflict when the suggestion is closed or withdrawn."""
    if actor.member_id == suggestion.author:
        raise NotAllowed(
            "own-suggestion", zh="不能附议自己的建议。", en="Your own suggestion has your support already."
        )
    if suggestion.status not in SUPPORTED:
        raise Conflict(
            "suggestion-closed",
            zh="该建议已结束。",
            en=f"The suggestion is {suggestion.status}: it cannot be supported any more.",
            status_now=suggestion.status,
        )


def check_usable(kind: Kind | None) -> Kind:
    """Raises Invalid unless suggestions may be made of this kind."""
    if kind is None or kind.retired:
        raise Invalid(
            "kind",
            zh="没有这个建议类型，或已停用。",
            en="There is no such kind, or it was retired: see GET /v1/suggestions/kinds.",
        )
    return kind


def check_kind(kind: Kind) -> None:
    """Raises Invalid for a code that is none."""
    if not _CODE.match(kind.code):
        raise Invalid(
            "code", zh="代码须为小写字母、数字和下划线。", en="Codes are lower-case letters, digits and _."
        )


def _fact(kind: type[SuggestionFact], suggestion: Suggestion, actor: str) -> SuggestionFact:
    return kind(
        number=suggestion.number,
        kind=suggestion.kind,
        author=suggestion.author,
        followers=((suggestion.author,) if suggestion.author else ()) + suggestion.supporters,
        actor=actor,
        decision=suggestion.answers[-1].decision.value if suggestion.answers else None,
    )
