"""Photos ↔ documents: how one is written down."""

from dataclasses import asdict, fields
from typing import Any

from chassis.mongo import Document
from services.issues.media.domain import Act, Moderation, Photo, Rectangle, Use, UseKind

WAITING = ("waiting_in", "order")
"""The fields that only photos have that await moderation."""
_NAMES = {field.name for field in fields(Photo)} - {"id", "waiting_in"}


def use_document(use: Use) -> Document:
    """How a use is kept."""
    return {"kind": use.kind.value, "id": use.id, "area": use.area}


def document_of(photo: Photo) -> Document:
    """How a photo is kept."""
    values: Document = {name: getattr(photo, name) for name in _NAMES}
    if photo.moderation is Moderation.AWAITING:
        values |= {"waiting_in": list(photo.waiting_in), "order": photo.id}
    return {
        **values,
        "_id": photo.id,
        "moderation": photo.moderation.value,
        "uses": [use_document(one) for one in photo.uses],
        "redactions": [asdict(one) for one in photo.redactions],
        "unlogged": [asdict(one) for one in photo.unlogged],
        "leftovers": list(photo.leftovers),
    }


def photo_of(document: Document) -> Photo:
    """A photo as it was kept."""
    values: dict[str, Any] = {name: document[name] for name in _NAMES}
    return Photo(
        **{
            **values,
            "id": document["_id"],
            "moderation": Moderation(document["moderation"]),
            "waiting_in": tuple(document.get("waiting_in", ())),
            "uses": tuple(Use(UseKind(one["kind"]), one["id"], one["area"]) for one in document["uses"]),
            "redactions": tuple(Rectangle(**one) for one in document["redactions"]),
            "unlogged": tuple(Act(**one) for one in document["unlogged"]),
            "leftovers": tuple(document["leftovers"]),
        }
    )
