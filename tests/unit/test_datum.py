"""GCJ-02 and WGS-84: known pairs, there and back anywhere in China, and nothing moved elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.datum import gcj02_to_wgs84, wgs84_to_gcj02
from chassis.tiles import distance

Point = tuple[float, float]
KNOWN = {
    "Tian'anmen": ((116.3913, 39.9075), (116.39754118159271, 39.90890127616531)),
    "Tianjin": ((117.205, 39.125), (117.21129703815673, 39.12602467462111)),
    "Shanghai": ((121.4737, 31.2304), (121.47822305927693, 31.22845773757727)),
    "Hainan": ((109.6, 18.3), (109.6039489534542, 18.29812975831656)),
    "Kashgar": ((75.99, 39.47), (75.9929556381645, 39.47022749677051)),
}
"""By another program (geocoordinates-rs 0.14.2), which counts on the same ellipsoid."""
CHINA = st.tuples(st.floats(73.5, 135.1), st.floats(3.8, 53.6))
ELSEWHERE = st.one_of(
    st.tuples(st.floats(-180, 72), st.floats(-90, 90)),
    st.tuples(st.floats(138, 180), st.floats(-90, 90)),
    st.tuples(st.floats(-180, 180), st.floats(-90, 0.8)),
    st.tuples(st.floats(-180, 180), st.floats(56, 90)),
)


@pytest.mark.parametrize(("wgs84", "gcj02"), KNOWN.values(), ids=KNOWN)
def test_a_known_place_is_where_others_put_it_in_both_datums(wgs84: Point, gcj02: Point) -> None:
    assert wgs84_to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-8)
    assert gcj02_to_wgs84(*gcj02) == pytest.approx(wgs84, abs=1e-8)


@given(CHINA)
def test_there_and_back_leads_to_the_same_point_from_either_side(point: Point) -> None:
    assert gcj02_to_wgs84(*wgs84_to_gcj02(*point)) == pytest.approx(point, abs=1e-9)
    assert wgs84_to_gcj02(*gcj02_to_wgs84(*point)) == pytest.approx(point, abs=1e-9)


@given(CHINA)
def test_nothing_in_china_is_moved_further_than_the_offset_is_known_to_reach(point: Point) -> None:
    assert 0 < distance(*point, *wgs84_to_gcj02(*point)) < 800


@given(CHINA, st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_neighbours_stay_neighbours(point: Point, across: float, up: float) -> None:
    other = (point[0] + across, point[1] + up)
    moved = distance(*wgs84_to_gcj02(*point), *wgs84_to_gcj02(*other))
    assert moved == pytest.approx(distance(*point, *other), rel=0.02, abs=0.1)


@given(ELSEWHERE)
def test_outside_of_china_the_two_datums_are_one(point: Point) -> None:
    assert wgs84_to_gcj02(*point) == point
    assert gcj02_to_wgs84(*point) == point
