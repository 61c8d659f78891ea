"""Incoming events that the figures are made of: activities filed elsewhere, and this service's own."""

from typing import Any

from marshmallow import fields

from chassis.events import Envelope
from chassis.subscriptions import FactSchema, Subscription
from services.issues.cases import events
from services.issues.statistics.store import BucketStore, UsageStore

_NO_FIGURE_CHANGES = {
    events.IssueSupported,
    events.IssueReminded,
    events.IssueExtended,
    events.IssueObjected,
    events.IssueObjectionDenied,
}


class ActivitySubmittedFact(FactSchema):
    """What this service needs of `activity.submitted.v1`."""

    category = fields.String(required=True)


class AnyFact(FactSchema):
    """Nothing is read of these events but which issue they are of."""


def subscriptions(usage: UsageStore, buckets: BucketStore) -> dict[str, Subscription]:
    """Type → schema and function."""

    def activity_submitted(event: Envelope, data: dict[str, Any]) -> None:
        usage.record_activity(event.subject, data["category"], event.area, event.time)
        # Also when it was recorded before: whoever recorded it may have died before marking.
        buckets.mark(event.area, event.time)

    def reported(event: Envelope, _: dict[str, Any]) -> None:
        buckets.mark_reported(event.area, event.time)

    def changed(event: Envelope, _: dict[str, Any]) -> None:
        buckets.mark_issue(event.subject)

    def moved(event: Envelope, _: dict[str, Any]) -> None:
        buckets.mark_moved(event.subject)

    changing = [kind for kind in events.PUBLISHED if kind not in _NO_FIGURE_CHANGES]
    return {
        **{kind.type: Subscription(AnyFact, changed) for kind in changing},
        events.IssueReported.type: Subscription(AnyFact, reported),
        events.IssueRouted.type: Subscription(AnyFact, moved),
        "activity.submitted.v1": Subscription(ActivitySubmittedFact, activity_submitted),
    }
