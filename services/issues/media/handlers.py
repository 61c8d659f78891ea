"""Incoming events by which photos come to be used outside of issues."""

from typing import Any

from marshmallow import fields

from chassis.events import Envelope
from chassis.subscriptions import FactSchema, Subscription
from services.issues.media.domain import Use, UseKind
from services.issues.media.store import PhotoStore


class MediaFact(FactSchema):
    """What this area needs of reports (older ones told of no photos) and of items of the shop."""

    member = fields.String(required=True)
    media = fields.List(fields.String(), load_default=list)


def subscriptions(photos: PhotoStore) -> dict[str, Subscription]:
    """Type → schema and function."""

    def activity_submitted(event: Envelope, data: dict[str, Any]) -> None:
        use = Use(UseKind.ACTIVITY, event.subject, event.area)
        photos.link(data["media"], data["member"], use)

    def item_changed(event: Envelope, data: dict[str, Any]) -> None:
        photos.link(data["media"], data["member"], Use(UseKind.SHOP, event.subject, event.area))

    return {
        "activity.submitted.v1": Subscription(MediaFact, activity_submitted),
        "shop.item_changed.v1": Subscription(MediaFact, item_changed),
    }
