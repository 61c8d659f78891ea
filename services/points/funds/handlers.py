"""Incoming events of proposals that ask for money or give it back, and the areas."""

from typing import Any

from chassis.clock import Clock
from chassis.events import Envelope
from chassis.subscriptions import Subscription
from services.points.funds import commands
from services.points.funds.domain import Ask
from services.points.funds.schemas import AreaDefinedFact, ProposalFact
from services.points.funds.store import FundStore


def subscriptions(funds: FundStore, clock: Clock) -> dict[str, Subscription]:
    """Type → schema and function."""

    def ask(event: Envelope, data: dict[str, Any]) -> Ask:
        return Ask(event.subject, event.area, data["community"], data["budget"], data["attempt"])

    def requested(event: Envelope, data: dict[str, Any]) -> None:
        commands.allocate(funds, clock, ask=ask(event, data))

    def ended(event: Envelope, data: dict[str, Any]) -> None:
        commands.release(funds, clock, ask=ask(event, data), spent=data["spent"])

    def area_defined(event: Envelope, data: dict[str, Any]) -> None:
        funds.put_area(event.subject, data["name"], event.sequence)

    return {
        "area.defined.v1": Subscription(AreaDefinedFact, area_defined),
        "proposal.approved.v1": Subscription(ProposalFact, requested),
        "proposal.funding_requested.v1": Subscription(ProposalFact, requested),
        "proposal.cancelled.v1": Subscription(ProposalFact, ended),
        "proposal.closed.v1": Subscription(ProposalFact, ended),
    }
