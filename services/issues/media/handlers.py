"""Incoming events by which photos come to be used outside of issues, or to wait for others' staff."""

from typing import Any, Protocol

from marshmallow import fields

from chassis.events import Envelope
from chassis.subscriptions import FactSchema, Subscription
from services.issues.cases.events import IssueRouted
from services.issues.cases.issue import Issue, Line
from services.issues.media.domain import Use, UseKind
from services.issues.media.store import PhotoStore


class MediaFact(FactSchema):
    """What this area needs of reports (older ones told of no photos) and of items of the shop."""

    member = fields.String(required=True)
    media = fields.List(fields.String(), load_default=list)


class AnyFact(FactSchema):
    """Nothing is read of these events but which issue they are of."""


class Archive(Protocol):
    """Issues with their histories."""

    def with_lines(self, issue_id: str) -> tuple[Issue, tuple[Line, ...]]: ...


def subscriptions(photos: PhotoStore, archive: Archive) -> dict[str, Subscription]:
    """Type → schema and function."""

    def activity_submitted(event: Envelope, data: dict[str, Any]) -> None:
        use = Use(UseKind.ACTIVITY, event.subject, event.area)
        photos.link(data["media"], data["member"], use)

    def item_changed(event: Envelope, data: dict[str, Any]) -> None:
        photos.link(data["media"], data["member"], Use(UseKind.SHOP, event.subject, event.area))

    def routed(event: Envelope, _: dict[str, Any]) -> None:
        issue, lines = archive.with_lines(event.subject)
        shown = {*issue.media, *(photo for line in lines for photo in line.entry.media)}
        photos.follow(sorted(shown), issue.area)

    return {
        "activity.submitted.v1": Subscription(MediaFact, activity_submitted),
        "shop.item_changed.v1": Subscription(MediaFact, item_changed),
        IssueRouted.type: Subscription(AnyFact, routed),
    }
