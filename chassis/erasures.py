"""Members who are to be forgotten: an event notes them, a timer does the forgetting for a day.

One pass would not do: an access token outlives the erasure by minutes, and an event about the member may come
late out of a delay queue. Forgetting again changes nothing, so any number of processes may sweep.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from pymongo.collection import Collection

from chassis.mongo import Document

FOR_SO_LONG = timedelta(days=1)


class Erasures:
    """The members whom a service is forgetting."""

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection

    def note(self, member_id: str, at: datetime) -> None:
        """Begin to forget a member who was erased at this moment; noting it again changes nothing."""
        self._collection.update_one({"_id": member_id}, {"$setOnInsert": {"at": at}}, upsert=True)

    def sweep(self, forget: Callable[[str], None], now: datetime) -> None:
        """Forget whatever there is by now of each member noted; after a day nothing more is expected."""
        for one in list(self._collection.find()):
            forget(str(one["_id"]))
            if one["at"] < now - FOR_SO_LONG:
                self._collection.delete_one({"_id": one["_id"]})
