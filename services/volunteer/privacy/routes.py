"""Personal data over HTTP: look-ups of contacts, export and erasure."""

from typing import Any

from chassis.clock import Clock
from chassis.fields import PageQuery
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id, untracked
from chassis.identity import check_area
from services.volunteer.people.queries import entry_view
from services.volunteer.people.store import MemberStore, SessionStore
from services.volunteer.privacy import commands, schemas
from services.volunteer.privacy.commands import Activities, Duties, Trainings
from services.volunteer.privacy.queries import ContactViewQueries
from services.volunteer.privacy.store import ContactViewStore
from services.volunteer.training.queries import own_part


def blueprint(
    members: MemberStore,
    sessions: SessionStore,
    activities: Activities,
    duties: Duties,
    trainings: Trainings,
    views: ContactViewStore,
    queries: ContactViewQueries,
    clock: Clock,
    district: str,
) -> Blueprint:
    """The routes of contact look-ups, and of one's own data under `/v1/me`."""
    routes = Blueprint("privacy", __name__, url_prefix="/v1", description="Personal data")

    @routes.route("/members/<member_id>/contact-views", methods=["POST"])
    @routes.arguments(schemas.ContactRequestSchema)
    @routes.response(201, schemas.ContactSchema)
    @access.roles("community_staff", "subdistrict_staff", "district_admin")
    @untracked
    def view_contact(body: dict[str, Any], member_id: str) -> dict[str, Any]:
        """Look up a member's phone; it is kept who did, when and why, and the member can see it.

        An Idempotency-Key is not honoured: the answer must not be stored.
        """
        view, member = commands.view_contact(
            members, views, clock, actor(), view_id=new_id(), member_id=member_id, district=district, **body
        )
        return {**vars(view), "name": member.name, "phone": member.phone}

    @routes.route("/contact-views", methods=["GET"])
    @routes.arguments(schemas.ContactViewQuery, location="query")
    @routes.response(200, schemas.ContactViewPageSchema)
    @access.roles("district_admin")
    def listing(query: dict[str, Any]) -> dict[str, Any]:
        """List who looked up whose phone, the newest first."""
        area = query["area"] or district
        check_area(area, district)
        page = queries.of_area(area, query["member"], query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    @routes.route("/me/contact-views", methods=["GET"])
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, schemas.ContactViewPageSchema)
    @access.signed_in
    def about_me(query: dict[str, Any]) -> dict[str, Any]:
        """List who looked up one's own phone, the newest first."""
        page = queries.about(actor().member_id, query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    @routes.route("/me/export", methods=["GET"])
    @routes.response(200, schemas.ExportSchema)
    @access.signed_in
    def export() -> dict[str, Any]:
        """Export what is kept of oneself here, and learn where the rest is."""
        member = members.get(actor().member_id)
        return {
            "id": member.id,
            "phone": member.phone,
            "name": member.name,
            "home_area": member.home_area,
            "roles": [vars(one) for one in member.roles],
            "grants": [entry_view(one) for one in member.record],
            "activities": [{**one, "id": one["_id"]} for one in activities.of(member.id)],
            "duties": duties.of(member.id),
            "trainings": [own_part(one, member.id) for one in trainings.of(member.id)],
            "contact_views": "/v1/me/contact-views",
            "elsewhere": {name: path.replace("{id}", member.id) for name, path in commands.ELSEWHERE.items()},
        }

    @routes.route("/me/erasure", methods=["POST"])
    @routes.arguments(schemas.ErasureSchema)
    @routes.response(204)
    @access.signed_in
    def erase(_: dict[str, Any]) -> None:
        """Have oneself forgotten, here at once and elsewhere within moments; it cannot be undone."""
        commands.erase(
            members, sessions, activities, duties, trainings, views, clock, actor(), district=district
        )

    return routes
