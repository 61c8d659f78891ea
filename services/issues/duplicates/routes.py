"""Duplicates over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint, expected_version
from chassis.idempotency import new_id
from services.issues.cases.commands import Cases, Rules
from services.issues.duplicates import commands, schemas
from services.issues.duplicates.commands import PartWanted
from services.issues.duplicates.queries import Nearby, Sought


def blueprint(cases: Cases, rules: Rules, nearby: Nearby, clock: Clock) -> Blueprint:
    """The routes under `/v1/issues` that concern several reports at once."""
    routes = Blueprint("duplicates", __name__, url_prefix="/v1/issues", description="Duplicates")

    @routes.route("/nearby", methods=["GET"])
    @routes.arguments(schemas.NearbyQuery, location="query")
    @routes.response(200, schemas.CandidateListSchema)
    @routes.places
    @access.signed_in
    def candidates(query: dict[str, Any]) -> dict[str, Any]:
        """Show issues that may be the same, before reporting one."""
        limit = query.pop("limit")
        return {"items": nearby.candidates(Sought(**query), actor(), limit), "next": None}

    @routes.route("/<issue_id>/support", methods=["POST"])
    @routes.response(200, schemas.SupportSchema)
    @access.signed_in
    def support(issue_id: str) -> dict[str, Any]:
        """Say "me too": one is told of what becomes of the issue."""
        issue = commands.support(cases, clock, actor(), issue_id=issue_id)
        return {"id": issue.id, "supporters": len(issue.supporters)}

    @routes.route("/<issue_id>/splits", methods=["POST"])
    @routes.arguments(schemas.SplitSchema)
    @routes.response(201, schemas.SplitAnswerSchema)
    @access.roles("steward", "community_staff", "subdistrict_staff", "district_admin")
    def split(body: dict[str, Any], issue_id: str) -> dict[str, Any]:
        """Split a report of several problems into parts."""
        first = new_id()
        wanted = [PartWanted(part_id(first, place), **one) for place, one in enumerate(body["parts"])]
        issue = commands.split(
            cases,
            rules,
            clock,
            actor(),
            issue_id=issue_id,
            note=body["note"],
            wanted=wanted,
            expected_version=expected_version(body["version"]),
        )
        return {
            "id": issue.id,
            "status": issue.status.value,
            "parts": [one.id for one in issue.parts],
            "version": issue.version,
        }

    return routes


def part_id(first: str, place: int) -> str:
    """The identifier of a part: the request's own with its last character counted on."""
    return f"{first[:-1]}{place}"
