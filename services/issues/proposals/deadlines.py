"""What happens to a proposal by the clock: the end of its voting."""

from datetime import datetime

from services.issues.proposals.domain import transition
from services.issues.proposals.proposal import SYSTEM, Change, Details, Proposal, Status
from services.issues.proposals.voting import is_carried


def tick(proposal: Proposal, at: datetime) -> Change | None:
    """The end of the voting when its time has come, else None."""
    if proposal.status is not Status.VOTING or proposal.next_check_at is None or proposal.next_check_at > at:
        return None
    action = "approve" if is_carried(proposal.terms, proposal.tally) else "vote_down"
    return transition(proposal, action, SYSTEM, Details(), at)
