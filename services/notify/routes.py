"""Inboxes over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.http.problems import language
from services.notify import commands, schemas
from services.notify.queries import InboxQueries
from services.notify.store import InboxStore


def blueprint(store: InboxStore, queries: InboxQueries, clock: Clock) -> Blueprint:
    """The routes under `/v1/inbox`."""
    routes = Blueprint("inbox", __name__, url_prefix="/v1/inbox", description="Members' messages")

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.InboxQuery, location="query")
    @routes.response(200, schemas.InboxPageSchema)
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List one's messages, newest first."""
        found = queries.page(actor(), language=language(), **query)
        return {"items": found.items, "next": found.next}

    @routes.route("/unread-count", methods=["GET"])
    @routes.response(200, schemas.CountSchema)
    @access.signed_in
    def unread_count() -> dict[str, int]:
        """Count one's unread messages."""
        return {"count": queries.unread_count(actor())}

    @routes.route("/<message_id>/read", methods=["POST"])
    @routes.response(204)
    @access.signed_in
    def read(message_id: str) -> None:
        """Mark a message as read."""
        commands.read(store, clock, actor(), message_id=message_id)

    @routes.route("/read-all", methods=["POST"])
    @routes.response(200, schemas.CountSchema)
    @access.signed_in
    def read_all() -> dict[str, int]:
        """Mark all one's messages as read."""
        return {"count": commands.read_all(store, clock, actor())}

    return routes
