"""Wiring of the volunteer service: the only place that reads its environment."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Flask

import chassis.http.app
from chassis import idempotency, logs
from chassis.clock import new_ulid, utc_now
from chassis.events import Event
from chassis.field_cipher import FieldCipher
from chassis.http.app import ServiceApp
from chassis.identity import TokenVerifier, keys_of
from chassis.mongo import Mongo
from chassis.settings import Secret, ServiceSettings, is_key, is_url, load
from chassis.timers import Timer
from chassis.worker import Worker
from services.volunteer.activities import events as activity_events
from services.volunteer.activities import routes as activity_routes
from services.volunteer.activities.queries import ActivityQueries
from services.volunteer.activities.store import ActivityStore
from services.volunteer.areas import events as area_events
from services.volunteer.areas import routes as area_routes
from services.volunteer.areas.queries import AreaQueries
from services.volunteer.areas.store import AreaStore
from services.volunteer.duty import events as duty_events
from services.volunteer.duty import routes as duty_routes
from services.volunteer.duty.attestation import Codes
from services.volunteer.duty.queries import ShiftQueries
from services.volunteer.duty.store import ShiftStore
from services.volunteer.people import commands as people_commands
from services.volunteer.people import events as people_events
from services.volunteer.people import routes as people_routes
from services.volunteer.people.queries import MemberQueries
from services.volunteer.people.senders import no_sender, sms_sender
from services.volunteer.people.store import CodeStore, MemberStore, SessionStore
from services.volunteer.people.tokens import TokenIssuer
from services.volunteer.privacy import routes as privacy_routes
from services.volunteer.privacy.queries import ContactViewQueries
from services.volunteer.privacy.store import ContactViewStore
from services.volunteer.training import events as training_events
from services.volunteer.training import routes as training_routes
from services.volunteer.training.queries import TrainingQueries
from services.volunteer.training.store import CourseStore, TrainingSessionStore

NAME = "volunteer"
PUBLISHED: list[type[Event]] = [
    *area_events.PUBLISHED,
    *people_events.PUBLISHED,
    *activity_events.PUBLISHED,
    *duty_events.PUBLISHED,
    *training_events.PUBLISHED,
]


@dataclass(frozen=True, kw_only=True)
class VolunteerSettings(ServiceSettings):
    """Settings of the volunteer service."""

    token_signing_key: Secret
    field_key: Secret
    token_key_id: str = "1"  # noqa: S105 - the name of a key, not the key
    dev_login: bool = False
    sms_gateway_url: str = ""
    codes_per_ten_minutes: int = 5
    bootstrap_admin_phone: str = ""

    def check(self) -> Iterator[str]:
        """Refuse sign-in codes in answers in production, and a deployment that could not send any."""
        yield from super().check()
        for name in ("token_signing_key", "field_key"):
            if not is_key(getattr(self, name)):
                yield f"{name.upper()} is wrong: it is 32 bytes in base64url"
        if not self._own_tokens_are_accepted():
            yield "TOKEN_JWKS is wrong: it lacks the public key of TOKEN_SIGNING_KEY under TOKEN_KEY_ID"
        if self.codes_per_ten_minutes < 1:
            yield "CODES_PER_TEN_MINUTES is wrong: it is 1 or more"
        if self.sms_gateway_url and not is_url(self.sms_gateway_url, "http", "https"):
            yield "SMS_GATEWAY_URL is wrong: it is an address like https://host/path"
        if self.bootstrap_admin_phone and not re.fullmatch("1[3-9][0-9]{9}", self.bootstrap_admin_phone):
            yield "BOOTSTRAP_ADMIN_PHONE is wrong: it is a mainland mobile number"
        if self.dev_login and self.env == "production":
            yield "DEV_LOGIN is refused when ENV=production: it shows sign-in codes to anybody"
        if not self.dev_login and not self.sms_gateway_url:
            yield "SMS_GATEWAY_URL is not set: without it (or DEV_LOGIN=true) nobody could sign in"

    def _own_tokens_are_accepted(self) -> bool:
        """False only where all these settings can be read."""
        if not is_key(self.token_signing_key):
            return True
        own = TokenIssuer(self.token_signing_key, self.token_key_id, utc_now).public_key
        try:
            known = keys_of(self.token_jwks).get(self.token_key_id)
        except (OSError, ValueError):
            return True
        return known is not None and known.public_bytes_raw() == own.public_bytes_raw()


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """The WSGI application."""
    settings = load(VolunteerSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-api")
    mongo = Mongo(settings.mongo_url, NAME)
    cipher = FieldCipher(settings.field_key)
    members = MemberStore(mongo, cipher, utc_now)
    areas, activities = AreaQueries(mongo), ActivityStore(mongo)
    shifts, trainings = ShiftStore(mongo), TrainingSessionStore(mongo)
    desk = people_routes.SignIn(
        codes=CodeStore(mongo, cipher, utc_now),
        sessions=SessionStore(mongo, utc_now),
        tokens=TokenIssuer(settings.token_signing_key, settings.token_key_id, utc_now),
        send=sms_sender(settings.sms_gateway_url) if settings.sms_gateway_url else no_sender,
        shows_codes=settings.dev_login,
        codes_allowed=settings.codes_per_ten_minutes,
    )
    service = ServiceApp(
        name=NAME,
        title="Alley Steward: volunteer",
        blueprints=[
            people_routes.auth_blueprint(members, desk, settings.district),
            people_routes.blueprint(
                members, MemberQueries(mongo, cipher, utc_now), areas.name_of, utc_now, settings.district
            ),
            area_routes.blueprint(AreaStore(mongo), areas, utc_now, settings.district),
            activity_routes.blueprint(activities, ActivityQueries(mongo), areas, utc_now, settings.district),
            duty_routes.blueprint(
                shifts, ShiftQueries(mongo), areas, Codes(cipher.fingerprint), utc_now, settings.district
            ),
            training_routes.blueprint(
                CourseStore(mongo),
                trainings,
                TrainingQueries(mongo),
                areas,
                members,
                utc_now,
                settings.district,
            ),
            privacy_routes.blueprint(
                members,
                desk.sessions,
                activities,
                shifts,
                trainings,
                ContactViewStore(mongo),
                ContactViewQueries(mongo),
                utc_now,
                settings.district,
            ),
        ],
    )
    return chassis.http.app.make(service, mongo, TokenVerifier(settings.token_jwks, settings.district))


def create_worker(environ: Mapping[str, str] = os.environ) -> Worker:
    """The background process. It publishes, and turns terms; this service learns from nobody."""
    settings = load(VolunteerSettings, environ)
    logs.configure(settings.log_level, f"{NAME}-worker")
    mongo = Mongo(settings.mongo_url, NAME)
    members = MemberStore(mongo, FieldCipher(settings.field_key), utc_now)
    areas = AreaQueries(mongo)

    def turn_terms() -> None:
        while people_commands.turn_terms(members, areas.name_of, utc_now):
            pass

    def prepare() -> None:
        members.ensure_indexes()
        AreaStore(mongo).ensure_indexes()
        ActivityStore(mongo).ensure_indexes()
        ShiftStore(mongo).ensure_indexes()
        CourseStore(mongo).ensure_indexes()
        TrainingSessionStore(mongo).ensure_indexes()
        ContactViewStore(mongo).ensure_indexes()
        idempotency.ensure_indexes(mongo)
        if settings.bootstrap_admin_phone:
            people_commands.ensure_admin(
                members,
                utc_now,
                phone=settings.bootstrap_admin_phone,
                member_id=new_ulid(),
                district=settings.district,
            )

    return Worker(
        service=NAME,
        settings=settings,
        mongo=mongo,
        outboxes=["members", "areas", "activities", "shifts", "training_sessions"],
        timers=[Timer("terms", 5.0, turn_terms)],
        prepare=prepare,
    )
