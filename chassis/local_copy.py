"""Local copies of other services' facts: the newest known state wins, in whatever order it arrives."""

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from chassis.mongo import Document


def put_newer(collection: Collection[Document], key: str, values: Document, sequence: int) -> None:
    """Keep `values` under `key` unless what is stored is as new or newer."""
    try:
        collection.update_one(
            {"_id": key, "version": {"$lt": sequence}},
            {"$set": {**values, "version": sequence}},
            upsert=True,
        )
    except DuplicateKeyError:
        return  # the document is there, and its version is not lower
