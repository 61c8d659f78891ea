"""Values that no field of a certain schema may take, and other input that no request may bring."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.e2e.operations import UNKNOWN_ID, Path, not_null

STATUSES = (400, 413, 422)
_HUGE = 2**70
_OVERLONG = 70_000

BODIES: dict[str, bytes] = {
    "half an object": b'{"a": ',
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "a number": b"7",
    "no JSON": b"a=1&b=2",
    "bytes that are no UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a name twice": b'{"surprise": 1, "surprise": 2}',
    "half a surrogate pair": b'{"\\ud800": "\\udfff"}',
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "a number of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "100,000 lists in lists": b"[" * 100_000 + b"]" * 100_000,
    "900 objects in objects": b'{"a": ' * 900 + b"1" + b"}" * 900,
    "100,000 objects in objects": b'{"a": ' * 100_000 + b"1" + b"}" * 100_000,
    "something after the end": b'{"a": 1} {}',
    "20,000 unknown fields": json.dumps({f"f{number}": number for number in range(20_000)}).encode(),
    "more than a megabyte": b'{"a": "' + b"x" * 1_100_000 + b'"}',
}
CONTENT_TYPES = (
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "image/jpeg",
    "nonsense",
)
IDENTIFIERS = (
    UNKNOWN_ID,
    "%00",
    "a%00b",
    "%0d%0aX-Injected:%201",
    "%E2%80%AEx",
    "%ff",
    "%252e",
    "..%2f..%2freadyz",
    "%3Fadmin=1",
    "$ne",
    "%7B%22$ne%22:1%7D",
    "%F0%9F%92%A5",
    "x" * 3000,
    "x%20OR%201=1",
)
COORDINATES = ("NaN", "Infinity", "1e999", "999", "-999", '"117.2"', "true", "null", "[]", "{}", "9" * 400)
POINTS = ("lng=nan&lat=1", "lng=1e999&lat=1", "lng=1&lat=91", "lng=x&lat=1", "lng=1", "lng=181&lat=1")
BOUNDARIES: tuple[Any, ...] = (
    {},
    {"type": "Point", "coordinates": [117.2, 39.1]},
    {"type": "Polygon"},
    {"type": "Polygon", "coordinates": None},
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": "x"},
    {"type": "Polygon", "coordinates": {"a": 1}},
    {"type": "Polygon", "coordinates": [[["a", "b"], [1, 2], [3, 4], ["a", "b"]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [10**400, 1], [0, 1], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[number / 1e4, number**2 / 1e9] for number in range(6000)]]},
    {"type": 5, "coordinates": []},
    {"type": "GeometryCollection", "geometries": []},
    {"type": "Polygon", "coordinates": [[[[[[[[1]]]]]]]]},
)
_TEXTS_WITH_CONTROLS = ("a\x00b", "a\x07b", "a\u202eb", "a\u2066b", "\ufeffab", "a\rb")
_OF_OTHER_TYPES: dict[str, tuple[Any, ...]] = {
    "string": (7, 1.5, True, [], {}, ["x"]),
    "integer": ("5", "x", 1.5, True, [], {}),
    "number": ("117.2", "x", True, [], {}),
    "boolean": ("true", "yes", 1, 0, [], {}),
    "array": ("x", 7, {}, True),
    "object": ("x", 7, [], True),
}


def for_schema(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is wrong, and a value, for everything that a field of this schema must refuse."""
    if schema is not_null(schema):
        yield "null", None
    inner = not_null(schema)
    kind = inner.get("type", "object")
    for value in _OF_OTHER_TYPES[kind]:
        yield f"of another type, {value!r}", value
    if kind == "string":
        yield from _texts(inner)
    elif kind in ("integer", "number"):
        for value in (inner["minimum"] - 1, inner["maximum"] + 1, _HUGE, -_HUGE, 10**400):
            yield f"out of range, {str(value)[:30]}", value
    elif kind == "array":
        yield "of too many", [None] * (inner["maxItems"] + 1)


def _texts(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "over-long", "1" * _OVERLONG
    if "maxLength" in schema:
        yield "too long by one", "x" * (schema["maxLength"] + 1)
    if "enum" in schema or "pattern" in schema:
        yield "of another form", "non sense"
        yield "empty", ""
    if schema.get("pattern", "").startswith(("^[0-9]{6}", "^1[3-9]")):
        full_width = "１" * 15
        yield "of full-width digits", full_width[: 11 if schema["pattern"].startswith("^1") else 6]
        good = "123456" if schema["pattern"].startswith("^[0-9]{6}") else "13912345678"
        yield "with a line end", f"{good}\n"
    if schema.get("minLength", 0) > 0:
        yield "empty", ""
        yield "blank", "  \t\n "
    for text in _TEXTS_WITH_CONTROLS:
        yield f"with a control character, {text!r}", text


def named(path: Path, value: Any) -> str | None:
    """The field that the refusal of a value must name; None where its items are named instead."""
    return None if isinstance(value, list) and value else ".".join(str(step) for step in path)


def for_query(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """Escaped values that a query parameter of this schema must refuse."""
    inner = not_null(schema)
    kind = inner.get("type")
    if name == "cursor":
        yield from _CURSORS
    elif "enum" in inner or "pattern" in inner:
        yield from ("nonsense", "", "%00", "%ff", "%0a", "1" * 2000)
    elif inner.get("format") == "date-time":
        yield from _MOMENTS
    elif kind in ("integer", "number"):
        yield from ("x", "", "1.5.5", "nan", "1e999", "9" * 30, "9" * 3000, "%00")
    elif kind == "boolean":
        yield from ("maybe", "", "2", "%00")
    else:
        yield "x" * (inner.get("maxLength", 1999) + 1)


_MOMENTS = (
    "yesterday",
    "",
    "2026-13-01T00:00:00Z",
    "0001-01-01T00:00:00%2B14:00",
    "9999-12-31T23:59:59-14:00",
    "9000-01-01T00:00:00Z",
    "1960-01-01T00:00:00Z",
    "99999-01-01T00:00:00Z",
    "%00",
    "9" * 3000,
)
_CURSORS = (
    "x",
    "%00",
    "%E2%80%AE",
    "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwT08",
    "77-977-977-977-9",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
)
