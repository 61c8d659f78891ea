"""Wiring of the gateway: it authenticates, limits, routes and documents, and holds no rule of the domain."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, request, send_from_directory

from chassis import logs
from chassis.errors import NotFound, TooLarge
from chassis.http import access, inputs, problems
from chassis.http.app import Application, observe, register_health
from chassis.http.blueprint import OrjsonProvider
from chassis.identity import TokenVerifier
from chassis.settings import is_url, load, wrong_everywhere
from gateway.docs_page import PAGE, assets_folder
from gateway.forwarding import Upstreams, forward
from gateway.limits import RateLimit
from gateway.routing import Route, route_for

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True)
class GatewaySettings:
    """Settings of the gateway."""

    volunteer_url: str
    issues_url: str
    points_url: str
    notify_url: str
    token_jwks: str
    rate_limit: str = "300/second"
    docs_folder: str = "docs"
    log_level: str = "INFO"

    def check(self) -> Iterator[str]:
        """Yield a sentence for each value that would only fail later."""
        yield from wrong_everywhere(self.token_jwks, self.log_level)
        for name in ("volunteer_url", "issues_url", "points_url", "notify_url"):
            if not is_url(getattr(self, name), "http", "https"):
                yield f"{name.upper()} is wrong: it is an address like http://host:8000"
        try:
            RateLimit(self.rate_limit)
        except ValueError:
            yield "RATE_LIMIT is wrong: it reads like 300/second, and is 1 or more"


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """The WSGI application."""
    settings = load(GatewaySettings, environ)
    logs.configure(settings.log_level, "gateway")
    upstreams = Upstreams(
        {
            "volunteer": settings.volunteer_url,
            "issues": settings.issues_url,
            "points": settings.points_url,
            "notify": settings.notify_url,
        }
    )
    app = Application("gateway", static_folder=None)
    app.json = OrjsonProvider(app)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.url_map.merge_slashes = False  # one address, one spelling: no redirects
    problems.register(app)
    observe(app, "gateway")
    register_health(
        app, {name: _ready(upstreams, name) for name in ("volunteer", "issues", "points", "notify")}
    )
    _register_documents(app, Path(settings.docs_folder))
    _register_forwarding(app, upstreams, RateLimit(settings.rate_limit))
    access.guard(app, TokenVerifier(settings.token_jwks))
    return app


def _ready(upstreams: Upstreams, name: str) -> Any:
    return lambda: upstreams.answers(name)


def _register_forwarding(app: Flask, upstreams: Upstreams, limit: RateLimit) -> None:
    @app.route("/v1/<path:_path>", methods=METHODS)
    @access.public
    def pass_on(_path: str) -> Response:
        """Whether a token is needed, the service decides; one that is sent was verified already."""
        limit.check()
        route = route_for(request.path)
        if route is None:
            raise NotFound(
                "no-such-route", zh="没有这个地址，请查看 /docs。", en="No such address: see /docs."
            )
        _check_size(route)
        return forward(upstreams, route, request)


def _check_size(route: Route) -> None:
    inputs.refuse_chunked()
    if (request.content_length or 0) > route.body_limit:
        raise TooLarge(
            "body-too-large",
            zh=f"内容过大：上限 {route.body_limit} 字节。",
            en=f"At most {route.body_limit} bytes may be sent here.",
            limit=route.body_limit,
        )


def _register_documents(app: Flask, folder: Path) -> None:
    @app.get("/openapi.json")
    @access.public
    def openapi() -> Response:
        return send_from_directory((folder / "openapi").resolve(), "gateway.json")

    @app.get("/asyncapi.json")
    @access.public
    def asyncapi() -> Response:
        return send_from_directory((folder / "events").resolve(), "asyncapi.json")

    @app.get("/docs")
    @access.public
    def page() -> Response:
        return Response(PAGE, content_type="text/html; charset=utf-8")

    @app.get("/docs/assets/<path:name>")
    @access.public
    def asset(name: str) -> Response:
        return send_from_directory(assets_folder(), name)

    @app.get("/")
    @access.public
    def index() -> tuple[dict[str, str], int]:
        return {"name": "Alley Steward 小巷管家", "docs": "/docs", "openapi": "/openapi.json"}, 200


def merged_openapi(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One OpenAPI document of all services. Raises ValueError where two define the same name differently."""
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Alley Steward 小巷管家", "version": "v1"},
        "security": [{"token": []}],
        "paths": {},
        "tags": [],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {},
            "responses": {},
        },
    }
    for service, document in sorted(documents.items()):
        text = (
            orjson.dumps(document)
            .decode()
            .replace("#/components/schemas/", f"#/components/schemas/{service}.")
        )
        one = orjson.loads(text)
        for path, operations in one["paths"].items():
            if route_for(path) is None:
                raise ValueError(f"the gateway has no route for {path} of {service}")
            if path in merged["paths"]:
                raise ValueError(f"{path} is served twice")
            merged["paths"][path] = operations
        merged["tags"].extend(one.get("tags", []))
        components = one.get("components", {})
        merged["components"]["responses"].update(components.get("responses", {}))
        for name, schema in components.get("schemas", {}).items():
            merged["components"]["schemas"][f"{service}.{name}"] = schema
    return merged
