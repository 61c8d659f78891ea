"""Incoming events by which photos come to be used outside of issues."""

from typing import Any

from marshmallow import fields

from chassis.events import Envelope
from chassis.subscriptions import FactSchema, Subscription
from services.issues.media.store import PhotoStore


class ActivityMediaFact(FactSchema):
    """What this area needs of `activity.submitted.v1`; older ones told of no photos."""

    member = fields.String(required=True)
    media = fields.List(fields.String(), load_default=list)


def subscriptions(photos: PhotoStore) -> dict[str, Subscription]:
    """Type → schema and function."""

    def activity_submitted(event: Envelope, data: dict[str, Any]) -> None:
        photos.link(data["media"], data["member"], event.subject, event.area)

    return {"activity.submitted.v1": Subscription(ActivityMediaFact, activity_submitted)}
