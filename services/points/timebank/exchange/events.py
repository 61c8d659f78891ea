"""The facts about mutual help that the points service publishes. Their subject is the request or offer."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class HelpFact(Event):
    """What every fact of a request or offer carries.

    `partner` is who helps its `author` or is helped by them; `minutes` are those asked for or offered, then
    those agreed, at last those paid, of which `pooled` went to the pool, as the giver may not keep them.
    """

    number: str
    kind: str
    author: str
    partner: str | None
    actor: str
    minutes: int
    pooled: int


@dataclass(frozen=True)
class HelpCandidatesFound(HelpFact):
    """A new request or offer goes together with others that are open; `candidates` are their authors."""

    candidates: tuple[str, ...]
    type: ClassVar[str] = "help.candidates_found.v1"


@dataclass(frozen=True)
class HelpMatched(HelpFact):
    """One of the two asked the other, whose answer is awaited."""

    type: ClassVar[str] = "help.matched.v1"


@dataclass(frozen=True)
class HelpDeclined(HelpFact):
    """The two do not come together: it is open again."""

    type: ClassVar[str] = "help.declined.v1"


@dataclass(frozen=True)
class HelpAccepted(HelpFact):
    """Both agreed; the receiver's minutes are held."""

    type: ClassVar[str] = "help.accepted.v1"


@dataclass(frozen=True)
class HelpCheckedOut(HelpFact):
    """The help was given; the receiver confirms it, or the clock does."""

    type: ClassVar[str] = "help.checked_out.v1"


@dataclass(frozen=True)
class HelpSettled(HelpFact):
    """The receiver confirmed, and the minutes went from them to the giver."""

    type: ClassVar[str] = "help.settled.v1"


@dataclass(frozen=True)
class HelpAutoConfirmed(HelpFact):
    """The receiver said nothing for so long that it counts as confirmed; the minutes went to the giver."""

    type: ClassVar[str] = "help.auto_confirmed.v1"


@dataclass(frozen=True)
class HelpDisputed(HelpFact):
    """The two do not agree on what was done, or nobody checked out: staff decide."""

    type: ClassVar[str] = "help.disputed.v1"


@dataclass(frozen=True)
class HelpReminded(HelpFact):
    """Nobody has decided a dispute for some days; it is as it was."""

    type: ClassVar[str] = "help.reminded.v1"


@dataclass(frozen=True)
class HelpDecided(HelpFact):
    """Staff decided a dispute; `minutes` (0 for none) went from the receiver to the giver."""

    type: ClassVar[str] = "help.decided.v1"


@dataclass(frozen=True)
class HelpCancelled(HelpFact):
    """It does not take place: one of the two took it back, or its time went by."""

    type: ClassVar[str] = "help.cancelled.v1"


PUBLISHED: list[type[Event]] = [
    HelpCandidatesFound,
    HelpMatched,
    HelpDeclined,
    HelpAccepted,
    HelpCheckedOut,
    HelpSettled,
    HelpAutoConfirmed,
    HelpDisputed,
    HelpReminded,
    HelpDecided,
    HelpCancelled,
]
