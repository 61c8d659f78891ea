"""What finding keeps for itself: counts of open issues by cell of the map, and members' saved filters."""

from datetime import datetime
from typing import Any

from chassis.mongo import Document, Mongo
from chassis.recount import Marks
from chassis.tiles import tile_at
from services.issues.cases.disclosure import View, shown_location
from services.issues.cases.issue import OPEN
from services.issues.finding.domain import CELL_ZOOM, cell_key, cell_of


class CellStore:
    """Counts of open issues by cell; the only writer of them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._marks = Marks(mongo["marked_cells"])

    def ensure_indexes(self) -> None:
        """Tiles are ranges of places."""
        self._mongo["cells"].create_index("place")

    def mark(self, issue_id: str) -> None:
        """Have the cell of an issue counted again."""
        issue = self._mongo["issues"].find_one({"_id": issue_id}, {"location": 1, "sensitive": 1})
        place = shown_location(issue, View.PUBLIC) if issue is not None else None
        if place is not None:
            self._marks.put(cell_key(tile_at(place["lng"], place["lat"], CELL_ZOOM)))

    def sweep(self) -> int:
        """Count the marked cells; returns how many."""
        return self._marks.sweep(self._count)

    def _count(self, key: str) -> None:
        tile = cell_of(key)
        first, after = tile.places
        stages: list[dict[str, Any]] = [
            {"$match": {"place": {"$gte": first, "$lt": after}}},
            {"$match": {"status": {"$in": sorted(OPEN)}}},
            {"$count": "open"},
        ]
        rows = list(self._mongo["issues"].aggregate(stages))
        count = int(rows[0]["open"]) if rows else 0
        self._mongo["cells"].update_one(
            {"_id": key}, {"$set": {"x": tile.x, "y": tile.y, "place": first, "open": count}}, upsert=True
        )


class SavedFilterStore:
    """Members' saved filters; the only writer of them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """They are listed by member."""
        self._mongo["saved_filters"].create_index("member")

    def of(self, member: str) -> list[Document]:
        """A member's saved filters, by name."""
        found = self._mongo["saved_filters"].find({"member": member})
        return sorted(({**one, "id": one["_id"]} for one in found), key=lambda one: str(one["name"]))

    def put(self, filter_id: str, member: str, name: str, query: dict[str, str], at: datetime) -> Document:
        """Keep a filter; keeping the same id again changes nothing."""
        document = {"member": member, "name": name, "query": query, "created_at": at}
        self._mongo["saved_filters"].update_one({"_id": filter_id}, {"$setOnInsert": document}, upsert=True)
        return {"id": filter_id, **document}

    def forget(self, member: str) -> None:
        """Remove all that a member saved."""
        self._mongo["saved_filters"].delete_many({"member": member})

    def remove(self, filter_id: str, member: str) -> bool:
        """False when the member has no such filter."""
        removed = self._mongo["saved_filters"].delete_one({"_id": filter_id, "member": member})
        return bool(removed.deleted_count)
