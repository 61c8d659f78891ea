"""The facts about lots that the points service publishes. Their subject is the member."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class LotFact:
    """So much of a unit."""

    unit: str
    amount: int


@dataclass(frozen=True)
class LotsExpiring(Event):
    """What a member has not spent by the end of `on` (a date in Shanghai, `days` from now) is gone then."""

    member: str
    on: str
    days: int
    lots: tuple[LotFact, ...]
    type: ClassVar[str] = "lots.expiring.v1"


PUBLISHED: list[type[Event]] = [LotsExpiring]
