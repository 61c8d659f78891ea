"""Incoming events that the figures are made of."""

from typing import Any

from marshmallow import fields

from chassis.events import Envelope
from chassis.subscriptions import FactSchema, Subscription
from services.issues.statistics.store import UsageStore


class ActivitySubmittedFact(FactSchema):
    """What this service needs of `activity.submitted.v1`."""

    category = fields.String(required=True)


def subscriptions(store: UsageStore) -> dict[str, Subscription]:
    """Type → schema and function."""

    def activity_submitted(event: Envelope, data: dict[str, Any]) -> None:
        store.record_activity(event.subject, data["category"], event.area, event.time)

    return {"activity.submitted.v1": Subscription(ActivitySubmittedFact, activity_submitted)}
