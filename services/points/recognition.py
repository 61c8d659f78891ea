"""Wiring of what rests on the ledger without moving much in it: statements, adjustments, gift circles,
rankings and commendations.
"""

from collections.abc import Sequence

from chassis.clock import new_ulid, utc_now
from chassis.events import Event
from chassis.http.blueprint import Blueprint
from chassis.mongo import Mongo
from chassis.nightly import Nightly
from chassis.subscriptions import Subscription
from chassis.timers import Timer
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
from services.points.honours import handlers as honour_handlers
from services.points.honours import routes as honour_routes
from services.points.honours.queries import HonourQueries
from services.points.honours.store import HonourStore
from services.points.settings import PointsSettings
from services.points.statements import routes as statement_routes
from services.points.statements.queries import StatementQueries
from services.points.store import JournalStore

PUBLISHED: list[type[Event]] = [
    *adjustment_events.PUBLISHED,
    *circle_events.PUBLISHED,
    *commendation_events.PUBLISHED,
]
OUTBOXES = ("adjustments", "adjustment_notices", "flags", "commendations")


def blueprints(mongo: Mongo, journal: JournalStore, settings: PointsSettings) -> list[Blueprint]:
    """Their routes."""
    district = settings.district
    return [
        statement_routes.blueprint(StatementQueries(mongo)),
        adjustment_routes.blueprint(
            AdjustmentStore(mongo, journal, district),
            AdjustmentQueries(mongo, district),
            journal,
            utc_now,
            district=district,
            limits=settings.limits,
        ),
        circle_routes.blueprint(FlagStore(mongo, district), FlagQueries(mongo, district), utc_now),
        honour_routes.blueprint(HonourStore(mongo, utc_now), HonourQueries(mongo), utc_now, district),
        commendation_routes.blueprint(
            CommendationStore(mongo, journal),
            CommendationQueries(mongo),
            utc_now,
            district=district,
            ladder=settings.ladder,
            days=settings.publicity_days,
        ),
    ]


def subscriptions(mongo: Mongo, journal: JournalStore) -> list[dict[str, Subscription]]:
    """What they listen to."""
    return [
        honour_handlers.subscriptions(HonourStore(mongo, utc_now)),
        commendation_handlers.subscriptions(CommendationStore(mongo, journal), utc_now),
    ]


def ensure_indexes(mongo: Mongo, journal: JournalStore, district: str) -> None:
    """Their collections."""
    AdjustmentStore(mongo, journal, district).ensure_indexes()
    FlagStore(mongo, district).ensure_indexes()
    HonourStore(mongo, utc_now).ensure_indexes()
    CommendationStore(mongo, journal).ensure_indexes()


def timers(mongo: Mongo, journal: JournalStore, settings: PointsSettings) -> Sequence[Timer]:
    """What they do by the clock."""
    district = settings.district
    adjustments = AdjustmentStore(mongo, journal, district)
    commendations = CommendationStore(mongo, journal)
    flags, honours = FlagStore(mongo, district), HonourStore(mongo, utc_now)

    def expire_adjustments() -> None:
        while adjustment_commands.expire(adjustments, utc_now):
            pass

    def end_publicity() -> None:
        while commendation_commands.award_due(commendations, utc_now):
            pass

    def sweep_honours() -> None:
        honours.sweep(district)

    def prove_honours() -> None:
        Nightly(mongo["nights"], "honours_proof", utc_now).run(lambda: honours.prove(district))

    def watch_administrators() -> None:
        Nightly(mongo["nights"], "split_adjustments", utc_now).run(
            lambda: adjustment_commands.watch(adjustments, utc_now, settings.limits)
        )

    def watch_gifts() -> None:
        Nightly(mongo["nights"], "gift_circles", utc_now).run(
            lambda: circle_commands.watch(flags, utc_now, new_ulid, district)
        )

    return (
        Timer("adjustment_clock", 5.0, expire_adjustments),
        Timer("publicity", 5.0, end_publicity),
        Timer("leaderboards", 2.0, sweep_honours, share=0.2),
        Timer("honours_proof", 600.0, prove_honours),
        Timer("gift_circles", 600.0, watch_gifts),
        Timer("split_adjustments", 600.0, watch_administrators),
    )
