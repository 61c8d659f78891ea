"""Counts that are kept up to date by counting again what has changed.

An event only marks the bucket that it touches; a timer then counts the bucket anew from the documents
themselves. Marking twice, late or out of order therefore changes nothing, and a count is never off for longer
than a sweep.
"""

import time
from collections.abc import Callable, Sequence

from pymongo import UpdateOne
from pymongo.collection import Collection

from chassis.clock import new_ulid
from chassis.joined import Joined
from chassis.mongo import Document

_IN_A_ROW_SECONDS = 0.05
"""After this no other bucket is begun: big ones in a row would keep a small database from all else."""


class Marks:
    """The buckets that are to be counted again."""

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection
        self._joined = Joined(self._store)

    def put(self, *keys: str) -> None:
        """Mark buckets.

        Under load many events mark the same few: threads that did so each by itself would mostly undo one
        another's attempts.
        """
        self._joined.put(keys)

    def _store(self, keys: Sequence[str]) -> None:
        marks = [
            UpdateOne(
                {"_id": key},
                {"$set": {"mark": new_ulid()}, "$setOnInsert": {"since": new_ulid()}},
                upsert=True,
            )
            for key in sorted(set(keys))
        ]
        if marks:
            self._collection.bulk_write(marks, ordered=False)

    def sweep(self, count: Callable[[str], None], most: int = 500) -> int:
        """Count marked buckets, those first that wait longest; returns how many, 0 when none is marked.

        A mark goes only when the bucket was not marked again while it was counted; otherwise its turn comes
        again after all others'.
        """
        began, counted = time.monotonic(), 0
        for one in self._collection.find().sort("since", 1).limit(most):
            if counted and time.monotonic() - began > _IN_A_ROW_SECONDS:
                break
            count(str(one["_id"]))
            counted += 1
            if not self._collection.delete_one({"_id": one["_id"], "mark": one["mark"]}).deleted_count:
                self._collection.update_one({"_id": one["_id"]}, {"$set": {"since": new_ulid()}})
        return counted
