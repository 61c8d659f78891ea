"""The facts about residents' suggestions that the issues service publishes."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class SuggestionFact(Event):
    """What every event of a suggestion tells. `followers` are its author and all who support it.

    `author` is null once they were forgotten.
    `decision` is that of the official answer: accepted, planned, declined or done; null before there is one.
    """

    number: str
    kind: str
    author: str | None
    followers: tuple[str, ...]
    actor: str
    decision: str | None


@dataclass(frozen=True)
class SuggestionMade(SuggestionFact):
    """A resident made a suggestion."""

    type: ClassVar[str] = "suggestion.made.v1"


@dataclass(frozen=True)
class SuggestionAnswered(SuggestionFact):
    """Staff of the area answered, or answered anew."""

    type: ClassVar[str] = "suggestion.answered.v1"


@dataclass(frozen=True)
class SuggestionClosed(SuggestionFact):
    """An answered suggestion needs nothing more."""

    type: ClassVar[str] = "suggestion.closed.v1"


@dataclass(frozen=True)
class SuggestionWithdrawn(SuggestionFact):
    """The author took the suggestion back."""

    type: ClassVar[str] = "suggestion.withdrawn.v1"


PUBLISHED: list[type[Event]] = [SuggestionMade, SuggestionAnswered, SuggestionClosed, SuggestionWithdrawn]
