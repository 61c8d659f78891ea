"""What comes in is read strictly: one meaning or none, and nothing that a route does not declare."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson
from flask import Flask, Request, current_app, g, request
from marshmallow import EXCLUDE, RAISE, Schema
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import LengthRequired, UnsupportedMediaType

from chassis.datum import Datum
from chassis.errors import Invalid, Malformed

JSON_LIMIT = 1024 * 1024
_CHUNK = 64 * 1024
_MOST_CHUNKS = 1024
_ATTRIBUTE = "inputs"
_READS = ("GET", "HEAD", "OPTIONS")


class StrictParser(FlaskParser):
    """Refuses unknown fields in bodies, forms and query strings alike, and bodies of an unclear meaning."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - webargs reads this class attribute
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "json": RAISE,
        "query": RAISE,
        "files": RAISE,
    }

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ARG002 - webargs hands it over
        """The value of the body, `missing` where there is none. Raises Malformed, UnsupportedMediaType."""
        return json_body(req)


def json_body(req: Request) -> Any:
    """The value of a request's body, `missing` where there is none.

    Raises Malformed, and UnsupportedMediaType for a body that says it is something other than JSON.
    """
    body = req.get_data(cache=True)
    if not body:
        return missing
    if not req.is_json:
        raise UnsupportedMediaType
    try:
        return read_json(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(zh="正文不是有效的 JSON。", en=f"The body is no valid JSON: {error}") from error


def read_json(body: bytes) -> Any:
    """A JSON text's value. Raises ValueError or RecursionError for a text that is not valid, is not UTF-8,
    repeats a name, holds NaN or half a surrogate pair, or is nested beyond reason.
    """
    orjson.loads(body)  # the stricter of the two, but silent about repeated names
    return _NAMING_ONCE.decode(body.decode())


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name is repeated in an object")
    return value


_NAMING_ONCE = json.JSONDecoder(object_pairs_hook=_without_repeats)


_PARSER = StrictParser()


def declare(view: Any, **taken: type[Schema]) -> None:
    """Note what a view takes from where (`json`, `query`, `files`), or that it takes nothing so far.

    `crs`: the part of the query that says in which datum the request gives and wants places.
    """
    setattr(view, _ATTRIBUTE, {**getattr(view, _ATTRIBUTE, {}), **taken})


def declared(app: Flask, endpoint: str) -> Mapping[str, type[Schema]] | None:
    """Where an endpoint's view takes what from; None for views that are not of the API."""
    return getattr(app.view_functions[endpoint], _ATTRIBUTE, None)


def register(app: Flask) -> None:
    """Hold every request of an application to what its route declares, and JSON bodies to their limit."""
    app.before_request(_hold_to_declaration)


def refuse_chunked() -> None:
    """Raises LengthRequired for a body of unknown length: limits could only be kept by reading it."""
    if request.headers.get("Transfer-Encoding") is not None:
        raise LengthRequired


def take_in_rest() -> None:
    """Read, within reason, what is still being sent of a body that was refused unread.

    The web server drains 64 KiB itself and hangs up on a caller who sends more, after an answer that promised
    to keep the connection: their next request there would be lost.
    """
    unread = request.environ.get("wsgi.input_terminated") and (request.content_length or 0) >= _CHUNK
    if not unread:
        return
    with suppress(OSError):  # gone already
        for _ in range(_MOST_CHUNKS):
            if not request.environ["wsgi.input"].read(_CHUNK):
                return


def _hold_to_declaration() -> None:
    refuse_chunked()
    endpoint = request.endpoint
    places = declared(current_app, endpoint) if endpoint else None
    if "files" not in (places or ()):
        request.max_content_length = JSON_LIMIT
    if places is None:
        return
    if "crs" in places and "crs" in request.args:
        _take_datum(places["crs"])
    if request.query_string and "query" not in places:
        _refuse_any(request.args)
    if "files" in places:
        _refuse_any(request.form)
    elif "json" not in places and request.method not in _READS:
        value = json_body(request)
        _refuse_any(value if isinstance(value, dict) or value is missing else {"body": value})


def _take_datum(schema: type[Schema]) -> None:
    """Note the datum of the request; what reads the query after this finds the rest of it."""
    g.datum = Datum(_PARSER.parse(schema(), request, location="query", unknown=EXCLUDE)["crs"])
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "crs"]
    request.args = ImmutableMultiDict(rest)


def _refuse_any(values: Any) -> None:
    for name in values or ():
        raise Invalid(str(name)[:100], zh="没有这个字段。", en="Unknown field.")
