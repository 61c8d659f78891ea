"""`Idempotency-Key` on a real database: the same request acts once, whatever races or dies."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from marshmallow import Schema, fields
from pymongo.errors import OperationFailure

import chassis.http.app
from chassis.clock import utc_now
from chassis.errors import Conflict
from chassis.http import access
from chassis.http.app import ServiceApp
from chassis.http.blueprint import Blueprint
from chassis.idempotency import COLLECTION, new_id
from chassis.identity import Grant, TokenVerifier
from chassis.mongo import Mongo
from infra.local.secrets import Secrets
from services.volunteer.people.domain import Member
from services.volunteer.people.tokens import TokenIssuer

SECRETS = Secrets.new()


class NoteSchema(Schema):
    """What a test sends."""

    text = fields.String(required=True)


class Desk:
    """A small service with a route that creates and can be made to wait, refuse or die after its write."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo
        self.arrived, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.dies = False
        self.refuses = False

    def create(self, text: str) -> dict[str, str]:
        """Store a note under the request's identifier, once."""
        self.arrived.set()
        assert self.go_on.wait(60)
        if self.refuses:
            raise Conflict("closed", zh="已关闭。", en="Closed.")
        note = {"_id": new_id(), "text": text}
        self.mongo["notes"].update_one({"_id": note["_id"]}, {"$setOnInsert": note}, upsert=True)
        if self.dies:
            raise KeyboardInterrupt  # no handler of the application sees it, as none sees a kill -9
        return {"id": note["_id"], "text": text}

    def notes(self) -> list[str]:
        """The identifiers of all notes stored."""
        return [str(one["_id"]) for one in self.mongo["notes"].find()]

    def application(self) -> Flask:
        """The WSGI application."""
        routes = Blueprint("notes", __name__, url_prefix="/v1")

        @routes.route("/notes", methods=["POST"])
        @routes.arguments(NoteSchema)
        @routes.response(201)
        @access.signed_in
        def create(body: dict[str, Any]) -> dict[str, str]:
            return self.create(body["text"])

        @routes.route("/drafts", methods=["POST"])
        @routes.arguments(NoteSchema)
        @routes.response(201)
        @access.signed_in
        def draft(body: dict[str, Any]) -> dict[str, str]:
            return self.create(body["text"])

        @routes.route("/places", methods=["POST"])
        @routes.arguments(NoteSchema)
        @routes.response(201)
        @routes.places
        @access.signed_in
        def place(body: dict[str, Any]) -> dict[str, str]:
            return self.create(body["text"])

        @routes.route("/tokens", methods=["POST"])
        @routes.arguments(NoteSchema)
        @routes.response(200)
        @access.public
        def token(body: dict[str, Any]) -> dict[str, str]:
            return self.create(body["text"])

        service = ServiceApp("notes", "Notes", [routes])
        return chassis.http.app.make(service, self.mongo, TokenVerifier(SECRETS.jwks()))


def bearer(member_id: str) -> str:
    member = Member(member_id, "13900000101", None, (Grant("resident", "120199"),))
    return f"Bearer {TokenIssuer(SECRETS.token_signing_key, '1', utc_now).issue(member)}"


ANNA, BERT = bearer("ANNA"), bearer("BERT")


@pytest.fixture
def desk(mongo: Mongo) -> Desk:
    return Desk(mongo)


@pytest.fixture
def app(desk: Desk) -> Iterator[Flask]:
    yield desk.application()
    desk.go_on.set()


def send(
    app: Flask,
    text: str = "路灯不亮",
    key: str | None = "k1",
    who: str | None = ANNA,
    path: str = "/v1/notes",
) -> Any:
    headers = {name: value for name, value in (("Idempotency-Key", key), ("Authorization", who)) if value}
    return app.test_client().post(path, json={"text": text}, headers={**headers, "Accept-Language": "en"})


def test_the_same_request_again_gets_the_first_answer_and_acts_once(app: Flask, desk: Desk) -> None:
    first, again = send(app), send(app)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.content_type == first.content_type
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(desk.notes()) == 1


def test_without_a_key_the_same_request_acts_each_time(app: Flask, desk: Desk) -> None:
    assert send(app, key=None).json != send(app, key=None).json
    assert len(desk.notes()) == 2


def test_a_key_used_with_another_body_is_refused_and_nothing_is_done(app: Flask, desk: Desk) -> None:
    send(app)
    other = send(app, text="别的")
    assert other.status_code == 422
    assert "Idempotency-Key" in other.json["errors"]
    assert len(desk.notes()) == 1


def test_a_key_used_with_another_query_is_refused_too(app: Flask, desk: Desk) -> None:
    assert send(app, path="/v1/places?crs=gcj02").status_code == 201
    assert send(app, path="/v1/places").status_code == 422
    assert send(app, path="/v1/places?crs=gcj02").status_code == 201
    assert len(desk.notes()) == 1


def test_a_key_belongs_to_one_member_and_one_address(app: Flask, desk: Desk) -> None:
    answers = [send(app), send(app, who=BERT), send(app, path="/v1/drafts")]
    assert [one.status_code for one in answers] == [201, 201, 201]
    assert len({one.json["id"] for one in answers}) == 3


@pytest.mark.parametrize("key", ["x" * 201, "a\tb"])
def test_a_key_that_cannot_be_one_is_refused(app: Flask, desk: Desk, key: str) -> None:
    assert send(app, key=key).status_code == 422
    assert desk.notes() == []


def test_while_a_request_is_in_flight_the_same_again_is_a_conflict(app: Flask, desk: Desk) -> None:
    desk.go_on.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, app)
        assert desk.arrived.wait(60)
        meanwhile = send(app)
        desk.go_on.set()
        assert first.result(60).status_code == 201
    assert meanwhile.status_code == 409
    assert meanwhile.json["type"] == "/problems/in-flight"
    assert int(meanwhile.headers["Retry-After"]) >= 1
    assert send(app).json == first.result().json
    assert len(desk.notes()) == 1


def test_of_many_that_race_one_acts_and_every_other_gets_its_answer_or_a_conflict(
    app: Flask, desk: Desk
) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(app), range(24)))
    assert {one.status_code for one in answers} <= {201, 409}
    assert len({one.json["id"] for one in answers if one.status_code == 201}) == 1
    assert len(desk.notes()) == 1


def time_passes(mongo: Mongo, span: timedelta) -> None:
    """Move every lock that much into the past."""
    for claim in mongo[COLLECTION].find():
        mongo[COLLECTION].update_one(
            {"_id": claim["_id"]}, {"$set": {"locked_until": claim["locked_until"] - span}}
        )


def test_a_process_that_dies_between_write_and_answer_leaves_nothing_to_be_done_twice(
    app: Flask, desk: Desk, mongo: Mongo
) -> None:
    desk.dies = True
    with pytest.raises(KeyboardInterrupt):
        send(app)
    desk.dies = False
    (written,) = desk.notes()
    assert send(app).status_code == 409  # for all anybody knows it is still at work
    time_passes(mongo, timedelta(minutes=1))
    again = send(app)
    assert (again.status_code, again.json["id"]) == (201, written)
    assert desk.notes() == [written]
    assert send(app).json == again.json


def test_an_answer_stands_that_the_database_refuses_to_keep(
    app: Flask, desk: Desk, mongo: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OperationFailure("write conflict", 112)

    with monkeypatch.context() as patch:
        patch.setattr("chassis.idempotency._conclude", refuse)
        first = send(app)
    assert first.status_code == 201
    time_passes(mongo, timedelta(minutes=1))
    assert send(app).json == first.json
    assert desk.notes() == [first.json["id"]]


def test_of_many_that_take_up_a_dead_request_one_does(app: Flask, desk: Desk, mongo: Mongo) -> None:
    desk.dies = True
    with pytest.raises(KeyboardInterrupt):
        send(app)
    desk.dies = False
    time_passes(mongo, timedelta(minutes=1))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(app), range(16)))
    assert {one.status_code for one in answers} <= {201, 409}
    assert {one.json["id"] for one in answers if one.status_code == 201} == set(desk.notes())
    assert len(desk.notes()) == 1


def test_a_refused_request_lets_its_key_go(app: Flask, desk: Desk) -> None:
    desk.refuses = True
    assert send(app).status_code == 409
    desk.refuses = False
    assert send(app, text="改了").status_code == 201


def test_a_request_that_fails_its_checks_reserves_nothing(app: Flask, mongo: Mongo) -> None:
    assert send(app, who=None).status_code == 401
    assert mongo[COLLECTION].count_documents({}) == 0


def test_answers_to_callers_who_are_not_signed_in_are_not_kept(app: Flask, desk: Desk, mongo: Mongo) -> None:
    # Behind the gateway all of them come from one address, and what they get are tokens.
    one, two = (send(app, who=None, path="/v1/tokens") for _ in range(2))
    assert (one.status_code, two.status_code) == (200, 200)
    assert one.json["id"] != two.json["id"]
    assert mongo[COLLECTION].count_documents({}) == 0
