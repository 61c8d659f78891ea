"""Photos over HTTP."""

from typing import Any

from flask import Response

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.idempotency import new_id
from chassis.media import CONTENT_TYPES, MediaStore, clean
from services.issues.media import schemas


def blueprint(photos: MediaStore, clock: Clock) -> Blueprint:
    """The routes under `/v1/media`."""
    routes = Blueprint("media", __name__, url_prefix="/v1/media", description="Photos")

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.UploadSchema, location="files")
    @routes.response(201, schemas.MediaSchema)
    @access.signed_in
    def upload(files: dict[str, Any]) -> dict[str, Any]:
        """Upload a photo; what is stored carries no metadata of the camera."""
        photo = clean(files["file"].stream)
        media_id = new_id()
        photos.add(media_id, actor().member_id, photo, clock())
        return {
            "id": media_id,
            "url": photos.url(media_id),
            "thumbnail_url": photos.url(f"{media_id}-thumbnail"),
            "content_type": photo.content_type,
            "size": len(photo.body),
            "width": photo.width,
            "height": photo.height,
        }

    @routes.route("/<media_id>", methods=["GET"])
    @routes.arguments(schemas.LinkQuery, location="query")
    @routes.sends(200, CONTENT_TYPES)
    @access.public
    def photo(query: dict[str, Any], media_id: str) -> Response:
        """Show a photo, by a URL that an answer of this API contained."""
        photos.check(media_id, query["expires"], query["signature"])
        content_type, size, chunks = photos.open(media_id)
        headers = {"Content-Length": str(size), "Cache-Control": "private, max-age=300"}
        return Response(chunks, content_type=content_type, headers=headers)

    return routes
