"""Every operation of every service, read off the applications, with a request that its schema accepts."""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from chassis.clock import rfc3339, utc_now
from chassis.fields import AREA_PATTERN, CURSOR_PATTERN, ULID_PATTERN
from chassis.http import access, inputs
from chassis.http.access import AccessRule
from demo.district import COMMUNITY_A, boundary, grids
from infra import contracts
from services.issues.categories.schemas import CATEGORY_PATTERN, QUESTION_PATTERN
from services.points.commendations.schemas import PRINTED_CODE_PATTERN
from services.points.domain import ACCOUNT_PATTERN
from services.points.donations.schemas import TARGET_PATTERN
from services.points.earning.rule import CODE_PATTERN
from services.points.earning.schemas import CATEGORY_PATTERN as KIND_PATTERN
from services.points.earning.schemas import ROLE_PATTERN
from services.points.honours.domain import PERIOD_PATTERN
from services.points.schemas import RULE_PATTERN
from services.points.shop.pickup import CODE_PATTERN as PICKUP_PATTERN
from services.points.timebank.policy.domain import SKILL_PATTERN
from services.volunteer.duty.schemas import TOKEN_PATTERN

GRID = grids(COMMUNITY_A)[0]
UNKNOWN_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
FOREIGN_AREA = "110101001001001"
_BY_PATTERN = {
    "^[0-9]{8}-[0-9A-Z]{6}$": "20261124-ABC123",
    f"^{AREA_PATTERN}$": GRID,
    f"^{ULID_PATTERN}$": UNKNOWN_ID,
    "^1[3-9][0-9]{9}$": "13912345678",
    "^[0-9]{6}$": "123456",
    f"^{CURSOR_PATTERN}$": "MDFBUlozTkRFS1RTVjRSUkZGUTY5RzVGQVY",
    "^[0-9A-Za-z._-]{1,200}$": "token",
    f"^{ACCOUNT_PATTERN}$": "shop:120199",
    f"^{PICKUP_PATTERN}$": "ABCD-EFGH-JKMN",
    f"^{TARGET_PATTERN}$": "fund:120199001001",
    f"^{CATEGORY_PATTERN}$": "safety",
    f"^{PERIOD_PATTERN}$": "2026-11",
    f"^{PRINTED_CODE_PATTERN}$": "0A1B2C3D4E",
    f"^{QUESTION_PATTERN}$": "colour",
    f"^{RULE_PATTERN}$": "posting.reversed",
    f"^{CODE_PATTERN}$": "issue.confirmed.lamps",
    f"^{KIND_PATTERN}$": "safety.lamp",
    f"^{ROLE_PATTERN}$": "steward",
    f"^{SKILL_PATTERN}$": "errands",
    f"^{TOKEN_PATTERN}$": f"{UNKNOWN_ID}.1800000000.{'0' * 40}",
}
Schema = Mapping[str, Any]
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Operation:
    """One method of one path of one service. `body` and `query` are schemas with every reference resolved."""

    service: str
    method: str
    path: str
    rule: AccessRule
    takes: frozenset[str]
    body: Schema | None
    query: Mapping[str, Schema]

    def __str__(self) -> str:
        return f"{self.method} {self.path} of {self.service}"

    def address(self, identifier: str = UNKNOWN_ID) -> str:
        """The path with its last parameter filled in so, and any before it with a plain one."""
        *_, last = [part for part in self.path.split("/") if part.startswith("{")] or [""]
        fills = {last: identifier}
        parts = [fills.get(part, "1") if part.startswith("{") else part for part in self.path.split("/")]
        return "/".join(parts)


@cache
def all_operations() -> tuple[Operation, ...]:
    """What the services' own URL maps say, so that a new route is covered without a word here."""
    return tuple(one for name in contracts.SERVICES for one in _of_service(name))


def _of_service(name: str) -> Iterator[Operation]:
    app = contracts.SERVICES[name].create_app(contracts.environment())
    with app.app_context():
        document = orjson.loads(orjson.dumps(app.extensions["openapi"].spec.to_dict()))
    for rule in app.url_map.iter_rules():
        takes = inputs.declared(app, rule.endpoint)
        access_rule = access.rule_of(app, rule.endpoint)
        if takes is None or access_rule is None:
            continue
        path = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            operation = document["paths"][path][method.lower()]
            content = operation.get("requestBody", {}).get("content", {})
            body = content.get("application/json", {}).get("schema")
            yield Operation(
                service=name,
                method=method,
                path=path,
                rule=access_rule,
                takes=frozenset(takes),
                body=_resolved(body, document) if body else None,
                query={
                    one["name"]: _resolved(one["schema"], document)
                    for one in operation.get("parameters", [])
                    if one["in"] == "query"
                },
            )


def _resolved(schema: Any, document: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_resolved(one, document) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return _resolved(document["components"]["schemas"][name], document)
    return {key: _resolved(value, document) for key, value in schema.items()}


def not_null(schema: Schema) -> Schema:
    """A schema without its `or null`."""
    if "anyOf" in schema:
        return next(one for one in schema["anyOf"] if one.get("type") != "null")
    kind = schema.get("type")
    if isinstance(kind, list):
        return {**schema, "type": next(one for one in kind if one != "null")}
    return schema


def sample(schema: Schema) -> Any:
    """A value that the schema accepts, with every field present."""
    schema = not_null(schema)
    if schema.get("enum"):
        return next(one for one in schema["enum"] if one is not None)
    if schema.get("pattern"):
        return _BY_PATTERN[schema["pattern"]]
    if schema.get("format") == "date-time":
        return rfc3339(utc_now())
    if schema.get("format") == "date":
        return f"{utc_now():%Y-%m-%d}"
    kind = schema.get("type")
    if kind == "object":
        if schema.get("additionalProperties"):
            return {}
        fields = schema.get("properties")
        return {name: sample(one) for name, one in fields.items()} if fields else boundary(GRID)
    if kind == "array":
        return [sample(schema["items"])]
    plain: dict[Any, Any] = {"integer": schema.get("minimum", 1), "number": 1.5, "boolean": True}
    return plain.get(kind, "x" * schema.get("minLength", 1))


def places(schema: Schema, path: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Every field of a body, however deep, with its path."""
    inner = not_null(schema)
    if path:
        yield path, schema
    for name, one in inner.get("properties", {}).items():
        yield from places(one, (*path, name))
    if "items" in inner:
        yield from places(inner["items"], (*path, 0))


def with_value(body: Any, path: Path, value: Any) -> Any:
    """A copy of a body with another value at a path."""
    changed = copy.deepcopy(body)
    inside = changed
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return changed


def without(body: Any, path: Path) -> Any:
    """A copy of a body without the field at a path."""
    changed = copy.deepcopy(body)
    inside = changed
    for step in path[:-1]:
        inside = inside[step]
    del inside[path[-1]]
    return changed
