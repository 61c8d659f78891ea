"""Incoming events of the communities' funds: what they say to proposals that ask for money."""

from typing import Any

from chassis.clock import Clock
from chassis.events import Envelope
from chassis.subscriptions import Subscription
from services.issues.proposals import commands
from services.issues.proposals.commands import Kept
from services.issues.proposals.schemas import FundAllocatedFact, FundRefusedFact, FundSupplementedFact


def subscriptions(proposals: Kept, clock: Clock) -> dict[str, Subscription]:
    """Type → schema and function. The subject of a fund's event is the proposal."""

    def allocated(event: Envelope, data: dict[str, Any]) -> None:
        commands.take_allocation(proposals, clock, proposal_id=event.subject, amount=data["amount"])

    def refused(event: Envelope, data: dict[str, Any]) -> None:
        commands.take_refusal(proposals, clock, proposal_id=event.subject, **data)

    def returned(event: Envelope, data: dict[str, Any]) -> None:
        commands.take_return(proposals, clock, proposal_id=event.subject, amount=data["amount"])

    def supplemented(event: Envelope, data: dict[str, Any]) -> None:
        commands.take_supplement(proposals, clock, proposal_id=event.subject, donated=data["donated"])

    return {
        "fund.allocated.v1": Subscription(FundAllocatedFact, allocated),
        "fund.refused.v1": Subscription(FundRefusedFact, refused),
        "fund.returned.v1": Subscription(FundAllocatedFact, returned),
        "fund.supplemented.v1": Subscription(FundSupplementedFact, supplemented),
    }
