"""What issues are found by: filters, places on the map, and words of Chinese and Latin text."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import shapely
from shapely.geometry import Point, Polygon

from chassis.datum import Move, unmoved
from chassis.errors import Invalid
from chassis.tiles import Box, Tile, around, distance

CELL_ZOOM = 16
"""The zoom of the cells that open issues are counted by: some 470 m across at 39° north."""
MOST_RADIUS = 50_000.0
MOST_CORNERS = 100
MOST_SOUGHT = 200
"""How many words are searched for at once. A text is found by all of its words, however long it is."""
_RUNS = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f]+|[0-9a-z]+")
_LONG_NUMBER = re.compile(r"[0-9]{7,}[0-9a-z]?")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f]")


class Region(Protocol):
    """A part of the map."""

    @property
    def box(self) -> Box:
        """The box around it."""

    def holds(self, lng: float, lat: float) -> bool:
        """Whether a point lies in it, borders included."""


@dataclass(frozen=True)
class Circle:
    """All points within `radius` metres."""

    lng: float
    lat: float
    radius: float

    @property
    def box(self) -> Box:
        """The box around the circle."""
        return around(self.lng, self.lat, self.radius)

    def holds(self, lng: float, lat: float) -> bool:
        """Whether a point lies in the circle."""
        return distance(self.lng, self.lat, lng, lat) <= self.radius


@dataclass(frozen=True)
class Rectangle:
    """All points of a box."""

    box: Box

    def holds(self, lng: float, lat: float) -> bool:
        """Whether a point lies in the box."""
        return self.box.holds(lng, lat)


@dataclass(frozen=True)
class Outline:
    """All points within a polygon."""

    shape: Polygon

    @property
    def box(self) -> Box:
        """The box around the polygon."""
        return Box(*self.shape.bounds)

    def holds(self, lng: float, lat: float) -> bool:
        """Whether a point lies in the polygon or on its border."""
        return bool(self.shape.covers(Point(lng, lat)))


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed by. `category` includes what lies below it; times are of the report."""

    area: str
    statuses: frozenset[str] = frozenset()
    category: str | None = None
    assignee: str | None = None
    reporter: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    overdue: bool | None = None
    hidden: bool | None = None
    region: Region | None = field(default=None, compare=False)
    words: tuple[str, ...] = ()


def _numbers(text: str, name: str) -> list[float]:
    try:
        numbers = [float(part) for part in re.split("[,;]", text)]
    except ValueError:
        numbers = []
    odd = len(numbers) % 2 or not numbers
    if (
        odd
        or any(not -180 <= one <= 180 for one in numbers)
        or any(not -90 <= one <= 90 for one in numbers[1::2])
    ):
        raise Invalid(
            name, zh="坐标格式应为 经度,纬度。", en="Coordinates read like 117.2,39.12: longitude first."
        )
    return numbers


def circle(near: str, radius: float, kept: Move = unmoved) -> Circle:
    """`117.2,39.12` and metres; `kept` makes WGS-84 of a point. Raises Invalid."""
    numbers = _numbers(near, "near")
    if len(numbers) != 2:
        raise Invalid("near", zh="请提供一个点。", en="Give one point: longitude,latitude.")
    return Circle(*kept(*numbers), radius)


def rectangle(bbox: str, kept: Move = unmoved) -> Rectangle:
    """`west,south,east,north`; `kept` makes WGS-84 of a corner. Raises Invalid."""
    numbers = _numbers(bbox, "bbox")
    if len(numbers) != 4 or numbers[0] > numbers[2] or numbers[1] > numbers[3]:
        raise Invalid("bbox", zh="顺序为 西,南,东,北。", en="Give west,south,east,north in this order.")
    (west, south), (east, north) = kept(*numbers[:2]), kept(*numbers[2:])
    # Two corners of the same longitude may be moved past one another.
    return Rectangle(Box(min(west, east), min(south, north), max(west, east), max(south, north)))


def outline(polygon: str, kept: Move = unmoved) -> Outline:
    """`lng,lat;lng,lat;…`, three corners or more; `kept` makes WGS-84 of each. Raises Invalid."""
    numbers = _numbers(polygon, "polygon")
    corners = [kept(lng, lat) for lng, lat in zip(numbers[::2], numbers[1::2], strict=True)]
    shape = Polygon(corners) if 3 <= len(corners) <= MOST_CORNERS else None
    if shape is None or not shape.is_valid or shapely.area(shape) == 0:
        raise Invalid(
            "polygon",
            zh="多边形须有 3 至 100 个角且不自交。",
            en="A polygon has 3 to 100 corners, lng,lat;lng,lat;…, and does not cross itself.",
        )
    return Outline(shape)


def words(text: str) -> list[str]:
    """What a text is found by: each two neighbouring Chinese characters, and each Latin word or number.

    Text indexes of the database do not segment Chinese; pairs of characters need no dictionary. What looks
    like a phone or identity number is shown to few, so nobody can search for it.
    """
    found: list[str] = []
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).lower()):
        if _HAN.match(run):
            found += [run[place : place + 2] for place in range(max(1, len(run) - 1))]
        else:
            found += [] if _LONG_NUMBER.fullmatch(run) else [run]
    return list(dict.fromkeys(found))


def sought_words(text: str) -> tuple[str, ...]:
    """The words of a search. Raises Invalid where there are none to go by."""
    sought = tuple(one for one in words(text) if len(one) > 1 or not _HAN.match(one))
    if not sought:
        raise Invalid(
            "q", zh="请至少输入两个汉字或一个单词。", en="Search for two Chinese characters or a word."
        )
    return sought[:MOST_SOUGHT]


def one_region(regions: Sequence[Region | None]) -> Region | None:
    """The one region that was given. Raises Invalid for more than one."""
    given = [one for one in regions if one is not None]
    if len(given) > 1:
        raise Invalid("near", zh="near、bbox、polygon 只能用一个。", en="Use one of near, bbox and polygon.")
    return given[0] if given else None


def cell_key(tile: Tile) -> str:
    """What a cell's count is kept under."""
    return f"{tile.x}/{tile.y}"


def cell_of(key: str) -> Tile:
    """The cell of a key."""
    x, y = key.split("/")
    return Tile(CELL_ZOOM, int(x), int(y))
