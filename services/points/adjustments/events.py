"""The facts about adjustments that the points service publishes. Their subject is the adjustment."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class AdjustmentRequested(Event):
    """A posting by hand, or a reversal, waits for a second administrator."""

    author: str
    actor: str
    type: ClassVar[str] = "adjustment.requested.v1"


@dataclass(frozen=True)
class AdjustmentApproved(Event):
    """A second administrator (`actor`) agreed: it is posted as `posting`."""

    author: str
    actor: str
    posting: str
    type: ClassVar[str] = "adjustment.approved.v1"


@dataclass(frozen=True)
class AdjustmentRefused(Event):
    """An administrator (`actor`) refused an adjustment, or its author took it back."""

    author: str
    actor: str
    type: ClassVar[str] = "adjustment.refused.v1"


@dataclass(frozen=True)
class AdjustmentExpired(Event):
    """Nobody decided an adjustment in time; nobody acted."""

    author: str
    actor: str | None
    type: ClassVar[str] = "adjustment.expired.v1"


@dataclass(frozen=True)
class AdjustmentSplit(Event):
    """On a day (in Shanghai) an administrator posted alone, piece by piece, more than one may at once.

    Its subject is the administrator and the day.
    """

    author: str
    actor: str
    day: str
    type: ClassVar[str] = "adjustment.split.v1"


PUBLISHED: list[type[Event]] = [
    AdjustmentRequested,
    AdjustmentApproved,
    AdjustmentRefused,
    AdjustmentExpired,
    AdjustmentSplit,
]
