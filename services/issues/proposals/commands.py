"""What can be done with proposals."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict, Invalid
from chassis.identity import Actor
from services.issues.proposals import deadlines, domain, forgetting, funding, voting
from services.issues.proposals.events import ProposalFact
from services.issues.proposals.proposal import (
    BudgetLine,
    Change,
    Choice,
    Details,
    Expense,
    Proposal,
    Record,
    Terms,
    Voiding,
)

_TRIES = 8
_TICKS_AT_ONCE = 200


class Kept(Protocol):
    """Proposals that are there. `save` raises ConcurrentUpdate when somebody was faster."""

    def get(self, proposal_id: str) -> Proposal: ...
    def save(self, change: Change) -> None: ...


class Proposals(Kept, Protocol):
    """Where proposals are kept.

    `cast` counts a vote in one write, and answers false where none is taken or the voter has voted.
    """

    def add(self, change: Change) -> Proposal: ...
    def due(self, at: datetime, most: int) -> list[Proposal]: ...
    def cast(self, proposal: Proposal, voter: str, choice: Choice, at: datetime) -> bool: ...
    def home_area(self, member_id: str) -> str | None: ...


class Archive(Protocol):
    """Proposals with everybody who acted on them. `rewrite` raises ConcurrentUpdate as `save` does."""

    def of_person(self, member_id: str) -> list[str]: ...
    def record(self, proposal_id: str) -> Record: ...
    def rewrite(self, record: Record, events: Sequence[ProposalFact], at: datetime) -> None: ...


class Places(Protocol):
    """The district's areas."""

    def known(self, code: str) -> bool: ...


class Photos(Protocol):
    """The uploaded photos."""

    def hold_receipts(self, photo_ids: Sequence[str], owner: str, proposal_id: str, at: datetime) -> bool: ...


def draft(
    proposals: Proposals,
    places: Places,
    clock: Clock,
    actor: Actor,
    *,
    proposal_id: str,
    area: str,
    title: str,
    text: str,
    budget: tuple[BudgetLine, ...],
    terms: Terms,
) -> Proposal:
    """Begin a proposal; see `domain.draft`. Raises Invalid for an unknown area."""
    if not places.known(area):
        raise Invalid("area", zh="没有这个区域。", en="There is no area with this code.")
    now = clock()
    proposal = Proposal(
        id=proposal_id,
        number=f"P{now:%Y%m%d}-{proposal_id[-6:]}",
        area=area,
        title=title,
        text=text,
        author=actor.member_id,
        budget=budget,
        terms=terms,
        created_at=now,
    )
    return proposals.add(domain.draft(proposal, actor))


def revise(
    proposals: Proposals,
    clock: Clock,
    actor: Actor,
    *,
    proposal_id: str,
    title: str | None = None,
    text: str | None = None,
    budget: tuple[BudgetLine, ...] | None = None,
    terms: Terms | None = None,
    expected_version: int | None = None,
) -> Proposal:
    """Change a draft; see `domain.revise`, and Stale."""

    def decide(proposal: Proposal, now: datetime) -> Change:
        domain.check_version(proposal, expected_version)
        return domain.revise(proposal, actor, now, title=title, text=text, budget=budget, terms=terms)

    return _decide_until_saved(proposals, clock, proposal_id, decide)


def act(
    proposals: Proposals,
    clock: Clock,
    actor: Actor,
    *,
    proposal_id: str,
    action: str,
    details: Details,
    expected_version: int | None = None,
) -> Proposal:
    """Carry out one action of the workflow; see `domain.transition` for what it raises, and Stale."""

    def decide(proposal: Proposal, now: datetime) -> Change:
        domain.check_version(proposal, expected_version)
        return domain.transition(proposal, action, actor, details, now)

    return _decide_until_saved(proposals, clock, proposal_id, decide)


def vote(
    proposals: Proposals, clock: Clock, actor: Actor, *, proposal_id: str, choice: Choice, key: str
) -> None:
    """Cast the actor's vote, once and for good; `key` hides secret voters.

    Raises what `voting.check_voter` does, and Conflict for a second vote.
    """
    home = proposals.home_area(actor.member_id)
    proposal, now = proposals.get(proposal_id), clock()
    voting.check_voter(proposal, home, now)
    voter = voting.voter_key(proposal, actor.member_id, key)
    if proposals.cast(proposal, voter, choice, now):
        return
    voting.check_voter(proposals.get(proposal_id), home, clock())
    raise voting.already_voted()


def spend(
    proposals: Proposals,
    photos: Photos,
    clock: Clock,
    actor: Actor,
    *,
    proposal_id: str,
    expense_id: str,
    purpose: str,
    amount: int,
    receipts: tuple[str, ...],
) -> Proposal:
    """Record an expense, once an id; see `domain.spend`. Raises Invalid for receipts of somebody else."""
    if not photos.hold_receipts(receipts, actor.member_id, proposal_id, clock()):
        raise Invalid(
            "receipts",
            zh="票据照片不存在或不是您上传的。",
            en="Upload photos of the receipts first (POST /v1/media), as yourself.",
        )

    def decide(proposal: Proposal, now: datetime) -> Change | None:
        if any(one.id == expense_id for one in proposal.expenses):
            return None
        expense = Expense(expense_id, purpose, amount, receipts, actor.member_id, now)
        return domain.spend(proposal, actor, expense)

    return _decide_until_saved(proposals, clock, proposal_id, decide)


def void(
    proposals: Proposals,
    clock: Clock,
    actor: Actor,
    *,
    proposal_id: str,
    expense_id: str,
    voiding_id: str,
    reason: str,
) -> Proposal:
    """Mark an expense as void, once an id; see `domain.void`."""

    def decide(proposal: Proposal, now: datetime) -> Change | None:
        if any(one.void is not None and one.void.id == voiding_id for one in proposal.expenses):
            return None
        return domain.void(proposal, actor, expense_id, Voiding(voiding_id, reason, actor.member_id, now))

    return _decide_until_saved(proposals, clock, proposal_id, decide)


def take_allocation(proposals: Kept, clock: Clock, *, proposal_id: str, amount: int) -> None:
    """The fund has paid; see `funding.allocated`."""
    _decide_until_saved(proposals, clock, proposal_id, lambda one, now: funding.allocated(one, amount, now))


def take_refusal(proposals: Kept, clock: Clock, *, proposal_id: str, attempt: int, reason: str) -> None:
    """The fund cannot pay; see `funding.refused`."""
    _decide_until_saved(
        proposals, clock, proposal_id, lambda one, now: funding.refused(one, attempt, reason, now)
    )


def take_return(proposals: Kept, clock: Clock, *, proposal_id: str, amount: int) -> None:
    """The rest is back in the fund; see `funding.returned`."""
    _decide_until_saved(proposals, clock, proposal_id, lambda one, now: funding.returned(one, amount, now))


def take_supplement(proposals: Kept, clock: Clock, *, proposal_id: str, donated: int) -> None:
    """Donations have added to it; see `funding.supplemented`."""
    _decide_until_saved(
        proposals, clock, proposal_id, lambda one, now: funding.supplemented(one, donated, now)
    )


def run_clock(proposals: Proposals, clock: Clock) -> int:
    """End the votings whose time is over; returns how many.

    Any number of processes may do so at once: who loses the race for a proposal leaves it to the other.
    """
    done = 0
    for proposal in proposals.due(clock(), _TICKS_AT_ONCE):
        change = deadlines.tick(proposal, clock())
        if change is None:
            continue
        try:
            proposals.save(change)
        except ConcurrentUpdate:
            continue
        done += 1
    return done


def forget_member(archive: Archive, clock: Clock, *, member_id: str) -> int:
    """Forget a person in all proposals; what is being written to is for the next time. Returns in how many.

    Forgetting again changes nothing.
    """
    done = 0
    for proposal_id in archive.of_person(member_id):
        now = clock()
        erased = forgetting.erase(archive.record(proposal_id), member_id, now)
        if erased is None:
            continue
        try:
            archive.rewrite(*erased, now)
        except ConcurrentUpdate:
            continue
        done += 1
    return done


def _decide_until_saved(
    proposals: Kept,
    clock: Clock,
    proposal_id: str,
    decide: Callable[[Proposal, datetime], Change | None],
) -> Proposal:
    """Decide on the proposal as it is now; where somebody saved first, decide anew on what they left."""
    for _ in range(_TRIES):
        proposal = proposals.get(proposal_id)
        change = decide(proposal, clock())
        if change is None:
            return proposal
        try:
            proposals.save(change)
        except ConcurrentUpdate:
            continue
        return change.proposal
    raise Conflict("busy-proposal", zh="请稍后重试。", en="Too many act on it at once: try again.")
