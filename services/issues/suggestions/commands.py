"""What can be done with suggestions."""

from collections.abc import Mapping
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict, Invalid
from chassis.identity import Actor
from services.issues.suggestions import domain
from services.issues.suggestions.domain import Change, Details, Kind, Suggestion

_TRIES = 8


class Suggestions(Protocol):
    """Where suggestions are kept. `save` raises ConcurrentUpdate when somebody was faster.

    `support` counts a member once and answers false where the suggestion is not supported any more.
    """

    def get(self, suggestion_id: str) -> Suggestion: ...
    def add(self, change: Change) -> Suggestion: ...
    def save(self, change: Change) -> None: ...
    def support(self, suggestion_id: str, member_id: str) -> bool: ...
    def kinds(self) -> Mapping[str, Kind]: ...
    def put_kind(self, kind: Kind) -> None: ...


class Archive(Protocol):
    """Suggestions in which a person can be forgotten. `rewrite` raises ConcurrentUpdate as `save` does."""

    def get(self, suggestion_id: str) -> Suggestion: ...
    def of_person(self, member_id: str) -> list[str]: ...
    def rewrite(self, suggestion: Suggestion) -> None: ...


class Places(Protocol):
    """The district's areas."""

    def known(self, code: str) -> bool: ...


def make_suggestion(
    suggestions: Suggestions,
    places: Places,
    clock: Clock,
    actor: Actor,
    *,
    suggestion_id: str,
    kind: str,
    area: str,
    title: str,
    text: str,
) -> Suggestion:
    """Make a suggestion for an area. Raises Invalid for an unknown area, or a kind not in use."""
    if not places.known(area):
        raise Invalid("area", zh="没有这个区域。", en="There is no area with this code.")
    domain.check_usable(suggestions.kinds().get(kind))
    now = clock()
    suggestion = Suggestion(
        id=suggestion_id,
        number=f"S{now:%Y%m%d}-{suggestion_id[-6:]}",
        kind=kind,
        area=area,
        title=title,
        text=text,
        author=actor.member_id,
        created_at=now,
    )
    return suggestions.add(domain.make(suggestion))


def act(
    suggestions: Suggestions,
    clock: Clock,
    actor: Actor,
    *,
    suggestion_id: str,
    action: str,
    details: Details,
    expected_version: int | None = None,
) -> Suggestion:
    """Carry out one action of the workflow; see `domain.transition` for what it raises, and Stale."""
    for _ in range(_TRIES):
        suggestion = suggestions.get(suggestion_id)
        domain.check_version(suggestion, expected_version)
        change = domain.transition(suggestion, action, actor, details, clock())
        try:
            suggestions.save(change)
        except ConcurrentUpdate:
            continue
        return change.suggestion
    raise Conflict("busy-suggestion", zh="请稍后重试。", en="Too many act on it at once: try again.")


def support(suggestions: Suggestions, actor: Actor, *, suggestion_id: str) -> None:
    """Say "me too"; again changes nothing. See `domain.check_support` for what it raises."""
    domain.check_support(suggestions.get(suggestion_id), actor)
    if not suggestions.support(suggestion_id, actor.member_id):
        # It was closed in between: the rule says so, on what is stored now.
        domain.check_support(suggestions.get(suggestion_id), actor)


def forget_member(archive: Archive, *, member_id: str) -> int:
    """Forget a person in all suggestions; what is being written to is for the next time. Returns in how many.

    Forgetting again changes nothing.
    """
    done = 0
    for suggestion_id in archive.of_person(member_id):
        erased = domain.erase(archive.get(suggestion_id), member_id)
        if erased is None:
            continue
        try:
            archive.rewrite(erased)
        except ConcurrentUpdate:
            continue
        done += 1
    return done


def define_kind(suggestions: Suggestions, *, kind: Kind) -> Kind:
    """Define a kind of this district, or change or retire one. Raises Invalid."""
    domain.check_kind(kind)
    suggestions.put_kind(kind)
    return kind
