"""The pure parts of `make bench-issues`: what fills the database, what is judged, and the page."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

import pytest
from pymongo.database import Database
from werkzeug.wrappers import Request

from bench.figures import Speed
from bench.issues.__main__ import sizes_of
from bench.issues.buckets import filled
from bench.issues.commands import again
from bench.issues.drafts import Drafts, relayed
from bench.issues.figures import Export, Findings, Pair
from bench.issues.filling import people
from bench.issues.lives import GRIDS, Lives, People, body
from bench.issues.report import document
from bench.issues.within import environ_of
from bench.issues.writes import REPORTS_PER_HOUR, quota_of
from bench.load import http
from chassis.errors import ConcurrentUpdate
from chassis.geography import AreaFinder
from chassis.mongo import Document
from demo.district import DISTRICT, boundary
from services.issues.cases.chain import from_document, verify
from services.issues.cases.commands import Photos
from services.issues.cases.domain import transition
from services.issues.cases.issue import OPEN, Details, Issue, Status
from services.issues.cases.store import CaseStore
from services.issues.categories.domain import ROOTS, Category, Policy
from services.issues.limits.domain import WorkCalendar
from services.issues.statistics.tally import Tally, stored

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
BEGAN = NOW - timedelta(days=300)
PEOPLE = People(["R1", "R2"], {grid: [f"S-{grid}"] for grid in GRIDS})


class Rules:
    """The categories that every district begins with."""

    def current(self, code: str) -> Category | None:
        return ROOTS.get(code)

    def policy(self, code: str, version: int) -> Policy:
        assert version == 1
        return Policy(ROOTS[code], WorkCalendar(lambda day: day.weekday() < 5))


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    """Two hundred issues of the last ten months as they would be filled in."""
    drafts, chance = Drafts(), Random(7)
    places = AreaFinder(lambda: [(grid, boundary(grid)) for grid in GRIDS])
    lives = Lives(CaseStore(drafts.mongo), Rules(), places, cast(Photos, None), PEOPLE, chance)
    for number in range(200):
        lives.live(chance.choice(GRIDS), BEGAN + number * timedelta(days=1.5), NOW)
    return [relayed(one) for one in drafts["issues"].take()]


def test_a_filled_issue_has_every_field_that_the_store_writes(documents: list[Document]) -> None:
    kept = {one.name for one in fields(Issue)} - {"id"}
    added = {"_id", "order", "history", "outbox", "lists", "place", "open_due_at"}
    assert {frozenset(one) for one in documents} == {frozenset(kept | added)}
    assert all(one["outbox"] == [] and len(one["history"]) >= 1 for one in documents)
    assert {one["order"][10:] for one in documents} == {one["_id"][10:] for one in documents}


def test_a_filled_issue_has_a_history_that_verifies_and_no_step_after_now(documents: list[Document]) -> None:
    for one in documents:
        lines = [from_document(line) for line in one["history"]]
        assert verify(lines, one["chain"]) is None
        moments = [line.entry.at for line in lines]
        assert moments == sorted(moments)
        assert one["created_at"] == moments[0]
        assert moments[-1] <= NOW


def test_filled_issues_end_in_many_ways_and_leave_the_clock_nothing_to_do(documents: list[Document]) -> None:
    statuses = {Status(one["status"]) for one in documents}
    assert {Status.CONFIRMED, Status.NO_ANSWER, Status.REJECTED, Status.REFERRED} <= statuses
    assert statuses & OPEN
    assert all(one["next_check_at"] is None or one["next_check_at"] > NOW for one in documents)
    assert all(f"status:{one['status']}" in one["lists"] for one in documents)
    assert len({one["area"] for one in documents}) > 12


def test_drafts_refuse_a_change_of_another_version() -> None:
    drafts = Drafts()
    drafts["issues"].insert_many([{"_id": "A", "version": 2, "lines": [1]}], ordered=False)
    push = {"$set": {"version": 3}, "$push": {"lines": {"$each": [2]}}}
    assert drafts["issues"].update_one({"_id": "A", "version": 1}, push).matched_count == 0
    assert drafts["issues"].update_one({"_id": "A", "version": 2}, push).matched_count == 1
    assert drafts["issues"].take() == [{"_id": "A", "version": 3, "lines": [1, 2]}]
    assert drafts["issues"].take() == []


def test_residents_and_stewards_are_told_from_the_known_members() -> None:
    grid = GRIDS[0]
    found = people(
        [
            {"_id": "admin", "grants": [f"district_admin@{DISTRICT}"], "home_area": None},
            {"_id": "S", "grants": [f"resident@{DISTRICT}", f"steward@{grid}"], "home_area": grid},
            {"_id": "R", "grants": [f"resident@{DISTRICT}"], "home_area": grid},
        ]
    )
    assert found.residents == ["R"]
    assert found.stewards[grid] == ["S"]


def test_a_body_lies_in_its_grid() -> None:
    places = AreaFinder(lambda: [(grid, boundary(grid)) for grid in GRIDS])
    for grid in GRIDS:
        at = cast(dict[str, float], body(grid, Random(grid))["location"])
        assert places.locate(at["lng"], at["lat"]) == grid


def test_days_are_added_to_what_a_bucket_holds() -> None:
    bucket = {"days": {"01": {"until": BEGAN, "of": stored({"safety": Tally()})}}, "all": {}, "version": 4}
    fresh = {"safety": Tally(activities=2)}
    once = filled(bucket, {"01": fresh, "02": fresh}, NOW)
    assert once["version"] == 5
    assert {name: one["until"] for name, one in once["days"].items()} == {"01": NOW, "02": NOW}
    assert once["days"]["01"]["of"] == stored(fresh)
    assert once["all"] == stored({"safety": Tally(activities=4)})
    assert bucket["all"] == {}


class Answers:
    """A database that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def __getitem__(self, name: str) -> "Answers":
        self.asked.append(name)
        return self

    def aggregate(self, pipeline: object) -> list[object]:
        self.asked.append(pipeline)
        return []

    def find(self, wanted: object, shown: object, limit: int) -> list[object]:
        self.asked.append((wanted, shown, limit))
        return []


def test_recorded_reads_are_repeated_and_writes_are_refused() -> None:
    asked = Answers()
    database = cast(Database[Document], asked)
    heard: list[Document] = [
        {"aggregate": "issues", "pipeline": [1], "cursor": {}},
        {"getMore": 5, "collection": "issues"},
        {"find": "cells", "filter": {"a": 1}},
        {"find": "issues", "filter": {}, "projection": {"b": 1}, "limit": 3},
    ]
    again(database, heard)()
    assert asked.asked == ["issues", "cells", "issues", [1], ({"a": 1}, None, 0), ({}, {"b": 1}, 3)]
    with pytest.raises(ValueError, match="insert"):
        again(database, [{"insert": "issues"}])


def test_a_request_in_the_service_is_held_against_its_commands_alone() -> None:
    assert Pair(Speed(1, 9.0, 9), Speed(1, 3.0, 4), Speed(1, 2.0, 5), hello_ms=1.0).factor == 1.5


def test_by_http_a_request_is_held_against_its_commands_and_short_ones_against_the_web_stack_too() -> None:
    long = Pair(Speed(1, 6.4, 9), Speed(1, 5.0, 5), Speed(1, 4.0, 5), hello_ms=1.0)
    assert (long.short, long.floor_ms, long.factor_by_http) == (False, 4.0, 1.6)
    short = Pair(Speed(1, 6.0, 9), Speed(1, 3.0, 5), Speed(1, 2.0, 5), hello_ms=1.0)
    assert (short.short, short.floor_ms, short.factor_by_http) == (True, 3.0, 2.0)


def _found() -> Findings:
    def pair(service: float, raw: float) -> Pair:
        return Pair(Speed(1, service + 1, 20), Speed(1, service, 15), Speed(1, raw, 12), hello_ms=0.5)

    found = Findings(50, 300)
    for size, slower in ((10_000, 2.0), (1_000, 1.0)):
        found.pairs[size] = {
            "list a grid": pair(6 * slower, 5 * slower),
            "nearby": pair(4, 1),
            "claim an issue": pair(10, 9),
        }
        found.hello[size], found.filled[size] = Speed(1, 0.5, 1), 12.0
    found.exports[10_000] = Export(10_000, 2.5, 8.0, 5.0, before_mib=100.0, peak_mib=240.0)
    return found


def test_growth_is_judged_between_the_smallest_and_the_largest_size_for_lists_and_writes() -> None:
    judged = {one.name: one.met for one in _found().targets()}
    assert judged == {
        "list a grid at 1,000: p50 in the service to raw": True,
        "nearby at 1,000: p50 in the service to raw": False,
        "claim an issue at 1,000: p50 in the service to raw": True,
        "list a grid at 10,000: p50 in the service to raw": True,
        "nearby at 10,000: p50 in the service to raw": False,
        "claim an issue at 10,000: p50 in the service to raw": True,
        "list a grid: p50 at 10,000 to 1,000": False,
        "claim an issue: p50 at 10,000 to 1,000": True,
        "export of 10,000 rows: memory above before": False,
    }


def test_a_run_of_one_size_judges_no_growth() -> None:
    found = _found()
    del found.pairs[1_000]
    assert not [one for one in found.targets() if "10,000 to" in one.name]


def test_the_page_says_every_figure_and_what_it_is_held_against() -> None:
    page = document(_found(), {"Cores": "2 × AMD"})
    for line in (
        "| Cores | 2 × AMD |",
        "| list a grid | 7.0 | 13.0 |",
        "| list a grid | 12.0 | 15.0 | 10.0 | 12.0 | 1.20 | met | 13.0 | 20.0 | 10.0 (raw) | 1.30 |",
        "| nearby | 4.0 | 15.0 | 1.0 | 12.0 | 4.00 | not met | 5.0 | 20.0 | 1.5 (raw + bare) | 3.33 |",
        "| list a grid: p50 at 10,000 to 1,000 | ≤ 1.5 × | 1.86 × | not met |",
        "| 10,000 | 2.5 | 8.0 | 5.0 | 100 MiB | 240 MiB | 140 MiB |",
    ):
        assert line in page.splitlines()


def test_sizes_are_put_in_order_and_checked() -> None:
    assert sizes_of("10000 1000 1000") == [1_000, 10_000]
    for wrong in ("", "many", "10", "2000000"):
        with pytest.raises(ValueError):  # noqa: PT011 - int() has words of its own for one of them
            sizes_of(wrong)


def test_a_claim_is_formed_by_the_store_without_a_database() -> None:
    drafts = Drafts()
    places = AreaFinder(lambda: [(grid, boundary(grid)) for grid in GRIDS])
    cases = CaseStore(drafts.mongo)
    lives = Lives(cases, Rules(), places, cast(Photos, None), PEOPLE, Random(1))
    issue = lives.report(GRIDS[0], NOW)
    assert drafts["issues"].documents[issue.id]["pending"] >= 0
    drafts["issues"].take()
    steward = PEOPLE.handlers(GRIDS[0], Random(1))[0]
    change = transition(issue, "claim", steward, Details(), NOW, Rules().policy(issue.category, 1))
    with pytest.raises(ConcurrentUpdate):
        cases.save(change)
    wanted, update = drafts["issues"].update
    assert wanted == {"_id": issue.id, "version": 1}
    assert update["$set"]["status"] == "claimed"


def test_a_report_is_counted_as_the_store_asks_for_it_without_a_database() -> None:
    drafts = Drafts()
    wanted, update = quota_of(drafts, {"_id": "I", "reporter": "R1", "created_at": NOW})
    assert wanted["_id"] == "R1"
    assert update["$push"]["reports"] == {"$each": [{"id": "I", "at": NOW}], "$slice": -REPORTS_PER_HOUR}
    assert drafts["report_quotas"].take() == []


def test_a_request_becomes_what_a_server_makes_of_it() -> None:
    environ = environ_of(http("POST", "/v1/issues?a=b%20c", "T", {"x": "楼"}))
    request = Request(environ)
    assert (request.method, request.path, request.args["a"]) == ("POST", "/v1/issues", "b c")
    assert (request.headers["Authorization"], request.get_json()) == ("Bearer T", {"x": "楼"})
