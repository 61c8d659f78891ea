"""Suggestions as callers see them, and the figures by kind."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis import paging
from chassis.errors import missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.issues.suggestions.domain import STAFF_ROLES, Kind, Status

_COLLECTION = "suggestions"
_LISTED = {"supporters": 0, "outbox": 0}


@dataclass(frozen=True)
class Filters:
    """What a list may be narrowed by. `mine`: the actor's own only."""

    area: str
    kind: str | None = None
    status: str | None = None
    mine: bool = False


class SuggestionQueries:
    """Reads suggestions."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def one(self, suggestion_id: str, actor: Actor) -> Document:
        """One suggestion. Raises NotFound."""
        document = self._mongo[_COLLECTION].find_one({"_id": suggestion_id}, _LISTED)
        if document is None:
            raise missing("建议", "suggestion")
        return self._views([document], actor)[0]

    def page(self, filters: Filters, actor: Actor, limit: int, cursor: str | None) -> paging.Page:
        """A page of suggestions, newest first."""
        match: dict[str, Any] = {"author": actor.member_id} if filters.mine else {}
        if not match or len(filters.area) > 6:
            match["scopes"] = filters.area
        for name in ("kind", "status"):
            if getattr(filters, name) is not None:
                match[name] = getattr(filters, name)
        page = paging.newest_first(
            self._mongo[_COLLECTION], match, limit=limit, cursor=cursor, projection=_LISTED
        )
        return paging.Page(self._views(page.items, actor), page.next)

    def by_kind(
        self, area: str, since: datetime | None, until: datetime | None, kinds: Mapping[str, Kind]
    ) -> Document:
        """Suggestions of an area made in `[since, until)`, by kind; withdrawn ones are left out."""
        span = {name: value for name, value in (("$gte", since), ("$lt", until)) if value is not None}
        match = {"scopes": area, **({"created_at": span} if span else {})}
        counts: Counter[str] = Counter()
        supports: Counter[str] = Counter()
        answered: Counter[str] = Counter()
        for one in self._mongo[_COLLECTION].find(match, {"kind": 1, "status": 1, "support_count": 1}):
            if one["status"] == Status.WITHDRAWN:
                continue
            counts[one["kind"]] += 1
            supports[one["kind"]] += one["support_count"]
            answered[one["kind"]] += one["status"] != Status.OPEN
        rows = [
            {
                "kind": code,
                "zh": kind.zh,
                "en": kind.en,
                "count": counts[code],
                "supports": supports[code],
                "answered": answered[code],
            }
            for code, kind in kinds.items()
            if counts[code] or not kind.retired
        ]
        return {"area": area, "rows": rows, "total": sum(counts.values())}

    def _views(self, documents: Any, actor: Actor) -> list[Document]:
        """Documents as the actor may see them: the author only by themselves and by staff of the area."""
        ids = [one["_id"] for one in documents]
        mine = self._mongo[_COLLECTION].find({"_id": {"$in": ids}, "supporters": actor.member_id}, {"_id": 1})
        supported = {one["_id"] for one in mine}
        views = []
        for one in documents:
            shown = one["author"] == actor.member_id or actor.has_any(STAFF_ROLES, one["area"])
            views.append(
                {
                    **one,
                    "id": one["_id"],
                    "author": one["author"] if shown else None,
                    "supported": one["_id"] in supported,
                    "answer": one["answers"][-1] if one["answers"] else None,
                }
            )
        return views
