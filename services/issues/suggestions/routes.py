"""Suggestions over HTTP."""

from typing import Any

from flask import Response, jsonify

from chassis.clock import Clock
from chassis.geography import AreaFinder
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint, expected_version
from chassis.idempotency import new_id
from chassis.identity import check_area
from services.issues.suggestions import commands, schemas
from services.issues.suggestions.domain import Decision, Details, Kind
from services.issues.suggestions.queries import Filters, SuggestionQueries
from services.issues.suggestions.store import SuggestionStore


def blueprint(
    store: SuggestionStore, queries: SuggestionQueries, places: AreaFinder, clock: Clock, district: str
) -> Blueprint:
    """The routes under `/v1/suggestions`."""
    routes = Blueprint(
        "suggestions", __name__, url_prefix="/v1/suggestions", description="Residents' suggestions"
    )

    def shown(suggestion_id: str, status: int = 200) -> Response:
        """The suggestion as the caller may see it, with its version as ETag."""
        document = queries.one(suggestion_id, actor())
        response = jsonify(schemas.SuggestionSchema().dump(document))
        response.status_code = status
        response.headers["ETag"] = f'"{document["version"]}"'
        if status == 201:
            response.headers["Location"] = f"/v1/suggestions/{suggestion_id}"
        return response

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.MakeSuggestionSchema)
    @routes.answers(201, schemas.SuggestionSchema)
    @access.signed_in
    def make(body: dict[str, Any]) -> Response:
        """Make a suggestion for an area."""
        made = commands.make_suggestion(store, places, clock, actor(), suggestion_id=new_id(), **body)
        return shown(made.id, 201)

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.SuggestionQuery, location="query")
    @routes.response(200, schemas.SuggestionPageSchema)
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List suggestions, newest first."""
        limit, cursor = query.pop("limit"), query.pop("cursor")
        query["area"] = _of_district(query["area"], district)
        found = queries.page(Filters(**query), actor(), limit, cursor)
        return {"items": found.items, "next": found.next}

    @routes.route("/<suggestion_id>", methods=["GET"])
    @routes.answers(200, schemas.SuggestionSchema)
    @access.signed_in
    def one(suggestion_id: str) -> Response:
        """Show a suggestion."""
        return shown(suggestion_id)

    @routes.route("/<suggestion_id>/transitions", methods=["POST"])
    @routes.arguments(schemas.SuggestionTransitionSchema)
    @routes.answers(200, schemas.SuggestionSchema)
    @access.signed_in
    def transition(body: dict[str, Any], suggestion_id: str) -> Response:
        """Answer, close or withdraw a suggestion; `If-Match` or `version` guards against races."""
        commands.act(
            store,
            clock,
            actor(),
            suggestion_id=suggestion_id,
            action=body["action"],
            details=Details(Decision(body["decision"]) if body["decision"] else None, body["text"]),
            expected_version=expected_version(body["version"]),
        )
        return shown(suggestion_id)

    @routes.route("/<suggestion_id>/support", methods=["POST"])
    @routes.answers(200, schemas.SuggestionSchema)
    @access.signed_in
    def support(suggestion_id: str) -> Response:
        """Say "me too"; again changes nothing."""
        commands.support(store, actor(), suggestion_id=suggestion_id)
        return shown(suggestion_id)

    @routes.route("/kinds", methods=["GET"])
    @routes.response(200, schemas.KindListSchema)
    @access.public
    def kinds() -> dict[str, Any]:
        """List the kinds of suggestions."""
        return {"items": list(store.kinds().values()), "next": None}

    @routes.route("/kinds/<code>", methods=["PUT"])
    @routes.arguments(schemas.DefineKindSchema)
    @routes.response(200, schemas.KindSchema)
    @access.roles("district_admin")
    def define_kind(body: dict[str, Any], code: str) -> Kind:
        """Define a kind of suggestions, or change or retire one."""
        return commands.define_kind(store, kind=Kind(code, **body))

    return routes


def figures_blueprint(store: SuggestionStore, queries: SuggestionQueries, district: str) -> Blueprint:
    """The figures of suggestions, beside the others under `/v1/stats`."""
    routes = Blueprint("suggestion_figures", __name__, url_prefix="/v1/stats", description="Figures")

    @routes.route("/suggestions", methods=["GET"])
    @routes.arguments(schemas.SuggestionFiguresQuery, location="query")
    @routes.response(200, schemas.SuggestionFiguresSchema)
    @access.signed_in
    def figures(query: dict[str, Any]) -> dict[str, Any]:
        """Count residents' suggestions by kind."""
        area = _of_district(query["area"], district)
        return queries.by_kind(area, query["since"], query["until"], store.kinds())

    return routes


def _of_district(area: str | None, district: str) -> str:
    check_area(area or district, district)
    return area or district
