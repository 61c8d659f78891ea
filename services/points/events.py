"""The facts that the points service publishes."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class LegFact:
    """One leg of a posting: what an account gained (or lost) in a unit."""

    account: str
    unit: str
    amount: int


@dataclass(frozen=True)
class PointsPosted(Event):
    """A posting is in the journal. `cause` is what it rests on: an issue, activity, duty or attendance."""

    rule: str
    rule_version: int
    cause: str
    legs: tuple[LegFact, ...]
    type: ClassVar[str] = "points.posted.v1"


PUBLISHED: list[type[Event]] = [PointsPosted]
