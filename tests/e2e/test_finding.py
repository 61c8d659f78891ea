"""Finding issues through the gateway: every filter in both directions."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from pymongo import MongoClient

from chassis.tiles import tile_at
from demo.client import Person
from demo.district import RESIDENTS_OF_A, District, grids, stewards_of
from infra.local.deployment import Deployment, wait_until
from tests.e2e.people import PATIENCE, report

COMMUNITY = "120199001002"
GRID, OTHER_GRID = grids(COMMUNITY)[:2]
HERE = {"lng": 117.2243, "lat": 39.1262}
THERE = {"lng": 117.2351, "lat": 39.1262}


@pytest.fixture(scope="module")
def staff(district: District) -> Person:
    return district.person("13900000011")


@pytest.fixture(scope="module")
def found(district: District) -> dict[str, Any]:
    """Two issues that differ in every respect that can be filtered by."""
    one, other = (district.person(phone) for phone in RESIDENTS_OF_A[30:32])
    steward = district.person(next(iter(stewards_of(COMMUNITY))))
    first = report(one, category="safety", description="消防通道被电动车堵塞", location=HERE)
    second = report(other, category="outreach", description="请宣传垃圾分类知识", location=THERE)
    steward.act(first["id"], "claim")
    clerk = district.person("13900000011")
    searched = {first["id"]: "消防通道", second["id"]: "垃圾分类"}
    wait_until(lambda: all(one in ids(clerk, q=q) for one, q in searched.items()), PATIENCE, "the words")
    return {
        "first": first["id"],
        "second": second["id"],
        "steward": steward.id,
        "one": one.id,
        "other": other.id,
    }


def ids(staff: Person, **query: Any) -> set[str]:
    return {one["id"] for one in staff.pages("/v1/issues", **{"area": COMMUNITY, **query})}


@pytest.mark.parametrize(
    ("takes_first", "takes_second"),
    [
        ({"area": GRID}, {"area": OTHER_GRID}),
        ({"status": "claimed"}, {"status": "reported"}),
        ({"status": "claimed,in_progress"}, {"status": "reported,reopened"}),
        ({"category": "safety"}, {"category": "outreach"}),
        ({"reporter": "one"}, {"reporter": "other"}),
        ({"assignee": "steward"}, None),
        ({"q": "消防通道"}, {"q": "垃圾分类"}),
        ({"q": "电动车堵塞"}, {"q": "宣传垃圾"}),
        ({"near": f"{HERE['lng']},{HERE['lat']}", "radius": 100}, {"near": f"{THERE['lng']},{THERE['lat']}"}),
        ({"bbox": "117.2240,39.1260,117.2250,39.1270"}, {"bbox": "117.2350,39.1260,117.2360,39.1270"}),
        ({"bbox": "116,38,117.2300,40"}, {"bbox": "117.2300,38,119,40"}),
        (
            {"polygon": "117.223,39.125;117.226,39.125;117.2243,39.128"},
            {"polygon": "117.234,39.125;117.237,39.125;117.2351,39.128"},
        ),
        ({"near": f"{HERE['lng']},{HERE['lat']}", "status": "claimed", "q": "电动车"}, None),
    ],
    ids=str,
)
def test_a_filter_takes_what_fits_and_leaves_what_does_not(
    staff: Person, found: dict[str, Any], takes_first: dict[str, Any], takes_second: dict[str, Any] | None
) -> None:
    def with_ids(query: dict[str, Any]) -> dict[str, Any]:
        return {name: found.get(str(value), value) for name, value in query.items()}

    first = ids(staff, **with_ids(takes_first))
    assert found["first"] in first
    assert found["second"] not in first
    if takes_second is not None:
        second = ids(staff, **with_ids(takes_second))
        assert found["second"] in second
        assert found["first"] not in second


@pytest.mark.parametrize(
    "read_by",
    [{}, {"near": f"{HERE['lng']},{HERE['lat']}"}, {"q": "消防通道"}, {"reporter": "one"}],
    ids=["time", "place", "words", "person"],
)
def test_since_is_included_and_until_is_not(
    staff: Person, found: dict[str, Any], read_by: dict[str, str]
) -> None:
    query = {name: found.get(value, value) for name, value in read_by.items()}
    created = datetime.fromisoformat(staff.get(f"/v1/issues/{found['first']}")["created_at"])
    tick = timedelta(milliseconds=1)
    for bounds, taken in (
        ({"since": created}, True),
        ({"since": created + tick}, False),
        ({"until": created + tick}, True),
        ({"until": created}, False),
    ):
        moments = {name: moment.isoformat() for name, moment in bounds.items()}
        assert (found["first"] in ids(staff, **query, **moments)) is taken, bounds


def test_overdue_is_what_is_open_and_past_its_date(
    staff: Person, found: dict[str, Any], deployment: Deployment
) -> None:
    assert found["first"] in ids(staff, overdue="false")
    past = datetime.now(UTC) - timedelta(hours=1)
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        client["issues"]["issues"].update_one({"_id": found["first"]}, {"$set": {"open_due_at": past}})
    assert found["first"] in ids(staff, overdue="true")
    assert found["first"] not in ids(staff, overdue="false")
    assert found["second"] not in ids(staff, overdue="true")


def test_a_region_and_a_filter_that_cannot_be_read_are_refused(staff: Person) -> None:
    for query in (
        {"near": "x"},
        {"bbox": "1,2,3"},
        {"status": "nonsense"},
        {"near": "1,1", "bbox": "1,1,2,2"},
    ):
        answer = staff.send("GET", "/v1/issues", params=query)
        assert answer.status_code == 422, query
        assert answer.json()["errors"]


def test_the_map_shows_clusters_far_out_and_issues_close_by(staff: Person, found: dict[str, Any]) -> None:
    far = tile_at(HERE["lng"], HERE["lat"], 12)

    def counted() -> int:
        return sum(one["count"] for one in staff.get(f"/v1/issues/tiles/{far.z}/{far.x}/{far.y}")["clusters"])

    wait_until(lambda: counted() >= 2, PATIENCE, "both issues in the clusters")
    close = tile_at(HERE["lng"], HERE["lat"], 17)
    items = staff.get(f"/v1/issues/tiles/{close.z}/{close.x}/{close.y}")["items"]
    assert found["first"] in [one["id"] for one in items]
    assert found["second"] not in [one["id"] for one in items]
    assert staff.send("GET", "/v1/issues/tiles/3/9/0").status_code == 404


def test_an_export_holds_every_issue_of_the_filters_and_only_staff_get_it(
    staff: Person, found: dict[str, Any], district: District
) -> None:
    text = staff.send("GET", "/v1/issues/export", params={"area": COMMUNITY}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text)))
    assert len(rows) == len(ids(staff))
    assert {"消防通道被电动车堵塞", "请宣传垃圾分类知识"} <= {row["description"] for row in rows}
    shapes = staff.get("/v1/issues/export", area=COMMUNITY, format="geojson")
    assert len(shapes["features"]) == len(rows)
    resident = district.person(RESIDENTS_OF_A[30])
    assert resident.send("GET", "/v1/issues/export").status_code == 403
    assert staff.send("GET", "/v1/issues/export", params={"area": "120199001001"}).status_code == 403


def test_many_issues_are_acted_on_at_once_each_with_its_own_answer(staff: Person, district: District) -> None:
    resident = district.person(RESIDENTS_OF_A[32])
    steward = district.person(next(iter(stewards_of(COMMUNITY))))
    own, foreign = report(resident, location=HERE), report(resident, location=THERE)
    body = {"ids": [own["id"], foreign["id"], "01" + "A" * 24], "action": "claim"}
    items = steward.post("/v1/bulk-transitions", body)["items"]
    assert [one["status"] for one in items] == [200, 403, 404]
    assert items[0]["issue_status"] == "claimed"
    merged = staff.post(
        "/v1/bulk-transitions", {"ids": [foreign["id"]], "action": "merge", "into": own["id"]}
    )
    assert [(one["status"], one["issue_status"]) for one in merged["items"]] == [(200, "merged")]
    told = [line["action"] for line in staff.get(f"/v1/issues/{own['id']}/history")["items"]]
    assert told == ["report", "claim", "adopt"]
    too_many = {"ids": [own["id"]] * 201, "action": "claim"}
    assert steward.send("POST", "/v1/bulk-transitions", json=too_many).status_code == 422


def test_a_filter_can_be_saved_listed_and_removed(staff: Person, district: District) -> None:
    saved = staff.post(
        "/v1/saved-filters", {"name": "待认领", "query": {"status": "reported", "area": COMMUNITY}}
    )
    assert [one["name"] for one in staff.get("/v1/saved-filters")["items"]] == ["待认领"]
    bad = {"name": "x", "query": {"status": "nonsense"}}
    assert staff.send("POST", "/v1/saved-filters", json=bad).status_code == 422
    other = district.person(RESIDENTS_OF_A[30])
    assert other.send("DELETE", f"/v1/saved-filters/{saved['id']}").status_code == 404
    assert staff.send("DELETE", f"/v1/saved-filters/{saved['id']}").status_code == 204
    assert staff.get("/v1/saved-filters")["items"] == []
