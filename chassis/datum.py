"""GCJ-02, the datum of Chinese maps and phones, from WGS-84 and back.

GCJ-02 is WGS-84 with an offset of up to some 700 m that changes from place to place. Its rule has never been
published officially. This is the one that has been public since 2010 and that map software goes by
(Converter.java of the project emq, EvilTransform.cs after it; see ADR 33): metres to the east and north as
sums of sines around 105° E, 35° N, turned into degrees on the ellipsoid of Krasovsky (1940).
"""

import math
from collections.abc import Callable
from enum import StrEnum

_RADIUS = 6_378_245.0
"""Krasovsky's larger half-axis, in metres."""
_ECCENTRICITY = 0.00669342162296594323
"""Its first eccentricity, squared."""
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
"""Outside of this box around China the two datums are the same."""
_ROUNDS = 6
"""Each makes an error smaller by a factor of a hundred at least: far below a millimetre is left."""
_WAVE = 2 / 3
Move = Callable[[float, float], tuple[float, float]]
"""What makes another longitude and latitude of these."""


class Datum(StrEnum):
    """What the degrees of a place are counted in."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"


def unmoved(lng: float, lat: float) -> tuple[float, float]:
    """The point itself."""
    return lng, lat


def wgs84_to_gcj02(lng: float, lat: float) -> tuple[float, float]:
    """A point of WGS-84 in GCJ-02; the same point outside of China."""
    if not _shifted(lng, lat):
        return lng, lat
    east, north = _offset(lng, lat)
    return lng + east, lat + north


def gcj02_to_wgs84(lng: float, lat: float) -> tuple[float, float]:
    """A point of GCJ-02 in WGS-84; the same point outside of China.

    Looked for rather than computed: the offset changes so slowly that taking off the one of the last guess
    leads to the point that `wgs84_to_gcj02` makes this one of.
    """
    if not _shifted(lng, lat):
        return lng, lat
    guess_lng, guess_lat = lng, lat
    for _ in range(_ROUNDS):
        east, north = _offset(guess_lng, guess_lat)
        guess_lng, guess_lat = lng - east, lat - north
    return guess_lng, guess_lat


def _shifted(lng: float, lat: float) -> bool:
    return _WEST <= lng <= _EAST and _SOUTH <= lat <= _NORTH


def _offset(lng: float, lat: float) -> tuple[float, float]:
    """Degrees to the east and north by which GCJ-02 differs at a point of WGS-84."""
    x, y = lng - 105, lat - 35
    slope = 1 - _ECCENTRICITY * math.sin(math.radians(lat)) ** 2
    of_parallel = _RADIUS / math.sqrt(slope) * math.cos(math.radians(lat))
    of_meridian = _RADIUS * (1 - _ECCENTRICITY) / slope**1.5
    return math.degrees(_metres_east(x, y) / of_parallel), math.degrees(_metres_north(x, y) / of_meridian)


def _metres_east(x: float, y: float) -> float:
    plain = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    long = 20 * _sine(x) + 40 * _sine(x / 3) + 150 * _sine(x / 12) + 300 * _sine(x / 30)
    return plain + _WAVE * (_short(x) + long)


def _metres_north(x: float, y: float) -> float:
    plain = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    long = 20 * _sine(y) + 40 * _sine(y / 3) + 160 * _sine(y / 12) + 320 * _sine(y / 30)
    return plain + _WAVE * (_short(x) + long)


def _short(x: float) -> float:
    """The two short waves: both offsets have them along the parallel."""
    return 20 * _sine(6 * x) + 20 * _sine(2 * x)


def _sine(half_turns: float) -> float:
    return math.sin(half_turns * math.pi)
