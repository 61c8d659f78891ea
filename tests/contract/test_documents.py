"""The generated documents: valid by their own standards, whole, and up to date."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.app import merged_openapi
from gateway.routing import ROUTES
from infra import contracts

OPENAPI = sorted((contracts.ROOT / "docs/openapi").glob("*.json"))
ASYNCAPI = contracts.ROOT / "docs/events/asyncapi.json"


def documents() -> dict[str, Any]:
    """The services' OpenAPI documents."""
    return {path.stem: orjson.loads(path.read_bytes()) for path in OPENAPI if path.stem != "gateway"}


def references(node: Any) -> Iterator[str]:
    """Every `$ref` in a document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document: Any, reference: str) -> Any:
    """What a reference within a document names. Raises KeyError."""
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def test_the_generated_contracts_are_up_to_date() -> None:
    assert contracts.drift(contracts.contracts()) == []


@pytest.mark.parametrize("path", OPENAPI, ids=lambda path: str(path.stem))
def test_every_openapi_document_is_valid(path: Any) -> None:
    document = orjson.loads(path.read_bytes())
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    for reference in references(document):
        resolve(document, reference)


@pytest.mark.parametrize("path", OPENAPI, ids=lambda path: str(path.stem))
def test_every_operation_is_described_and_says_what_a_refusal_looks_like(path: Any) -> None:
    document = orjson.loads(path.read_bytes())
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            where = f"{method} {address}"
            assert operation.get("summary"), where
            refusal = operation["responses"]["default"]
            refusal = resolve(document, refusal["$ref"]) if "$ref" in refusal else refusal
            assert set(refusal["content"]) == {"application/problem+json"}, where


def test_the_merged_document_holds_every_operation_of_every_service_and_nothing_else() -> None:
    parts = documents()
    merged = merged_openapi(parts)
    paths = {path for one in parts.values() for path in one["paths"]}
    assert set(merged["paths"]) == paths
    served = {"/".join(path.split("/", 3)[:3]) for part in parts.values() for path in part["paths"]}
    assert {route.prefix for route in ROUTES} == served


def test_two_services_cannot_serve_the_same_path() -> None:
    parts = documents()
    parts["points"]["paths"].update(parts["notify"]["paths"])
    with pytest.raises(ValueError, match="served twice"):
        merged_openapi(parts)


def test_a_path_without_a_route_stops_the_merging() -> None:
    parts = documents()
    parts["points"]["paths"]["/v1/nowhere"] = {}
    with pytest.raises(ValueError, match="no route for /v1/nowhere of points"):
        merged_openapi(parts)


def test_the_asyncapi_document_is_whole() -> None:
    document = orjson.loads(ASYNCAPI.read_bytes())
    assert document["asyncapi"] == "3.0.0"
    assert {"info", "channels", "operations", "components"} <= set(document)
    for reference in references(document):
        if reference.startswith("./"):
            assert (ASYNCAPI.parent / reference).is_file(), reference
        else:
            assert resolve(document, reference), reference


def test_the_asyncapi_document_tells_who_sends_and_who_receives_what() -> None:
    document = orjson.loads(ASYNCAPI.read_bytes())
    told = {
        action: {
            (name.split(" ")[0], one["channel"]["$ref"].rsplit("/", 1)[1])
            for name, one in document["operations"].items()
            if one["action"] == action
        }
        for action in ("send", "receive")
    }
    sends = {
        (name, kind.type.rsplit(".v", 1)[0])
        for name, one in contracts.SERVICES.items()
        for kind in one.published
    }
    receives = {(name, key) for name, one in contracts.SERVICES.items() for key in one.subscribed}
    assert told == {"send": sends, "receive": receives}
