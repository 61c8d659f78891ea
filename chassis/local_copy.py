"""Local copies of other services' facts: the newest known state wins, in whatever order it arrives."""

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from chassis.mongo import Document


def put_newer(collection: Collection[Document], key: str, values: Document, sequence: int) -> None:
    """Keep `values` under `key` unless what is stored is as new or newer."""
    older = {"_id": key, "version": {"$lt": sequence}}
    change = {"$set": {**values, "version": sequence}}
    try:
        collection.update_one(older, change, upsert=True)
    except DuplicateKeyError:
        # It is there, as new or newer; or another thread inserted an older one this very moment.
        collection.update_one(older, change)
