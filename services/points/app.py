"""Wiring of the points service: the only place that reads its environment."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from flask import Flask

import chassis.http.app
from chassis import idempotency, logs
from chassis.clock import new_ulid, utc_now
from chassis.events import Event
from chassis.http.app import ServiceApp
from chassis.identity import TokenVerifier
from chassis.mongo import Mongo
from chassis.nightly import Nightly
from chassis.settings import ServiceSettings, load
from chassis.subscriptions import Subscriptions
from chassis.timers import Timer
from chassis.worker import Worker
from services.points import commands, events, handlers, routes
from services.points.adjustments import commands as adjustment_commands
from services.points.adjustments import events as adjustment_events
from services.points.adjustments import routes as adjustment_routes
from services.points.adjustments.queries import AdjustmentQueries
from services.points.adjustments.store import AdjustmentStore
from services.points.circles import commands as circle_commands
from services.points.circles import events as circle_events
from services.points.circles import routes as circle_routes
from services.points.circles.queries import FlagQueries
from services.points.circles.store import FlagStore
from services.points.commendations import commands as commendation_commands
from services.points.commendations import events as commendation_events
from services.points.commendations import handlers as commendation_handlers
from services.points.commendations import routes as commendation_routes
from services.points.commendations.queries import CommendationQueries
from services.points.commendations.store import CommendationStore
from services.points.domain import LADDER, MAX_AMOUNT, Ladder
from services.points.earning import handlers as earning_handlers
from services.points.funds import events as fund_events
from services.points.funds import handlers as fund_handlers
from services.points.funds import routes as fund_routes
from services.points.funds.queries import FundQueries
from services.points.funds.store import FundStore
from services.points.holds import commands as hold_commands
from services.points.holds import routes as hold_routes
from services.points.holds.queries import HoldQueries
from services.points.holds.store import HoldStore
from services.points.honours import handlers as honour_handlers
from services.points.honours import routes as honour_routes
from services.points.honours.queries import HonourQueries
from services.points.honours.store import HonourStore
from services.points.queries import LedgerQueries
from services.points.statements import routes as statement_routes
from services.points.statements.queries import StatementQueries
from services.points.store import JournalStore

NAME = "points"
PUBLISHED: list[type[Event]] = [
    *events.PUBLISHED,
    *fund_events.PUBLISHED,
    *adjustment_events.PUBLISHED,
    *circle_events.PUBLISHED,
    *commendation_events.PUBLISHED,
]


@dataclass(frozen=True, kw_only=True)
class PointsSettings(ServiceSettings):
    """Settings of the points service."""

    adjustment_points: int = 10_000
    adjustment_minutes: int = 6_000
    adjustment_fen: int = 1_000_000
    publicity_days: int = 7
    star_hours: tuple[float, ...] = LADDER.star_hours
    tier_points: tuple[float, ...] = LADDER.tier_points

    def check(self) -> Iterator[str]:
        """Yield a sentence for each combination that must not start."""
        yield from super().check()
        for name in ("adjustment_points", "adjustment_minutes", "adjustment_fen"):
            if not 0 <= getattr(self, name) <= MAX_AMOUNT:
                yield f"{name.upper()} is wrong: it is a whole number from 0 to 2^53"
        if not 1 <= self.publicity_days <= 90:
            yield "PUBLICITY_DAYS is wrong: it is 1 to 90"
        for name in ("star_hours", "tier_points"):
            steps = getattr(self, name)
            if any(low >= high for low, high in pairwise((0.0, *steps))):
                yield f"{name.upper()} is wrong: it is numbers above 0, each above the one before"

    @property
    def ladder(self) -> Ladder:
        """What a lifetime of verified work is given for."""
        return Ladder(self.star_hours, self.tier_points)

    @property
    def limits(self) -> dict[str, int]:
        """Unit → the most that one administrator may move alone."""
        return {
            "points": self.adjustment_points,
            "minutes": self.adjustment_minutes,
            "fen": self.adjustment_fen,
        }


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """The WSGI application."""
    settings = load(PointsSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-api")
    mongo = Mongo(settings.mongo_url, NAME)
    journal = JournalStore(mongo)
    service = ServiceApp(
        name=NAME,
        title="Alley Steward: points",
        blueprints=[
            routes.blueprint(LedgerQueries(mongo, settings.district, settings.ladder), settings.district),
            honour_routes.blueprint(
                HonourStore(mongo, utc_now),
                HonourQueries(mongo),
                utc_now,
                settings.district,
            ),
            adjustment_routes.blueprint(
                AdjustmentStore(mongo, journal),
                AdjustmentQueries(mongo, settings.district),
                journal,
                utc_now,
                district=settings.district,
                limits=settings.limits,
            ),
            statement_routes.blueprint(StatementQueries(mongo)),
            commendation_routes.blueprint(
                CommendationStore(mongo, journal),
                CommendationQueries(mongo),
                utc_now,
                district=settings.district,
                ladder=settings.ladder,
                days=settings.publicity_days,
            ),
            circle_routes.blueprint(
                FlagStore(mongo, settings.district), FlagQueries(mongo, settings.district), utc_now
            ),
            hold_routes.blueprint(HoldStore(mongo, journal), HoldQueries(mongo), utc_now, settings.district),
            fund_routes.blueprint(FundStore(mongo, journal), FundQueries(mongo), utc_now),
        ],
    )
    return chassis.http.app.make(service, mongo, TokenVerifier(settings.token_jwks, settings.district))


def subscriptions(mongo: Mongo) -> Subscriptions:
    """What this service listens to."""
    journal = JournalStore(mongo)
    return Subscriptions(
        handlers.subscriptions(journal),
        earning_handlers.subscriptions(journal, utc_now),
        fund_handlers.subscriptions(FundStore(mongo, journal), utc_now),
        honour_handlers.subscriptions(HonourStore(mongo, utc_now)),
        commendation_handlers.subscriptions(CommendationStore(mongo, journal), utc_now),
    )


def create_worker(environ: Mapping[str, str] = os.environ) -> Worker:
    """The background process."""
    settings = load(PointsSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-worker")
    mongo = Mongo(settings.mongo_url, NAME)

    journal = JournalStore(mongo)
    holds, adjustments = HoldStore(mongo, journal), AdjustmentStore(mongo, journal)
    commendations = CommendationStore(mongo, journal)
    flags, honours = FlagStore(mongo, settings.district), HonourStore(mongo, utc_now)

    def expire_holds() -> None:
        while hold_commands.expire(holds, utc_now):
            pass

    def recover_debts() -> None:
        commands.recover(journal, utc_now, settings.district)

    def expire_adjustments() -> None:
        while adjustment_commands.expire(adjustments, utc_now):
            pass

    def watch_gifts() -> None:
        Nightly(mongo["nights"], "gift_circles", utc_now).run(
            lambda: circle_commands.watch(flags, utc_now, new_ulid, settings.district)
        )

    def end_publicity() -> None:
        while commendation_commands.award_due(commendations, utc_now):
            pass

    def sweep_honours() -> None:
        honours.sweep(settings.district)

    def prove_honours() -> None:
        Nightly(mongo["nights"], "honours_proof", utc_now).run(lambda: honours.prove(settings.district))

    def prepare() -> None:
        journal.ensure_indexes()
        holds.ensure_indexes()
        adjustments.ensure_indexes()
        flags.ensure_indexes()
        honours.ensure_indexes()
        commendations.ensure_indexes()
        FundStore(mongo, journal).ensure_indexes()
        idempotency.ensure_indexes(mongo)

    return Worker(
        service=NAME,
        settings=settings,
        mongo=mongo,
        outboxes=["journal", "allocations", "adjustments", "flags", "commendations"],
        handle=subscriptions(mongo).handle,
        timers=[
            Timer("holds", 5.0, expire_holds),
            Timer("debts", 5.0, recover_debts),
            Timer("adjustment_clock", 5.0, expire_adjustments),
            Timer("gift_circles", 600.0, watch_gifts),
            Timer("publicity", 5.0, end_publicity),
            Timer("leaderboards", 2.0, sweep_honours, share=0.2),
            Timer("honours_proof", 600.0, prove_honours),
        ],
        prepare=prepare,
    )
