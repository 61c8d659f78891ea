"""Reports that may be of the same problem: near, of the same kind, and in like words."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rapidfuzz import fuzz

from chassis.clock import ulid_at, utc_now
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from chassis.tiles import around, cover, distance
from services.issues.cases.disclosure import (
    COARSE_METRES,
    SHORT,
    TOLD_BY,
    View,
    public_text,
    shown_location,
    view_for,
)
from services.issues.cases.issue import OPEN, Status

_CANDIDATES = frozenset(OPEN | {Status.RESOLVED})
_MOST_READ = 500
_SHOWN = dict.fromkeys(("number", "category", "description", "status", "location", "created_at", *TOLD_BY), 1)
SNIPPET = 60


@dataclass(frozen=True)
class Sought:
    """A report not yet made. `radius` in metres; texts are compared by their characters, as Chinese needs."""

    lng: float
    lat: float
    category: str | None = None
    description: str | None = None
    radius: float = 50.0
    days: int = 30


class Nearby:
    """Finds reports that are likely of the same problem."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def candidates(self, sought: Sought, actor: Actor, limit: int) -> list[Document]:
        """Open or just resolved issues around a point, the likeliest first; nothing of who reported them.

        What the actor may not see of an issue has no part in how near or how like it is found either.
        """
        found = [_candidate(one, sought, actor) for one in self._around(sought)]
        near = [one for one in found if one["distance"] <= sought.radius]
        return sorted(near, key=lambda one: (-one["likeness"], one["distance"]))[:limit]

    def _around(self, sought: Sought) -> list[Document]:
        rows: list[Document] = []
        since = ulid_at(utc_now() - timedelta(days=sought.days))
        # A stage of its own: what was closed here or is long past must not take the others' room.
        where = {"order": {"$gte": since}, "status": {"$in": sorted(_CANDIDATES)}}
        # Sensitive issues lie where they are shown: up to the width of the lattice from where they are.
        for tile in cover(around(sought.lng, sought.lat, sought.radius + COARSE_METRES)):
            first, after = tile.places
            stages: list[dict[str, Any]] = [
                {"$match": {"place": {"$gte": first, "$lt": after}}},
                {"$match": where},
                {"$limit": _MOST_READ},
                {"$project": _SHOWN},
            ]
            rows.extend(self._mongo["issues"].aggregate(stages))
        return rows


def _candidate(document: Document, sought: Sought, actor: Actor) -> dict[str, Any]:
    view = view_for(document, actor)
    place = shown_location(document, view) or {}
    text = document["description"] if view is View.FULL else public_text(document)
    same_category = sought.category is not None and document["category"] == sought.category
    # Beginnings of one length: else a long report would be little like itself, and take long to compare.
    words = fuzz.ratio(text[:SHORT], sought.description[:SHORT]) if text and sought.description else 0.0
    return {
        "id": document["_id"],
        "number": document["number"],
        "category": document["category"],
        "status": document["status"],
        "description": text[:SNIPPET] if text else None,
        "created_at": document["created_at"],
        "supporters": len(document["supporters"]),
        "distance": round(distance(sought.lng, sought.lat, place["lng"], place["lat"]), 1),
        "likeness": round(0.7 * words + (30.0 if same_category else 0.0), 1),
    }
