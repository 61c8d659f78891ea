"""The facts that the issues service publishes."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class IssueFact(Event):
    """What every event of an issue tells: enough for others never to ask back."""

    number: str
    category: str
    level: str
    reporter: str
    assignee: str | None
    resolver: str | None
    actor: str
    photos: int


@dataclass(frozen=True)
class IssueReported(IssueFact):
    """A resident reported a problem."""

    type: ClassVar[str] = "issue.reported.v1"


@dataclass(frozen=True)
class IssueClaimed(IssueFact):
    """A steward of the grid took the issue on."""

    type: ClassVar[str] = "issue.claimed.v1"


@dataclass(frozen=True)
class IssueAssigned(IssueFact):
    """Staff gave the issue to a steward."""

    type: ClassVar[str] = "issue.assigned.v1"


@dataclass(frozen=True)
class IssueReleased(IssueFact):
    """The steward gave the issue back to the grid."""

    type: ClassVar[str] = "issue.released.v1"


@dataclass(frozen=True)
class IssueStarted(IssueFact):
    """Work on the issue began."""

    type: ClassVar[str] = "issue.started.v1"


@dataclass(frozen=True)
class IssueResolved(IssueFact):
    """The handler says that the problem is solved."""

    type: ClassVar[str] = "issue.resolved.v1"


@dataclass(frozen=True)
class IssueConfirmed(IssueFact):
    """Somebody other than the resolver verified that the problem is solved."""

    type: ClassVar[str] = "issue.confirmed.v1"


@dataclass(frozen=True)
class IssueReopened(IssueFact):
    """The problem is not solved after all."""

    type: ClassVar[str] = "issue.reopened.v1"


@dataclass(frozen=True)
class IssueEscalated(IssueFact):
    """The issue went one level up; `level` is the new one."""

    type: ClassVar[str] = "issue.escalated.v1"


@dataclass(frozen=True)
class IssueReturned(IssueFact):
    """The issue went one level down; `level` is the new one."""

    type: ClassVar[str] = "issue.returned.v1"


@dataclass(frozen=True)
class IssueReferred(IssueFact):
    """The issue was handed to an agency outside the programme."""

    type: ClassVar[str] = "issue.referred.v1"


@dataclass(frozen=True)
class IssueRejected(IssueFact):
    """The issue will not be handled."""

    type: ClassVar[str] = "issue.rejected.v1"


@dataclass(frozen=True)
class IssueMerged(IssueFact):
    """The issue goes on as part of an older one."""

    type: ClassVar[str] = "issue.merged.v1"


@dataclass(frozen=True)
class IssueWithdrawn(IssueFact):
    """The reporter took the report back."""

    type: ClassVar[str] = "issue.withdrawn.v1"


@dataclass(frozen=True)
class IssueRated(IssueFact):
    """The reporter said how satisfied they are."""

    satisfied: bool
    score: int
    type: ClassVar[str] = "issue.rated.v1"


PUBLISHED: list[type[Event]] = [
    IssueReported,
    IssueClaimed,
    IssueAssigned,
    IssueReleased,
    IssueStarted,
    IssueResolved,
    IssueConfirmed,
    IssueReopened,
    IssueEscalated,
    IssueReturned,
    IssueReferred,
    IssueRejected,
    IssueMerged,
    IssueWithdrawn,
    IssueRated,
]
