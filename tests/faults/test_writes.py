"""Writes that race, or whose process or database dies half-way."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from pymongo.errors import ConnectionFailure

from chassis import idempotency
from chassis.clock import new_ulid, utc_now
from chassis.errors import Unavailable
from chassis.http import problems
from chassis.identity import Actor
from chassis.local_copy import put_newer
from chassis.mongo import Mongo
from chassis.pictures import Picture
from services.issues.media.store import PhotoStore
from services.points.domain import Leg, Posting
from services.points.store import JournalStore

THREADS = 8
PICTURE = Picture(body=b"body" * 100_000, thumbnail=b"small", content_type="image/jpeg", width=2, height=2)


def test_of_states_that_arrive_at_once_the_newest_stays(mongo: Mongo) -> None:
    """The first two states of a member are often handled by two threads at the same moment."""
    start = Barrier(THREADS)

    def put(sequence: int) -> None:
        for number in range(25):
            start.wait()
            put_newer(mongo["copies"], f"member-{number}", {"value": sequence}, sequence)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(put, range(1, THREADS + 1)))
    assert [one["value"] for one in mongo["copies"].find()] == [THREADS] * 25


def posting(number: int, member: str) -> Posting:
    legs = (Leg(member, "points", 1), Leg("issuer:120199", "points", -1))
    key = f"issue.claimed:{number}"
    return Posting(new_ulid(), key, "issue.claimed", 1, str(number), "120199001", legs, utc_now())


def test_the_first_payments_of_a_new_wallet_are_all_made_though_they_race_for_it(mongo: Mongo) -> None:
    store = JournalStore(mongo)
    store.ensure_indexes()
    start = Barrier(THREADS)

    def pay(place: int) -> None:
        for member in range(10):
            start.wait()
            while not _posted(store, posting(place * 100 + member, f"member-{member}")):
                continue

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(pay, range(THREADS)))
    assert mongo["journal"].count_documents({}) == THREADS * 10
    balances = [one["points"]["posted"] for one in mongo["accounts"].find()]
    assert balances == [THREADS] * 10


def _posted(store: JournalStore, one: Posting) -> bool:
    """Post as the consumer does: what the ledger is too busy for comes again."""
    try:
        assert store.post(one), "a posting that nobody made counted as known"
    except Unavailable:
        return False
    return True


def test_a_duplicate_that_is_not_of_the_key_does_not_count_as_paid(mongo: Mongo) -> None:
    store = JournalStore(mongo)
    store.ensure_indexes()
    first, second = posting(1, "member"), posting(2, "member")
    assert store.post(first)
    with pytest.raises(Unavailable):
        store.post(replace(second, id=first.id))
    assert not store.post(replace(first, id=new_ulid()))


def test_of_the_same_payment_made_at_once_exactly_one_is_booked(mongo: Mongo) -> None:
    store = JournalStore(mongo)
    store.ensure_indexes()
    start = Barrier(THREADS)

    def pay(_: int) -> list[bool]:
        booked = []
        for number in range(10):
            start.wait()
            booked.append(store.post(posting(number, "member")))
        return booked

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(pay, range(THREADS)))
    assert sum(map(sum, answers)) == 10
    assert [one["points"]["posted"] for one in mongo["accounts"].find()] == [10]


@pytest.fixture
def shop(mongo: Mongo) -> FlaskClient:
    """An application whose database stores the first write and dies before it says so."""
    app = Flask(__name__)
    problems.register(app)
    app.before_request(lambda: setattr(g, "actor", Actor("somebody")))
    idempotency.register(app, mongo)

    @app.post("/things")
    def make() -> tuple[dict[str, str], int]:
        made = mongo["things"].update_one({"_id": idempotency.new_id()}, {"$inc": {"tries": 1}}, upsert=True)
        if made.upserted_id is not None:
            raise ConnectionFailure("the answer was lost")
        return {"state": "made"}, 201

    return app.test_client()


def test_a_repeat_after_an_unknown_outcome_meets_what_the_first_try_stored(
    shop: FlaskClient, mongo: Mongo
) -> None:
    headers = {"Idempotency-Key": "once"}
    assert shop.post("/things", json={}, headers=headers).status_code == 503
    assert shop.post("/things", json={}, headers=headers).status_code == 201
    assert shop.post("/things", json={}, headers=headers).headers["Idempotent-Replayed"] == "true"
    assert [one["tries"] for one in mongo["things"].find()] == [2]


def test_a_photo_whose_upload_died_half_way_is_there_after_the_repeat(mongo: Mongo) -> None:
    store = PhotoStore(mongo)
    store.add("half", "owner", PICTURE, utc_now())
    written = mongo["photos"].find_one({"_id": "half"}) or {}
    mongo["media.files"].delete_many({})
    half = {"file": None, "leftovers": [written["file"]], "unused_until": None}
    mongo["photos"].update_one({"_id": "half"}, {"$set": half})
    store.add("half", "owner", PICTURE, utc_now())
    content_type, size, chunks = store.open("half")
    assert (content_type, size, b"".join(chunks)) == ("image/jpeg", len(PICTURE.body), PICTURE.body)
    [again] = store.due(utc_now(), 10)
    store.clear(again)
    assert {one["files_id"].split("-")[0] for one in mongo["media.chunks"].find()} == {again.file}
