"""Incoming events that earn points, and the one that takes back what was earned."""

from typing import Any

from chassis.clock import Clock
from chassis.events import Envelope, routing_key
from chassis.subscriptions import Subscription
from services.points.commands import Journal
from services.points.earning import commands
from services.points.earning.commands import Book, InForce
from services.points.earning.domain import Evidence
from services.points.earning.schemas import ActivityVerifiedFact, IssueFact, IssueReopenedFact


def subscriptions(book: Book, journal: Journal, in_force: InForce, clock: Clock) -> dict[str, Subscription]:
    """Type → schema and function."""

    def pay(event: Envelope, **told: Any) -> None:
        evidence = Evidence(
            cause=event.subject, area=event.area, event=routing_key(event.type), at=event.time, **told
        )
        commands.consume(book, journal, in_force, clock, evidence=evidence)

    def claimed(event: Envelope, data: dict[str, Any]) -> None:
        # Claimed is claimed, however often the issue was confirmed before: there is no round to it.
        pay(event, **_issue(data))

    def confirmed(event: Envelope, data: dict[str, Any]) -> None:
        pay(event, **_issue(data), round=data["round"])

    def reopened(event: Envelope, data: dict[str, Any]) -> None:
        commands.take_back(book, journal, clock, issue=event.subject, round_=data["round"])

    def activity(event: Envelope, data: dict[str, Any]) -> None:
        pay(
            event,
            category=data["category"],
            worker=data["member"],
            photos=data["photos"],
            minutes=data["minutes"],
        )

    return {
        "issue.claimed.v1": Subscription(IssueFact, claimed),
        "issue.confirmed.v1": Subscription(IssueFact, confirmed),
        "issue.reopened.v1": Subscription(IssueReopenedFact, reopened),
        "activity.verified.v1": Subscription(ActivityVerifiedFact, activity),
    }


def _issue(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "category": data["category"],
        "worker": data["assignee"],
        "resolver": data["resolver"],
        "reporter": data["reporter"],
        "photos": data["photos"],
    }
