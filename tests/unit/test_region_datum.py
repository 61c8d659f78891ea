"""Regions given in GCJ-02: they hold the points that lie there on the caller's map."""

from hypothesis import given
from hypothesis import strategies as st

from chassis.datum import gcj02_to_wgs84, unmoved, wgs84_to_gcj02
from services.issues.finding.domain import circle, outline, rectangle

LNGS, LATS = st.floats(117, 117.5), st.floats(39, 39.5)
NEAR = 0.0005


@given(LNGS, LATS)
def test_a_region_around_a_point_of_the_callers_map_holds_that_point(lng: float, lat: float) -> None:
    east, north = wgs84_to_gcj02(lng, lat)
    around = ((-NEAR, -NEAR), (NEAR, -NEAR), (NEAR, NEAR), (-NEAR, NEAR))
    bbox = f"{east - NEAR},{north - NEAR},{east + NEAR},{north + NEAR}"
    polygon = ";".join(f"{east + across},{north + up}" for across, up in around)
    for kept, found in ((gcj02_to_wgs84, True), (unmoved, False)):
        assert circle(f"{east},{north}", 1, kept).holds(lng, lat) is found
        assert rectangle(bbox, kept).holds(lng, lat) is found
        assert outline(polygon, kept).holds(lng, lat) is found


@given(LNGS, LATS)
def test_a_box_without_width_has_its_sides_in_order_wherever_its_corners_are_moved(
    lng: float, lat: float
) -> None:
    for bbox in (f"{lng},{lat},{lng},{lat + 0.2}", f"{lng},{lat},{lng + 0.2},{lat}"):
        box = rectangle(bbox, gcj02_to_wgs84).box
        assert box.west <= box.east
        assert box.south <= box.north
