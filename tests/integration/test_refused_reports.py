"""The issues service on a real database: what it refuses leaves nothing, and what it takes has both times."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

import services.issues.app
from chassis.clock import new_ulid, rfc3339, utc_now
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from services.issues.cases.store import CaseStore
from services.issues.categories.domain import ROOTS
from services.issues.categories.store import CategoryStore
from tests.e2e import photos as files
from tests.integration.serving import Served

GRID = "120199001001001"
HERE, IN_THE_SEA = {"lng": 117.205, "lat": 39.105}, {"lng": 121.5, "lat": 37.9}
RING = [[117.2, 39.1], [117.21, 39.1], [117.21, 39.11], [117.2, 39.11], [117.2, 39.1]]
RESIDENT = Actor(new_ulid(), (Grant("resident", "120199"),))
STEWARD = Actor(new_ulid(), (Grant("steward", GRID),))


class Desk:
    """The issues service of a district of one grid, in which one category was retired."""

    def __init__(self, mongo: Mongo, patch: pytest.MonkeyPatch) -> None:
        cases = CaseStore(mongo)
        cases.ensure_indexes()
        cases.put_area("120199", "区", None, 1)
        cases.put_area(GRID, "网格", {"type": "Polygon", "coordinates": [RING]}, 1)
        CategoryStore(mongo).add(replace(ROOTS["safety"], version=2, retired=True))
        self.served = Served(services.issues.app, mongo, patch)

    def photo(self, who: Actor) -> str:
        form = {"file": (BytesIO(files.with_everything("JPEG")), "photo.jpg")}
        return str(self.served.call(who, "POST", "/v1/media", data=form).json["id"])

    def report(self, **more: Any) -> Any:
        body = {"category": "environment", "description": "楼道口有垃圾", "location": HERE, **more}
        return self.served.call(RESIDENT, "POST", "/v1/issues", body)

    def act(self, issue: str, who: Actor, action: str, **more: Any) -> Any:
        return self.served.call(who, "POST", f"/v1/issues/{issue}/transitions", {"action": action, **more})

    def history(self, issue: str) -> list[dict[str, Any]]:
        return list(self.served.call(STEWARD, "GET", f"/v1/issues/{issue}/history").json["items"])

    def stored(self) -> Any:
        """All that is stored; of the reports that a member may still make, which ones count."""
        found = self.served.stored()
        counted = {one["_id"]: one["reports"] for one in found.pop("report_quotas")}
        return {**found, "counted": counted}


@pytest.fixture
def desk(mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(mongo, monkeypatch)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"location": IN_THE_SEA}, "location"),
        ({"category": "safety"}, "category"),
        ({"description": "水" * 20_000}, "description"),
        ({"answers": {"no-such-question": "1"}}, "answers.no-such-question"),
    ],
    ids=["a point in the sea", "a retired category", "20,000 characters", "an answer to no question"],
)
def test_a_report_that_is_refused_leaves_no_issue_takes_no_photo_and_does_not_count(
    desk: Desk, wrong: dict[str, Any], field: str
) -> None:
    assert desk.report(media=[desk.photo(RESIDENT)]).status_code == 201
    photo = desk.photo(RESIDENT)
    before = desk.stored()
    refused = desk.report(media=[photo], **wrong)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    assert desk.stored() == before
    assert desk.report(media=[photo]).status_code == 201
    after = desk.stored()
    assert len(after["issues"]) == len(before["issues"]) + 1
    assert len(after["counted"][RESIDENT.member_id]) == 2
    assert after["photos"] != before["photos"]


def test_a_claim_of_a_closed_issue_leaves_it_as_it_is_and_takes_no_photo(desk: Desk) -> None:
    issue = desk.report().json["id"]
    assert desk.act(issue, RESIDENT, "withdraw").status_code == 200
    photo = desk.photo(STEWARD)
    before = desk.stored()
    refused = desk.act(issue, STEWARD, "claim", media=[photo])
    assert (refused.status_code, refused.json["allowed"]) == (409, [])
    assert desk.stored() == before


def test_a_claim_made_offline_is_shown_with_the_time_that_was_seen_beside_the_time_it_came(
    desk: Desk,
) -> None:
    issue = desk.report().json["id"]
    seen, sent = utc_now() - timedelta(hours=5), utc_now()
    assert desk.act(issue, STEWARD, "claim", observed_at=rfc3339(seen)).status_code == 200
    reported, claimed = desk.history(issue)
    assert (reported["observed_at"], claimed["observed_at"]) == (None, rfc3339(seen))
    assert claimed["received_at"] == claimed["at"] >= rfc3339(sent - timedelta(milliseconds=1))
    (stored,) = desk.served.mongo["issues"].find({"_id": issue})
    assert rfc3339(stored["history"][-1]["observed_at"]) == rfc3339(seen)
    assert stored["claimed_at"] == stored["history"][-1]["at"]  # the time that it has runs by our clock


@pytest.mark.parametrize("days", [-91, 1])
def test_a_claim_seen_too_long_ago_or_tomorrow_is_refused(desk: Desk, days: int) -> None:
    issue = desk.report().json["id"]
    before = desk.stored()
    seen = rfc3339(utc_now() + timedelta(days=days))
    refused = desk.act(issue, STEWARD, "claim", observed_at=seen)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["observed_at"])
    assert desk.stored() == before
