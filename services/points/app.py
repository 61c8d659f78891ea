"""Wiring of the points service: the only place that reads its environment."""

import os
from collections.abc import Mapping

from flask import Flask

import chassis.http.app
from chassis import idempotency, logs
from chassis.clock import utc_now
from chassis.events import Event
from chassis.http.app import ServiceApp
from chassis.identity import TokenVerifier
from chassis.mongo import Mongo
from chassis.settings import ServiceSettings, load
from chassis.subscriptions import Subscriptions
from chassis.worker import Worker
from services.points import events, handlers, routes
from services.points.queries import LedgerQueries
from services.points.store import JournalStore

NAME = "points"
PUBLISHED: list[type[Event]] = events.PUBLISHED


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """The WSGI application."""
    settings = load(ServiceSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-api")
    mongo = Mongo(settings.mongo_url, NAME)
    service = ServiceApp(
        name=NAME,
        title="Alley Steward: points",
        blueprints=[routes.blueprint(LedgerQueries(mongo, settings.district), settings.district)],
    )
    return chassis.http.app.make(service, mongo, TokenVerifier(settings.token_jwks, settings.district))


def subscriptions(mongo: Mongo) -> Subscriptions:
    """What this service listens to."""
    return Subscriptions(handlers.subscriptions(JournalStore(mongo), utc_now))


def create_worker(environ: Mapping[str, str] = os.environ) -> Worker:
    """The background process."""
    settings = load(ServiceSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-worker")
    mongo = Mongo(settings.mongo_url, NAME)

    def prepare() -> None:
        JournalStore(mongo).ensure_indexes()
        idempotency.ensure_indexes(mongo)

    return Worker(
        service=NAME,
        settings=settings,
        mongo=mongo,
        outboxes=["journal"],
        handle=subscriptions(mongo).handle,
        prepare=prepare,
    )
