"""Counts that are kept up to date by counting again what has changed.

An event only marks the bucket that it touches; a timer then counts the bucket anew from the documents
themselves. Marking twice, late or out of order therefore changes nothing, and a count is never off for longer
than a sweep.
"""

from collections.abc import Callable, Sequence

from pymongo import UpdateOne
from pymongo.collection import Collection

from chassis.clock import new_ulid
from chassis.joined import Joined
from chassis.mongo import Document


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
            UpdateOne({"_id": key}, {"$set": {"mark": new_ulid()}}, upsert=True) for key in sorted(set(keys))
        ]
        if marks:
            self._collection.bulk_write(marks, ordered=False)

    def sweep(self, count: Callable[[str], None], most: int = 500) -> int:
        """Count the marked buckets; returns how many.

        A mark goes only when the bucket was not marked again while it was counted.
        """
        marked = list(self._collection.find().limit(most))
        for one in marked:
            count(str(one["_id"]))
            self._collection.delete_one({"_id": one["_id"], "mark": one["mark"]})
        return len(marked)
