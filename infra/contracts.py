"""Generates the contracts from the code, or checks that the committed ones are up to date.

`python -m infra.contracts` writes `infra/topology.json`, `docs/openapi/*.json`, `docs/events/*.json` and
`docs/workflow.md`; with `--check` it names what differs and exits with 1.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from flask import Flask

import gateway.app
import services.issues.app
import services.notify.app
import services.points.app
import services.volunteer.app
from chassis.contracts import asyncapi, event_schema
from chassis.events import Event
from chassis.mongo import Mongo
from infra import workflow_page
from infra.local.secrets import Secrets

ROOT = Path(__file__).parent.parent
_NOWHERE = Mongo("mongodb://127.0.0.1:1", "none")


@dataclass(frozen=True)
class Service:
    """A service as far as its contracts go."""

    create_app: Callable[[dict[str, str]], Flask]
    published: list[type[Event]]
    subscribed: list[str]


SERVICES = {
    "issues": Service(
        services.issues.app.create_app,
        services.issues.app.PUBLISHED,
        services.issues.app.subscriptions(_NOWHERE).routing_keys,
    ),
    "notify": Service(
        services.notify.app.create_app,
        services.notify.app.PUBLISHED,
        services.notify.app.subscriptions(_NOWHERE).routing_keys,
    ),
    "points": Service(
        services.points.app.create_app,
        services.points.app.PUBLISHED,
        services.points.app.subscriptions(_NOWHERE).routing_keys,
    ),
    "volunteer": Service(services.volunteer.app.create_app, services.volunteer.app.PUBLISHED, []),
}


def environment() -> dict[str, str]:
    """Settings to build the applications with, without anything behind them."""
    return {
        "MONGO_URL": "mongodb://127.0.0.1:1",
        "AMQP_URL": "amqp://127.0.0.1:1",
        "DISTRICT": "120199",
        "DEV_LOGIN": "true",
        "LOG_LEVEL": "ERROR",
        **Secrets.new().environment(),
    }


def contracts() -> dict[Path, bytes]:
    """Every generated file and its content."""
    environ = environment()
    files: dict[Path, Any] = {}
    documents = {}
    for name, service in SERVICES.items():
        app = service.create_app(environ)
        with app.app_context():
            documents[name] = orjson.loads(orjson.dumps(app.extensions["openapi"].spec.to_dict()))
        files[ROOT / f"docs/openapi/{name}.json"] = documents[name]
        for kind in service.published:
            files[ROOT / f"docs/events/{kind.type}.json"] = event_schema(kind)
    subscriptions = {name: service.subscribed for name, service in SERVICES.items() if service.subscribed}
    published = {name: service.published for name, service in SERVICES.items()}
    files[ROOT / "docs/events/asyncapi.json"] = asyncapi(published, subscriptions)
    files[ROOT / "docs/openapi/gateway.json"] = gateway.app.merged_openapi(documents)
    files[ROOT / "infra/topology.json"] = {"subscriptions": subscriptions}
    option = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    written = {path: orjson.dumps(content, option=option) + b"\n" for path, content in files.items()}
    return {**written, ROOT / "docs/workflow.md": workflow_page.page().encode()}


def drift(wanted: dict[Path, bytes]) -> list[str]:
    """The files that differ from what the code says, missing and left-over ones included."""
    folders = (ROOT / "docs/openapi", ROOT / "docs/events")
    present = {path for folder in folders for path in folder.glob("*.json")}
    differing = {
        path for path, content in wanted.items() if not path.exists() or path.read_bytes() != content
    }
    return sorted(str(path.relative_to(ROOT)) for path in differing | (present - set(wanted)))


def main() -> int:
    """Write or check."""
    wanted = contracts()
    if "--check" in sys.argv:
        differing = drift(wanted)
        for name in differing:
            print(f"out of date: {name} (run: make contracts)")
        return 1 if differing else 0
    for name in drift(wanted):
        path = ROOT / name
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted[path])
        else:
            path.unlink()
        print(f"written: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
