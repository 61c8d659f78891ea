"""What is read for the figures: buckets, and issues only where buckets do not reach."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import new_ulid
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
from tests.integration.watched import Reads, Watched


@pytest.fixture
def reads() -> Reads:
    return Reads()


@pytest.fixture
def watched(backing: Deployment, reads: Reads) -> Iterator[Watched]:
    opened = Watched(backing.mongo_url, f"test-{new_ulid()}", reads)
    yield opened
    opened.close()


def test_figures_of_twenty_thousand_issues_read_buckets_and_not_issues(
    watched: Watched, reads: Reads
) -> None:
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

    for group_by in ("area", "category", "month"):
        reads.read.clear()
        assert district.figures.issues(Span(DISTRICT), group_by, RESIDENT)["all"]["count"] == 20_001
        assert reads.read == {"figures": 2, "figures_state": 1, "issues": 0}
    reads.read.clear()
    afternoon = month + timedelta(days=4, hours=15, seconds=-30)
    usage = district.figures.usage(Span(COMMUNITY, month, afternoon))
    assert usage["total"] == 4 * 1000 + 900 + 1
    assert reads.read["issues"] == 900
    reads.filters.clear()
    district.figures.rankings(
        Span(DISTRICT, month + timedelta(hours=5)), Measure.RESPONSE_RATE, None, ADMIN, "en"
    )
    assert {("issues", ("lists", "order")), ("figures", ("month", "scopes"))} <= {
        (name, tuple(fields)) for name, fields in reads.filters
    }
    assert all(fields == ["lists", "order"] for name, fields in reads.filters if name == "issues")
