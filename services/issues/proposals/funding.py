"""The issues side of the saga with the community's fund, which the points service keeps.

`proposal.approved` (or `proposal.funding_requested`) asks; `fund.allocated` or `fund.refused` answers;
`proposal.closed` or `proposal.cancelled` gives back what was not spent; `fund.returned` says how much that
was; `fund.supplemented` says what donations have added in all. Answers may come twice, late, and in any
order: each is taken once, and one that was overtaken is not taken at all. Money allocated to a proposal that
was cancelled meanwhile is on its way back already, by the cancellation itself.
"""

from dataclasses import replace
from datetime import datetime

from services.issues.proposals import events
from services.issues.proposals.proposal import SYSTEM, Change, Entry, Funding, Proposal, Status, fact


def allocated(proposal: Proposal, amount: int, at: datetime) -> Change | None:
    """The fund has set the money aside. None when that is known already."""
    if proposal.funding.allocated is not None:
        return None
    status = Status.FUNDED if proposal.status is Status.APPROVED else proposal.status
    paid = replace(proposal.funding, allocated=amount, refusal=None)
    change = _changed(proposal, "fund", status, paid, at)
    if status is not Status.FUNDED:
        return change
    return replace(change, events=(fact(events.ProposalFunded, change.proposal, SYSTEM.member_id),))


def refused(proposal: Proposal, attempt: int, reason: str, at: datetime) -> Change | None:
    """The fund cannot pay: the proposal stays approved and may ask again. None for an old answer."""
    funding = proposal.funding
    outdated = funding.attempt != attempt or funding.refusal is not None or funding.allocated is not None
    if outdated or proposal.status is not Status.APPROVED:
        return None
    change = _changed(proposal, "refuse_funding", proposal.status, replace(funding, refusal=reason), at)
    told = fact(events.ProposalFundingRefused, change.proposal, SYSTEM.member_id, reason=reason)
    return replace(change, events=(told,))


def returned(proposal: Proposal, amount: int, at: datetime) -> Change | None:
    """What was not spent is back in the fund. None when that is known already."""
    if proposal.funding.returned is not None:
        return None
    return _changed(proposal, "return_funds", proposal.status, replace(proposal.funding, returned=amount), at)


def supplemented(proposal: Proposal, donated: int, at: datetime) -> Change | None:
    """Donations have added to what the project has: `donated` in all. None when as much is known already."""
    if donated <= proposal.funding.donated:
        return None
    more = replace(proposal.funding, donated=donated)
    return _changed(proposal, "supplement_funds", proposal.status, more, at)


def _changed(proposal: Proposal, action: str, status: Status, funding: Funding, at: datetime) -> Change:
    moved = replace(proposal, status=status, funding=funding, version=proposal.version + 1)
    return Change(moved, Entry(action, SYSTEM.member_id, at, status))
