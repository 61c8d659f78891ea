"""What is read for the figures: buckets, and issues only where buckets do not reach."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property

import pytest
from pymongo import MongoClient, monitoring

from chassis.clock import new_ulid
from chassis.mongo import Document, Mongo
from chassis.paging import order
from infra.local.deployment import Deployment
from services.issues.statistics.domain import Measure
from services.issues.statistics.summing import Span
from tests.integration.figures import ADMIN, RESIDENT, District
from tests.integration.issue_lives import (
    AREAS,
    COMMUNITY,
    DISTRICT,
)


class Watched(Mongo):
    """A database of which is known how many documents were answered from which collection, and to what."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(url, name)
        self.watch = Watch()
        self.url = url

    @cached_property
    def _watched(self) -> MongoClient[Document]:
        return MongoClient(self.url, tz_aware=True, event_listeners=[self.watch])

    @property
    def client(self) -> MongoClient[Document]:
        """A client that tells the watch."""
        return self._watched

    def close(self) -> None:
        """Close it."""
        self._watched.close()


class Watch(monitoring.CommandListener):
    """Counts the documents in answers."""

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()
        self.filters: list[tuple[str, list[str]]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Keep the fields of a query's first stage."""
        if event.command_name in ("find", "aggregate"):
            match = event.command.get("filter") or event.command.get("pipeline", [{}])[0].get("$match", {})
            self.filters.append((str(event.command[event.command_name]), sorted(match)))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Count what came back."""
        cursor = event.reply.get("cursor", {})
        batch = cursor.get("firstBatch", cursor.get("nextBatch", []))
        self.read[str(cursor.get("ns", "")).split(".")[-1]] += len(batch)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing was read."""


@pytest.fixture
def watched(backing: Deployment) -> Iterator[Watched]:
    opened = Watched(backing.mongo_url, f"test-{new_ulid()}")
    yield opened
    opened.close()


def test_figures_of_twenty_thousand_issues_read_buckets_and_not_issues(watched: Watched) -> None:
    district = District(watched)
    month = datetime(2026, 9, 30, 16, tzinfo=UTC)
    issue = district.lives.begin(month, AREAS[1])
    template = watched["issues"].find_one({"_id": issue.id})
    assert template is not None
    copies = []
    for number in range(20_000):
        at = month + timedelta(days=number % 20, minutes=number // 20)
        key, grid = new_ulid(), AREAS[1 + number % 2]
        lists = [grid[:6], grid[:9], grid[:12], grid]
        copies.append(
            {
                **template,
                "outbox": [],
                "_id": key,
                "order": order(key, at),
                "created_at": at,
                "area": grid,
                "lists": lists,
            }
        )
    # Of the indexes only the one that is read by: the others would take a minute to fill.
    watched["issues"].drop_indexes()
    watched["issues"].create_index([("lists", 1), ("order", 1)])
    watched["issues"].insert_many(copies)
    district.settle()

    watch = watched.watch
    for group_by in ("area", "category", "month"):
        watch.read.clear()
        assert district.figures.issues(Span(DISTRICT), group_by, RESIDENT)["all"]["count"] == 20_001
        assert watch.read == {"figures": 2, "figures_state": 1, "issues": 0}
    watch.read.clear()
    afternoon = month + timedelta(days=4, hours=15, seconds=-30)
    usage = district.figures.usage(Span(COMMUNITY, month, afternoon))
    assert usage["total"] == 4 * 1000 + 900 + 1
    assert watch.read["issues"] == 900
    watch.filters.clear()
    district.figures.rankings(
        Span(DISTRICT, month + timedelta(hours=5)), Measure.RESPONSE_RATE, None, ADMIN, "en"
    )
    assert {("issues", ("lists", "order")), ("figures", ("month", "scopes"))} <= {
        (name, tuple(fields)) for name, fields in watch.filters
    }
    assert all(fields == ["lists", "order"] for name, fields in watch.filters if name == "issues")
