"""The facts about training."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class TrainingCompleted(Event):
    """A member attended a training session. `minutes` of training; `actor` is who recorded it.

    Its subject is the attendance: that is what happens once, however many others the session has.
    """

    type: ClassVar[str] = "training.completed.v1"

    member: str
    session: str
    course: str
    category: str
    minutes: int
    actor: str


PUBLISHED: list[type[Event]] = [TrainingCompleted]
