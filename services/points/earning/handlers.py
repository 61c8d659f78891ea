"""Incoming events that earn points, and the one that takes back what was earned."""

from collections.abc import Sequence
from typing import Any

from chassis import trace
from chassis.clock import Clock
from chassis.events import Envelope, routing_key
from chassis.subscriptions import Joint, Subscription
from services.points.commands import Journal
from services.points.earning import commands
from services.points.earning.commands import Book, Heard, InForce
from services.points.earning.domain import Evidence
from services.points.earning.schemas import (
    ActivityVerifiedFact,
    DutyVerifiedFact,
    IssueFact,
    IssueReopenedFact,
    TrainingCompletedFact,
)


def subscriptions(book: Book, journal: Journal, in_force: InForce, clock: Clock) -> dict[str, Subscription]:
    """Type → schema and function. Where several events wait, they are paid in one go."""

    def pay(heard: Sequence[Heard]) -> None:
        commands.consume(book, journal, in_force, clock, heard=heard)

    def reopened(event: Envelope, data: dict[str, Any]) -> None:
        commands.take_back(book, journal, clock, issue=event.subject, round_=data["round"])

    return {
        "issue.claimed.v1": Subscription.jointly(IssueFact, Joint(_claimed, pay)),
        "issue.confirmed.v1": Subscription.jointly(IssueFact, Joint(_confirmed, pay)),
        "issue.reopened.v1": Subscription(IssueReopenedFact, reopened),
        "activity.verified.v1": Subscription.jointly(ActivityVerifiedFact, Joint(_activity, pay)),
        "duty.verified.v1": Subscription.jointly(DutyVerifiedFact, Joint(_duty, pay)),
        "training.completed.v1": Subscription.jointly(TrainingCompletedFact, Joint(_training, pay)),
    }


def _claimed(event: Envelope, data: dict[str, Any]) -> list[Heard]:
    # Claimed is claimed, however often the issue was confirmed before: there is no round to it.
    return _heard(event, **_issue(data))


def _confirmed(event: Envelope, data: dict[str, Any]) -> list[Heard]:
    return _heard(event, **_issue(data), round=data["round"])


def _activity(event: Envelope, data: dict[str, Any]) -> list[Heard]:
    return _heard(
        event,
        category=data["category"],
        worker=data["member"],
        photos=data["photos"],
        minutes=data["minutes"],
    )


def _duty(event: Envelope, data: dict[str, Any]) -> list[Heard]:
    # Whose subject is the duty of one member: others of the same shift are evidence of their own.
    return _heard(event, category=data["category"], worker=data["member"], minutes=data["minutes"])


def _training(event: Envelope, data: dict[str, Any]) -> list[Heard]:
    return _heard(event, category=data["category"], worker=data["member"], minutes=data["minutes"])


def _heard(event: Envelope, **told: Any) -> list[Heard]:
    evidence = Evidence(
        cause=event.subject, area=event.area, event=routing_key(event.type), at=event.time, **told
    )
    return [Heard(evidence, trace.current())]


def _issue(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "category": data["category"],
        "worker": data["assignee"],
        "resolver": data["resolver"],
        "reporter": data["reporter"],
        "photos": data["photos"],
    }
