"""flask-smorest with the house's habits: unknown fields refused everywhere, problem documents for errors."""

from collections.abc import Callable, Sequence
from typing import Any

import flask_smorest
import orjson
from flask import Response, request
from flask.json.provider import JSONProvider
from marshmallow import INCLUDE, Schema, fields
from werkzeug.exceptions import HTTPException

from chassis.http import inputs, problems
from chassis.places import DatumQuery

_MOST_DIGITS = 18
View = Callable[..., Any]


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest is untyped
    """A blueprint whose arguments are parsed strictly, with the types that flask-smorest lacks."""

    ARGUMENTS_PARSER = inputs.StrictParser()

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view for a path."""
        decorate: Callable[[View], View] = super().route(rule, **options)

        def registered(view: View) -> View:
            inputs.declare(view)
            return decorate(view)

        return registered

    def arguments(self, schema: type[Schema], **options: Any) -> Callable[[View], View]:
        """Load and validate what comes in."""
        # An instance: making one takes longer than loading a body with it, and it keeps no state.
        decorate: Callable[[View], View] = super().arguments(schema(), **options)

        def declared(view: View) -> View:
            taking = decorate(view)
            inputs.declare(taking, **{options.get("location", "json"): schema})
            return taking

        return declared

    def places(self, view: View) -> View:
        """Let callers say by `crs` in which datum they give places to a view and want them from it."""
        # For the documents alone: bodies are read in the datum, so it is known before any of them is.
        documented: Any = super().arguments(DatumQuery, location="query")(view)
        setattr(view, "_apidoc", documented._apidoc)  # noqa: B010 - functions declare no such attribute
        inputs.declare(view, crs=DatumQuery)
        return view

    def response(
        self, status: int, schema: type[Schema] | None = None, **options: Any
    ) -> Callable[[View], View]:
        """Dump what goes out."""
        decorate: Callable[[View], View] = super().response(status, schema, **options)
        return decorate

    def sends(
        self, status: int, content_types: Sequence[str], schema: type[Schema] | None = None
    ) -> Callable[[View], View]:
        """Document an answer that is a file of one of these types, or JSON by the schema if there is one."""
        content: dict[str, object] = {kind: {} for kind in content_types}
        if schema is not None:
            content["application/json"] = {"schema": schema}
        documented = {"description": "The file itself", "content": content}
        decorate: Callable[[View], View] = super().doc(responses={str(status): documented})
        return decorate

    def answers(self, status: int, schema: type[Schema]) -> Callable[[View], View]:
        """Document an answer that the view dumps itself, because it sets headers."""
        decorate: Callable[[View], View] = super().alt_response(status, schema=schema, success=True)
        return decorate


class ProblemSchema(Schema):
    """A problem document (RFC 9457). `errors` names the fields to change; a problem may have more members."""

    class Meta:
        """Problems carry members of their own."""

        unknown = INCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest is untyped
    """An API whose errors are problem documents."""

    ERROR_SCHEMA = ProblemSchema

    def _register_responses(self) -> None:
        """Document errors with their own content type."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = problems.CONTENT_TYPE
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE  # back to the class's own

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
        return Response(orjson.dumps(value, default=str), content_type="application/json")


def expected_version(body_version: int | None = None) -> int | None:
    """The version the caller acted on: from `If-Match` (an ETag of ours) or from the body.

    A tag that this system never gave out is the version 0, which nothing has.
    """
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return body_version
    tag = header.removeprefix("W/").strip('"')
    return int(tag) if tag.isascii() and tag.isdigit() and len(tag) <= _MOST_DIGITS else 0
