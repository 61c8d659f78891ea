"""Area boundaries (GeoJSON, kept in WGS-84) and finding the area of a point."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import shapely
from shapely.geometry import shape

from chassis.datum import Move, unmoved
from chassis.errors import Invalid

MAX_VERTICES = 5_000
_REFRESH_SECONDS = 10.0
_MISS_REFRESH_SECONDS = 0.5
_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    shapely.errors.ShapelyError,
)


def read_boundary(boundary: dict[str, Any], kept: Move = unmoved) -> dict[str, Any]:
    """A GeoJSON Polygon or MultiPolygon as it is kept: its type and coordinates in two dimensions.

    `kept` makes WGS-84 of a point. Raises Invalid unless the shape is valid, with plausible coordinates and
    at most 5,000 vertices.
    """
    try:
        coordinates = boundary["coordinates"]
        _check_numbers(coordinates)
        outline = shapely.force_2d(shape({**boundary, "coordinates": moved(coordinates, kept)}))
        count = shapely.get_num_coordinates(outline)
        sound = (
            outline.geom_type in ("Polygon", "MultiPolygon")
            and 4 <= count <= MAX_VERTICES
            and outline.is_valid
            and _on_earth(outline.bounds)
        )
    except _UNREADABLE:
        sound = False
    if not sound:
        raise Invalid(
            "boundary",
            zh="边界须为有效的 GeoJSON Polygon 或 MultiPolygon。",
            en="Use a valid GeoJSON Polygon or MultiPolygon.",
        )
    stored: dict[str, Any] = orjson.loads(shapely.to_geojson(outline))
    return stored


def _check_numbers(coordinates: Any) -> None:
    """Raises TypeError for anything but lists and numbers: shapely would take true for 1."""
    for one in coordinates:
        if isinstance(one, list):
            _check_numbers(one)
        elif isinstance(one, bool) or not isinstance(one, int | float):
            raise TypeError(one)


def moved(coordinates: Any, move: Move) -> Any:
    """The coordinates of a GeoJSON shape with every point moved."""
    if coordinates and not isinstance(coordinates[0], list):
        return [*move(coordinates[0], coordinates[1]), *coordinates[2:]]
    return [moved(one, move) for one in coordinates]


def _on_earth(bounds: tuple[float, float, float, float]) -> bool:
    west, south, east, north = bounds
    return -180 <= west <= east <= 180 and -90 <= south <= north <= 90


class AreaFinder:
    """Finds the smallest area around a point, from boundaries re-read every few seconds.

    On a shared border the lowest code wins, so that the answer never depends on order.
    """

    def __init__(self, read: Callable[[], Iterable[tuple[str, dict[str, Any] | None]]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._codes: frozenset[str] = frozenset()
        self._outlined: list[str] = []
        self._tree = shapely.STRtree([])

    def known(self, code: str) -> bool:
        """Whether an area with this code exists."""
        self._refresh(_REFRESH_SECONDS)
        if code not in self._codes:
            self._refresh(_MISS_REFRESH_SECONDS)
        return code in self._codes

    def locate(self, lng: float, lat: float) -> str | None:
        """The code of the smallest area that holds the point, or None."""
        self._refresh(_REFRESH_SECONDS)
        found = self._around(lng, lat)
        if found is None:
            self._refresh(_MISS_REFRESH_SECONDS)
            found = self._around(lng, lat)
        return found

    def covers(self, code: str, lng: float, lat: float) -> bool | None:
        """Whether a point lies in an area or in one below it; None where the area has no outline."""
        self._refresh(_REFRESH_SECONDS)
        found = self._covers(code, lng, lat)
        if not found:
            self._refresh(_MISS_REFRESH_SECONDS)
            found = self._covers(code, lng, lat)
        return found

    def _around(self, lng: float, lat: float) -> str | None:
        with self._lock:
            hits = self._hits(lng, lat)
            return self._outlined[min(hits)] if hits else None

    def _covers(self, code: str, lng: float, lat: float) -> bool | None:
        with self._lock:
            if any(self._outlined[hit].startswith(code) for hit in self._hits(lng, lat)):
                return True
            return False if code in self._outlined else None

    def _hits(self, lng: float, lat: float) -> list[int]:
        hits: list[int] = self._tree.query(shapely.points((lng, lat)), predicate="intersects").tolist()
        return hits

    def _refresh(self, older_than: float) -> None:
        with self._lock:
            if time.monotonic() - self._read_at < older_than:
                return
            areas = list(self._read())
            outlined = [(code, shape(boundary)) for code, boundary in sorted(areas, key=_rank) if boundary]
            self._codes = frozenset(code for code, _ in areas)
            self._outlined = [code for code, _ in outlined]
            self._tree = shapely.STRtree([outline for _, outline in outlined])
            self._read_at = time.monotonic()


def _rank(area: tuple[str, Any]) -> tuple[int, str]:
    """Smaller areas first, whose codes are longer; then by code, so that one answers on a shared border."""
    return -len(area[0]), area[0]
