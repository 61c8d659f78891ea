"""Mutual help over HTTP."""

from typing import Any

from flask import Response, jsonify

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint, expected_version
from chassis.idempotency import keep_without, new_id
from chassis.identity import check_area
from services.points.timebank.exchange import commands, schemas
from services.points.timebank.exchange.effects import Details
from services.points.timebank.exchange.help import Kind
from services.points.timebank.exchange.queries import Filters, HelpQueries
from services.points.timebank.exchange.store import HelpStore
from services.points.timebank.policy.store import PolicyStore


def blueprint(
    store: HelpStore, queries: HelpQueries, policies: PolicyStore, clock: Clock, district: str
) -> Blueprint:
    """The routes under `/v1/time-bank/requests`."""
    routes = Blueprint(
        "time-bank", __name__, url_prefix="/v1/time-bank/requests", description="Help for minutes of help"
    )

    def shown(help_id: str, status: int = 200) -> Response:
        """It as the caller may see it, with its version as ETag."""
        document = queries.one(help_id, actor())
        keep_without("contacts")
        response = jsonify(schemas.HelpSchema().dump(document))
        response.status_code = status
        response.headers["ETag"] = f'"{document["version"]}"'
        if status == 201:
            response.headers["Location"] = f"/v1/time-bank/requests/{help_id}"
        return response

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.HelpOrderSchema)
    @routes.answers(201, schemas.HelpSchema)
    @access.signed_in
    def open_help(body: dict[str, Any]) -> Response:
        """Ask for help, or offer it."""
        check_area(body["area"], district)
        kind = Kind(body.pop("kind"))
        made = commands.open_help(store, policies, clock, actor(), help_id=new_id(), kind=kind, **body)
        return shown(made.id, 201)

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.HelpQuery, location="query")
    @routes.response(200, schemas.HelpPageSchema)
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List what is open in an area, or one's own, newest first."""
        limit, cursor = query.pop("limit"), query.pop("cursor")
        query["area"] = query["area"] or district
        check_area(query["area"], district)
        found = queries.page(Filters(**query), actor(), limit, cursor)
        return {"items": found.items, "next": found.next}

    @routes.route("/<help_id>", methods=["GET"])
    @routes.answers(200, schemas.HelpSchema)
    @access.signed_in
    def one(help_id: str) -> Response:
        """Show a request or an offer."""
        return shown(help_id)

    @routes.route("/<help_id>/matches", methods=["GET"])
    @routes.response(200, schemas.MatchListSchema)
    @access.signed_in
    def matches(help_id: str) -> dict[str, Any]:
        """List what goes together with one's own, best first."""
        return {"items": queries.matches(help_id, actor()), "next": None}

    @routes.route("/<help_id>/transitions", methods=["POST"])
    @routes.arguments(schemas.HelpTransitionSchema)
    @routes.answers(200, schemas.HelpSchema)
    @access.signed_in
    def transition(body: dict[str, Any], help_id: str) -> Response:
        """Carry out an action of the workflow; `If-Match` or `version` guards against races."""
        done = commands.act(
            store,
            policies,
            clock,
            actor(),
            help_id=help_id,
            action=body["action"],
            details=Details(body["note"], body["minutes"], body["candidate"], body["contact"]),
            request_id=new_id(),
            expected_version=expected_version(body["version"]),
        )
        return shown(done.id)

    return routes
