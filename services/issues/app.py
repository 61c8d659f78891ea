"""Wiring of the issues service: the only place that reads its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask

import chassis.http.app
from chassis import idempotency, logs
from chassis.clock import utc_now
from chassis.events import Event
from chassis.geography import AreaFinder
from chassis.http.app import ServiceApp
from chassis.identity import TokenVerifier
from chassis.media import MAX_BYTES, MediaStore
from chassis.mongo import Mongo
from chassis.settings import Secret, ServiceSettings, load
from chassis.subscriptions import Subscriptions
from chassis.worker import Worker
from services.issues.cases import events
from services.issues.cases import handlers as case_handlers
from services.issues.cases import routes as case_routes
from services.issues.cases.queries import CaseQueries
from services.issues.cases.store import CaseStore
from services.issues.media import routes as media_routes
from services.issues.statistics import handlers as statistics_handlers
from services.issues.statistics import routes as statistics_routes
from services.issues.statistics.queries import Figures
from services.issues.statistics.store import UsageStore

NAME = "issues"
PUBLISHED: list[type[Event]] = events.PUBLISHED
_FORM_OVERHEAD = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class IssuesSettings(ServiceSettings):
    """Settings of the issues service."""

    media_url_key: Secret


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """The WSGI application."""
    settings = load(IssuesSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-api")
    mongo = Mongo(settings.mongo_url, NAME)
    photos = MediaStore(mongo, settings.media_url_key)
    queries = CaseQueries(mongo, photos.url)
    service = ServiceApp(
        name=NAME,
        title="Alley Steward: issues",
        blueprints=[
            case_routes.blueprint(
                CaseStore(mongo), queries, AreaFinder(queries.areas), photos, utc_now, settings.district
            ),
            media_routes.blueprint(photos, utc_now),
            statistics_routes.blueprint(Figures(mongo), settings.district),
        ],
        body_limit=MAX_BYTES + _FORM_OVERHEAD,
    )
    return chassis.http.app.make(service, mongo, TokenVerifier(settings.token_jwks, settings.district))


def subscriptions(mongo: Mongo) -> Subscriptions:
    """What this service listens to."""
    return Subscriptions(
        {
            **case_handlers.subscriptions(CaseStore(mongo)),
            **statistics_handlers.subscriptions(UsageStore(mongo)),
        }
    )


def create_worker(environ: Mapping[str, str] = os.environ) -> Worker:
    """The background process."""
    settings = load(IssuesSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-worker")
    mongo = Mongo(settings.mongo_url, NAME)

    def prepare() -> None:
        CaseStore(mongo).ensure_indexes()
        UsageStore(mongo).ensure_indexes()
        idempotency.ensure_indexes(mongo)

    return Worker(
        service=NAME,
        settings=settings,
        mongo=mongo,
        outboxes=["issues"],
        handle=subscriptions(mongo).handle,
        prepare=prepare,
    )
