"""The facts that the issues service publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class IssueFact(Event):
    """What every event of an issue tells: enough for others never to ask back.

    `followers` are all who are told of public changes: the reporter, supporters, and those whose own reports
    were merged into this one. `lead_unit` is the code of the area whose turn it is; `part_of` the issue that
    this one was split from. `round` is how often it has been confirmed; a reopening takes that round back.
    """

    number: str
    category: str
    level: str
    lead_unit: str
    reporter: str | None
    followers: tuple[str, ...]
    assignee: str | None
    resolver: str | None
    actor: str
    photos: int
    due_at: datetime | None
    part_of: str | None
    round: int


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
    """The steward gave the issue back to the grid, or has left the grid."""

    type: ClassVar[str] = "issue.released.v1"


@dataclass(frozen=True)
class IssueStarted(IssueFact):
    """Work on the issue began."""

    type: ClassVar[str] = "issue.started.v1"


@dataclass(frozen=True)
class IssueResolved(IssueFact):
    """The handler says that the problem is solved.

    `feedback_path` is the link by which the reporter answers without signing in, where they are told of it.
    Whoever has it answers for them: it belongs in their message, and nowhere else.
    """

    feedback_path: str | None = None
    type: ClassVar[str] = "issue.resolved.v1"


@dataclass(frozen=True)
class IssueConfirmed(IssueFact):
    """Somebody other than the resolver verified that the problem is solved."""

    type: ClassVar[str] = "issue.confirmed.v1"


@dataclass(frozen=True)
class IssueReopened(IssueFact):
    """The problem is not solved after all, also where that was confirmed: what this paid is taken back."""

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
class IssueInfoRequested(IssueFact):
    """The handler asks the reporter for something; the time stands still."""

    type: ClassVar[str] = "issue.info_requested.v1"


@dataclass(frozen=True)
class IssueInfoGiven(IssueFact):
    """The reporter answered; the time runs on."""

    type: ClassVar[str] = "issue.info_given.v1"


@dataclass(frozen=True)
class IssueHeld(IssueFact):
    """Work waits for something; the time runs on."""

    type: ClassVar[str] = "issue.held.v1"


@dataclass(frozen=True)
class IssueResumed(IssueFact):
    """Work goes on."""

    type: ClassVar[str] = "issue.resumed.v1"


@dataclass(frozen=True)
class IssueExtended(IssueFact):
    """The lead unit took more time, once, and said why."""

    type: ClassVar[str] = "issue.extended.v1"


@dataclass(frozen=True)
class IssueRouted(IssueFact):
    """Staff put the issue into an area."""

    type: ClassVar[str] = "issue.routed.v1"


@dataclass(frozen=True)
class IssueObjected(IssueFact):
    """The unit objects to having been given the issue."""

    type: ClassVar[str] = "issue.objected.v1"


@dataclass(frozen=True)
class IssueObjectionAccepted(IssueFact):
    """The objection stands: another unit leads now."""

    type: ClassVar[str] = "issue.objection_accepted.v1"


@dataclass(frozen=True)
class IssueObjectionDenied(IssueFact):
    """The unit keeps the issue."""

    type: ClassVar[str] = "issue.objection_denied.v1"


@dataclass(frozen=True)
class IssueLapsed(IssueFact):
    """Nobody answered whether it is solved: closed without an answer."""

    type: ClassVar[str] = "issue.lapsed.v1"


@dataclass(frozen=True)
class IssueUnmerged(IssueFact):
    """The issue goes on by itself again."""

    type: ClassVar[str] = "issue.unmerged.v1"


@dataclass(frozen=True)
class IssueSplit(IssueFact):
    """The issue goes on in parts; its reporter hears once, when all are done."""

    type: ClassVar[str] = "issue.split.v1"


@dataclass(frozen=True)
class IssueSupported(IssueFact):
    """Another resident has the same problem."""

    supporters: int
    type: ClassVar[str] = "issue.supported.v1"


@dataclass(frozen=True)
class IssueReminded(IssueFact):
    """So many percent of the lead unit's time are used up."""

    percent: int
    type: ClassVar[str] = "issue.reminded.v1"


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
    IssueInfoRequested,
    IssueInfoGiven,
    IssueHeld,
    IssueResumed,
    IssueExtended,
    IssueRouted,
    IssueObjected,
    IssueObjectionAccepted,
    IssueObjectionDenied,
    IssueLapsed,
    IssueUnmerged,
    IssueSplit,
    IssueSupported,
    IssueReminded,
    IssueRated,
]
