"""Boundaries, and the smallest area around a point, borders included."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from chassis.geography import MAX_VERTICES, AreaFinder, read_boundary
from demo.district import COMMUNITIES, areas, boundary, centre, grids, square

Boundaries = list[tuple[str, dict[str, Any] | None]]
DISTRICT: Boundaries = [(code, boundary(code)) for code, _ in areas()]
GRIDS = [grid for community in COMMUNITIES for grid in grids(community)]


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def finder(known: Boundaries) -> AreaFinder:
    return AreaFinder(lambda: known)


@pytest.mark.parametrize("grid", GRIDS)
def test_the_middle_of_a_grid_lies_in_that_grid(grid: str) -> None:
    assert finder(DISTRICT).locate(**centre(grid)) == grid


@given(st.floats(0, 1), st.floats(0, 1), st.randoms(use_true_random=False))
def test_the_answer_never_depends_on_the_order_of_the_areas(
    across: float, up: float, chance: random.Random
) -> None:
    west, south, east, north = square("120199")
    lng, lat = west + across * (east - west), south + up * (north - south)
    mixed = list(DISTRICT)
    chance.shuffle(mixed)
    assert finder(mixed).locate(lng, lat) == finder(DISTRICT).locate(lng, lat)


@pytest.mark.parametrize("grid", GRIDS)
def test_a_corner_belongs_to_the_lowest_code_of_the_grids_that_meet_there(grid: str) -> None:
    west, south, _, _ = square(grid)
    lng, lat = round(west, 6), round(south, 6)

    def touches(code: str) -> bool:
        left, bottom, right, top = (round(value, 6) for value in square(code))
        return left <= lng <= right and bottom <= lat <= top

    assert finder(DISTRICT).locate(lng, lat) == min(code for code in GRIDS if touches(code))


def test_the_smallest_area_wins_over_those_around_it() -> None:
    nested: Boundaries = [
        ("120199", box(0, 0, 8, 8)),
        ("120199001", box(0, 0, 6, 6)),
        ("120199001001", box(0, 0, 4, 4)),
        ("120199001001001", box(0, 0, 2, 2)),
    ]
    found = [finder(nested).locate(at, at) for at in (1, 3, 5, 7, 9)]
    assert found == ["120199001001001", "120199001001", "120199001", "120199", None]


def test_an_area_in_several_pieces_holds_the_points_of_each_and_none_between() -> None:
    pieces = [box(0, 0, 1, 1)["coordinates"], box(3, 0, 4, 1)["coordinates"]]
    parted: Boundaries = [("120199001", {"type": "MultiPolygon", "coordinates": pieces})]
    found = [finder(parted).locate(at, 0.5) for at in (0.5, 2, 3.5)]
    assert found == ["120199001", None, "120199001"]


def test_a_hole_in_an_area_lies_outside_it() -> None:
    holed = {
        "type": "Polygon",
        "coordinates": [*box(0, 0, 4, 4)["coordinates"], box(1, 1, 3, 3)["coordinates"][0]],
    }
    assert finder([("120199001", holed)]).locate(2, 2) is None
    assert finder([("120199001", holed)]).locate(0.5, 2) == "120199001"


def test_an_area_without_a_boundary_is_known_and_found_nowhere() -> None:
    plain = finder([("120199001001", None)])
    assert plain.known("120199001001")
    assert not plain.known("120199001002")
    assert plain.locate(0, 0) is None


@pytest.mark.parametrize("code", ["120199", "120199001001", "120199001001001"])
def test_a_boundary_is_kept_as_it_was_drawn(code: str) -> None:
    assert read_boundary(boundary(code)) == boundary(code)


RING = box(0, 0, 1, 1)["coordinates"][0]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "LineString", "coordinates": RING},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [RING[:2]]},
        {"type": "Polygon", "coordinates": [[["a", "b"], *RING[1:]]]},
        {"type": "Polygon", "coordinates": [[[None, 0], *RING[1:]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
        {"type": "MultiPolygon", "coordinates": [[RING], [RING]]},
        {"type": "Feature", "geometry": box(0, 0, 1, 1)},
        box(0, 0, 181, 1),
        box(0, -91, 1, 1),
        box(0, 0, float("inf"), 1),
        {"type": "Polygon", "coordinates": [[[n / MAX_VERTICES, n % 2] for n in range(MAX_VERTICES + 1)]]},
    ],
)
def test_what_encloses_no_place_on_earth_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        read_boundary(wrong)
    assert "boundary" in refused.value.extra["errors"]


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "geometries"]), inner)
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(["Polygon", "MultiPolygon", "GeometryCollection", "Point", "", None, 5, ["Polygon"]]),
    VALUES,
    VALUES,
)
def test_anything_else_that_json_can_say_is_refused_and_never_fails(kind: Any, one: Any, two: Any) -> None:
    with pytest.raises(Invalid):
        read_boundary({"type": kind, "coordinates": one, "geometries": two})


def test_a_point_lies_in_an_area_by_its_own_outline_or_that_of_one_below_it() -> None:
    known: Boundaries = [
        ("120199001001", box(0, 0, 4, 4)),
        ("120199001001001", box(0, 0, 2, 2)),
        ("120199001002", None),
        ("120199001002001", box(4, 0, 6, 4)),
    ]
    areas = finder(known)
    expected = {
        ("120199001001", 3, 3): True,
        ("120199001001", 5, 1): False,
        ("120199001001", 4, 1): True,  # on a shared border one is in both
        ("120199001001001", 3, 3): False,
        ("120199001002", 5, 1): True,
        ("120199001002", 3, 3): None,
        ("120199001003", 3, 3): None,
    }
    assert {asked: areas.covers(*asked) for asked in expected} == expected
