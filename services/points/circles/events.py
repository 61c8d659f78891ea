"""The facts about gift circles that the points service publishes. Their subject is the flag."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class FlagRaised(Event):
    """`percent` of the gifts (in `unit`) to a member came in circles: somebody is to look. Nobody acted."""

    member: str
    actor: str | None
    unit: str
    percent: int
    type: ClassVar[str] = "flag.raised.v1"


@dataclass(frozen=True)
class FlagDecided(Event):
    """Staff (`actor`) have looked: the verdict is `dismissed` or `confirmed`."""

    member: str
    actor: str
    verdict: str
    type: ClassVar[str] = "flag.decided.v1"


PUBLISHED: list[type[Event]] = [FlagRaised, FlagDecided]
