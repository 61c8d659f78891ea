"""An export reads as it is written: page by page, however many issues there are."""

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import pytest

from chassis.clock import new_ulid, utc_now
from chassis.identity import Actor, Grant
from chassis.mongo import Document
from chassis.paging import order
from infra.local.deployment import Deployment
from services.issues.cases.queries import CaseQueries
from services.issues.finding import exports
from services.issues.finding.domain import Filters
from services.issues.finding.queries import Finder
from services.issues.media.queries import PhotoQueries
from tests.integration.issue_lives import AREAS, DISTRICT, Lives
from tests.integration.watched import Reads, Watched

STAFF = Actor("S", (Grant("district_admin", DISTRICT),))
ISSUES, PAGE = 1203, 500
Written = Callable[[Iterable[Document]], Iterator[object]]


@pytest.fixture(scope="module")
def reads() -> Reads:
    return Reads()


@pytest.fixture(scope="module")
def watched(backing: Deployment, reads: Reads) -> Iterator[Watched]:
    """A database with more issues than two pages hold, all of the last hours."""
    opened = Watched(backing.mongo_url, f"test-{new_ulid()}", reads)
    now = utc_now()
    issue = Lives(opened, random.Random(1)).begin(now, AREAS[1])
    template = opened["issues"].find_one({"_id": issue.id}) or {}
    copies = []
    for number in range(1, ISSUES):
        key, at = new_ulid(), now - timedelta(seconds=10 * number)
        copies.append({**template, "_id": key, "order": order(key, at), "created_at": at})
    opened["issues"].insert_many(copies)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("written", "pieces"),
    [(iter, 1), (exports.as_csv, 3), (exports.as_geojson, 2)],
    ids=["rows", "csv", "geojson"],
)
def test_the_first_row_is_written_when_one_page_was_read_and_the_next_page_is_read_after_that(
    watched: Watched, reads: Reads, written: Written, pieces: int
) -> None:
    read = reads.read
    read.clear()
    finder = Finder(watched, CaseQueries(watched, PhotoQueries(watched, str), "key").views)
    export = written(finder.rows(Filters(DISTRICT), STAFF))
    assert read["issues"] == 0
    for _ in range(pieces):
        next(export)
    assert 0 < read["issues"] <= PAGE + 1  # one more, to know whether there is another page
    for _ in range(PAGE - 1):
        next(export)
    assert read["issues"] <= PAGE + 1
    next(export)
    assert PAGE + 1 < read["issues"] <= 2 * (PAGE + 1)
    rest = list(export)
    assert len(rest) == ISSUES - PAGE - 1 + (written is exports.as_geojson)
