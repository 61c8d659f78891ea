"""The facts about donations that the points service publishes."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class DonationFact(Event):
    """What every event of a donation tells: `member` gave it (None: somebody who is no member)."""

    number: str
    member: str | None
    actor: str


@dataclass(frozen=True)
class DonationAccepted(DonationFact):
    """The shop has taken a donation; `receipt` is the number of its receipt."""

    receipt: str
    type: ClassVar[str] = "donation.accepted.v1"


@dataclass(frozen=True)
class DonationDeclined(DonationFact):
    """The shop could not take a donation."""

    type: ClassVar[str] = "donation.declined.v1"


@dataclass(frozen=True)
class DonationAllocated(DonationFact):
    """`amount` fen of what a donation brought went to `purpose`, a `fund` or a `project` of `place`."""

    amount: int
    purpose: str
    place: str
    type: ClassVar[str] = "donation.allocated.v1"


PUBLISHED: list[type[Event]] = [DonationAccepted, DonationDeclined, DonationAllocated]
