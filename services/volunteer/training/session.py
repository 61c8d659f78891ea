"""What a course, a session of it, and those on its list are."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """What became of a member who is on the list of a session."""

    SIGNED_UP = "signed_up"
    ATTENDED = "attended"
    ABSENT = "absent"


class Action(StrEnum):
    """What can be done about a member and a session."""

    SIGN_UP = "sign_up"
    WITHDRAW = "withdraw"
    RECORD_ATTENDED = "record_attended"
    RECORD_ABSENT = "record_absent"


@dataclass(frozen=True)
class Course:
    """What is taught, and for how many minutes. It never changes: rules pay by its category and minutes."""

    id: str
    title: str
    category: str
    minutes: int
    description: str | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class Attendance:
    """A member on the list of a session. `minutes` of training, none before it is attended."""

    id: str
    member: str
    status: Status
    signed_up_at: datetime | None = None
    minutes: int = 0
    reason: str | None = None
    recorded_by: str | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True)
class Session:
    """A course as it is held somewhere; `title`, `category` and `minutes` are those of the course."""

    id: str
    course: str
    title: str
    category: str
    minutes: int
    area: str
    place: str
    starts_at: datetime
    ends_at: datetime
    seats: int
    created_by: str
    created_at: datetime
    attendances: tuple[Attendance, ...] = ()
    version: int = 1

    @property
    def seats_left(self) -> int:
        """Seats that nobody has; who was absent has none."""
        return self.seats - sum(one.status is not Status.ABSENT for one in self.attendances)

    def of(self, member: str) -> Attendance | None:
        """The member's own line of the list."""
        return next((one for one in self.attendances if one.member == member), None)
