"""Incoming events that earn points."""

from typing import Any

from chassis.clock import Clock, new_ulid
from chassis.events import Envelope, routing_key
from chassis.subscriptions import Subscription
from services.points import commands
from services.points.commands import Journal
from services.points.domain import Evidence
from services.points.schemas import ActivityVerifiedFact, IssueFact


def subscriptions(journal: Journal, clock: Clock) -> dict[str, Subscription]:
    """Type → schema and function. The rule has the name of the event."""

    def pay(event: Envelope, evidence: Evidence) -> None:
        rule = routing_key(event.type)
        commands.pay(journal, clock, rule=rule, evidence=evidence, posting_id=new_ulid())

    def issue(event: Envelope, data: dict[str, Any]) -> None:
        evidence = Evidence(
            cause=event.subject,
            area=event.area,
            worker=data["assignee"],
            resolver=data["resolver"],
            reporter=data["reporter"],
            photos=data["photos"],
        )
        pay(event, evidence)

    def activity(event: Envelope, data: dict[str, Any]) -> None:
        evidence = Evidence(
            cause=event.subject,
            area=event.area,
            worker=data["member"],
            photos=data["photos"],
            minutes=data["minutes"],
        )
        pay(event, evidence)

    return {
        "issue.claimed.v1": Subscription(IssueFact, issue),
        "issue.resolved.v1": Subscription(IssueFact, issue),
        "issue.confirmed.v1": Subscription(IssueFact, issue),
        "activity.verified.v1": Subscription(ActivityVerifiedFact, activity),
    }
