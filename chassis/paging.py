"""Newest-first pages over documents that carry a ULID in `order`.

Reads go through two-sided time windows that widen until the page is full, so the cost follows the page
and not the collection, also on engines that sort every matching document (see ADR 0004).
"""

import base64
from collections.abc import Sequence
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
_WIDEN = 8
_SKEW = timedelta(minutes=5)
_ULID_LENGTH = 26


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


def newest_first(
    collection: Collection[Document],
    match: dict[str, Any],
    *,
    limit: int,
    cursor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    projection: dict[str, int] | None = None,
) -> Page:
    """A page of the documents that `match`, created in `[since, until)`. Raises Invalid for a bad cursor."""
    floor = max(since or FLOOR, FLOOR)
    now = utc_now()
    ceiling = min(until or now + _SKEW, now + _SKEW)
    high = ulid_at(ceiling)
    if cursor:
        high = min(high, _decode(cursor))
    found: list[Document] = []
    span = _FIRST_WINDOW
    edge = _moment(high) if cursor else min(ceiling, now)
    while len(found) <= limit and edge >= floor:
        edge = max(edge - span, floor)
        low = ulid_at(edge)
        rows = collection.find({**match, "order": {"$gte": low, "$lt": high}}, projection).sort("order", -1)
        found.extend(rows.limit(limit + 1 - len(found)))
        high, span = low, span * _WIDEN
        if edge == floor:
            break
    more = len(found) > limit
    items = found[:limit]
    return Page(items, _encode(items[-1]["order"]) if more else None)


def _moment(order: str) -> datetime:
    try:
        return ULID.from_str(order).datetime
    except ValueError:
        raise Invalid("cursor", zh="翻页标记无效。", en="Unknown cursor: start from page one.") from None
