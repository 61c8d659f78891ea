"""flask-smorest with the house's habits: unknown fields refused everywhere, problem documents for errors."""

from collections.abc import Callable
from typing import Any

import flask_smorest
import orjson
from flask import Response, request
from flask.json.provider import JSONProvider
from marshmallow import RAISE, Schema
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

from chassis.http import problems


class StrictParser(FlaskParser):
    """Refuses unknown fields in bodies and in query strings alike."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - webargs reads this class attribute
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "json": RAISE,
        "query": RAISE,
    }


View = Callable[..., Any]


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest is untyped
    """A blueprint whose arguments are parsed strictly, with the types that flask-smorest lacks."""

    ARGUMENTS_PARSER = StrictParser()

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view for a path."""
        decorate: Callable[[View], View] = super().route(rule, **options)
        return decorate

    def arguments(self, schema: type[Schema], **options: Any) -> Callable[[View], View]:
        """Load and validate what comes in."""
        # An instance: making one takes longer than loading a body with it, and it keeps no state.
        decorate: Callable[[View], View] = super().arguments(schema(), **options)
        return decorate

    def response(
        self, status: int, schema: type[Schema] | None = None, **options: Any
    ) -> Callable[[View], View]:
        """Dump what goes out."""
        decorate: Callable[[View], View] = super().response(status, schema, **options)
        return decorate

    def answers(self, status: int, schema: type[Schema]) -> Callable[[View], View]:
        """Document an answer that the view dumps itself, because it sets headers."""
        decorate: Callable[[View], View] = super().alt_response(status, schema=schema, success=True)
        return decorate


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest is untyped
    """An API whose errors are problem documents."""

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Answer a framework error."""
        return problems.from_http(error)


class OrjsonProvider(JSONProvider):
    """JSON by orjson."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """Serialise to text."""
        return orjson.dumps(obj, default=str).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Read text or bytes."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """A JSON response."""
        value = args[0] if args and not kwargs else self._prepare_response_obj(args, kwargs)
        return Response(orjson.dumps(value, default=str), mimetype="application/json")


def expected_version(body_version: int | None = None) -> int | None:
    """The version the caller acted on: from `If-Match` (an ETag of ours) or from the body."""
    tag = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    return int(tag) if tag.isascii() and tag.isdigit() else body_version
