"""Wiring of the notify service: the only place that reads its environment."""

import os
from collections.abc import Mapping

from flask import Flask

import chassis.http.app
from chassis import idempotency, logs
from chassis.clock import utc_now
from chassis.erasures import Erasures
from chassis.events import Event
from chassis.http.app import ServiceApp
from chassis.identity import TokenVerifier
from chassis.mongo import Mongo
from chassis.settings import ServiceSettings, load
from chassis.subscriptions import Subscriptions
from chassis.timers import Timer
from chassis.worker import Worker
from services.notify import handlers, routes
from services.notify.queries import InboxQueries
from services.notify.store import InboxStore

NAME = "notify"
PUBLISHED: list[type[Event]] = []


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """The WSGI application."""
    settings = load(ServiceSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-api")
    mongo = Mongo(settings.mongo_url, NAME)
    service = ServiceApp(
        name=NAME,
        title="Alley Steward: notify",
        blueprints=[routes.blueprint(InboxStore(mongo), InboxQueries(mongo), utc_now)],
    )
    return chassis.http.app.make(service, mongo, TokenVerifier(settings.token_jwks, settings.district))


def subscriptions(mongo: Mongo) -> Subscriptions:
    """What this service listens to."""
    return Subscriptions(handlers.subscriptions(InboxStore(mongo), Erasures(mongo["erasures"]), utc_now))


def create_worker(environ: Mapping[str, str] = os.environ) -> Worker:
    """The background process."""
    settings = load(ServiceSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-worker")
    mongo = Mongo(settings.mongo_url, NAME)

    def sweep_erasures() -> None:
        Erasures(mongo["erasures"]).sweep(InboxStore(mongo).forget, utc_now())

    def prepare() -> None:
        InboxStore(mongo).ensure_indexes()
        idempotency.ensure_indexes(mongo)

    return Worker(
        service=NAME,
        settings=settings,
        mongo=mongo,
        outboxes=[],
        handle=subscriptions(mongo).handle,
        timers=[Timer("erasures", 5.0, sweep_erasures)],
        prepare=prepare,
    )
