"""Photos over HTTP."""

from typing import Any

from flask import Response

from chassis import idempotency
from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id
from chassis.identity import check_area
from chassis.media import Links
from chassis.pictures import CONTENT_TYPES, Pictures
from services.issues.cases.commands import Cases
from services.issues.media import commands, domain, schemas
from services.issues.media.queries import PhotoQueries
from services.issues.media.store import PhotoStore

_STAFF = ("community_staff", "subdistrict_staff", "district_admin")


def blueprint(
    photos: PhotoStore,
    queries: PhotoQueries,
    pictures: Pictures,
    links: Links,
    cases: Cases,
    clock: Clock,
    district: str,
) -> Blueprint:
    """The routes under `/v1/media`."""
    routes = Blueprint("media", __name__, url_prefix="/v1/media", description="Photos")

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.UploadSchema, location="files")
    @routes.response(201, schemas.MediaSchema)
    @routes.places
    @access.signed_in
    def upload(files: dict[str, Any]) -> dict[str, Any]:
        """Upload a photo; what is stored carries no metadata of the camera."""
        photo, notes = commands.upload(
            photos, pictures, clock, actor(), photo_id=new_id(), stream=files["file"].stream
        )
        idempotency.keep_without("taken_at", "location")
        return {**queries.shown(photo, actor()), **vars(notes)}

    @routes.route("", methods=["GET"])
    @routes.arguments(schemas.WaitingQuery, location="query")
    @routes.response(200, schemas.WaitingPageSchema)
    @access.roles(*_STAFF)
    def waiting(query: dict[str, Any]) -> dict[str, Any]:
        """List the photos that await moderation in an area, newest first."""
        check_area(query["area"] or district, district)
        area = domain.area_of_staff(actor(), query["area"])
        page = queries.waiting(area, query["limit"], query["cursor"])
        return {"items": page.items, "next": page.next}

    @routes.route("/<media_id>", methods=["GET"])
    @routes.arguments(schemas.LinkQuery, location="query")
    @routes.sends(200, CONTENT_TYPES)
    @access.public
    def show(query: dict[str, Any], media_id: str) -> Response:
        """Show a photo, by a URL that an answer of this API contained."""
        links.check(media_id, query["expires"], query["signature"])
        content_type, size, chunks = photos.open(media_id)
        headers = {"Content-Length": str(size), "Cache-Control": "private, max-age=300"}
        return Response(chunks, content_type=content_type, headers=headers)

    @routes.route("/<media_id>/links", methods=["GET"])
    @routes.response(200, schemas.PhotoSchema)
    @access.signed_in
    def one(media_id: str) -> dict[str, Any]:
        """Give fresh URLs of a photo to those who may see it."""
        return queries.shown(photos.get(media_id), actor())

    @routes.route("/<media_id>/redactions", methods=["POST"])
    @routes.arguments(schemas.RedactionsSchema)
    @routes.response(201, schemas.PhotoSchema)
    @access.roles(*_STAFF)
    def redact(body: dict[str, Any], media_id: str) -> dict[str, Any]:
        """Paint over parts of a photo, for good: what was there is kept nowhere."""
        photo = commands.redact(photos, pictures, queries, cases, clock, actor(), photo_id=media_id, **body)
        return queries.shown(photo, actor())

    @routes.route("/<media_id>/moderations", methods=["POST"])
    @routes.arguments(schemas.ModerationSchema)
    @routes.response(201, schemas.PhotoSchema)
    @access.roles(*_STAFF)
    def moderate(body: dict[str, Any], media_id: str) -> dict[str, Any]:
        """Decide whether a photo is shown to others than its owner and staff."""
        photo = commands.moderate(
            photos,
            queries,
            cases,
            clock,
            actor(),
            photo_id=media_id,
            approved=body["decision"] == "approve",
            reason=body["reason"],
        )
        return queries.shown(photo, actor())

    return routes
