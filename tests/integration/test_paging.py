"""Pages on the real database: every document once, newest first, at a cost that follows the page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from ulid import ULID

from chassis.clock import new_ulid, utc_now
from chassis.errors import Invalid
from chassis.mongo import Document, Mongo
from chassis.paging import newest_first
from infra.local.deployment import Deployment

DISTRICT = "120199"
AGES = st.one_of(
    st.integers(0, 5_000),
    st.integers(0, 10 * 60_000),
    st.integers(0, 366 * 24 * 3_600_000),
)
"""Milliseconds: bursts, minutes, a year."""


def stored(collection: Collection[Document], scope: str, ages: list[int], now: datetime) -> list[str]:
    """Store a document of each age; their orders, newest first."""
    orders = [str(ULID.from_datetime(now - timedelta(milliseconds=age))) for age in ages]
    if orders:
        collection.insert_many([{"_id": one, "order": one, "scopes": [DISTRICT, scope]} for one in orders])
    return sorted(orders, reverse=True)


def turned(collection: Collection[Document], match: Document, limit: int, **span: Any) -> list[list[str]]:
    """The orders on each page, from the first to the last."""
    pages, cursor = [], None
    while True:
        page = newest_first(collection, match, limit=limit, cursor=cursor, **span)
        pages.append([str(one["order"]) for one in page.items])
        cursor = page.next
        if cursor is None:
            return pages


@pytest.fixture
def lists(mongo: Mongo) -> Collection[Document]:
    mongo["lists"].create_index([("scopes", 1), ("order", 1)])
    return mongo["lists"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ages=st.lists(AGES, max_size=40), limit=st.integers(1, 50))
def test_the_pages_hold_every_document_once_newest_first(
    lists: Collection[Document], ages: list[int], limit: int
) -> None:
    scope = new_ulid()
    expected = stored(lists, scope, ages, utc_now())
    pages = turned(lists, {"scopes": scope}, limit)
    assert [one for page in pages for one in page] == expected
    assert all(len(page) == limit for page in pages[:-1])
    assert len(pages[-1]) <= limit
    assert len(pages) == max(1, -(-len(expected) // limit))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ages=st.lists(AGES, max_size=30), limit=st.integers(1, 7), start=AGES, end=AGES)
def test_a_span_of_time_takes_its_beginning_and_leaves_its_end(
    lists: Collection[Document], ages: list[int], limit: int, start: int, end: int
) -> None:
    scope, now = new_ulid(), utc_now()
    since, until = (now - timedelta(milliseconds=age) for age in (start, end))
    stored(lists, scope, [*ages, start, end], now)
    seen = [one for page in turned(lists, {"scopes": scope}, limit, since=since, until=until) for one in page]
    wanted = [one for one in (*ages, start, end) if end < one <= start]
    assert len(seen) == len(wanted)
    assert sorted(seen, reverse=True) == seen
    assert all(since <= ULID.from_str(one).datetime < until for one in seen)


def test_what_arrives_between_two_pages_moves_nothing_and_is_on_no_later_page(
    lists: Collection[Document],
) -> None:
    expected = stored(lists, "s", [60_000 * number for number in range(1, 11)], utc_now())
    first = newest_first(lists, {"scopes": "s"}, limit=4)
    stored(lists, "s", [0, 1], utc_now())
    rest = [one["order"] for one in newest_first(lists, {"scopes": "s"}, limit=50, cursor=first.next).items]
    assert [one["order"] for one in first.items] + rest == expected


@pytest.mark.parametrize(
    "cursor", ["x", "AAAA", "%%%", "é" * 10, "MDFBUlozTkRFS1RTVjRSUkZGUTY5RzVGQUw", "=" * 40, "VVVV" * 9]
)
def test_a_cursor_that_no_page_gave_is_refused(lists: Collection[Document], cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        newest_first(lists, {"scopes": "s"}, limit=5, cursor=cursor)
    assert "cursor" in refused.value.extra["errors"]


class Reads(CommandListener):
    """Notes what every read of a window asks the server for."""

    def __init__(self) -> None:
        self.filters: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        """Note it."""
        if event.command_name == "aggregate":
            self.filters.append(dict(event.command["pipeline"][0]["$match"]))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Not of interest."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Not of interest."""


Watched = tuple[Collection[Document], Reads]


@pytest.fixture
def watched(backing: Deployment) -> Iterator[Watched]:
    reads = Reads()
    with MongoClient[Document](backing.mongo_url, tz_aware=True, event_listeners=[reads]) as client:
        yield client[f"test-{new_ulid()}"]["lists"], reads


def touched(watched: Watched, limit: int, cursor: str | None = None) -> tuple[int, int, str | None]:
    """How many reads a page took, how many documents lie in their windows, and the next cursor."""
    collection, reads = watched
    reads.filters.clear()
    page = newest_first(collection, {"scopes": DISTRICT}, limit=limit, cursor=cursor)
    filters = list(reads.filters)
    return len(filters), sum(collection.count_documents(one) for one in filters), page.next


EVERY = 25 * 60_000
"""A report every 25 minutes: 20,000 a year."""


def loaded(watched: Watched, size: int) -> tuple[Watched, datetime]:
    """A list of so many documents, indexed when it is full: both at once is slow on the embedded server."""
    lists, now = watched[0].database[f"lists-{size}"], utc_now()
    stored(lists, "s", [EVERY * number for number in range(size)], now)
    lists.create_index([("scopes", 1), ("order", 1)])
    return (lists, watched[1]), now


def test_a_page_of_twenty_thousand_documents_touches_no_more_than_one_of_two_thousand(
    watched: Watched,
) -> None:
    limit = 20
    few, _ = loaded(watched, 2_000)
    finds, documents, _ = touched(few, limit)
    assert documents <= 9 * (limit + 1)
    many, now = loaded(watched, 20_000)
    long_ago = newest_first(many[0], {"scopes": DISTRICT}, limit=1, until=now - timedelta(days=300)).next
    for cursor in (None, long_ago):
        following = cursor
        for _ in range(4):
            finds_now, documents_now, following = touched(many, limit, following)
            assert finds_now <= finds + 1
            assert documents_now <= 9 * (limit + 1)


def test_an_empty_list_is_found_empty_in_few_reads_and_again_in_one(watched: Watched) -> None:
    finds, documents, following = touched(watched, 20)
    assert finds <= 15
    assert (documents, following) == (0, None)
    assert touched(watched, 20) == (1, 0, None)


def test_after_a_burst_the_first_page_is_read_anew_without_the_burst(watched: Watched) -> None:
    lists, now = watched[0], utc_now()
    lists.create_index([("scopes", 1), ("order", 1)])
    stored(lists, "s", [100_000 + number for number in range(2_000)], now)
    _, documents, following = touched(watched, 20)
    assert documents > 1_000
    assert touched(watched, 20) == (1, 21, following)
    newest = stored(lists, "s", list(range(30)), utc_now())
    assert touched(watched, 20)[:2] == (1, 51)
    assert [one["order"] for one in newest_first(lists, {"scopes": "s"}, limit=20).items] == newest[:20]


def test_documents_from_before_the_system_are_not_listed_and_cost_nothing(watched: Watched) -> None:
    old = str(ULID.from_datetime(datetime(2019, 12, 31, tzinfo=UTC)))
    watched[0].insert_one({"_id": old, "order": old, "scopes": [DISTRICT]})
    assert touched(watched, 20)[1:] == (0, None)
