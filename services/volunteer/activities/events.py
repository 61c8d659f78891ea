"""The facts about activity reports."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class ActivityFact(Event):
    """What every event of an activity tells. `minutes` of service; `actor` is who acted.

    `media` are the ids of its photos, `photos` how many they are.
    """

    category: str
    member: str
    minutes: int
    photos: int
    media: tuple[str, ...]
    actor: str


@dataclass(frozen=True)
class ActivitySubmitted(ActivityFact):
    """A steward reported an activity."""

    type: ClassVar[str] = "activity.submitted.v1"


@dataclass(frozen=True)
class ActivityVerified(ActivityFact):
    """Community staff verified the activity."""

    type: ClassVar[str] = "activity.verified.v1"


@dataclass(frozen=True)
class ActivityRejected(ActivityFact):
    """Community staff did not accept the report."""

    type: ClassVar[str] = "activity.rejected.v1"


PUBLISHED: list[type[Event]] = [ActivitySubmitted, ActivityVerified, ActivityRejected]
