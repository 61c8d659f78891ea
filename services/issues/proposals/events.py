"""The facts about proposals that the issues service publishes."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class ProposalFact(Event):
    """What every event of a proposal tells. Amounts are in fen.

    `community` has the fund that pays; `budget` is what is asked of it; `attempt` counts the requests to the
    fund; `spent` is what receipts were handed in for; `author` is null once they were forgotten.
    """

    number: str
    community: str
    author: str | None
    actor: str
    budget: int
    attempt: int
    spent: int


@dataclass(frozen=True)
class ProposalSubmitted(ProposalFact):
    """The author handed the proposal in."""

    type: ClassVar[str] = "proposal.submitted.v1"


@dataclass(frozen=True)
class ProposalReturned(ProposalFact):
    """The author is asked to work on it."""

    type: ClassVar[str] = "proposal.returned.v1"


@dataclass(frozen=True)
class ProposalDeliberated(ProposalFact):
    """The council took the proposal up."""

    type: ClassVar[str] = "proposal.deliberated.v1"


@dataclass(frozen=True)
class ProposalVotingOpened(ProposalFact):
    """The residents of the area may vote."""

    type: ClassVar[str] = "proposal.voting_opened.v1"


@dataclass(frozen=True)
class ProposalApproved(ProposalFact):
    """The residents voted for it; the fund is asked for the budget."""

    type: ClassVar[str] = "proposal.approved.v1"


@dataclass(frozen=True)
class ProposalRefused(ProposalFact):
    """The residents voted against it, too few voted, or it was refused before a vote."""

    type: ClassVar[str] = "proposal.refused.v1"


@dataclass(frozen=True)
class ProposalFundingRequested(ProposalFact):
    """The fund is asked once more."""

    type: ClassVar[str] = "proposal.funding_requested.v1"


@dataclass(frozen=True)
class ProposalFundingRefused(ProposalFact):
    """The fund could not pay. `reason` is for programs: `insufficient`, `frozen` or `above-ceiling`."""

    reason: str
    type: ClassVar[str] = "proposal.funding_refused.v1"


@dataclass(frozen=True)
class ProposalFunded(ProposalFact):
    """The fund has set the budget aside for the project."""

    type: ClassVar[str] = "proposal.funded.v1"


@dataclass(frozen=True)
class ProposalStarted(ProposalFact):
    """The project began."""

    type: ClassVar[str] = "proposal.started.v1"


@dataclass(frozen=True)
class ProposalAccounted(ProposalFact):
    """The project is finished and its account handed in."""

    type: ClassVar[str] = "proposal.accounted.v1"


@dataclass(frozen=True)
class ProposalReopened(ProposalFact):
    """The account was not accepted: the project goes on."""

    type: ClassVar[str] = "proposal.reopened.v1"


@dataclass(frozen=True)
class ProposalClosed(ProposalFact):
    """The account was accepted; what was not spent goes back to the fund."""

    type: ClassVar[str] = "proposal.closed.v1"


@dataclass(frozen=True)
class ProposalCancelled(ProposalFact):
    """The project will not be carried out, or no further; what was not spent goes back to the fund."""

    type: ClassVar[str] = "proposal.cancelled.v1"


@dataclass(frozen=True)
class ProposalWithdrawn(ProposalFact):
    """The author took the proposal back before any vote."""

    type: ClassVar[str] = "proposal.withdrawn.v1"


PUBLISHED: list[type[Event]] = [
    ProposalSubmitted,
    ProposalReturned,
    ProposalDeliberated,
    ProposalVotingOpened,
    ProposalApproved,
    ProposalRefused,
    ProposalFundingRequested,
    ProposalFundingRefused,
    ProposalFunded,
    ProposalStarted,
    ProposalAccounted,
    ProposalReopened,
    ProposalClosed,
    ProposalCancelled,
    ProposalWithdrawn,
]
