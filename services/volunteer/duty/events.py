"""The facts about duty. Each is of one member's duty on a shift: that is its subject, not the shift."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class DutyFact(Event):
    """What every event of a duty tells.

    `category` is the kind of the shift, `minutes` are of service, `actor` is who acted.
    """

    member: str
    shift: str
    category: str
    minutes: int
    actor: str


@dataclass(frozen=True)
class DutyCheckedOut(DutyFact):
    """A member has done their duty, which awaits its verification."""

    type: ClassVar[str] = "duty.checked_out.v1"


@dataclass(frozen=True)
class DutyVerified(DutyFact):
    """Somebody else of the area verified the duty."""

    type: ClassVar[str] = "duty.verified.v1"


@dataclass(frozen=True)
class DutyRejected(DutyFact):
    """The duty was not accepted; `minutes` are what was recorded of it."""

    type: ClassVar[str] = "duty.rejected.v1"


PUBLISHED: list[type[Event]] = [DutyCheckedOut, DutyVerified, DutyRejected]
