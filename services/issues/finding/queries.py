"""Finding issues: the list with every filter, the rows of an export, and clusters for the map."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from chassis import paging
from chassis.clock import utc_now
from chassis.errors import NotAllowed
from chassis.identity import AREA_LENGTHS, Actor
from chassis.mongo import Document, Mongo
from chassis.tiles import Tile, cover, widened
from services.issues.cases.disclosure import (
    COARSE_METRES,
    OVERSEERS,
    TOLD_BY,
    View,
    shown_location,
    view_for,
    withheld,
)
from services.issues.cases.issue import OPEN, STAFF_ROLES
from services.issues.cases.lists import handled_by, open_in, reported_by, with_status
from services.issues.cases.queries import LISTED
from services.issues.finding.domain import CELL_ZOOM, Filters, cell_key, words

_SMALL_TILE_ZOOM = 12
"""A region covered by tiles of this zoom or deeper is read by place; a wider one by time."""
_CLUSTERS_DEEPER = 3
_ITEMS_FROM_ZOOM = CELL_ZOOM
_MOST_ITEMS = 500
_EXPORT_PAGE = 500
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_SPOT = ("number", "category", "status")
_ITEM = dict.fromkeys((*_SPOT, *TOLD_BY), 1)
Views = Callable[[Sequence[Document], Actor], list[Document]]


class Finder:
    """Reads issues by filters. `views` shows documents as an actor may see them."""

    def __init__(self, mongo: Mongo, views: Views) -> None:
        self._mongo = mongo
        self._views = views

    def page(self, filters: Filters, actor: Actor, limit: int, cursor: str | None) -> paging.Page:
        """A page of issues, newest first. Raises NotAllowed for lists of what another member reported."""
        _check_reader(filters, actor)
        page = self._page(filters, actor, limit, cursor)
        return paging.Page(self._views(page.items, actor), page.next)

    def check_export(self, filters: Filters, actor: Actor) -> None:
        """Raises NotAllowed for areas that are none of the actor's."""
        if not actor.has_any(STAFF_ROLES, filters.area):
            raise NotAllowed(
                "not-your-area", zh="您不管理此区域。", en="Only staff of the area export its issues."
            )

    def rows(self, filters: Filters, actor: Actor) -> Iterator[Document]:
        """All issues that the filters let through, newest first; a page is in memory at a time."""
        cursor = None
        while True:
            page = self._page(filters, actor, _EXPORT_PAGE, cursor)
            yield from self._views(page.items, actor)
            cursor = page.next
            if cursor is None:
                return

    def _page(self, filters: Filters, actor: Actor, limit: int, cursor: str | None) -> paging.Page:
        where = _conditions(filters)

        def fits(issue: Document) -> bool:
            return _fits(issue, filters, actor)

        span: dict[str, Any] = {
            "limit": limit,
            "cursor": cursor,
            "since": filters.since,
            "until": filters.until,
        }
        few = _small_sets(filters)
        if few is not None:
            return paging.of_few(
                self._mongo["issues"],
                few,
                where=where,
                keep=fits,
                keep_by=(*TOLD_BY, "description"),
                projection=LISTED,
                **span,
            )
        if filters.words and filters.reporter is None and filters.assignee is None:
            return self._page_by_words(filters, where, fits, span)
        return paging.newest_first(
            self._mongo["issues"],
            {"lists": _narrowest(filters, where)},
            where=where,
            projection=LISTED,
            sift=lambda rows: [one for one in rows if fits(one)],
            **span,
        )

    def _page_by_words(
        self,
        filters: Filters,
        where: dict[str, Any],
        fits: Callable[[Document], bool],
        span: dict[str, Any],
    ) -> paging.Page:
        def issues_of(rows: Sequence[Document]) -> list[Document]:
            stages: list[dict[str, Any]] = [
                {"$match": {"_id": {"$in": [one["_id"] for one in rows]}}},
                {"$match": where},
                {"$project": LISTED},
            ]
            found = [one for one in self._mongo["issues"].aggregate(stages) if fits(one)]
            return sorted(found, key=lambda one: str(one["order"]), reverse=True)

        return paging.newest_first(
            self._mongo["words"],
            {"words": max(filters.words, key=len)},
            where={"words": {"$all": list(filters.words)}},
            projection={"order": 1},
            sift=issues_of,
            **span,
        )

    def tile(self, tile: Tile, actor: Actor) -> Document:
        """What a tile of the map shows: clusters with their counts or, far in, the open issues themselves."""
        if tile.z >= _ITEMS_FROM_ZOOM:
            return {"clusters": [], "items": self._items(tile, actor)}
        first, after = tile.places
        clusters: dict[tuple[int, int], list[tuple[float, float, int]]] = {}
        deeper = min(tile.z + _CLUSTERS_DEEPER, CELL_ZOOM)
        for cell in self._mongo["cells"].find({"place": {"$gte": first, "$lt": after}}):
            shift = CELL_ZOOM - deeper
            middle = Tile(CELL_ZOOM, cell["x"], cell["y"]).box
            spot = ((middle.west + middle.east) / 2, (middle.south + middle.north) / 2, int(cell["open"]))
            clusters.setdefault((cell["x"] >> shift, cell["y"] >> shift), []).append(spot)
        return {"clusters": [_cluster(spots) for spots in clusters.values() if _count(spots)], "items": []}

    def _items(self, tile: Tile, actor: Actor) -> list[Document]:
        """Read by the cell that the tile lies in: by place, all that were ever closed there would be read."""
        first, after = tile.places
        deeper = tile.z - CELL_ZOOM
        cell = Tile(CELL_ZOOM, tile.x >> deeper, tile.y >> deeper)
        stages: list[dict[str, Any]] = [
            {"$match": {"lists": open_in(cell_key(cell))}},
            {"$match": {"place": {"$gte": first, "$lt": after}}},
            {"$limit": _MOST_ITEMS},
            {"$project": _ITEM},
        ]
        return [_spot(one, actor) for one in self._mongo["issues"].aggregate(stages)]


def _spot(document: Document, actor: Actor) -> Document:
    place = shown_location(document, view_for(document, actor))
    return {**{name: document[name] for name in _SPOT}, "id": document["_id"], "location": place}


def _fits(document: Document, filters: Filters, actor: Actor) -> bool:
    """Whether an issue lies in the region and may be found by its words, as far as the actor sees either.

    Otherwise a search would tell what the view withholds: by asking again and again, ever closer.
    """
    view = view_for(document, actor)
    if filters.words and withheld(document) and view is not View.FULL:
        return False
    if filters.words and not set(filters.words) <= set(words(document["description"])):
        return False
    if filters.region is None:
        return True
    place = shown_location(document, view)
    return place is not None and filters.region.holds(place["lng"], place["lat"])


def _check_reader(filters: Filters, actor: Actor) -> None:
    other = filters.reporter is not None and filters.reporter != actor.member_id
    if other and not actor.has_any(STAFF_ROLES, filters.area):
        raise NotAllowed(
            "not-your-reports",
            zh="只能查看自己的报告。",
            en="Only staff of the area may list what another member reported: use reporter=me.",
        )
    another = filters.assignee is not None and filters.assignee != actor.member_id
    if another and not actor.has_any(OVERSEERS, filters.area):
        raise NotAllowed(
            "not-your-work",
            zh="只能查看自己负责的问题。",
            en="Only staff and stewards of the area may list what another member handles: use assignee=me.",
        )


def _conditions(filters: Filters) -> dict[str, Any]:
    """All conditions; `_narrowest` takes out the one that the chosen list answers."""
    where: dict[str, Any] = {"lists": filters.area}
    if len(filters.statuses) == 1:
        where["status"] = min(filters.statuses)
    elif filters.statuses:
        where["status"] = {"$in": sorted(filters.statuses)}
    if filters.category is not None:
        where["$or"] = [
            {"category": filters.category},
            {"category": {"$gte": f"{filters.category}.", "$lt": f"{filters.category}/"}},
        ]
    for name in ("assignee", "reporter"):
        if getattr(filters, name) is not None:
            where[name] = getattr(filters, name)
    if filters.overdue is True:
        where["open_due_at"] = {"$gte": _LONG_AGO, "$lt": utc_now()}
    elif filters.overdue is False:
        where["$nor"] = [{"open_due_at": {"$gte": _LONG_AGO, "$lt": utc_now()}}]
    if filters.hidden is not None:
        where["hidden"] = True if filters.hidden else {"$ne": True}
    if filters.region is not None:
        # Wider than asked for: `_fits` decides by the place that the actor sees.
        box = widened(filters.region.box, COARSE_METRES)
        where["location.lng"] = {"$gte": box.west, "$lte": box.east}
        where["location.lat"] = {"$gte": box.south, "$lte": box.north}
    return where


def _narrowest(filters: Filters, where: dict[str, Any]) -> str:
    """The list that holds fewest of what the filters do not let through; it answers one of the conditions."""
    for name, key in (("reporter", reported_by), ("assignee", handled_by)):
        if name in where:
            return key(where.pop(name))
    if len(filters.statuses) == 1 and (filters.statuses <= OPEN or len(filters.area) == AREA_LENGTHS[0]):
        return with_status(where.pop("status"))
    return str(where.pop("lists"))


def _small_sets(filters: Filters) -> list[dict[str, Any]] | None:
    """The ranges of an index of their own that hold all there is, where that is little."""
    if filters.region is not None:
        tiles = cover(widened(filters.region.box, COARSE_METRES))
        if tiles[0].z >= _SMALL_TILE_ZOOM:
            return [{"place": {"$gte": tile.places[0], "$lt": tile.places[1]}} for tile in tiles]
    if filters.overdue is True:
        return [{"lists": with_status(one)} for one in sorted(OPEN)]
    return None


def _count(spots: list[tuple[float, float, int]]) -> int:
    return sum(count for _, _, count in spots)


def _cluster(spots: list[tuple[float, float, int]]) -> Document:
    """The weighted middle of some cells."""
    count = _count(spots)
    return {
        "lng": round(sum(lng * of for lng, _, of in spots) / count, 6),
        "lat": round(sum(lat * of for _, lat, of in spots) / count, 6),
        "count": count,
    }
