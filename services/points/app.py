"""Wiring of the points service: the only place that reads its environment."""

import os
from collections.abc import Mapping

from flask import Flask

import chassis.http.app
from chassis import idempotency, logs
from chassis.broker.consumer import Jointly
from chassis.clock import utc_now
from chassis.events import Event
from chassis.http.app import ServiceApp
from chassis.identity import TokenVerifier
from chassis.mongo import Mongo
from chassis.nightly import Nightly, night_of
from chassis.settings import load
from chassis.subscriptions import Subscriptions
from chassis.timers import Timer
from chassis.worker import Worker
from services.points import commands, events, handlers, recognition, routes
from services.points.donations import events as donation_events
from services.points.donations import routes as donation_routes
from services.points.donations.queries import DonationQueries
from services.points.donations.store import DonationStore, donation_of
from services.points.earning import handlers as earning_handlers
from services.points.earning import routes as earning_routes
from services.points.earning.queries import RuleBook, RuleQueries
from services.points.earning.store import EvidenceStore, RuleStore
from services.points.funds import events as fund_events
from services.points.funds import handlers as fund_handlers
from services.points.funds import routes as fund_routes
from services.points.funds.queries import FundQueries
from services.points.funds.store import FundStore
from services.points.gathered import commands as gathered_commands
from services.points.gathered.store import GatheredStore
from services.points.holds import commands as hold_commands
from services.points.holds import routes as hold_routes
from services.points.holds.queries import HoldQueries
from services.points.holds.store import HoldStore
from services.points.integrity import commands as integrity_commands
from services.points.integrity import events as integrity_events
from services.points.integrity import routes as integrity_routes
from services.points.integrity.commands import Sealing
from services.points.integrity.store import PROOFS, SealStore
from services.points.lots import commands as lot_commands
from services.points.lots import events as lot_events
from services.points.lots.domain import FOREVER, Validity
from services.points.lots.store import NOTICES, LotStore
from services.points.queries import LedgerQueries
from services.points.settings import PointsSettings
from services.points.shop import commands as shop_commands
from services.points.shop import events as shop_events
from services.points.shop import routes as shop_routes
from services.points.shop.queries import ShopQueries
from services.points.shop.store import OrderStore, ShelfStore
from services.points.store import JournalStore
from services.points.timebank import wiring as timebank
from services.points.timebank.exchange import events as help_events
from services.points.timebank.wiring import TimeBank

NAME = "points"
PUBLISHED: list[type[Event]] = [
    *events.PUBLISHED,
    *fund_events.PUBLISHED,
    *shop_events.PUBLISHED,
    *donation_events.PUBLISHED,
    *integrity_events.PUBLISHED,
    *help_events.PUBLISHED,
    *lot_events.PUBLISHED,
    *recognition.PUBLISHED,
]
OUTBOXES = [
    "journal",
    "allocations",
    "shop_items",
    "shop_orders",
    "donations",
    timebank.OUTBOX,
    NOTICES,
    *recognition.OUTBOXES,
    PROOFS,
]


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """The WSGI application."""
    settings = load(PointsSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-api")
    mongo = Mongo(settings.mongo_url, NAME)
    journal = JournalStore(mongo, settings.validity)
    holds, shelf = HoldStore(mongo, journal), ShelfStore(mongo)
    funds = FundStore(mongo, journal)
    service = ServiceApp(
        name=NAME,
        title="Alley Steward: points",
        blueprints=[
            routes.blueprint(
                LedgerQueries(mongo, settings.district, settings.ladder),
                settings.district,
                RuleQueries(mongo).knows,
            ),
            *recognition.blueprints(mongo, journal, settings),
            earning_routes.blueprint(
                RuleStore(mongo, journal),
                EvidenceStore(mongo, journal),
                RuleQueries(mongo),
                utc_now,
                settings.district,
            ),
            hold_routes.blueprint(holds, HoldQueries(mongo), utc_now, settings.district),
            fund_routes.blueprint(funds, FundQueries(mongo), utc_now),
            shop_routes.blueprint(
                shelf,
                OrderStore(mongo, journal, holds, shelf),
                ShopQueries(mongo),
                utc_now,
                terms=settings.shop_terms,
                district=settings.district,
            ),
            donation_routes.blueprint(
                DonationStore(mongo, journal, funds, shelf),
                DonationQueries(mongo, donation_of),
                utc_now,
                settings.district,
            ),
            integrity_routes.blueprint(
                SealStore(mongo, journal, settings.district), utc_now, settings.district
            ),
            *TimeBank(mongo, journal, utc_now, settings.district).blueprints(),
        ],
    )
    return chassis.http.app.make(service, mongo, TokenVerifier(settings.token_jwks, settings.district))


def subscriptions(mongo: Mongo, validity: Validity = FOREVER) -> Subscriptions:
    """What this service listens to."""
    journal = JournalStore(mongo, validity)
    return Subscriptions(
        handlers.subscriptions(journal),
        earning_handlers.subscriptions(
            EvidenceStore(mongo, journal),
            journal,
            RuleBook(RuleStore(mongo, journal).all, utc_now).in_force,
            utc_now,
        ),
        fund_handlers.subscriptions(FundStore(mongo, journal), utc_now),
        timebank.subscriptions(mongo),
        *recognition.subscriptions(mongo, journal),
    )


def create_worker(environ: Mapping[str, str] = os.environ) -> Worker:
    """The background process."""
    settings = load(PointsSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-worker")
    mongo = Mongo(settings.mongo_url, NAME)

    journal = JournalStore(mongo, settings.validity)
    holds, shelf = HoldStore(mongo, journal), ShelfStore(mongo)
    orders = OrderStore(mongo, journal, holds, shelf)
    funds = FundStore(mongo, journal)
    seals = SealStore(mongo, journal, settings.district)
    gathered = GatheredStore(mongo, settings.district)
    sealing = Sealing(seals, utc_now, settings.district)
    time_bank = TimeBank(mongo, journal, utc_now, settings.district)
    lots = LotStore(mongo, journal, settings.district)
    heard = subscriptions(mongo, settings.validity)

    def expire_holds() -> None:
        while hold_commands.expire(holds, utc_now):
            pass

    def recover_debts() -> None:
        commands.recover(journal, utc_now, settings.district)

    def expire_orders() -> None:
        while shop_commands.expire(orders, utc_now, settings.shop_terms):
            pass

    def seal() -> None:
        sealing.run()

    def carry() -> None:
        gathered_commands.carry(gathered, seals)

    def prove() -> None:
        Nightly(mongo["nights"], "ledger_proof", utc_now).run(
            lambda: integrity_commands.prove_night(seals, utc_now, settings.district, night_of(utc_now()))
        )

    def sweep_lots() -> None:
        while lot_commands.sweep(lots, utc_now, settings.district):
            pass  # a month's lots expire together: nobody spends what is over while others wait

    def prepare() -> None:
        journal.ensure_indexes()
        holds.ensure_indexes()
        funds.ensure_indexes()
        DonationStore(mongo, journal, funds, shelf).ensure_indexes()
        shelf.ensure_indexes()
        orders.ensure_indexes()
        seals.ensure_indexes()
        gathered.ensure_indexes()
        lots.ensure_indexes()
        RuleStore(mongo, journal).ensure_indexes()
        EvidenceStore(mongo, journal).ensure_indexes()
        time_bank.ensure_indexes()
        recognition.ensure_indexes(mongo, journal, settings.district)
        idempotency.ensure_indexes(mongo)

    return Worker(
        service=NAME,
        settings=settings,
        mongo=mongo,
        outboxes=OUTBOXES,
        handle=heard.handle,
        jointly=Jointly(heard.joint_types, heard.handle_jointly),
        timers=[
            Timer("holds", 5.0, expire_holds),
            Timer("debts", 5.0, recover_debts),
            Timer("orders", 5.0, expire_orders),
            Timer("seals", 1.0, seal),
            Timer("gathered", 30.0, carry),
            Timer("proof", 60.0, prove),
            *time_bank.timers(),
            Timer("lots", 5.0, sweep_lots),
            *recognition.timers(mongo, journal, settings),
        ],
        prepare=prepare,
    )
