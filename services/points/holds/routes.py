"""Holds over HTTP."""

from datetime import timedelta
from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id, required_key, untracked
from services.points.holds import commands, schemas
from services.points.holds.queries import HoldQueries
from services.points.holds.store import HoldStore


def blueprint(store: HoldStore, queries: HoldQueries, clock: Clock, district: str) -> Blueprint:
    """The routes under `/v1/holds`."""
    routes = Blueprint("holds", __name__, url_prefix="/v1/holds", description="What accounts set aside")

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.HoldOrderSchema)
    @routes.response(201, schemas.HoldSchema)
    @access.signed_in
    @untracked
    def hold(body: dict[str, Any]) -> Any:
        """Set an amount aside. `Idempotency-Key` must be sent; a key never expires."""
        ttl = timedelta(seconds=body.pop("ttl"))
        return commands.hold(store, clock, actor(), key=required_key(), hold_id=new_id(), ttl=ttl, **body)

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.HoldQuery, location="query")
    @routes.response(200, schemas.HoldPageSchema)
    @access.signed_in
    def holds(query: dict[str, Any]) -> dict[str, Any]:
        """List the holds on an account, newest first."""
        account = query["account"] or actor().member_id
        page = queries.of_account(account, actor(), query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    @routes.route("/<hold_id>", methods=["GET"])
    @routes.response(200, schemas.HoldSchema)
    @access.signed_in
    def one(hold_id: str) -> Any:
        """Show a hold."""
        return queries.one(hold_id, actor())

    @routes.route("/<hold_id>/captures", methods=["POST"])
    @routes.arguments(schemas.CaptureSchema)
    @routes.response(201, schemas.HoldSchema)
    @access.roles("shop_keeper", "district_admin", "integration")
    def capture(body: dict[str, Any], hold_id: str) -> Any:
        """Take a hold, or part of it; the rest is free again."""
        return commands.capture(
            store,
            clock,
            actor(),
            hold_id=hold_id,
            amount=body["amount"],
            target=body["target"] or f"shop:{district}",
            district=district,
            posting_id=new_id(),
        )

    @routes.route("/<hold_id>/releases", methods=["POST"])
    @routes.arguments(schemas.ReleaseSchema)
    @routes.response(201, schemas.HoldSchema)
    @access.signed_in
    def release(_: dict[str, Any], hold_id: str) -> Any:
        """Let a hold go."""
        return commands.release(store, clock, actor(), hold_id=hold_id)

    return routes
