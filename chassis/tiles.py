"""Map tiles (Web Mercator, z/x/y) and places as one number, so that an ordinary index finds what lies near.

A place is its tile at zoom 24 with the bits of x and y interleaved (a Morton number): all places of a larger
tile are one range of numbers. A circle or box is covered by a few tiles, each one range to read.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 24
EARTH_METRES = 6_371_008.8
_MERCATOR_LIMIT = 85.0511


@dataclass(frozen=True)
class Tile:
    """A tile of the usual web map."""

    z: int
    x: int
    y: int

    @property
    def places(self) -> tuple[int, int]:
        """The first place in this tile, and the first one after it."""
        shift = 2 * (DEEPEST - self.z)
        first = _interleave(self.x, self.y) << shift
        return first, first + (1 << shift)

    @property
    def box(self) -> "Box":
        """What the tile covers."""
        return Box(
            _lng(self.x, self.z), _lat(self.y + 1, self.z), _lng(self.x + 1, self.z), _lat(self.y, self.z)
        )


@dataclass(frozen=True)
class Box:
    """West, south, east and north in WGS-84 degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lng: float, lat: float) -> bool:
        """Whether a point lies within, borders included."""
        return self.west <= lng <= self.east and self.south <= lat <= self.north


def tile_at(lng: float, lat: float, z: int) -> Tile:
    """The tile of a zoom level in which a point lies."""
    scale = 1 << z
    bounded = math.radians(max(-_MERCATOR_LIMIT, min(_MERCATOR_LIMIT, lat)))
    x = int((lng + 180) / 360 * scale)
    y = int((1 - math.asinh(math.tan(bounded)) / math.pi) / 2 * scale)
    return Tile(z, max(0, min(scale - 1, x)), max(0, min(scale - 1, y)))


def place(lng: float, lat: float) -> int:
    """The number of a point: its tile at the deepest zoom, as a Morton number (48 bits)."""
    deepest = tile_at(lng, lat, DEEPEST)
    return _interleave(deepest.x, deepest.y)


def around(lng: float, lat: float, metres: float) -> Box:
    """The box around a circle."""
    up = math.degrees(metres / EARTH_METRES)
    across = up / max(0.01, math.cos(math.radians(lat)))
    return Box(lng - across, lat - up, lng + across, lat + up)


def widened(box: Box, metres: float) -> Box:
    """A box with so much more on every side."""
    low, high = around(box.west, box.south, metres), around(box.east, box.north, metres)
    return Box(min(low.west, high.west), low.south, max(low.east, high.east), high.north)


def coarse(lng: float, lat: float, metres: float) -> tuple[float, float]:
    """The middle of the square of a fixed lattice in which a point lies: the same for all points of it.

    It lies within 0.71 × `metres` of the point, and is its own middle.
    """
    up = math.degrees(metres / EARTH_METRES)
    row = math.floor(lat / up)
    middle = (row + 0.5) * up
    across = up / max(0.01, math.cos(math.radians(middle)))
    return round((math.floor(lng / across) + 0.5) * across, 7), round(middle, 7)


def distance(lng: float, lat: float, other_lng: float, other_lat: float) -> float:
    """Metres between two points along the surface (haversine)."""
    north, other_north = math.radians(lat), math.radians(other_lat)
    half = (
        math.sin((other_north - north) / 2) ** 2
        + math.cos(north) * math.cos(other_north) * math.sin(math.radians(other_lng - lng) / 2) ** 2
    )
    return 2 * EARTH_METRES * math.asin(math.sqrt(half))


def cover(box: Box, most: int = 9) -> list[Tile]:
    """The tiles of the deepest zoom of which at most `most` cover a box."""
    for z in range(DEEPEST, -1, -1):
        first, last = tile_at(box.west, box.north, z), tile_at(box.east, box.south, z)
        if (last.x - first.x + 1) * (last.y - first.y + 1) <= most:
            return list(_between(first, last))
    return [Tile(0, 0, 0)]


def _between(first: Tile, last: Tile) -> Iterator[Tile]:
    for y in range(first.y, last.y + 1):
        for x in range(first.x, last.x + 1):
            yield Tile(first.z, x, y)


def _interleave(x: int, y: int) -> int:
    return _spread(x) | _spread(y) << 1


def _spread(number: int) -> int:
    """Move bit i to bit 2i, for numbers of up to 32 bits."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        number = (number | number << shift) & mask
    return number


def _lng(x: int, z: int) -> float:
    return x / (1 << z) * 360 - 180


def _lat(y: int, z: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / (1 << z)))))
