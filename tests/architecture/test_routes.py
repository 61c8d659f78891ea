"""The shape of the routes: each says who may call it and what it takes, and the gateway reaches each."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask import Flask
from flask_smorest.fields import Upload
from marshmallow import Schema, fields, validate

import gateway.app
from chassis.fields import Flag, Formed, PlainText
from chassis.http import access, app, inputs
from chassis.http.blueprint import Blueprint
from chassis.identity import TokenVerifier
from chassis.mongo import Mongo
from chassis.pictures import MOST_MEGABYTES
from gateway.routing import ROUTES, route_for
from infra import contracts
from infra.local.secrets import Secrets
from services.volunteer.people.domain import ROLES

UPSTREAMS = {f"{name.upper()}_URL": "http://127.0.0.1:1" for name in contracts.SERVICES}
LARGEST = {"PHOTO_MEGABYTES": str(MOST_MEGABYTES)}
"""What a district may set; the gateway has no setting for it."""
APPLICATIONS = {
    **{
        name: service.create_app({**contracts.environment(), **LARGEST})
        for name, service in contracts.SERVICES.items()
    },
    "gateway": gateway.app.create_app({**contracts.environment(), **UPSTREAMS}),
}
ENDPOINTS = [(name, endpoint) for name, one in APPLICATIONS.items() for endpoint in one.view_functions]


def rules(application: Flask) -> Iterator[tuple[str, str]]:
    """Endpoint and path of every route."""
    for rule in application.url_map.iter_rules():
        yield rule.endpoint, rule.rule


@pytest.mark.parametrize(("name", "endpoint"), ENDPOINTS)
def test_every_route_says_who_may_call_it_by_roles_that_exist(name: str, endpoint: str) -> None:
    rule = access.rule_of(APPLICATIONS[name], endpoint)
    assert rule is not None
    assert rule.roles <= set(ROLES)
    assert not (rule.public and rule.roles)


@pytest.mark.parametrize("name", [name for name in APPLICATIONS if name != "gateway"])
def test_what_is_public_is_no_more_than_signing_in_the_map_and_signed_links(name: str) -> None:
    application = APPLICATIONS[name]
    public = set()
    for endpoint, path in rules(application):
        rule = access.rule_of(application, endpoint)
        if rule is not None and rule.public:
            public.add(path)
    known = {
        "/livez",
        "/readyz",
        "/metrics",
        "/v1/auth/codes",
        "/v1/auth/tokens",
        "/v1/auth/jwks.json",
        "/v1/areas",
        "/v1/areas/locate",
        "/v1/calendar",
        "/v1/donations/<donation_id>/trace",
        "/v1/categories",
        "/v1/feedback/<issue_id>/<signature>",
        "/v1/media/<media_id>",
        "/v1/funds",
        "/v1/funds/<community>",
        "/v1/funds/<community>/allocations",
        "/v1/funds/<community>/statement",
        "/v1/proposals/<proposal_id>/account",
        "/v1/commendations/certificates/<number>",
        "/v1/suggestions/kinds",
    }
    assert public <= known


def one_route(declare: bool) -> Blueprint:
    routes = Blueprint("things", __name__, url_prefix="/v1/things")

    def view() -> dict[str, str]:
        return {}

    routes.route("", methods=["GET"])(access.signed_in(view) if declare else view)
    return routes


def made(declare: bool) -> Flask:
    service = app.ServiceApp(name="things", title="Things", blueprints=[one_route(declare)])
    verifier = TokenVerifier(Secrets.new().jwks())
    return app.make(service, Mongo("mongodb://127.0.0.1:1", "none"), verifier)


def test_an_application_with_a_route_that_names_nobody_does_not_start() -> None:
    assert made(declare=True).view_functions
    with pytest.raises(RuntimeError, match=r"without an access rule: things\.view"):
        made(declare=False)


def test_every_path_of_every_service_is_reached_through_the_gateway() -> None:
    for name in contracts.SERVICES:
        for endpoint, path in rules(APPLICATIONS[name]):
            if inputs.declared(APPLICATIONS[name], endpoint) is not None:
                route = route_for(path)
                assert route is not None, f"{path} of {name}"
                assert route.upstream == name, path


def test_every_prefix_of_the_gateway_is_served() -> None:
    served = {name: [path for _, path in rules(APPLICATIONS[name])] for name in contracts.SERVICES}
    for route in ROUTES:
        paths = served[route.upstream]
        assert any(path == route.prefix or path.startswith(f"{route.prefix}/") for path in paths), (
            route.prefix
        )


def test_the_gateway_lets_through_what_a_service_takes_and_no_more() -> None:
    for route in ROUTES:
        limit = APPLICATIONS[route.upstream].config["MAX_CONTENT_LENGTH"]
        assert route.body_limit <= max(limit, inputs.JSON_LIMIT), route.prefix


def schemas_taken() -> Iterator[tuple[str, Schema]]:
    """Every schema that a route loads, nested ones too, with where it is taken from."""
    for name in contracts.SERVICES:
        for endpoint in APPLICATIONS[name].view_functions:
            taken = inputs.declared(APPLICATIONS[name], endpoint) or {}
            for location, schema in taken.items():
                for one in nested(schema()):
                    yield f"{endpoint} of {name} ({location}, {type(one).__name__})", one


def nested(schema: Schema) -> Iterator[Schema]:
    yield schema
    for field in schema.fields.values():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from nested(inner.schema)


def bounded(field: fields.Field[object]) -> bool:
    """Whether a field refuses what is too long or too large."""
    kinds = {type(one) for one in field.validators}
    if isinstance(
        field,
        Formed | PlainText | fields.Boolean | fields.DateTime | fields.Date | fields.Enum | fields.Nested,
    ):
        return True
    if isinstance(field, fields.List):
        return validate.Length in kinds and bounded(field.inner)
    if isinstance(field, fields.Integer | fields.Float):
        ranges = [one for one in field.validators if isinstance(one, validate.Range)]
        return any(one.min is not None and one.max is not None for one in ranges)
    if isinstance(field, fields.String):
        return bool(kinds & {validate.Length, validate.OneOf})
    return isinstance(field, Upload | fields.Dict)


def test_every_text_list_and_number_that_comes_in_has_a_limit() -> None:
    taken = list(schemas_taken())
    assert len(taken) > 15
    for where, schema in taken:
        for name, field in schema.fields.items():
            assert bounded(field), f"{name} in {where}"


def test_bodies_take_true_and_false_and_nothing_that_stands_for_them() -> None:
    for where, schema in schemas_taken():
        if "(json" in where:
            for name, field in schema.fields.items():
                assert not isinstance(field, fields.Boolean) or isinstance(field, Flag), f"{name} in {where}"
                assert not isinstance(field, fields.Integer) or field.strict, f"{name} in {where}"


@pytest.mark.parametrize("name", contracts.SERVICES)
def test_the_datum_may_be_chosen_wherever_places_are_taken_or_given_and_nowhere_else(name: str) -> None:
    application = APPLICATIONS[name]
    with application.app_context():
        document = orjson.loads(orjson.dumps(application.extensions["openapi"].spec.to_dict()))
    for path, methods in document["paths"].items():
        for method in methods.keys() - {"parameters"}:
            names = set(named(methods[method], document))
            assert ("crs" in names) is bool(names & {"lng", "near", "boundary"}), f"{method} {path}"


def named(part: Any, document: Any) -> Iterator[str]:
    """The names of all parameters and fields of a part of an OpenAPI document."""
    if isinstance(part, list):
        for one in part:
            yield from named(one, document)
    elif isinstance(part, dict):
        yield from part.get("properties", {})
        if "in" in part:
            yield part["name"]
        if "$ref" in part:
            kind, called = part["$ref"].split("/")[-2:]
            yield from named(document["components"][kind][called], document)
        for one in part.values():
            yield from named(one, document)
