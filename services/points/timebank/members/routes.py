"""Registrations over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id
from services.points.timebank.members import commands, schemas
from services.points.timebank.members.queries import RegistryQueries
from services.points.timebank.members.store import RegistryStore

_STAFF = ("community_staff", "subdistrict_staff", "district_admin")


def blueprint(store: RegistryStore, queries: RegistryQueries, clock: Clock) -> Blueprint:
    """The routes under `/v1/time-bank/members` and `/v1/time-bank/relatives`."""
    routes = Blueprint(
        "time-bank-members",
        __name__,
        url_prefix="/v1/time-bank",
        description="What staff register of members",
    )

    @routes.route("/members/<member_id>", methods=["GET"])
    @routes.response(200, schemas.RegistrationSchema)
    @access.signed_in
    def one(member_id: str) -> Any:
        """Show what is registered of a member."""
        return queries.member(member_id, actor())

    @routes.route("/members/<member_id>", methods=["PUT"])
    @routes.arguments(schemas.RegistrationOrderSchema)
    @routes.response(200, schemas.RegistrationSchema)
    @access.roles(*_STAFF)
    def register(body: dict[str, Any], member_id: str) -> Any:
        """Register from when a member may spend, and whether the account is a group's."""
        return commands.register(store, clock, actor(), member=member_id, **body)

    @routes.route("/relatives", methods=["POST"])
    @routes.arguments(schemas.RelativesOrderSchema)
    @routes.response(201, schemas.RelativesSchema)
    @access.roles(*_STAFF)
    def relate(body: dict[str, Any]) -> Any:
        """Register two members as lineal relatives."""
        return commands.relate(store, clock, actor(), relatives_id=new_id(), **body)

    @routes.route("/relatives", methods=["GET"])
    @routes.arguments(schemas.RelativesQuery, location="query")
    @routes.response(200, schemas.RelativesPageSchema)
    @access.signed_in
    def relatives(query: dict[str, Any]) -> dict[str, Any]:
        """List the registered relatives of a member."""
        member = query["member"] or actor().member_id
        page = queries.relatives(member, actor(), query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    @routes.route("/relatives/<relatives_id>", methods=["DELETE"])
    @routes.response(204)
    @access.roles(*_STAFF)
    def unrelate(relatives_id: str) -> None:
        """Take a registration of relatives back."""
        commands.unrelate(store, actor(), relatives_id=relatives_id)

    return routes
