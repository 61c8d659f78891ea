"""The facts about commendations that the points service publishes. Their subject is the commendation."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class CommendationFact(Event):
    """What every fact of a commendation says: of whom it is, who nominated them, and who acted."""

    number: str
    member: str
    author: str
    actor: str | None


@dataclass(frozen=True)
class CommendationNominated(CommendationFact):
    """Somebody was nominated, and reviewers are to look."""

    type: ClassVar[str] = "commendation.nominated.v1"


@dataclass(frozen=True)
class CommendationPublicised(CommendationFact):
    """A reviewer agreed: until its publicity ends, everybody may object."""

    type: ClassVar[str] = "commendation.publicised.v1"


@dataclass(frozen=True)
class CommendationObjected(CommendationFact):
    """Somebody objected: reviewers are to decide. Who it was is not told."""

    type: ClassVar[str] = "commendation.objected.v1"


@dataclass(frozen=True)
class CommendationAwarded(CommendationFact):
    """Its publicity has ended without an objection that stands."""

    type: ClassVar[str] = "commendation.awarded.v1"


@dataclass(frozen=True)
class CommendationRefused(CommendationFact):
    """A reviewer refused it."""

    type: ClassVar[str] = "commendation.refused.v1"


@dataclass(frozen=True)
class CommendationWithdrawn(CommendationFact):
    """Who nominated took it back, or who was nominated does not want it."""

    type: ClassVar[str] = "commendation.withdrawn.v1"


@dataclass(frozen=True)
class CommendationRevoked(CommendationFact):
    """It was awarded and is no longer valid."""

    type: ClassVar[str] = "commendation.revoked.v1"


PUBLISHED: list[type[Event]] = [
    CommendationNominated,
    CommendationPublicised,
    CommendationObjected,
    CommendationAwarded,
    CommendationRefused,
    CommendationWithdrawn,
    CommendationRevoked,
]
