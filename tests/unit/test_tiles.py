"""Tiles and places: what lies near has near numbers, and no cover leaves anything out."""

from hypothesis import given
from hypothesis import strategies as st

from chassis.tiles import DEEPEST, Box, around, cover, distance, place, tile_at

lngs = st.floats(-179.9, 179.9)
lats = st.floats(-80, 80)


@given(lngs, lats, st.integers(0, DEEPEST))
def test_a_point_lies_in_its_tile_and_its_place_in_the_tiles_range(lng: float, lat: float, z: int) -> None:
    tile = tile_at(lng, lat, z)
    first, after = tile.places
    assert first <= place(lng, lat) < after
    box = tile.box
    slack = 1e-9
    assert Box(box.west - slack, box.south - slack, box.east + slack, box.north + slack).holds(lng, lat)


@given(lngs, lats, st.floats(1, 5000), st.floats(-1, 1), st.floats(-1, 1))
def test_whatever_lies_in_a_box_lies_in_its_cover(
    lng: float, lat: float, metres: float, across: float, up: float
) -> None:
    box = around(lng, lat, metres)
    inside_lng = lng + across * (box.east - lng)
    inside_lat = lat + up * (box.north - lat)
    tiles = cover(box)
    assert 1 <= len(tiles) <= 9
    assert any(tile.places[0] <= place(inside_lng, inside_lat) < tile.places[1] for tile in tiles)


@given(lngs, lats, st.floats(1, 5000))
def test_a_circle_fits_its_box(lng: float, lat: float, metres: float) -> None:
    box = around(lng, lat, metres)
    for edge_lng, edge_lat in ((box.east, lat), (lng, box.north)):
        assert abs(distance(lng, lat, edge_lng, edge_lat) - metres) < metres * 0.02


def test_a_degree_is_as_long_as_on_the_globe() -> None:
    assert round(distance(0, 0, 0, 1)) == 111_195
    assert round(distance(0, 60, 1, 60), -2) == 55_600
