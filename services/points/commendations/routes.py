"""Commendations over HTTP."""

from typing import Any

from flask import Response, jsonify

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint, expected_version
from chassis.idempotency import new_id
from chassis.identity import check_area
from services.points.commendations import commands, schemas
from services.points.commendations.certificate import page as certificate_page
from services.points.commendations.commendation import Details
from services.points.commendations.queries import CommendationQueries
from services.points.commendations.store import CommendationStore
from services.points.domain import Ladder

_STAFF = ("community_staff", "subdistrict_staff", "district_admin", "social_worker")
_COUNCIL = ("council_member", "council_chair")
_PAGE_RULES = "default-src 'none'; style-src 'unsafe-inline'"


def blueprint(
    store: CommendationStore,
    queries: CommendationQueries,
    clock: Clock,
    *,
    district: str,
    ladder: Ladder,
    days: int,
) -> Blueprint:
    """The routes under `/v1/commendations`; a publicity lasts so many days."""
    routes = Blueprint("commendations", __name__, url_prefix="/v1/commendations", description="Commendations")

    def shown(commendation_id: str, status: int = 200) -> Response:
        """The commendation as the caller may see it, with its version as ETag."""
        document = queries.one(commendation_id, actor())
        response = jsonify(schemas.CommendationSchema().dump(document))
        response.status_code = status
        response.headers["ETag"] = f'"{document["version"]}"'
        return response

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.NominationSchema)
    @routes.answers(201, schemas.CommendationSchema)
    @access.roles("steward", "team_leader", *_STAFF, *_COUNCIL)
    def nominate(body: dict[str, Any]) -> Response:
        """Nominate a member for what verified work has earned them in an area and period."""
        check_area(body["area"], district)
        made = commands.nominate(store, clock, actor(), ladder=ladder, commendation_id=new_id(), **body)
        return shown(made.id, 201)

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.CommendationQuery, location="query")
    @routes.response(200, schemas.CommendationPageSchema)
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List commendations, newest first: those in publicity or awarded, and more for who reviews."""
        area = query.pop("area") or district
        check_area(area, district)
        found = queries.page(area, actor=actor(), **query)
        return {"items": found.items, "next": found.next}

    @routes.route("/<commendation_id>", methods=["GET"])
    @routes.answers(200, schemas.CommendationSchema)
    @access.signed_in
    def one(commendation_id: str) -> Response:
        """Show a commendation."""
        return shown(commendation_id)

    @routes.route("/<commendation_id>/transitions", methods=["POST"])
    @routes.arguments(schemas.CommendationTransitionSchema)
    @routes.answers(200, schemas.CommendationSchema)
    @access.signed_in
    def transition(body: dict[str, Any], commendation_id: str) -> Response:
        """Carry out an action of the workflow; `If-Match` or `version` guards against races."""
        version = expected_version(body.pop("version"))
        action = body.pop("action")
        commands.act(
            store,
            clock,
            actor(),
            commendation_id=commendation_id,
            action=action,
            details=Details(**body),
            days=days,
            expected_version=version,
        )
        return shown(commendation_id)

    @routes.route("/<commendation_id>/objections", methods=["POST"])
    @routes.arguments(schemas.ObjectionOrderSchema)
    @routes.answers(201, schemas.CommendationSchema)
    @access.signed_in
    def object_to(body: dict[str, Any], commendation_id: str) -> Response:
        """Object to a commendation during its publicity; only reviewers learn who did."""
        commands.object_to(
            store,
            clock,
            actor(),
            commendation_id=commendation_id,
            objection_id=new_id(),
            reason=body["reason"],
        )
        return shown(commendation_id, 201)

    @routes.route("/<commendation_id>/certificate", methods=["GET"])
    @routes.sends(200, ("text/html",))
    @access.signed_in
    def certificate(commendation_id: str) -> Response:
        """Show the certificate of an awarded commendation, to be printed."""
        commendation, issuer = queries.certificate(commendation_id, actor())
        return Response(
            certificate_page(commendation, issuer),
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": _PAGE_RULES, "Cache-Control": "no-store"},
        )

    @routes.route("/certificates/<number>", methods=["GET"])
    @routes.arguments(schemas.CertificateQuery, location="query")
    @routes.response(200, schemas.ValiditySchema)
    @access.public
    def check(query: dict[str, str], number: str) -> Any:
        """Check a printed certificate by its number and code: whether it is valid, and nothing else."""
        return queries.check(number, query["code"])

    return routes
