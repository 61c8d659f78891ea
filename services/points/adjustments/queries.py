"""Adjustments as administrators see them."""

from chassis import paging
from chassis.mongo import Document, Mongo
from services.points.adjustments.domain import size
from services.points.domain import Leg


class AdjustmentQueries:
    """Reads adjustments."""

    def __init__(self, mongo: Mongo, district: str) -> None:
        self._mongo = mongo
        self._district = district

    def page(self, standing: str | None, limit: int, cursor: str | None) -> paging.Page:
        """The district's adjustments, newest first."""
        page = paging.newest_first(
            self._mongo["adjustments"],
            {"scopes": self._district},
            where={"standing": standing} if standing else None,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0},
        )
        return paging.Page([_shown(one) for one in page.items], page.next)


def _shown(document: Document) -> Document:
    legs = [Leg(**one) for one in document["legs"]]
    return {**document, "id": document["_id"], "size": size(legs)}
