"""The facts about communities' funds that the points service publishes. Their subject is the proposal."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class FundAllocated(Event):
    """A community's fund has set `amount` (fen) aside for a project, at its `attempt`-th request."""

    community: str
    amount: int
    attempt: int
    type: ClassVar[str] = "fund.allocated.v1"


@dataclass(frozen=True)
class FundRefused(Event):
    """A community's fund did not pay: `reason` is `insufficient`, `frozen` or `above-ceiling`."""

    community: str
    amount: int
    attempt: int
    reason: str
    type: ClassVar[str] = "fund.refused.v1"


@dataclass(frozen=True)
class FundReturned(Event):
    """What a project did not spend (`amount` in fen, 0 when all was spent) is back in the fund."""

    community: str
    amount: int
    type: ClassVar[str] = "fund.returned.v1"


@dataclass(frozen=True)
class FundSupplemented(Event):
    """Donations have added to what a project was given: `donated` fen in all so far."""

    community: str
    donated: int
    type: ClassVar[str] = "fund.supplemented.v1"


PUBLISHED: list[type[Event]] = [FundAllocated, FundRefused, FundReturned, FundSupplemented]
