"""Counts that are kept up to date by counting again what has changed.

An event only marks the bucket that it touches; a timer then counts the bucket anew from the documents
themselves. Marking twice, late or out of order therefore changes nothing, and a count is never off for longer
than a sweep.
"""

from collections.abc import Callable

from pymongo.collection import Collection

from chassis.clock import new_ulid
from chassis.mongo import Document


class Marks:
    """The buckets that are to be counted again."""

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection

    def put(self, *keys: str) -> None:
        """Mark buckets."""
        for key in keys:
            self._collection.update_one({"_id": key}, {"$set": {"mark": new_ulid()}}, upsert=True)

    def sweep(self, count: Callable[[str], None], most: int = 500) -> int:
        """Count the marked buckets; returns how many.

        A mark goes only when the bucket was not marked again while it was counted.
        """
        marked = list(self._collection.find().limit(most))
        for one in marked:
            count(str(one["_id"]))
            self._collection.delete_one({"_id": one["_id"], "mark": one["mark"]})
        return len(marked)
