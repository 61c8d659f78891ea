"""A database that is only memory: what the service's stores write into it is read back as documents.

So filled issues have the very shape that the service gives them, without a command to a server for each step
of their lives.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from chassis.mongo import Document, Mongo

Update = tuple[Mapping[str, Any], Mapping[str, Any]]
"""What an update wants, and what it does."""


@dataclass(frozen=True)
class _Matched:
    matched_count: int


@dataclass
class Collection:
    """Documents by `_id`, and the last update as it was asked for. Takes only what the stores use."""

    documents: dict[str, Document] = field(default_factory=dict)
    update: Update = ({}, {})

    def insert_many(self, documents: Sequence[Document], ordered: bool = True) -> None:
        """Keep documents; `ordered` makes no difference, since none is refused."""
        assert not ordered
        self.documents.update({str(one["_id"]): one for one in documents})

    def update_one(
        self, wanted: Mapping[str, Any], update: Mapping[str, Any], upsert: bool = False
    ) -> _Matched:
        """Carry out `$set` and `$push` with `$each` where `_id` and `version` are as wanted.

        What would be inserted with `upsert` is only noted down.
        """
        self.update = (wanted, update)
        kept = self.documents.get(str(wanted["_id"]))
        if upsert or kept is None or kept["version"] != wanted["version"]:
            return _Matched(0)
        kept.update(update.get("$set", {}))
        for name, values in update.get("$push", {}).items():
            kept[name] = [*kept[name], *values["$each"]]
        return _Matched(1)

    def find(self, wanted: Mapping[str, Any], _: Mapping[str, int]) -> Iterable[Document]:
        """The document of an `_id`, all of it."""
        return [self.documents[str(wanted["_id"])]]

    def take(self) -> list[Document]:
        """Everything there is; afterwards there is nothing."""
        taken, self.documents = list(self.documents.values()), {}
        return taken


class Drafts:
    """The collections of a service, in memory."""

    def __init__(self) -> None:
        self._collections: dict[str, Collection] = {}

    def __getitem__(self, name: str) -> Collection:
        return self._collections.setdefault(name, Collection())

    @property
    def mongo(self) -> Mongo:
        """These collections, for a store."""
        return cast(Mongo, self)


def relayed(document: Document) -> Document:
    """The document as the relay leaves it, once its events are published."""
    return {**{name: value for name, value in document.items() if name != "pending"}, "outbox": []}
