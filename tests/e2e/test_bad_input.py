"""Whatever is wrong with a request: a problem document that says what, at both doors, and nothing written.

Each test goes through all operations of all services; what is wrong is gathered and told at once.
"""

import json
from typing import Any

from tests.e2e import bad_values
from tests.e2e.doors import Doors
from tests.e2e.operations import (
    FOREIGN_AREA,
    GRID,
    Operation,
    Path,
    all_operations,
    not_null,
    places,
    sample,
    with_value,
    without,
)

BODIES = [one for one in all_operations() if one.body is not None]
AREA_FORM = "^[0-9]{6}([0-9]{3}){0,3}$"
IDENTIFIERS = [one for one in all_operations() if "{" in one.path]


def name_of(path: Path) -> str:
    return ".".join(str(step) for step in path)


def sent(value: Any) -> bytes:
    return json.dumps(value).encode()


def valid(operation: Operation) -> bytes | None:
    return sent(sample(operation.body)) if operation.body is not None else None


def test_a_body_that_is_no_json_object_is_refused(doors: Doors) -> None:
    writes = [one for one in all_operations() if one.method != "GET" and "files" not in one.takes]
    assert len(writes) > 10
    for operation in writes:
        for what, body in bad_values.BODIES.items():
            doors.refuses(operation, what, body=body, statuses=(400, 413, 422))
        for kind in bad_values.CONTENT_TYPES:
            body = valid(operation) or b'{"a": 1}'
            doors.refuses(
                operation, f"sent as {kind}", body=body, headers={"Content-Type": kind}, statuses=(415,)
            )


def test_every_field_of_every_body_refuses_values_of_other_types_and_out_of_range(doors: Doors) -> None:
    for operation in BODIES:
        body = sample(operation.body or {})
        for path, schema in places(operation.body or {}):
            for what, value in bad_values.for_schema(schema):
                changed = with_value(body, path, value)
                doors.refuses(
                    operation,
                    f"{name_of(path)} {what}",
                    body=sent(changed),
                    statuses=bad_values.STATUSES,
                    names=bad_values.named(path, value),
                )


def test_missing_and_unknown_fields_are_named(doors: Doors) -> None:
    for operation in BODIES:
        schema, body = not_null(operation.body or {}), sample(operation.body or {})
        surprise = sent({**body, "surprise": 1})
        doors.refuses(operation, "an unknown field", body=surprise, statuses=(422,), names="surprise")
        for name in schema.get("required", []):
            lacking = sent(without(body, (name,)))
            doors.refuses(operation, f"without {name}", body=lacking, statuses=(422,), names=name)
        for path, inner in places(schema):
            if not_null(inner).get("properties"):
                inside = sent(with_value(body, (*path, "surprise"), 1))
                named = f"{name_of(path)}.surprise"
                doors.refuses(operation, f"an unknown {named}", body=inside, statuses=(422,), names=named)


def test_areas_of_another_district_are_refused_wherever_an_area_is_taken(doors: Doors) -> None:
    taken = 0
    for operation in all_operations():
        for name, schema in operation.query.items():
            if not_null(schema).get("pattern") == AREA_FORM:
                taken += 1
                target = f"{operation.address()}?{name}={FOREIGN_AREA}"
                doors.refuses(operation, f"a foreign {name}", target=target, statuses=(422,), names=name)
        for path, schema in places(operation.body or {}):
            if not_null(schema).get("pattern") == AREA_FORM:
                taken += 1
                body = sent(with_value(sample(operation.body or {}), path, FOREIGN_AREA))
                own = doors.resident.id if "{member_id}" in operation.path else ""
                doors.refuses(
                    operation,
                    f"a foreign {name_of(path)}",
                    target=operation.address(own) if own else None,
                    body=body,
                    statuses=(422,),
                    names=name_of(path),
                )
    assert taken > 8


def test_query_strings_are_held_to_what_is_documented(doors: Doors) -> None:
    for operation in all_operations():
        unknown = f"{operation.address()}?surprise=1"
        doors.refuses(
            operation, "an unknown parameter", target=unknown, body=valid(operation), names="surprise"
        )
        for name, schema in operation.query.items():
            # A cursor of the right form may still be none, and who may not see the list hears that first.
            statuses = (403, 422) if name == "cursor" else (422,)
            for value in bad_values.for_query(name, schema):
                target = f"{operation.address()}?{name}={value}"
                doors.refuses(
                    operation, f"?{name}={value[:40]}", target=target, statuses=statuses, names=name
                )


def test_identifiers_in_paths_that_nothing_has_are_refused(doors: Doors) -> None:
    for operation in IDENTIFIERS:
        for identifier in bad_values.IDENTIFIERS:
            if operation.path.startswith("/v1/accounts") and identifier == bad_values.IDENTIFIERS[0]:
                continue  # a member to whom nothing was posted has an account of zeros, and it is another's
            doors.refuses(
                operation,
                f"of {identifier[:30]}",
                target=operation.address(identifier),
                body=valid(operation),
                statuses=(403, 404, 422),
            )


def test_methods_that_a_path_does_not_have_are_refused_and_the_others_named(doors: Doors) -> None:
    paths: dict[str, list[Operation]] = {}
    for operation in all_operations():
        paths.setdefault(operation.path, []).append(operation)
    for operations in paths.values():
        has = {one.method for one in operations}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE"} - has:
            doors.refuses(operations[0], f"by {method}", method=method, statuses=(405,))


def test_a_broken_condition_or_idempotency_key_is_refused(doors: Doors) -> None:
    transition = next(one for one in BODIES if one.path.endswith("/transitions"))
    for key in ("x" * 201, "", "\t"):
        header = {"Idempotency-Key": key}
        doors.refuses(transition, f"key {key!r}", body=valid(transition), headers=header, statuses=(400, 422))
    issue = doors.resident.pages("/v1/issues", area=GRID)
    target = transition.address(issue[0]["id"]) if issue else None
    for tag in ('"999"', '"abc"', '"' + "9" * 5000 + '"', '"-1"', "W/", '"1", "2"'):
        body = sent({"action": "withdraw"})
        header = {"If-Match": tag}
        doors.refuses(
            transition,
            f"If-Match {tag[:20]}",
            target=target,
            body=body,
            headers=header,
            statuses=(403, 404, 412),
        )


def test_coordinates_off_the_earth_or_of_no_number_are_refused(doors: Doors) -> None:
    report = next(one for one in BODIES if one.path == "/v1/issues")
    define = next(one for one in BODIES if one.path == "/v1/areas")
    locate = next(one for one in all_operations() if one.path == "/v1/areas/locate")
    for text in bad_values.COORDINATES:
        for location in (f'{{"lng": {text}, "lat": 39.12}}', f'{{"lng": 117.2, "lat": {text}}}'):
            body = f'{{"category": "safety", "description": "x", "location": {location}}}'.encode()
            doors.refuses(report, f"at {location}", body=body, statuses=(400, 422))
        ring = f"[[[117.2, 39.1], [{text}, 39.1], [117.3, 39.2], [117.2, 39.1]]]"
        shape = f'{{"type": "Polygon", "coordinates": {ring}}}'
        body = f'{{"code": "{GRID}", "name": "x", "boundary": {shape}}}'.encode()
        doors.refuses(define, f"with {shape}", body=body, statuses=(400, 422))
    for query in bad_values.POINTS:
        doors.refuses(locate, query, target=f"/v1/areas/locate?{query}", statuses=(422,))


def test_boundaries_that_enclose_nothing_are_refused(doors: Doors) -> None:
    define = next(one for one in BODIES if one.path == "/v1/areas")
    for shape in bad_values.BOUNDARIES:
        body = sent({"code": GRID, "name": "x", "boundary": shape})
        doors.refuses(define, f"with {str(shape)[:60]}", body=body, statuses=(400, 422), names="boundary")
