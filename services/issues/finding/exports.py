"""Exports: issues as CSV or GeoJSON, written row by row."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

import orjson

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
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Lines of CSV with a header, as UTF-8 with the mark that spreadsheets look for."""
    yield "\ufeff".encode()
    yield _line(COLUMNS)
    for row in rows:
        yield _line(_cell(_flat(row)[name]) for name in COLUMNS)


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
    place, rating = row.get("location") or {}, row.get("rating") or {}
    more = {"lng": place.get("lng"), "lat": place.get("lat"), "satisfied": rating.get("satisfied")}
    return {name: more[name] if name in more else row.get(name) for name in COLUMNS}


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> bytes:
    out = StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()
