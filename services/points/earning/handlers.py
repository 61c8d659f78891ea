"""Incoming events that earn points, and the rules by which they do."""

from typing import Any

from chassis.clock import Clock, new_ulid
from chassis.events import Envelope
from chassis.subscriptions import Subscription
from services.points.earning import commands
from services.points.earning.commands import Journal
from services.points.earning.domain import EARNED_BY, Evidence
from services.points.earning.schemas import ActivityVerifiedFact, IssueFact


def subscriptions(journal: Journal, clock: Clock) -> dict[str, Subscription]:
    """Type → schema and function."""

    def pay(event: Envelope, evidence: Evidence) -> None:
        for rule in EARNED_BY[event.type]:
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
        "issue.confirmed.v1": Subscription(IssueFact, issue),
        "activity.verified.v1": Subscription(ActivityVerifiedFact, activity),
    }
