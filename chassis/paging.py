"""Newest-first pages, and whole readings, of documents that carry a ULID in `order`.

Reads go through two-sided time windows that widen until the page is full, so the cost follows the page
and not the collection, also on engines that sort every matching document (see ADR 0004).
"""

import base64
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.collection import Collection
from ulid import ULID

from chassis.clock import ulid_at, utc_now
from chassis.errors import Invalid
from chassis.mongo import Document

FLOOR = datetime(2020, 1, 1, tzinfo=UTC)
_FIRST_WINDOW = timedelta(seconds=2)
_WIDEN = 4.0
_SKEW = timedelta(minutes=5)
_REMEMBERED_SECONDS = 60.0
_MOST_REMEMBERED = 4096
_first_pages: dict[str, tuple[float, datetime]] = {}
"""By list: when its first page was read here, and how far back it went.

Reading again begins with that window. Little has come since then; a window of another length could hold much
more, and some engines read all that a window holds.
"""
_ULID_LENGTH = 26
_BATCH, _WANTED = 500, 5000
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=120)


@dataclass(frozen=True)
class Page:
    """One page: its documents, newest first, and the cursor of the next one."""

    items: Sequence[Document]
    next: str | None


def _decode(cursor: str) -> str:
    try:
        order = base64.urlsafe_b64decode(cursor.encode() + b"==").decode("ascii")
    except (ValueError, UnicodeError):
        order = ""
    if len(order) != _ULID_LENGTH or not order.isalnum():
        raise Invalid(
            "cursor", zh="翻页标记无效，请从第一页重新开始。", en="Unknown cursor: start from page one."
        )
    return order


def _encode(order: str) -> str:
    return base64.urlsafe_b64encode(order.encode()).decode().rstrip("=")


def order(identifier: str, created_at: datetime) -> str:
    """What a document is ordered by: its identifier, with the moment that `since` and `until` go by."""
    return ulid_at(created_at)[:10] + identifier[10:]


def newest_first(
    collection: Collection[Document],
    match: dict[str, Any],
    *,
    limit: int,
    cursor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    projection: dict[str, int] | None = None,
    where: dict[str, Any] | None = None,
    sift: Callable[[Sequence[Document]], Sequence[Document]] = lambda rows: rows,
) -> Page:
    """A page of the documents created in `[since, until)`. Raises Invalid for a bad cursor.

    `match` is what the index (these fields, then `order`) is read by. Everything else goes into `where`, a
    stage of its own: some engines scan the collection when one stage names a field outside the index. What
    no query can say, `sift` decides: it keeps some of the rows, or puts other documents of the same order in
    their place.
    """
    floor = max(since or FLOOR, FLOOR)
    now = utc_now()
    ceiling = min(until or now + _SKEW, now + _SKEW)
    high = ulid_at(ceiling)
    if cursor:
        high = min(high, _decode(cursor))
    found: list[Document] = []
    name = f"{collection.full_name} {match} {where} {limit}" if not (cursor or since or until) else None
    # Others may have come in the very millisecond of the cursor, and that may be the floor.
    edge = _moment(high) + timedelta(milliseconds=1) if cursor else min(ceiling, now)
    span = max(_FIRST_WINDOW, edge - _remembered(name, edge))
    while len(found) <= limit and edge > floor:
        edge = max(edge - span, floor)
        before, full = len(found), True
        while full and len(found) <= limit:
            wanted = limit + 1 - len(found)
            window = {**match, "order": {"$gte": ulid_at(edge), "$lt": high}}
            rows = list(collection.aggregate(_stages(window, where, projection, wanted)))
            found.extend(sift(rows))
            full = len(rows) == wanted
            high = rows[-1]["order"] if full else ulid_at(edge)
        span *= _widening(limit + 1 - len(found), len(found) - before)
    more = len(found) > limit
    items = found[:limit]
    if name:
        _remember(name, _moment(str(found[limit]["order"])) if more else floor)
    return Page(items, _encode(items[-1]["order"]) if more else None)


def _remembered(name: str | None, otherwise: datetime) -> datetime:
    read, back_to = _first_pages.get(name or "", (0.0, otherwise))
    return back_to if time.monotonic() - read < _REMEMBERED_SECONDS else otherwise


def _remember(name: str, back_to: datetime) -> None:
    if len(_first_pages) >= _MOST_REMEMBERED:
        _first_pages.clear()
    _first_pages[name] = (time.monotonic(), back_to)


def _widening(wanted: int, found: int) -> float:
    """How many times longer the next window is: some engines read all that a window holds."""
    return min(max(1.5 * wanted / found, 1 / _WIDEN), _WIDEN) if found else _WIDEN


def oldest_first(
    collection: Collection[Document],
    match: dict[str, Any],
    *,
    since: datetime,
    high: str,
    projection: dict[str, int],
) -> Iterator[Document]:
    """All documents from a moment to before a place in the order, in that order, however many there are.

    `match` is as in `newest_first`. A stretch of time is read at a go, of about as many as may be in memory:
    some engines hold all that a query finds before they answer.
    """
    at, span = max(since, FLOOR), _LONGEST
    while (low := ulid_at(at)) < high:
        at, found = at + span, 0
        window = {**match, "order": {"$gte": low, "$lt": min(ulid_at(at), high)}}
        for one in collection.find(window, projection, sort=[("order", 1)], batch_size=_BATCH):
            found += 1
            yield one
        span = max(_SHORTEST, min(span * _WANTED / max(found, 1), span * 2, _LONGEST))


def of_few(
    collection: Collection[Document],
    matches: Sequence[dict[str, Any]],
    *,
    limit: int,
    cursor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    projection: dict[str, int] | None = None,
    where: dict[str, Any] | None = None,
    keep: Callable[[Document], bool] = lambda _: True,
    keep_by: Sequence[str] = (),
) -> Page:
    """Like `newest_first`, for sets that an index of their own finds (a place, a date) and that are small.

    All of the set is read, its identifiers and the fields that `keep` decides by; the page itself is read
    in full.
    """
    low = ulid_at(since or FLOOR)
    high = ulid_at(until or utc_now() + timedelta(minutes=5))
    if cursor:
        high = min(high, _decode(cursor))
    rows: dict[str, Document] = {}
    for match in matches:
        stages: list[dict[str, Any]] = [{"$match": match}]
        if where:
            stages.append({"$match": where})
        stages.append({"$project": dict.fromkeys(("order", *keep_by), 1)})
        rows.update({str(one["_id"]): one for one in collection.aggregate(stages)})
    orders = sorted(
        (one["order"], key) for key, one in rows.items() if low <= one["order"] < high and keep(one)
    )
    chosen = orders[::-1][: limit + 1]
    found = collection.find({"_id": {"$in": [key for _, key in chosen[:limit]]}}, projection)
    items = sorted(found, key=lambda one: str(one["order"]), reverse=True)
    return Page(items, _encode(chosen[limit - 1][0]) if len(chosen) > limit else None)


def _stages(
    window: dict[str, Any], where: dict[str, Any] | None, projection: dict[str, int] | None, limit: int
) -> list[dict[str, Any]]:
    stages: list[dict[str, Any]] = [{"$match": window}]
    if where:
        stages.append({"$match": where})
    stages += [{"$sort": {"order": -1}}, {"$limit": limit}]
    if projection:
        stages.append({"$project": projection})
    return stages


def _moment(order: str) -> datetime:
    try:
        return ULID.from_str(order).datetime
    except ValueError:
        raise Invalid("cursor", zh="翻页标记无效。", en="Unknown cursor: start from page one.") from None
