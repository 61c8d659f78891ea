"""Areas as callers see them."""

from collections.abc import Iterable
from typing import Any

from chassis.geography import AreaFinder
from chassis.mongo import Document, Mongo
from services.volunteer.areas.domain import KINDS, parent


class AreaQueries:
    """Reads areas."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._finder = AreaFinder(self._boundaries)

    def tree(self, area: str) -> list[Document]:
        """An area and everything below it, by code."""
        found = self._mongo["areas"].find({"scopes": area}, {"outbox": 0})
        return sorted((_view(one) for one in found), key=lambda one: str(one["code"]))

    def locate(self, lng: float, lat: float) -> Document | None:
        """The smallest area around a point."""
        code = self._finder.locate(lng, lat)
        found = self._mongo["areas"].find_one({"_id": code}) if code else None
        return _view(found) if found else None

    def covers(self, code: str, lng: float, lat: float) -> bool | None:
        """Whether a point lies in an area; None where no outline tells."""
        return self._finder.covers(code, lng, lat)

    def known(self, code: str) -> bool:
        """Whether there is an area with this code."""
        return self._finder.known(code)

    def name_of(self, code: str) -> str:
        """The name of an area; its code where it is not defined."""
        found = self._mongo["areas"].find_one({"_id": code}, {"name": 1})
        return str(found["name"]) if found else code

    def _boundaries(self) -> Iterable[tuple[str, dict[str, Any] | None]]:
        return [(str(one["_id"]), one["boundary"]) for one in self._mongo["areas"].find()]


def _view(document: Document) -> Document:
    code = str(document["_id"])
    return {
        "code": code,
        "name": document["name"],
        "kind": KINDS[len(code)],
        "parent": parent(code),
        "boundary": document["boundary"],
        "version": document["version"],
    }
