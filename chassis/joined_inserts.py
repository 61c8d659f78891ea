"""Inserts of several threads that go together."""

from collections.abc import Callable, Sequence

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from chassis.joined import Joined
from chassis.mongo import Document

DUPLICATE = 11000


class JoinedInserts:
    """Inserts into one collection of documents whose `_id` makes a second insert of them harmless."""

    def __init__(self, collection: Callable[[], Collection[Document]]) -> None:
        self._collection = collection
        self._joined = Joined(self._store)

    def insert(self, documents: Sequence[Document]) -> bool:
        """Return when all are stored: true where none was there before, as far as this thread can tell.

        Raises PyMongoError or InvalidDocument when they are not stored; what others insert at the same time
        makes no difference.
        """
        if not documents:
            return True
        try:
            self._joined.put(documents)
        except BulkWriteError as error:
            stored_before = all(one["code"] == DUPLICATE for one in error.details["writeErrors"])
            if not stored_before or error.details.get("writeConcernErrors"):
                raise
            return False
        return True

    def _store(self, documents: Sequence[Document]) -> None:
        self._collection().insert_many(documents, ordered=False)
