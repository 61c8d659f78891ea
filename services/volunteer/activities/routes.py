"""Activity reports over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id
from chassis.identity import check_area
from services.volunteer.activities import commands, schemas
from services.volunteer.activities.commands import Areas
from services.volunteer.activities.queries import ActivityQueries
from services.volunteer.activities.store import ActivityStore


def blueprint(
    store: ActivityStore, queries: ActivityQueries, areas: Areas, clock: Clock, district: str
) -> Blueprint:
    """The routes under `/v1/activities`."""
    routes = Blueprint("activities", __name__, url_prefix="/v1/activities", description="Activity reports")

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.SubmitSchema)
    @routes.response(201, schemas.ActivitySchema)
    @access.roles("steward", "team_leader", "council_member", "council_chair")
    def submit(body: dict[str, Any]) -> Any:
        """Report an activity."""
        return commands.submit_activity(store, areas, clock, actor(), activity_id=new_id(), **body)

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.ActivityQuery, location="query")
    @routes.response(200, schemas.ActivityPageSchema)
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List activity reports."""
        query["area"] = query["area"] or district
        check_area(query["area"], district)
        if query["member"] == "me":
            query["member"] = actor().member_id
        found = queries.page(actor(), **query)
        return {"items": found.items, "next": found.next}

    @routes.route("/<activity_id>", methods=["GET"])
    @routes.response(200, schemas.ActivitySchema)
    @access.signed_in
    def one(activity_id: str) -> Any:
        """Show an activity report."""
        return queries.one(activity_id, actor())

    @routes.route("/<activity_id>/verifications", methods=["POST"])
    @routes.arguments(schemas.VerificationSchema)
    @routes.response(201, schemas.ActivitySchema)
    @access.roles("community_staff", "subdistrict_staff", "district_admin")
    def verify(body: dict[str, Any], activity_id: str) -> Any:
        """Verify or reject an activity report."""
        return commands.verify_activity(
            store,
            clock,
            actor(),
            activity_id=activity_id,
            approved=body["decision"] == "approve",
            reason=body["reason"],
        )

    return routes
