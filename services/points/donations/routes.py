"""Donations over HTTP."""

from typing import Any

from flask import Response, jsonify

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint, expected_version
from chassis.idempotency import new_id, required_key
from chassis.identity import check_area
from services.points.donations import commands, schemas
from services.points.donations.domain import REPEATABLE
from services.points.donations.donation import Details
from services.points.donations.queries import DonationQueries
from services.points.donations.store import DonationStore


def blueprint(store: DonationStore, queries: DonationQueries, clock: Clock, district: str) -> Blueprint:
    """The routes under `/v1/donations`."""
    routes = Blueprint(
        "donations", __name__, url_prefix="/v1/donations", description="Donations, and where they went"
    )

    def shown(donation_id: str, status: int = 200) -> Response:
        """The donation as the caller may see it, with its version as ETag."""
        document = queries.one(donation_id, actor())
        response = jsonify(schemas.DonationSchema().dump(document))
        response.status_code = status
        response.headers["ETag"] = f'"{document["version"]}"'
        return response

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.OfferSchema)
    @routes.answers(201, schemas.DonationSchema)
    @access.signed_in
    def offer(body: dict[str, Any]) -> Response:
        """Offer goods or money to the shop of an area, or, as its keeper, record what somebody gives."""
        check_area(body["area"], district)
        return shown(commands.offer(store, clock, actor(), donation_id=new_id(), **body).id, 201)

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.DonationQuery, location="query")
    @routes.response(200, schemas.DonationPageSchema)
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List one's own donations, or those of an area, newest first."""
        if query["area"] is not None:
            check_area(query["area"], district)
        found = queries.page(query["area"], query["status"], actor(), query["limit"], query["cursor"])
        return {"items": found.items, "next": found.next}

    @routes.route("/<donation_id>", methods=["GET"])
    @routes.answers(200, schemas.DonationSchema)
    @access.signed_in
    def one(donation_id: str) -> Response:
        """Show a donation."""
        return shown(donation_id)

    @routes.route("/<donation_id>/transitions", methods=["POST"])
    @routes.arguments(schemas.DonationTransitionSchema)
    @routes.answers(200, schemas.DonationSchema)
    @access.roles("shop_keeper", "district_admin")
    def transition(body: dict[str, Any], donation_id: str) -> Response:
        """Carry out an action of the workflow; `If-Match` or `version` guards against races.

        With sell, record_cost and allocate an `Idempotency-Key` must be sent; a key never expires.
        """
        action, version = body.pop("action"), expected_version(body.pop("version"))
        commands.act(
            store,
            clock,
            actor(),
            donation_id=donation_id,
            action=action,
            target=body.pop("target"),
            details=Details(**body),
            expected_version=version,
            request_id=new_id(),
            key=required_key() if action in REPEATABLE else "",
        )
        return shown(donation_id)

    @routes.route("/<donation_id>/trace", methods=["GET"])
    @routes.response(200, schemas.TraceSchema)
    @access.public
    def trace(donation_id: str) -> Any:
        """Follow what a donation brought in to the funds it went to, and through them to the projects."""
        return queries.trace(donation_id)

    return routes
