"""Incoming events that commendations hear of: members who are to be forgotten."""

from typing import Any

from chassis.clock import Clock
from chassis.events import Envelope
from chassis.subscriptions import Subscription
from services.points.commendations import commands
from services.points.commendations.commands import Commendations
from services.points.commendations.schemas import ErasedFact


def subscriptions(commendations: Commendations, clock: Clock) -> dict[str, Subscription]:
    """Type → schema and function."""

    def member_erased(event: Envelope, _: dict[str, Any]) -> None:
        commands.forget_member(commendations, clock, member=event.subject)

    return {"member.erased.v1": Subscription(ErasedFact, member_erased)}
