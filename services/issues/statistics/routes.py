"""Figures over HTTP."""

from typing import Any

from chassis.http import access
from chassis.http.blueprint import Blueprint
from chassis.http.problems import language
from chassis.identity import check_area
from services.issues.statistics import schemas
from services.issues.statistics.domain import Measure
from services.issues.statistics.queries import Figures
from services.issues.statistics.summing import Span


def blueprint(figures: Figures, district: str) -> Blueprint:
    """The routes under `/v1/stats`."""
    routes = Blueprint("stats", __name__, url_prefix="/v1/stats", description="Figures")

    def span(query: dict[str, Any]) -> Span:
        area = query["area"] or district
        check_area(area, district)
        return Span(area, query["since"], query["until"])

    @routes.route("/usage", methods=["GET"])
    @routes.arguments(schemas.FiguresQuery, location="query")
    @routes.response(200, schemas.UsageSchema)
    @access.signed_in
    def usage(query: dict[str, Any]) -> dict[str, Any]:
        """Count issues and activities by category."""
        return figures.usage(span(query))

    @routes.route("/issues", methods=["GET"])
    @routes.arguments(schemas.IssueFiguresQuery, location="query")
    @routes.response(200, schemas.IssueFiguresSchema)
    @access.signed_in
    def issues(query: dict[str, Any]) -> dict[str, Any]:
        """Show how quickly and how well issues are handled.

        Staff see all figures of their areas. Other members see no satisfaction with fewer than five answers
        behind it, no hours of fewer than five issues, and nothing that these could be told from by
        subtraction.
        """
        return figures.issues(span(query), query["group_by"], access.actor())

    @routes.route("/rankings", methods=["GET"])
    @routes.arguments(schemas.RankingsQuery, location="query")
    @routes.response(200, schemas.RankingsSchema)
    @access.signed_in
    def rankings(query: dict[str, Any]) -> dict[str, Any]:
        """Rank the areas below one by how well issues are handled; what is shown to whom is as for issues."""
        return figures.rankings(span(query), Measure(query["by"]), query["level"], access.actor(), language())

    return routes
