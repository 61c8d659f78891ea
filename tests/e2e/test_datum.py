"""Phones and maps that know GCJ-02 alone: what they send lands where it is and comes back as they show it."""

import csv
from io import StringIO
from typing import Any

import pytest

from chassis.datum import wgs84_to_gcj02
from chassis.tiles import distance, tile_at
from demo.client import Person
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, District, boundary, point_in
from infra.local.deployment import wait_until
from tests.e2e import photos
from tests.e2e.people import GRID, PATIENCE

HERE = point_in(GRID, 0.31, 0.62)
THERE = dict(zip(("lng", "lat"), (round(one, 6) for one in wgs84_to_gcj02(**HERE)), strict=True))
"""The same place as a phone sees it: half a kilometre off, in another grid."""
LAMP = {"category": "safety", "description": "国测坐标上报的路灯", "location": THERE}


def close_to(place: dict[str, float]) -> dict[str, Any]:
    return {name: pytest.approx(place[name], abs=1e-6) for name in ("lng", "lat")}


@pytest.fixture(scope="module")
def resident(district: District) -> Person:
    return district.person(RESIDENTS_OF_A[27])


@pytest.fixture(scope="module")
def issue(resident: Person) -> Any:
    """What the phone is answered that reported a lamp."""
    return resident.post("/v1/issues?crs=gcj02", LAMP)


def test_a_report_lands_in_its_grid_and_is_answered_as_it_was_sent(issue: Any, resident: Person) -> None:
    assert issue["area"] == GRID
    assert issue["location"] == THERE
    path = f"/v1/issues/{issue['id']}"
    assert resident.get(path, crs="gcj02")["location"] == THERE
    for query in ({}, {"crs": "wgs84"}):
        assert resident.get(path, **query)["location"] == close_to(HERE)


def test_the_answer_to_an_action_is_in_the_datum_asked_for(issue: Any, resident: Person) -> None:
    path = f"/v1/issues/{issue['id']}/comments"
    assert resident.post(f"{path}?crs=gcj02", {"text": "已补充"})["location"] == THERE
    assert resident.post(path, {"text": "再补充"})["location"] == close_to(HERE)


def test_the_grid_of_a_phones_point_is_found_and_its_boundary_shown_on_the_phones_map(
    resident: Person,
) -> None:
    plain = resident.get("/v1/areas/locate", **HERE)
    found = resident.get("/v1/areas/locate", **THERE, crs="gcj02")
    assert found["code"] == plain["code"] == GRID
    corner, shown = (one["boundary"]["coordinates"][0][0] for one in (plain, found))
    assert shown == pytest.approx(wgs84_to_gcj02(*corner), abs=1e-7)
    listed = {one["code"]: one for one in resident.get("/v1/areas", area=COMMUNITY_A, crs="gcj02")["items"]}
    assert listed[GRID]["boundary"] == found["boundary"]


def test_a_boundary_drawn_on_the_phones_map_is_kept_where_it_is(district: District) -> None:
    admin, name = district.admin, district.admin.get("/v1/areas", area=GRID)["items"][0]["name"]
    drawn = admin.get("/v1/areas", area=GRID, crs="gcj02")["items"][0]["boundary"]
    answer = admin.post("/v1/areas?crs=gcj02", {"code": GRID, "name": name, "boundary": drawn})
    kept = admin.get("/v1/areas", area=GRID)["items"][0]["boundary"]
    admin.post("/v1/areas", {"code": GRID, "name": name, "boundary": boundary(GRID)})
    assert answer["boundary"] == drawn
    for corner, meant in zip(kept["coordinates"][0], boundary(GRID)["coordinates"][0], strict=True):
        assert corner == pytest.approx(meant, abs=1e-6)


def test_what_lies_nearby_is_found_from_the_phones_point(issue: Any, resident: Person) -> None:
    def distances(**query: Any) -> dict[str, float]:
        found = resident.get("/v1/issues/nearby", **THERE, limit=50, **query)["items"]
        return {one["id"]: one["distance"] for one in found}

    assert distances(crs="gcj02")[issue["id"]] < 1
    assert issue["id"] not in distances()


@pytest.mark.parametrize(
    "region",
    [
        {"near": "{lng},{lat}", "radius": 20},
        {"bbox": "{west},{south},{east},{north}"},
        {"polygon": "{west},{south};{east},{south};{lng},{north}"},
    ],
    ids=lambda region: next(iter(region)),
)
def test_a_region_of_the_phones_map_holds_what_is_shown_in_it(
    issue: Any, resident: Person, region: dict[str, Any]
) -> None:
    lng, lat, by = THERE["lng"], THERE["lat"], 0.0003
    sides = {"west": lng - by, "south": lat - by, "east": lng + by, "north": lat + by}
    query = {name: str(value).format(**THERE, **sides) for name, value in region.items()}

    def found(**more: Any) -> dict[str, Any]:
        items = resident.pages("/v1/issues", reporter="me", **query, **more)
        return {one["id"]: one["location"] for one in items}

    assert found(crs="gcj02")[issue["id"]] == THERE
    assert issue["id"] not in found()


def test_the_map_shows_clusters_and_issues_in_the_datum_asked_for(issue: Any, resident: Person) -> None:
    near = tile_at(**HERE, z=17)
    path = f"/v1/issues/tiles/{near.z}/{near.x}/{near.y}"
    shown = {one["id"]: one["location"] for one in resident.get(path, crs="gcj02")["items"]}
    assert shown[issue["id"]] == THERE
    far = tile_at(**HERE, z=11)
    path = f"/v1/issues/tiles/{far.z}/{far.x}/{far.y}"
    wait_until(lambda: bool(resident.get(path)["clusters"]), PATIENCE, "a cluster")
    plain, moved = (resident.get(path, **query)["clusters"][0] for query in ({}, {"crs": "gcj02"}))
    assert 0.004 < moved["lng"] - plain["lng"] < 0.009


def test_an_export_is_in_the_datum_asked_for_to_its_last_row(issue: Any, district: District) -> None:
    staff = district.community_staff
    query = {"area": GRID, "reporter": district.person(RESIDENTS_OF_A[27]).id}
    shapes = staff.get("/v1/issues/export", **query, format="geojson", crs="gcj02")["features"]
    places = {one["properties"]["number"]: one["geometry"]["coordinates"] for one in shapes}
    assert places[issue["number"]] == [THERE["lng"], THERE["lat"]]
    table = staff.send("GET", "/v1/issues/export", params={**query, "crs": "gcj02"}).content
    rows = {row["number"]: row for row in csv.DictReader(StringIO(table.decode("utf-8-sig")))}
    assert [float(rows[issue["number"]][name]) for name in ("lng", "lat")] == places[issue["number"]]
    plain = staff.get("/v1/issues/export", **query, format="geojson")["features"]
    assert len(plain) == len(shapes)
    for one in plain:
        assert 0.004 < places[one["properties"]["number"]][0] - one["geometry"]["coordinates"][0] < 0.009


def test_the_place_that_a_photo_suggests_is_in_the_datum_asked_for(resident: Person) -> None:
    files = {"file": ("lamp.jpg", photos.with_everything("JPEG"))}
    plain, asked = (
        resident.send("POST", "/v1/media", params=query, files=files).json()["location"]
        for query in ({}, {"crs": "gcj02"})
    )
    assert [asked["lng"], asked["lat"]] == pytest.approx(wgs84_to_gcj02(**plain), abs=1e-7)


def test_a_sensitive_place_is_made_coarse_before_it_is_moved(resident: Person, district: District) -> None:
    body = {**LAMP, "category": "resident_info"}
    path = f"/v1/issues/{resident.post('/v1/issues?crs=gcj02', body)['id']}"
    stranger = district.person(RESIDENTS_OF_A[28])
    coarse, shown = stranger.get(path)["location"], stranger.get(path, crs="gcj02")["location"]
    assert distance(**HERE, other_lng=coarse["lng"], other_lat=coarse["lat"]) > 0.1
    assert [shown["lng"], shown["lat"]] == pytest.approx(wgs84_to_gcj02(**coarse), abs=1e-7)


def test_a_saved_filter_keeps_the_datum_of_its_place(resident: Person) -> None:
    query = {"near": f"{THERE['lng']},{THERE['lat']}", "crs": "gcj02"}
    saved = resident.post("/v1/saved-filters", {"name": "附近", "query": query})
    assert saved["query"] == query
    assert resident.send("DELETE", f"/v1/saved-filters/{saved['id']}").status_code == 204
    wrong = {"name": "附近", "query": {**query, "crs": "bd09"}}
    assert resident.send("POST", "/v1/saved-filters", json=wrong).status_code == 422


def test_a_datum_that_is_none_is_refused_and_nothing_is_reported(resident: Person) -> None:
    before = len(resident.pages("/v1/issues", reporter="me"))
    answer = resident.send("POST", "/v1/issues?crs=bd09", json=LAMP)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["crs"]
    assert len(resident.pages("/v1/issues", reporter="me")) == before
