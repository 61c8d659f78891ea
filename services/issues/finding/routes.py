"""Finding issues over HTTP, and acting on many at once."""

from collections.abc import Callable
from typing import Any

from flask import Response, stream_with_context

from chassis.clock import Clock
from chassis.errors import missing
from chassis.http import access, problems
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id
from chassis.identity import check_area
from chassis.places import as_kept
from chassis.tiles import Tile
from services.issues.cases.issue import Details, Issue
from services.issues.cases.schemas import IssueSchema
from services.issues.finding import commands, domain, exports, schemas
from services.issues.finding.commands import Outcome, SavedFilters
from services.issues.finding.domain import Filters
from services.issues.finding.queries import Finder

_STAFF = ("community_staff", "subdistrict_staff", "district_admin")
_DEEPEST_TILE = 20
Act = Callable[[str, str, Details], Issue]


def filters_of(query: dict[str, Any], district: str) -> Filters:
    """The filters of a query. Raises Invalid."""
    area = query["area"] or district
    check_area(area, district)
    for name in ("reporter", "assignee"):
        if query[name] == "me":
            query[name] = actor().member_id
    regions = [
        domain.circle(query["near"], query["radius"], as_kept) if query["near"] else None,
        domain.rectangle(query["bbox"], as_kept) if query["bbox"] else None,
        domain.outline(query["polygon"], as_kept) if query["polygon"] else None,
    ]
    return Filters(
        area=area,
        statuses=query["status"],
        category=query["category"],
        assignee=query["assignee"],
        reporter=query["reporter"],
        since=query["since"],
        until=query["until"],
        overdue=query["overdue"],
        hidden=query["hidden"],
        region=domain.one_region(regions),
        words=domain.sought_words(query["q"]) if query["q"] else (),
    )


def blueprint(finder: Finder, district: str) -> Blueprint:
    """The routes under `/v1/issues` that concern many issues."""
    routes = Blueprint("finding", __name__, url_prefix="/v1/issues", description="Finding issues")

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.IssueQuery, location="query")
    @routes.response(200, schemas.IssuePageSchema)
    @routes.places
    @access.signed_in
    def page(query: dict[str, Any]) -> dict[str, Any]:
        """List issues, newest first."""
        limit, cursor = query.pop("limit"), query.pop("cursor")
        found = finder.page(filters_of(query, district), actor(), limit, cursor)
        return {"items": found.items, "next": found.next}

    @routes.route("/export", methods=["GET"])
    @routes.arguments(schemas.ExportQuery, location="query")
    @routes.sends(200, ("text/csv", "application/geo+json"))
    @routes.places
    @access.roles(*_STAFF)
    def export(query: dict[str, Any]) -> Response:
        """Export issues as CSV or GeoJSON, however many there are."""
        form = query.pop("format")
        filters = filters_of(query, district)
        finder.check_export(filters, actor())
        dump = IssueSchema().dump
        rows = (dump(one) for one in finder.rows(filters, actor()))
        write = exports.as_csv if form == "csv" else exports.as_geojson
        kind = "text/csv; charset=utf-8" if form == "csv" else "application/geo+json"
        headers = {"Content-Disposition": f'attachment; filename="issues.{form}"'}
        return Response(stream_with_context(write(rows)), content_type=kind, headers=headers)

    @routes.route("/tiles/<z>/<x>/<y>", methods=["GET"])
    @routes.response(200, schemas.TileSchema)
    @routes.places
    @access.signed_in
    def tile(z: str, x: str, y: str) -> dict[str, Any]:
        """Show the open issues of a map tile: in clusters or, far in, each."""
        return finder.tile(_tile(z, x, y), actor())

    return routes


def bulk_blueprint(act: Act, district: str) -> Blueprint:
    """The route `/v1/bulk-transitions`."""
    routes = Blueprint("bulk", __name__, url_prefix="/v1/bulk-transitions", description="Many issues at once")

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.BulkSchema)
    @routes.response(200, schemas.OutcomeListSchema)
    @access.roles("steward", *_STAFF)
    def bulk(body: dict[str, Any]) -> dict[str, Any]:
        """Carry out one action on many issues; each is answered for by itself."""
        if body["area"] is not None:
            check_area(body["area"], district)
        ids, action = body.pop("ids"), body.pop("action")
        details = Details(**{**body, "media": tuple(body["media"])})
        outcomes = commands.act_on_many(ids, lambda issue_id: act(issue_id, action, details))
        return {"items": [_outcome(one) for one in outcomes]}

    return routes


def _tile(*texts: str) -> Tile:
    if not all(text.isascii() and text.isdigit() and len(text) < 8 for text in texts):
        raise missing("地图瓦片", "map tile")
    z, x, y = map(int, texts)
    if z > _DEEPEST_TILE or x >= 1 << z or y >= 1 << z:
        raise missing("地图瓦片", "map tile")
    return Tile(z, x, y)


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if outcome.issue is not None:
        issue = outcome.issue
        return {"id": issue.id, "status": 200, "issue_status": issue.status.value, "version": issue.version}
    refusal = outcome.refusal
    if refusal is None:
        raise AssertionError("an outcome is one or the other")
    detail = refusal.en if problems.language() == "en" else refusal.zh
    answer = {"id": outcome.id, "status": problems.status_of(refusal), "detail": detail}
    return {**answer, "allowed": refusal.extra["allowed"]} if "allowed" in refusal.extra else answer


def saved_blueprint(filters: SavedFilters, clock: Clock) -> Blueprint:
    """The routes under `/v1/saved-filters`."""
    routes = Blueprint("saved", __name__, url_prefix="/v1/saved-filters", description="Saved filters")

    @routes.route("", methods=["GET"])
    @routes.response(200, schemas.SavedFilterListSchema)
    @access.signed_in
    def listing() -> dict[str, Any]:
        """List one's saved filters."""
        return {"items": filters.of(actor().member_id), "next": None}

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.SaveFilterSchema)
    @routes.response(201, schemas.SavedFilterSchema)
    @access.signed_in
    def save(body: dict[str, Any]) -> dict[str, Any]:
        """Save a filter."""
        return commands.save_filter(filters, clock, actor(), filter_id=new_id(), **body)

    @routes.route("/<filter_id>", methods=["DELETE"])
    @routes.response(204)
    @access.signed_in
    def remove(filter_id: str) -> None:
        """Remove a saved filter."""
        commands.remove_filter(filters, actor(), filter_id=filter_id)

    return routes
