"""Makes a service's Flask application: errors, access, tracing, metrics, health and idempotency in place."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, Response, g, request
from pymongo.errors import PyMongoError
from werkzeug.routing import BaseConverter

from chassis import idempotency, logs, metrics, trace
from chassis.fields import ULID_PATTERN
from chassis.http import access, inputs, problems
from chassis.http.blueprint import Api, Blueprint, OrjsonProvider
from chassis.identity import TokenVerifier
from chassis.mongo import Mongo

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
log = logs.get()


@dataclass(frozen=True)
class ServiceApp:
    """What `make` needs to know of a service."""

    name: str
    title: str
    blueprints: Sequence[Blueprint]
    body_limit: int = inputs.JSON_LIMIT


def make(service: ServiceApp, mongo: Mongo, verifier: TokenVerifier) -> Flask:
    """The WSGI application of a service."""
    app = Application(service.name, static_folder=None)
    app.json = OrjsonProvider(app)
    app.config.update(
        API_TITLE=service.title,
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        MAX_CONTENT_LENGTH=service.body_limit,
        MAX_FORM_MEMORY_SIZE=inputs.JSON_LIMIT,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.url_map.converters["ulid"] = Ulid
    app.url_map.merge_slashes = False  # one address, one spelling: no redirects
    problems.register(app)
    api = Api(app)
    observe(app, service.name)
    register_health(app, {"database": mongo.ping})
    for blueprint in service.blueprints:
        api.register_blueprint(blueprint)
    access.guard(app, verifier)
    inputs.register(app)
    idempotency.register(app, mongo)
    app.extensions["openapi"] = api
    return app


class Application(Flask):
    """Has no coroutines: Flask would ask each view and hook at each request whether it is one."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """What is called, as it is."""
        return func


class Ulid(BaseConverter):
    """`<ulid:…>`: an identifier in a path, where a word may stand instead that is a path of its own."""

    regex = ULID_PATTERN


def observe(app: Flask, name: str) -> None:
    """Give each request its trace, its time in the metrics and, for writes and failures, a log line.

    Whatever a request still sends is taken in before it is answered. A write that was `passed_on` (in `g`) is
    told of by who carried it out.
    """

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        headers = request.headers
        asked = trace.request_id(headers.get("X-Request-Id"))
        g.request_id = trace.begin(headers.get("traceparent"), asked).correlation_id

    @app.after_request
    def end(response: Response) -> Response:
        inputs.take_in_rest()
        now, method, rule = time.perf_counter(), request.method, request.url_rule
        seconds, status, request_id = now - g.get("started", now), response.status_code, g.get("request_id")
        # Callers may make methods up, and each would be a series kept for ever.
        known = method if method in _METHODS else "other"
        metrics.HTTP_SECONDS.labels(known, rule.rule if rule else "none", str(status)).observe(seconds)
        response.headers.setdefault("X-Request-Id", request_id or "")
        told = method in ("GET", "HEAD") or "passed_on" in g
        if status >= 500 or not told:
            actor = g.get("actor")
            log.info(
                "http.request",
                service=name,
                method=method,
                path=logs.without_signature(request.path),
                status=status,
                ms=round(seconds * 1000, 1),
                request_id=request_id,
                actor=actor.member_id if actor else None,
            )
        return response

    @app.teardown_request
    def forget(_: BaseException | None) -> None:
        structlog.contextvars.unbind_contextvars("event")


def register_health(app: Flask, checks: dict[str, Callable[[], bool]]) -> None:
    """`/livez`, `/readyz` and `/metrics`."""

    @app.get("/livez")
    @access.public
    def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz")
    @access.public
    def readyz() -> tuple[dict[str, object], int]:
        answers = {name: _answers(check) for name, check in checks.items()}
        ready = all(answers.values())
        return {"status": "ready" if ready else "not ready", "checks": answers}, 200 if ready else 503

    @app.get("/metrics")
    @access.public
    def exposition() -> Response:
        return Response(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _answers(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (PyMongoError, OSError):
        return False
