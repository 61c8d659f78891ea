"""The README of each service, the gateway and the chassis says what the code says."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

import services.issues.app
import services.notify.app
import services.points.app
import services.volunteer.app
from chassis.http import access
from chassis.mongo import Mongo
from chassis.settings import ServiceSettings
from chassis.worker import Worker
from gateway.app import GatewaySettings
from gateway.app import create_app as create_gateway
from gateway.routing import KIB, MIB, ROUTES
from infra.contracts import ROOT, SERVICES, environment
from tests.unit.reading import Document, plain

NAMES = sorted(SERVICES)
_SHARED_PAGES = {"GET /livez", "GET /readyz", "GET /metrics"}
_NOWHERE = Mongo("mongodb://127.0.0.1:1", "none")
_SUBSCRIBED = {
    "issues": services.issues.app.subscriptions(_NOWHERE).table,
    "notify": services.notify.app.subscriptions(_NOWHERE).table,
    "points": services.points.app.subscriptions(_NOWHERE).table,
    "volunteer": {},
}
_WORKERS: dict[str, Callable[[Mapping[str, str]], Worker]] = {
    "issues": services.issues.app.create_worker,
    "notify": services.notify.app.create_worker,
    "points": services.points.app.create_worker,
    "volunteer": services.volunteer.app.create_worker,
}
_SETTINGS: dict[str, type[Any]] = {
    "issues": services.issues.app.IssuesSettings,
    "notify": ServiceSettings,
    "points": services.points.app.PointsSettings,
    "volunteer": services.volunteer.app.VolunteerSettings,
}


def _readme(name: str) -> Document:
    return Document(ROOT / "services" / name / "README.md")


def _routes(app: Flask) -> dict[str, str]:
    """`GET /v1/…` → who may call it, in the words of the documents."""
    found = {}
    for rule in app.url_map.iter_rules():
        path = re.sub("<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            declared = access.rule_of(app, rule.endpoint)
            assert declared is not None
            who = ", ".join(sorted(declared.roles)) or ("anybody" if declared.public else "any member")
            found[f"{method} {path}"] = who
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_readme_lists_every_route_and_who_may_call_it(name: str) -> None:
    told = {
        plain(route): ", ".join(sorted(who.split(", "))) for route, who, _ in _readme(name).table("Routes")
    }
    served = _routes(SERVICES[name].create_app(environment()))
    assert told == {route: who for route, who in served.items() if route not in _SHARED_PAGES}


@pytest.mark.parametrize("name", NAMES)
def test_a_readme_lists_every_event_that_the_service_publishes(name: str) -> None:
    assert _events(name, "Events out") == {kind.type for kind in SERVICES[name].published}


@pytest.mark.parametrize("name", NAMES)
def test_a_readme_lists_every_event_that_the_service_handles(name: str) -> None:
    assert _events(name, "Events in") == set(_SUBSCRIBED[name])


def _events(name: str, heading: str) -> set[str]:
    if _readme(name).section(heading).strip() == "None.":
        return set()
    return {plain(row[0]) for row in _readme(name).table(heading)}


@pytest.mark.parametrize("name", NAMES)
def test_a_readme_names_the_settings_of_the_service(name: str) -> None:
    shared = {field.name for field in dataclasses.fields(ServiceSettings)}
    own = {field.name.upper() for field in dataclasses.fields(_SETTINGS[name])} - {
        one.upper() for one in shared
    }
    assert set(re.findall(r"`([A-Z_]+)`", _readme(name).section("Settings of its own"))) == own


@pytest.mark.parametrize("name", NAMES)
def test_a_readme_names_the_background_work_of_the_service(name: str) -> None:
    worker = _WORKERS[name](environment())
    told = _readme(name).section("Background work")
    assert set(re.findall(r"`([a-z][a-z_-]*)`", told)) == {
        *worker.outboxes,
        *(one.name for one in worker.timers),
    }
    assert ("relay publishes" in told) == bool(worker.outboxes)
    assert ("consumer" in told) == (worker.handle is not None)


def test_the_gateways_readme_has_its_table_of_routes() -> None:
    told = Document(ROOT / "gateway/README.md").table("Routes")
    assert [[plain(cell) for cell in row] for row in told] == [
        [route.prefix, route.upstream, f"{route.timeout:g}", _size(route.body_limit)] for route in ROUTES
    ]


def _size(number: int) -> str:
    return f"{number // MIB} MiB" if number % MIB == 0 else f"{number // KIB} KiB"


def test_the_gateways_readme_lists_its_own_pages_and_settings() -> None:
    document = Document(ROOT / "gateway/README.md")
    urls = {f"{name.upper()}_URL": "http://127.0.0.1:1" for name in SERVICES}
    pages = {route.partition(" ")[2] for route in _routes(create_gateway({**environment(), **urls}))}
    told = {plain(row[0]) for row in document.table("Pages of its own")}
    assert told == {page for page in pages if not page.startswith("/v1/")}
    settings = {field.name.upper() for field in dataclasses.fields(GatewaySettings)}
    assert set(re.findall(r"`([A-Z_]+)`", document.section("Settings"))) == settings


def test_the_chassis_readme_lists_every_module() -> None:
    folder = ROOT / "chassis"
    modules = {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.py")}
    told = {plain(row[0]) for row in Document(folder / "README.md").table("Modules")}
    assert told == {name for name in modules if not name.endswith("__init__")}
