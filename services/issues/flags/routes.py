"""Flags and their review over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from services.issues.cases.commands import Kept
from services.issues.flags import commands, schemas


def blueprint(cases: Kept, clock: Clock) -> Blueprint:
    """The routes under `/v1/issues` that concern what is shown."""
    routes = Blueprint("flags", __name__, url_prefix="/v1/issues", description="What is not to be shown")

    @routes.route("/<issue_id>/flags", methods=["POST"])
    @routes.arguments(schemas.FlagRequestSchema)
    @routes.response(201, schemas.FlaggedSchema)
    @access.signed_in
    def flag(body: dict[str, Any], issue_id: str) -> dict[str, Any]:
        """Say that an issue should not be shown; three members who do so have it hidden until a review."""
        issue = commands.flag(cases, clock, actor(), issue_id=issue_id, reason=body["reason"])
        return {"id": issue.id, "flagged": True}

    @routes.route("/<issue_id>/reviews", methods=["POST"])
    @routes.arguments(schemas.ReviewSchema)
    @routes.response(201, schemas.ReviewedSchema)
    @access.roles("community_staff", "subdistrict_staff", "district_admin")
    def review(body: dict[str, Any], issue_id: str) -> dict[str, Any]:
        """Decide whether an issue is shown."""
        show = body["decision"] == "show"
        issue = commands.review(cases, clock, actor(), issue_id=issue_id, show=show, reason=body["reason"])
        return {"id": issue.id, "hidden": issue.hidden, "version": issue.version}

    return routes
