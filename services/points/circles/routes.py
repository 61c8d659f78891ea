"""Flags over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from services.points.circles import commands, schemas
from services.points.circles.domain import Verdict
from services.points.circles.queries import FlagQueries
from services.points.circles.store import FlagStore


def blueprint(store: FlagStore, queries: FlagQueries, clock: Clock) -> Blueprint:
    """The routes under `/v1/ledger/flags`."""
    routes = Blueprint(
        "gift_circles", __name__, url_prefix="/v1/ledger/flags", description="Gifts in circles"
    )

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.FlagQuery, location="query")
    @routes.response(200, schemas.FlagPageSchema)
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List whose gifts came in circles; who is not staff sees what concerns themselves."""
        found = queries.page(actor(), **query)
        return {"items": found.items, "next": found.next}

    @routes.route("/<flag_id>/decisions", methods=["POST"])
    @routes.arguments(schemas.FlagDecisionSchema)
    @routes.response(201, schemas.FlagSchema)
    @access.roles("district_admin", "subdistrict_staff")
    def decide(body: dict[str, Any], flag_id: str) -> Any:
        """Say what a flag comes to. Nothing is blocked by it."""
        flag = commands.decide(
            store,
            clock,
            actor(),
            flag_id=flag_id,
            verdict=Verdict(body["verdict"]),
            reason=body["reason"],
        )
        share = flag.share
        return {**vars(flag), **vars(share), "percent": share.percent}

    return routes
