"""Wiring of the issues service: the only place that reads its environment."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask

import chassis.http.app
from chassis import idempotency, logs
from chassis.clock import utc_now
from chassis.erasures import Erasures
from chassis.events import Event
from chassis.geography import AreaFinder
from chassis.http import access
from chassis.http.app import ServiceApp
from chassis.identity import TokenVerifier
from chassis.media import Links
from chassis.mongo import Mongo
from chassis.pictures import MEGABYTE, MOST_MEGABYTES, MOST_MEGAPIXELS, Limits, Pictures
from chassis.settings import Secret, ServiceSettings, load
from chassis.subscriptions import Subscriptions
from chassis.timers import Timer
from chassis.worker import Worker
from services.issues.cases import commands as case_commands
from services.issues.cases import events
from services.issues.cases import handlers as case_handlers
from services.issues.cases import routes as case_routes
from services.issues.cases.queries import CaseQueries
from services.issues.cases.quotas import QuotaStore
from services.issues.cases.store import CaseStore
from services.issues.categories import routes as category_routes
from services.issues.categories.queries import Rulebook
from services.issues.categories.store import CategoryStore
from services.issues.duplicates import commands as duplicate_commands
from services.issues.duplicates import handlers as duplicate_handlers
from services.issues.duplicates import routes as duplicate_routes
from services.issues.duplicates.queries import Nearby
from services.issues.finding import handlers as finding_handlers
from services.issues.finding import routes as finding_routes
from services.issues.finding.queries import Finder
from services.issues.finding.store import CellStore, SavedFilterStore, WordStore
from services.issues.flags import events as flag_events
from services.issues.flags import routes as flag_routes
from services.issues.limits import routes as calendar_routes
from services.issues.limits.queries import Calendar
from services.issues.limits.store import DayStore
from services.issues.media import commands as media_commands
from services.issues.media import handlers as media_handlers
from services.issues.media import routes as media_routes
from services.issues.media.queries import PhotoQueries
from services.issues.media.store import PhotoStore
from services.issues.privacy import commands as privacy_commands
from services.issues.privacy import events as privacy_events
from services.issues.privacy import handlers as privacy_handlers
from services.issues.proposals import commands as proposal_commands
from services.issues.proposals import events as proposal_events
from services.issues.proposals import handlers as proposal_handlers
from services.issues.proposals import routes as proposal_routes
from services.issues.proposals.queries import ProposalQueries
from services.issues.proposals.store import ProposalStore
from services.issues.statistics import handlers as statistics_handlers
from services.issues.statistics import routes as statistics_routes
from services.issues.statistics.queries import Figures
from services.issues.statistics.store import BucketStore, UsageStore
from services.issues.suggestions import commands as suggestion_commands
from services.issues.suggestions import events as suggestion_events
from services.issues.suggestions import routes as suggestion_routes
from services.issues.suggestions.queries import SuggestionQueries
from services.issues.suggestions.store import SuggestionStore

NAME = "issues"
PUBLISHED: list[type[Event]] = [
    *events.PUBLISHED,
    *flag_events.PUBLISHED,
    *privacy_events.PUBLISHED,
    *suggestion_events.PUBLISHED,
    *proposal_events.PUBLISHED,
]
_FORM_OVERHEAD = 1024 * 1024
_MOST = 36500


@dataclass(frozen=True, kw_only=True)
class IssuesSettings(ServiceSettings):
    """Settings of the issues service."""

    media_url_key: Secret
    ballot_key: Secret
    photo_megabytes: int = 10
    photo_megapixels: int = 40
    photos_at_once: int = 1
    reports_per_hour: int = 10
    anonymise_after_days: int = 365

    def check(self) -> Iterator[str]:
        """Yield a sentence for each combination that must not start."""
        yield from super().check()
        if not 1 <= self.photo_megabytes <= MOST_MEGABYTES:
            yield f"PHOTO_MEGABYTES is wrong: it is 1 to {MOST_MEGABYTES}"
        if not 1 <= self.photo_megapixels <= MOST_MEGAPIXELS:
            yield f"PHOTO_MEGAPIXELS is wrong: it is 1 to {MOST_MEGAPIXELS}"
        if self.photos_at_once < 1:
            yield "PHOTOS_AT_ONCE is wrong: it is 1 or more"
        for name in ("reports_per_hour", "anonymise_after_days"):
            if not 0 <= getattr(self, name) <= _MOST:
                yield f"{name.upper()} is wrong: use a number from 0 to {_MOST}"


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """The WSGI application."""
    settings = load(IssuesSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-api")
    mongo = Mongo(settings.mongo_url, NAME)
    links = Links(settings.media_url_key)
    photos = PhotoStore(mongo)
    photo_queries = PhotoQueries(mongo, links.url)
    queries = CaseQueries(mongo, photo_queries, settings.media_url_key)
    limits = Limits(settings.photo_megabytes, settings.photo_megapixels, settings.photos_at_once)
    days = DayStore(mongo)
    calendar = Calendar(days.all)
    categories = CategoryStore(mongo)
    rulebook = Rulebook(categories, calendar)
    store = CaseStore(mongo, settings.media_url_key)
    places = AreaFinder(queries.areas)
    suggestions, suggestion_queries = SuggestionStore(mongo), SuggestionQueries(mongo)
    service = ServiceApp(
        name=NAME,
        title="Alley Steward: issues",
        blueprints=[
            finding_routes.blueprint(Finder(mongo, queries.views), settings.district),
            finding_routes.bulk_blueprint(
                lambda issue_id, action, details: duplicate_commands.act(
                    store,
                    rulebook,
                    places,
                    photos,
                    utc_now,
                    access.actor(),
                    issue_id=issue_id,
                    action=action,
                    details=details,
                    request_id=idempotency.new_id(),
                ),
                settings.district,
            ),
            finding_routes.saved_blueprint(SavedFilterStore(mongo), utc_now),
            case_routes.blueprint(
                store,
                rulebook,
                queries,
                places,
                photos,
                utc_now,
                QuotaStore(mongo),
                settings.reports_per_hour,
            ),
            flag_routes.blueprint(store, utc_now),
            duplicate_routes.blueprint(store, rulebook, Nearby(mongo), utc_now),
            case_routes.feedback_blueprint(store, rulebook, utc_now, settings.media_url_key),
            category_routes.blueprint(categories, rulebook, settings.district),
            calendar_routes.blueprint(days, calendar),
            media_routes.blueprint(
                photos, photo_queries, Pictures(limits), links, store, utc_now, settings.district
            ),
            statistics_routes.blueprint(Figures(mongo, utc_now), settings.district),
            proposal_routes.blueprint(
                ProposalStore(mongo),
                ProposalQueries(mongo, links.url),
                places,
                photos,
                utc_now,
                ballot_key=settings.ballot_key,
                district=settings.district,
            ),
            suggestion_routes.blueprint(suggestions, suggestion_queries, places, utc_now, settings.district),
            suggestion_routes.figures_blueprint(suggestions, suggestion_queries, settings.district),
        ],
        body_limit=settings.photo_megabytes * MEGABYTE + _FORM_OVERHEAD,
    )
    return chassis.http.app.make(service, mongo, TokenVerifier(settings.token_jwks, settings.district))


def subscriptions(mongo: Mongo, feedback_key: str | None = None) -> Subscriptions:
    """What this service listens to; see `CaseStore` for the key."""
    cases = CaseStore(mongo, feedback_key)
    photos = PhotoStore(mongo)
    rulebook = Rulebook(CategoryStore(mongo), Calendar(DayStore(mongo).all))
    cells = CellStore(mongo)
    return Subscriptions(
        case_handlers.subscriptions(cases, rulebook, utc_now),
        duplicate_handlers.subscriptions(cases, rulebook, utc_now),
        privacy_handlers.subscriptions(cases, photos, Erasures(mongo["erasures"]), utc_now),
        finding_handlers.subscriptions(cells, WordStore(mongo, cells, utc_now)),
        media_handlers.subscriptions(photos, cases),
        statistics_handlers.subscriptions(UsageStore(mongo), BucketStore(mongo, utc_now)),
        proposal_handlers.subscriptions(ProposalStore(mongo), utc_now),
    )


def create_worker(environ: Mapping[str, str] = os.environ) -> Worker:
    """The background process."""
    settings = load(IssuesSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-worker")
    mongo = Mongo(settings.mongo_url, NAME)

    rulebook = Rulebook(CategoryStore(mongo), Calendar(DayStore(mongo).all))
    cases = CaseStore(mongo, settings.media_url_key)
    cells = CellStore(mongo)
    words = WordStore(mongo, cells, utc_now)
    buckets = BucketStore(mongo, utc_now)
    suggestions, proposals = SuggestionStore(mongo), ProposalStore(mongo)

    def run_clock() -> None:
        while case_commands.run_clock(cases, rulebook, utc_now):
            pass

    keep = timedelta(days=settings.anonymise_after_days) if settings.anonymise_after_days else None
    saved_filters, photos, quotas = SavedFilterStore(mongo), PhotoStore(mongo), QuotaStore(mongo)

    def anonymise() -> None:
        privacy_commands.anonymise_due(cases, utc_now, keep)

    def forget(member_id: str) -> None:
        privacy_commands.forget_member(cases, rulebook, utc_now, member_id=member_id)
        suggestion_commands.forget_member(suggestions, member_id=member_id)
        proposal_commands.forget_member(proposals, utc_now, member_id=member_id)
        saved_filters.forget(member_id)
        quotas.forget(member_id)
        photos.forget(member_id, utc_now())

    def sweep_erasures() -> None:
        Erasures(mongo["erasures"]).sweep(forget, utc_now())

    def run_proposal_clock() -> None:
        while proposal_commands.run_clock(proposals, utc_now):
            pass

    def sweep_words() -> None:
        words.sweep(settings.district)

    def sweep_cells() -> None:
        cells.sweep()

    def sweep_photos() -> None:
        uses = PhotoQueries(mongo, Links(settings.media_url_key).url)
        while media_commands.sweep(PhotoStore(mongo), uses, cases, utc_now):
            pass

    def sweep_figures() -> None:
        buckets.sweep(settings.district)

    def prepare() -> None:
        for ensure_indexes in (
            cases.ensure_indexes,
            quotas.ensure_indexes,
            UsageStore(mongo).ensure_indexes,
            buckets.ensure_indexes,
            suggestions.ensure_indexes,
            proposals.ensure_indexes,
            cells.ensure_indexes,
            words.ensure_indexes,
            saved_filters.ensure_indexes,
            photos.ensure_indexes,
        ):
            ensure_indexes()
        idempotency.ensure_indexes(mongo)

    return Worker(
        service=NAME,
        settings=settings,
        mongo=mongo,
        outboxes=["issues", "suggestions", "proposals"],
        handle=subscriptions(mongo, settings.media_url_key).handle,
        timers=[
            Timer("issue_clock", 1.0, run_clock),
            Timer("words", 1.0, sweep_words, share=0.2),
            Timer("map_cells", 0.5, sweep_cells, share=0.03),
            Timer("anonymise", 5.0, anonymise),
            Timer("erasures", 5.0, sweep_erasures, share=0.05),
            Timer("photos", 30.0, sweep_photos),
            Timer("figures", 2.0, sweep_figures, share=0.1),
            Timer("proposal_clock", 1.0, run_proposal_clock),
        ],
        prepare=prepare,
    )
