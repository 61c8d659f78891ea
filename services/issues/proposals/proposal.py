"""A proposal: its words, its parts, and what an actor is to it. Amounts are in fen."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.identity import Actor
from services.issues.proposals.events import ProposalFact


class Status(StrEnum):
    """Where a proposal stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    DELIBERATION = "deliberation"
    VOTING = "voting"
    APPROVED = "approved"
    REFUSED = "refused"
    FUNDED = "funded"
    RUNNING = "running"
    ACCOUNTED = "accounted"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


class Party(StrEnum):
    """What an actor is to a proposal. `chair`: of the council; `system`: the clock and the fund."""

    AUTHOR = "author"
    CHAIR = "chair"
    STAFF = "staff"
    SYSTEM = "system"


class Choice(StrEnum):
    """What a vote says."""

    YES = "yes"
    NO = "no"
    ABSTAIN = "abstain"


class Majority(StrEnum):
    """How much of the yes and no votes must be yes: more than half, at least 2/3, at least 3/4."""

    SIMPLE = "simple"
    TWO_THIRDS = "two_thirds"
    THREE_QUARTERS = "three_quarters"


SYSTEM = Actor("system")
STAFF_ROLES = frozenset({"community_staff", "subdistrict_staff", "district_admin"})
COUNCIL_ROLES = frozenset({"council_member", "council_chair"})
AUTHOR_ROLES = frozenset({"council_member", "council_chair", "community_staff", "steward"})
COMMUNITY_LENGTH = 12
OVER = frozenset({Status.REFUSED, Status.CLOSED, Status.WITHDRAWN, Status.CANCELLED})


@dataclass(frozen=True)
class BudgetLine:
    """What is to be paid for, and how much it is to cost."""

    purpose: str
    amount: int


@dataclass(frozen=True)
class Terms:
    """How is voted: secretly or openly, with at least `quorum` votes cast, and by which majority."""

    secret: bool
    quorum: int
    majority: Majority


@dataclass(frozen=True)
class Tally:
    """The votes counted so far."""

    yes: int = 0
    no: int = 0
    abstain: int = 0

    @property
    def cast(self) -> int:
        """How many voted."""
        return self.yes + self.no + self.abstain


@dataclass(frozen=True)
class Funding:
    """What the fund was asked and what it did.

    `attempt` counts the requests; `refusal` is why the last one was refused; `allocated` and `returned` are
    null until the fund has said so; `donated` is what donations added.
    """

    attempt: int = 0
    refusal: str | None = None
    allocated: int | None = None
    returned: int | None = None
    donated: int = 0

    @property
    def available(self) -> int:
        """What the project may spend in all."""
        return (self.allocated or 0) + self.donated


@dataclass(frozen=True)
class Voiding:
    """Somebody's word that an expense was recorded by mistake. `by` is None once they were forgotten."""

    id: str
    reason: str
    by: str | None
    at: datetime


@dataclass(frozen=True)
class Expense:
    """Money spent on the project; `receipts` are ids of photos. `by` is None once they were forgotten.

    One that is void stays on record and counts for nothing.
    """

    id: str
    purpose: str
    amount: int
    receipts: tuple[str, ...]
    by: str | None
    at: datetime
    void: Voiding | None = None


@dataclass(frozen=True)
class Proposal:
    """A plan with a budget, from draft to its closed account.

    `author` is None once they were forgotten. `next_check_at`: when its clock has work.
    """

    id: str
    number: str
    area: str
    title: str
    text: str
    author: str | None
    budget: tuple[BudgetLine, ...]
    terms: Terms
    created_at: datetime
    status: Status = Status.DRAFT
    opened_at: datetime | None = None
    closes_at: datetime | None = None
    tally: Tally = Tally()
    funding: Funding = Funding()
    expenses: tuple[Expense, ...] = ()
    closed_at: datetime | None = None
    next_check_at: datetime | None = None
    version: int = 1

    @property
    def community(self) -> str:
        """The community whose fund pays."""
        return self.area[:COMMUNITY_LENGTH]

    @property
    def asked(self) -> int:
        """The whole budget."""
        return sum(line.amount for line in self.budget)

    @property
    def spent(self) -> int:
        """All expenses that are not void."""
        return sum(one.amount for one in self.expenses if one.void is None)


@dataclass(frozen=True)
class Details:
    """What a transition may carry beside its action."""

    note: str | None = None
    closes_at: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One line of a proposal's history. `actor` is None once they were forgotten."""

    action: str
    actor: str | None
    at: datetime
    status: Status
    note: str | None = None


@dataclass(frozen=True)
class Ballot:
    """Who voted what in an open ballot. `member` is None once they were forgotten: the vote still counts."""

    member: str | None
    choice: Choice
    at: datetime


@dataclass(frozen=True)
class Record:
    """A proposal with everybody who acted on it or voted. `voters` are as `voting.voter_key` names them."""

    proposal: Proposal
    lines: tuple[Entry, ...]
    ballots: tuple[Ballot, ...] = ()
    voters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A proposal after a decision, the line of its history, and the facts to publish."""

    proposal: Proposal
    entry: Entry
    events: tuple[ProposalFact, ...] = ()


def parties(proposal: Proposal, actor: Actor) -> frozenset[Party]:
    """What the actor is to the proposal."""
    if actor == SYSTEM:
        return frozenset({Party.SYSTEM})
    held = set()
    if actor.member_id == proposal.author:
        held.add(Party.AUTHOR)
    if actor.has("council_chair", proposal.area):
        held.add(Party.CHAIR)
    if actor.has_any(STAFF_ROLES, proposal.area):
        held.add(Party.STAFF)
    return frozenset(held)


def may_propose(actor: Actor, area: str) -> bool:
    """Whether the actor has an author's role on the area, above it, or on a grid inside it."""
    return any(
        grant.role in AUTHOR_ROLES and (area.startswith(grant.area) or grant.area.startswith(area))
        for grant in actor.grants
    )


def fact(kind: type[ProposalFact], proposal: Proposal, actor: str, **more: Any) -> ProposalFact:
    """The event of a proposal as it stands now."""
    return kind(
        number=proposal.number,
        community=proposal.community,
        author=proposal.author,
        actor=actor,
        budget=proposal.asked,
        attempt=proposal.funding.attempt,
        spent=proposal.spent,
        **more,
    )
