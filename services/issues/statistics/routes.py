"""Figures over HTTP."""

from typing import Any

from chassis.http import access
from chassis.http.blueprint import Blueprint
from chassis.identity import check_area
from services.issues.statistics import schemas
from services.issues.statistics.queries import Figures


def blueprint(figures: Figures, district: str) -> Blueprint:
    """The routes under `/v1/stats`."""
    routes = Blueprint("stats", __name__, url_prefix="/v1/stats", description="Figures")

    def of_district(area: str | None) -> str:
        check_area(area or district, district)
        return area or district

    @routes.route("/usage", methods=["GET"])
    @routes.arguments(schemas.FiguresQuery, location="query")
    @routes.response(200, schemas.UsageSchema)
    @access.signed_in
    def usage(query: dict[str, Any]) -> dict[str, Any]:
        """Count issues and activities by category."""
        return figures.usage(of_district(query["area"]), query["since"], query["until"])

    @routes.route("/issues", methods=["GET"])
    @routes.arguments(schemas.IssueFiguresQuery, location="query")
    @routes.response(200, schemas.IssueFiguresSchema)
    @access.signed_in
    def issues(query: dict[str, Any]) -> dict[str, Any]:
        """Show how quickly and how well issues are handled."""
        area = of_district(query["area"])
        return figures.issues(area, query["since"], query["until"], query["group_by"])

    return routes
