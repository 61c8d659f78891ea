"""Figures from buckets on the real database: equal to a recomputation, fresh, and shown to whom they may."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.clock import new_ulid
from chassis.events import Envelope
from chassis.identity import Actor, Grant
from chassis.mongo import Document, Mongo
from services.issues.statistics.distribution import ERROR
from services.issues.statistics.domain import Measure
from services.issues.statistics.spans import day_of
from services.issues.statistics.summing import Span
from tests.integration.figures import ADMIN, NOW, RESIDENT, District
from tests.integration.issue_lives import (
    AREAS,
    BEGIN,
    COMMUNITY,
    DISTRICT,
    figures,
    key_of,
    recomputed,
)

RATES = ("response_rate", "resolution_rate", "satisfaction_rate")
SPREADS = ("hours_to_response", "hours_to_resolution")


@pytest.fixture
def district(mongo: Mongo) -> District:
    return District(mongo)


def activity(area: str, category: str, at: datetime) -> Envelope:
    data = {"category": category}
    return Envelope(
        new_ulid(), "activity.submitted.v1", "/services/volunteer", new_ulid(), at, 1, area, "", "", data
    )


def check(district: District, span: Span, group_by: str) -> None:
    """Hold the figures against a recomputation."""
    groups: dict[str, list[Document]] = {}
    issues = recomputed(district.mongo, span.area, span.since, span.until)
    for one in issues:
        groups.setdefault(key_of(one, group_by), []).append(one)
    answer = district.figures.issues(span, group_by, ADMIN)
    assert [row[group_by] for row in answer["rows"]] == sorted(groups)
    for row in answer["rows"]:
        compare(row, figures(groups[row[group_by]]))
    compare(answer["all"], figures(issues))


def compare(row: dict[str, Any], plain: dict[str, Any]) -> None:
    assert {name: row[name] for name in ("count", "by_status")} == {
        "count": plain["count"],
        "by_status": plain["by_status"],
    }
    for name in RATES:
        assert (row[name]["numerator"], row[name]["denominator"]) == plain[name], name
    for name in SPREADS:
        n, median, ninth = plain[name]
        assert row[name]["n"] == n
        for shown, exact in ((row[name]["median"], median), (row[name]["p90"], ninth)):
            assert shown == (None if exact is None else pytest.approx(exact, rel=ERROR + 0.001))


def spans(dice: random.Random) -> Iterator[Span]:
    moments = [None, *(BEGIN + timedelta(minutes=dice.randrange(100 * 1440)) for _ in range(5))]
    midnights = [datetime(2026, month, day, 16, tzinfo=UTC) for month, day in ((8, 31), (9, 30), (10, 14))]
    for _ in range(12):
        since, until = dice.choice([*moments, *midnights]), dice.choice([*moments, *midnights, NOW])
        yield Span(dice.choice([DISTRICT, DISTRICT, "120199001", COMMUNITY, *AREAS]), since, until)


def test_buckets_swept_at_random_equal_a_recomputation_from_all_issues(district: District) -> None:
    dice = district.dice
    for _ in range(60):
        at = BEGIN + timedelta(milliseconds=dice.randrange(96 * 86_400_000))
        district.lives.live(district.lives.begin(at), dice.randrange(9))
    activities = [
        activity(dice.choice(AREAS), "outreach", BEGIN + timedelta(hours=dice.randrange(2000)))
        for _ in range(30)
    ]
    district.hear([*district.lives.events, *activities])

    assert district.differences() == []
    check(district, Span(DISTRICT), "category")
    for span in spans(dice):
        check(district, span, dice.choice(["area", "category", "month"]))
        usage = district.figures.usage(span)
        told = [
            one
            for one in activities
            if one.area.startswith(span.area)
            and (span.since is None or one.time >= span.since)
            and (span.until is None or one.time < span.until)
        ]
        issues = recomputed(district.mongo, span.area, span.since, span.until)
        reports = Counter(one["category"] for one in issues if one["part_of"] is None)
        assert {row["category"]: row["count"] for row in usage["rows"] if row["count"]} == dict(
            reports + Counter({"outreach": len(told)})
        )
        assert usage["exclusions"] == {"parts": sum(one["part_of"] is not None for one in issues)}


def test_a_report_is_in_the_figures_at_once_and_once(district: District) -> None:
    def shown(area: str = DISTRICT) -> int:
        return int(district.figures.usage(Span(area))["total"])

    def report(seconds: float) -> None:
        at = district.clock.now + timedelta(seconds=seconds)
        while district.lives.begin(at, AREAS[1]).part_of is not None:
            pass

    for number in range(1, 6):
        before = shown()
        report(-0.5)
        assert shown() > before
        now = shown()
        district.buckets.sweep(DISTRICT)
        assert (shown(), shown(AREAS[1])) == (now, now)
        district.clock.now += timedelta(seconds=4 * number)
        assert shown() == now
        # A day that is counted for itself holds reports that are not settled yet.
        district.buckets.count(AREAS[1], day_of(NOW))
        assert shown() == now
    district.clock.now += timedelta(days=40)
    assert shown() == now
    district.settle()
    assert shown() == now
    assert district.differences() == []


def test_a_report_that_was_written_late_shows_by_its_event(district: District) -> None:
    district.lives.begin(NOW - timedelta(minutes=2), AREAS[1])
    district.settle()
    late = district.lives.begin(NOW - timedelta(minutes=1), AREAS[1])
    assert district.differences() != []
    district.hear([one for one in district.lives.events if one.subject == late.id])
    assert district.differences() == []


def test_an_issue_put_into_another_area_leaves_the_one_it_was_counted_in(district: District) -> None:
    issue = district.lives.begin(NOW - timedelta(days=1), AREAS[1])
    district.hear(district.lives.events)
    assert district.figures.issues(Span(AREAS[1]), "area", ADMIN)["all"]["count"] == 1
    issue = district.lives.route(issue, AREAS[3], NOW)
    district.hear([one for one in district.lives.events if one.type == "issue.routed.v1"])
    assert district.figures.issues(Span(AREAS[1]), "area", ADMIN)["all"]["count"] == 0
    assert district.figures.issues(Span(issue.area), "area", ADMIN)["all"]["count"] == 1


def test_a_tampered_bucket_is_named_and_repaired(district: District) -> None:
    for number in range(6):
        district.lives.live(district.lives.begin(NOW - timedelta(days=20 * number)), 3)
    district.hear(district.lives.events)
    assert district.differences() == []
    bucket = district.mongo["figures"].find_one({"month": "2026-10"})
    assert bucket is not None
    day = min(bucket["days"])
    category = next(iter(bucket["days"][day]["of"]))
    field = f"days.{day}.of.{category}.by_status.confirmed"
    district.mongo["figures"].update_one({"_id": bucket["_id"]}, {"$inc": {field: 7}})
    (difference,) = district.differences()
    assert difference.startswith(f"{bucket['area']} 2026-10-{day}: ")
    district.mongo["figures"].update_one({"_id": bucket["_id"]}, {"$set": {"all": {}}})
    assert [one.split(":")[0] for one in district.differences()] == [
        f"{bucket['area']} 2026-10-{day}",
        f"{bucket['area']} 2026-10 (sum)",
    ]
    assert len(district.proof.repair()) == 2
    assert district.differences() == []


def test_members_see_no_opinion_of_fewer_than_five_and_staff_see_all(district: District) -> None:
    issue = district.lives.begin(NOW - timedelta(days=1), AREAS[1])
    rated = {"status": "confirmed", "resolved_at": NOW, "parts": [], "part_of": None}
    rated["rating"] = {"satisfied": True, "score": 5, "comment": ""}
    district.mongo["issues"].update_one({"_id": issue.id}, {"$set": rated})
    district.settle()
    of_area = Actor("C", (Grant("community_staff", COMMUNITY),))
    elsewhere = Actor("C", (Grant("community_staff", "120199001002"),))

    def row(actor: Actor, area: str) -> Any:
        return district.figures.issues(Span(area), "area", actor)["rows"][0]

    for actor in (RESIDENT, elsewhere):
        hidden = row(actor, COMMUNITY)
        assert (hidden["satisfaction_rate"]["rate"], hidden["satisfaction_rate"]["suppressed"]) == (
            None,
            True,
        )
        assert (hidden["hours_to_resolution"]["median"], hidden["resolution_rate"]["rate"]) == (None, 1)
    for area in (COMMUNITY, DISTRICT):
        shown = row(of_area, area)
        assert (shown["satisfaction_rate"]["rate"], shown["satisfaction_rate"]["suppressed"]) == (1, False)
        assert shown["hours_to_resolution"]["median"] is not None
    ranking = district.figures.rankings(Span(DISTRICT), Measure.SATISFACTION_RATE, "grid", RESIDENT, "zh")
    assert (ranking["rows"][0]["value"], ranking["rows"][0]["rank"]) == (None, None)
    assert "30" in ranking["rows"][0]["reason"]
