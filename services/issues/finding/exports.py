"""Exports: issues as CSV or GeoJSON, written row by row."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from chassis.spreadsheets import csv_lines
from services.issues.cases.feedback import last_word

COLUMNS = (
    "number",
    "category",
    "status",
    "level",
    "lead_unit",
    "area",
    "lng",
    "lat",
    "description",
    "created_at",
    "due_at",
    "claimed_at",
    "resolved_at",
    "closed_at",
    "reopened",
    "supporters",
    "satisfied",
)


def as_csv(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Lines of CSV with a header."""
    return csv_lines(COLUMNS, ([_flat(row)[name] for name in COLUMNS] for row in rows))


def as_geojson(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A FeatureCollection, feature by feature."""
    yield b'{"type":"FeatureCollection","features":['
    separator = b""
    for row in rows:
        flat = _flat(row)
        lng, lat = flat.pop("lng"), flat.pop("lat")
        geometry = {"type": "Point", "coordinates": [lng, lat]} if lng is not None else None
        yield separator + orjson.dumps({"type": "Feature", "geometry": geometry, "properties": flat})
        separator = b","
    yield b"]}"


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    place, satisfied = row.get("location") or {}, last_word(row.get("feedback"), row.get("rating"))
    more = {"lng": place.get("lng"), "lat": place.get("lat"), "satisfied": satisfied}
    return {name: more[name] if name in more else row.get(name) for name in COLUMNS}
