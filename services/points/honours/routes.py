"""Rankings over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.identity import check_area
from services.points.honours import schemas
from services.points.honours.domain import month_of
from services.points.honours.queries import HonourQueries
from services.points.honours.store import HonourStore


def blueprint(store: HonourStore, queries: HonourQueries, clock: Clock, district: str) -> Blueprint:
    """The routes under `/v1/leaderboards`."""
    routes = Blueprint(
        "leaderboards", __name__, url_prefix="/v1/leaderboards", description="Rankings by verified work"
    )

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.BoardQuery, location="query")
    @routes.response(200, schemas.BoardSchema)
    @access.signed_in
    def board(query: dict[str, Any]) -> dict[str, Any]:
        """Rank the members of an area by what verified work has earned them in a period."""
        area = query["area"] or district
        check_area(area, district)
        period = query["period"] or month_of(clock())
        return queries.board(area, period, query["by"], query["limit"], actor())

    @routes.route("/me", methods=["GET"])
    @routes.response(200, schemas.VisibilitySchema)
    @access.signed_in
    def visibility() -> dict[str, bool]:
        """Show whether one is named in rankings."""
        return {"hidden": queries.is_hidden(actor().member_id)}

    @routes.route("/me", methods=["PUT"])
    @routes.arguments(schemas.VisibilitySchema)
    @routes.response(200, schemas.VisibilitySchema)
    @access.signed_in
    def hide(body: dict[str, bool]) -> dict[str, bool]:
        """Leave one's name out of rankings, or show it again."""
        store.hide(actor().member_id, body["hidden"])
        return body

    return routes
