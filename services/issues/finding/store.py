"""What finding keeps for itself: words, counts of open issues by cell of the map, and saved filters."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

from pymongo.errors import BulkWriteError

from chassis.clock import Clock, ulid_at
from chassis.joined_inserts import DUPLICATE
from chassis.mongo import Document, Mongo
from chassis.paging import FLOOR
from chassis.precedence import at_most
from chassis.recount import Marks
from chassis.tiles import tile_at
from services.issues.cases.disclosure import View, shown_location
from services.issues.cases.lists import open_in
from services.issues.finding.domain import CELL_ZOOM, cell_key, cell_of, words

_COMMIT_TIME = timedelta(seconds=2)
"""A report is written within this time after its moment of creation; one that is not shows by its event."""
_REST = timedelta(minutes=1)
"""How long the moment of the last sweep may stay behind while nothing is reported."""
_AT_ONCE = 20
_SHARE_OF_TIME = 1 / 3
_TAKEN_IN = {"description": 1, "order": 1, "location": 1, "sensitive": 1}


def cells_of(issues: Sequence[Document]) -> set[str]:
    """The cells that issues are counted in."""
    shown = [shown_location(one, View.PUBLIC) for one in issues]
    return {cell_key(tile_at(at["lng"], at["lat"], CELL_ZOOM)) for at in shown if at is not None}


class CellStore:
    """Counts of open issues by cell; the only writer of them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._marks = Marks(mongo["marked_cells"])

    def ensure_indexes(self) -> None:
        """Tiles are ranges of places."""
        self._mongo["cells"].create_index("place")

    def mark(self, *keys: str) -> None:
        """Have cells counted again."""
        self._marks.put(*keys)

    def mark_of(self, issue_id: str) -> None:
        """Have the cell of an issue counted again."""
        self.mark(
            *cells_of(list(self._mongo["issues"].find({"_id": issue_id}, {"location": 1, "sensitive": 1})))
        )

    def sweep(self) -> int:
        """Count the marked cells; returns how many."""
        return self._marks.sweep(self._count)

    def _count(self, key: str) -> None:
        tile = cell_of(key)
        issues = self._mongo["issues"]
        # Neither the count command nor count_documents: for these some engines read every document.
        counted = list(issues.aggregate([{"$match": {"lists": open_in(key)}}, {"$count": "open"}]))
        found = counted[0]["open"] if counted else 0
        self._mongo["cells"].update_one(
            {"_id": key},
            {"$set": {"x": tile.x, "y": tile.y, "place": tile.places[0], "open": found}},
            upsert=True,
        )


class WordStore:
    """The words that issues are found by; the only writer of them.

    They stand apart from the issues: they never change, and an issue that carried them would write all
    their index entries anew at each of its steps. Reports come many at a time, so a sweep takes in what came
    since the last one. Their events are needed only for those that the sweep may have passed by: the ones
    that were slow to be written.
    """

    def __init__(self, mongo: Mongo, cells: CellStore, clock: Clock) -> None:
        self._mongo = mongo
        self._cells = cells
        self._clock = clock

    def ensure_indexes(self) -> None:
        """They are searched newest first."""
        self._mongo["words"].create_index([("words", 1), ("order", 1)])

    def sweep(self, district: str) -> int:
        """Take in the reports that came since the last sweep and have had their time; returns how many."""
        until = self._clock() - _COMMIT_TIME
        state = self._mongo["words_state"].find_one({"_id": "swept"})
        since = state["until"] if state else FLOOR
        window = {"lists": district, "order": {"$gte": ulid_at(since), "$lt": ulid_at(until)}}
        found, taken = self._mongo["issues"].find(window, _TAKEN_IN).batch_size(_AT_ONCE), 0
        cells: set[str] = set()
        while some := list(islice(found, _AT_ONCE)):
            with at_most(_SHARE_OF_TIME):
                self._take_in(some)
            cells |= cells_of(some)
            taken += len(some)
        self._cells.mark(*cells)
        if taken or until - since > _REST:
            # $max: of two that sweep at once, the one that is behind takes nothing back.
            self._mongo["words_state"].update_one({"_id": "swept"}, {"$max": {"until": until}}, upsert=True)
        return taken

    def reported(self, issue_id: str, at: datetime) -> None:
        """Take in a report by its event, if it was so slow that a sweep may have missed it.

        Half of the time that a report has to be written is left for clocks that differ.
        """
        if self._clock() - at > _COMMIT_TIME / 2:
            issues = list(self._mongo["issues"].find({"_id": issue_id}, _TAKEN_IN))
            self._take_in(issues)
            self._cells.mark(*cells_of(issues))

    def forget(self, issue_id: str) -> None:
        """Have an issue found by no word any more; again changes nothing."""
        self._mongo["words"].update_one({"_id": issue_id}, {"$set": {"words": []}})

    def _take_in(self, issues: Sequence[Document]) -> None:
        documents = [
            {"_id": one["_id"], "order": one["order"], "words": words(one["description"])} for one in issues
        ]
        try:
            if documents:
                self._mongo["words"].insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if any(one["code"] != DUPLICATE for one in error.details["writeErrors"]):
                raise


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
