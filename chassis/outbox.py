"""The outbox inside the document: a state change and its event are one atomic single-document write.

A document with undrained events carries a small number in `pending` (sparse index): its slot. Relays
share the slots among themselves, so any number of them may run.
"""

import zlib
from collections.abc import Sequence
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from chassis.errors import ConcurrentUpdate
from chassis.mongo import Document

SLOTS = 16


def slot(subject: str) -> int:
    """The relay slot of a document."""
    return zlib.crc32(subject.encode()) % SLOTS


def insert(collection: Collection[Document], document: Document, envelopes: Sequence[dict[str, Any]]) -> bool:
    """Insert a new document with its first events; false when one with a key of its own is there already."""
    try:
        collection.insert_one(fresh(document, envelopes))
    except DuplicateKeyError:
        return False
    return True


def save(
    collection: Collection[Document],
    subject: str,
    version: int,
    envelopes: Sequence[dict[str, Any]],
    *,
    set_fields: dict[str, Any],
    push: dict[str, list[Any]] | None = None,
) -> None:
    """Write `version` of a document and its events in one write.

    Raises ConcurrentUpdate unless the stored document is at the version before.
    """
    result = collection.update_one(
        {"_id": subject, "version": version - 1},
        change(subject, envelopes, set_fields=set_fields, push=push),
    )
    if not result.matched_count:
        raise ConcurrentUpdate(subject)


def fresh(document: Document, envelopes: Sequence[dict[str, Any]]) -> Document:
    """A new document (with `_id` and `version`) carrying its first events."""
    if not envelopes:
        return {**document, "outbox": []}
    return {**document, "outbox": list(envelopes), "pending": slot(str(document["_id"]))}


def change(
    subject: str,
    envelopes: Sequence[dict[str, Any]],
    *,
    set_fields: dict[str, Any],
    push: dict[str, list[Any]] | None = None,
) -> dict[str, Any]:
    """The update that sets fields, appends to arrays and leaves the events in the outbox, in one write."""
    update: dict[str, Any] = {"$set": dict(set_fields)}
    arrays = {name: {"$each": values} for name, values in (push or {}).items() if values}
    if envelopes:
        arrays["outbox"] = {"$each": list(envelopes)}
        update["$set"]["pending"] = slot(subject)
    if arrays:
        update["$push"] = arrays
    return update


def ensure_indexes(collection: Collection[Document]) -> None:
    """The index that relays look for work through."""
    collection.create_index("pending", sparse=True)
