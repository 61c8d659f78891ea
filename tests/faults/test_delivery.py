"""The broker's parts one by one, on a real broker and a real database: races and poison."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from pymongo.errors import ConnectionFailure

from chassis import outbox
from chassis.broker import dead_letters
from chassis.broker.consumer import ATTEMPT, Jointly
from chassis.broker.publisher import Publisher
from chassis.errors import Unavailable
from chassis.events import Envelope
from chassis.faults import Faults
from chassis.mongo import Mongo
from chassis.relay import Relay
from infra.local.deployment import Deployment, wait_until
from tests.faults.line import DELAYS, Line, fact, published


@pytest.fixture
def line(harmed: Deployment) -> Line:
    return Line(harmed.amqp_url)


def test_a_publisher_that_is_still_connecting_publishes_on_the_connection_it_gets(line: Line) -> None:
    event = fact(line.key)
    with line.publishing() as publisher:
        assert publisher.publish([(line.key, event)]) == {event["id"]}


def test_a_document_whose_outbox_was_emptied_by_a_racing_write_does_not_hold_up_the_relay(
    line: Line, mongo: Mongo
) -> None:
    # A remark raised the version between the relay's read and its removal: `pending` stayed behind.
    mongo["things"].insert_one({"_id": "remarked", "version": 3, "outbox": [], "pending": 1})
    with line.publishing() as publisher:
        relay = Relay(line.service, mongo, ["things"], publisher, Faults())
        assert relay.drain("things") == 1
    assert mongo["things"].find_one({"_id": "remarked"}) == {"_id": "remarked", "version": 3, "outbox": []}


def test_events_committed_while_their_outbox_is_being_emptied_are_published_all_the_same(
    line: Line, mongo: Mongo
) -> None:
    things, saves = mongo["things"], 120
    outbox.ensure_indexes(things)
    for name in ("one", "two"):
        outbox.insert(things, {"_id": name, "version": 1}, [])

    def save(name: str) -> set[str]:
        committed = set()
        for version in range(2, saves + 2):
            event = fact(line.key) if version % 3 else None  # every third write is a remark, without event
            outbox.save(things, name, version, [event] if event else [], set_fields={"version": version})
            committed |= {event["id"]} if event else set()
        return committed

    with line.consuming(), ThreadPoolExecutor(2) as pool:
        publisher, stop = Publisher(line.url, line.shape, DELAYS, longest_wait=1), threading.Event()
        relay = Relay(line.service, mongo, ["things"], publisher, Faults())
        thread = threading.Thread(target=relay.run, args=(stop,))
        thread.start()
        committed = set().union(*pool.map(save, ("one", "two")))
        try:
            wait_until(lambda: set(line.handled) == committed, 60, "every committed event")
            wait_until(lambda: things.find_one({"pending": {"$gte": 0}}) is None, 30, "empty outboxes")
        finally:
            stop.set()
            thread.join()
    assert [one["outbox"] for one in things.find()] == [[], []]


def test_a_publisher_declares_the_queues_again_when_an_event_finds_none(line: Line) -> None:
    with line.publishing() as publisher:
        wait_until(lambda: publisher.connected, 20, "the connection")
        line.delete_queue()
        event = fact(line.key)
        wait_until(lambda: published(publisher, line.key, event), 30, "the event in the deleted queue")


def test_a_consumer_whose_queue_was_deleted_declares_it_and_goes_on(line: Line) -> None:
    with line.consuming() as consumer, line.publishing() as publisher:
        wait_until(lambda: consumer.connected and publisher.connected, 20, "the connections")
        line.delete_queue()
        wait_until(line.is_declared, 30, "the queue made again by the consumer")
        event = fact(line.key)
        wait_until(lambda: published(publisher, line.key, event), 30, "the event in the new queue")
        wait_until(lambda: set(line.handled) == {event["id"]}, 30, "the event after the deletion")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\xff\xfe no JSON at all", "not an event envelope"),
        (b"[]", "not an event envelope"),
        (orjson.dumps({"id": "1", "type": "x.v1"}), "not an event envelope"),
        (orjson.dumps(fact("x", time="2026-01-01T08:00:00")), "its time has no zone"),
    ],
    ids=["bytes", "another shape", "half an envelope", "a time without zone"],
)
def test_what_is_no_event_goes_to_the_dead_letters_and_its_neighbours_are_handled(
    line: Line, body: bytes, why: str
) -> None:
    line.declare()
    good = [fact(line.key) for _ in range(40)]
    line.send(body)
    for event in good:
        line.send(orjson.dumps(event), message_id=event["id"])
    with line.consuming():
        wait_until(lambda: len(line.handled) == 40, 30, "the neighbours")
        wait_until(lambda: len(line.dead()) == 1, 30, "the dead letter")
    assert why in line.dead()[0]
    assert sorted(line.handled) == sorted(event["id"] for event in good)


def test_a_count_of_attempts_that_is_no_number_counts_as_none(line: Line) -> None:
    line.declare()
    line.send(b"no event", headers={ATTEMPT: "many"})
    with line.consuming():
        wait_until(lambda: len(line.dead()) == 1, 30, "the dead letter")


def test_a_dead_letter_can_be_named_replayed_and_discarded_though_it_carries_no_id(line: Line) -> None:
    line.declare()
    line.send(b"no event")
    with line.consuming():
        wait_until(lambda: len(line.dead()) == 1, 30, "the dead letter")
        (letter,) = dead_letters.listing(line.url, line.service)
        assert (letter.message_id.startswith("sha256-"), letter.body) == (True, b"no event")
        assert dead_letters.settle(line.url, line.service, replay=True, message_id="other") == 0
        assert dead_letters.settle(line.url, line.service, replay=True, message_id=letter.message_id) == 1
        wait_until(lambda: len(line.dead()) == 1, 30, "the dead letter after its replay")
        assert dead_letters.settle(line.url, line.service, replay=False, message_id=letter.message_id) == 1
    assert line.dead() == []


def test_a_handler_that_fails_at_first_is_tried_again_and_nothing_is_given_up(line: Line) -> None:
    line.declare()
    failed: set[str] = set()

    def handle(event: Envelope) -> None:
        if event.id not in failed:
            failed.add(event.id)
            raise LookupError("not yet")
        line.handle(event)

    events = [fact(line.key) for _ in range(20)]
    for event in events:
        line.send(orjson.dumps(event), message_id=event["id"])
    with line.consuming(handle):
        wait_until(lambda: len(line.handled) == 20, 30, "every event, at its second attempt")
    assert line.dead() == []


@pytest.mark.parametrize("outage", [ConnectionFailure("away"), Unavailable("busy", zh="忙", en="busy")])
def test_an_event_is_not_given_up_while_the_database_is_away_or_too_busy(
    line: Line, outage: Exception
) -> None:
    line.declare()
    event = fact(line.key)
    line.send(orjson.dumps(event), message_id=event["id"])
    tries: list[int] = []

    def handle(arrived: Envelope) -> None:
        tries.append(1)
        if len(tries) < 3 * len(DELAYS):
            raise outage
        line.handle(arrived)

    with line.consuming(handle):
        wait_until(lambda: line.handled == [event["id"]], 30, "the event after the outage")
    assert line.dead() == []


def test_a_consumer_that_stops_finishes_what_it_handles_and_leaves_the_rest_to_others(line: Line) -> None:
    line.declare()
    events = [fact(line.key) for _ in range(60)]
    for event in events:
        line.send(orjson.dumps(event), message_id=event["id"])
    begun, go_on = threading.Event(), threading.Event()

    def handle(event: Envelope) -> None:
        begun.set()
        go_on.wait()
        line.handle(event)

    with line.consuming(handle):
        begun.wait()
        threading.Timer(0.3, go_on.set).start()
    with line.consuming():
        wait_until(lambda: len(set(line.handled)) == 60, 30, "what the first consumer left")
    assert len(line.handled) == 60


def test_events_that_wait_are_handled_together_and_a_failed_or_unreadable_one_by_itself(line: Line) -> None:
    line.declare()
    events = [fact(line.key) for _ in range(100)]
    for place, event in enumerate(events):
        line.send(orjson.dumps(event), message_id=event["id"], type=event["type"])
        if place == 50:
            line.send(b"no event", type=event["type"])
    bad = events[70]["id"]
    lots: list[int] = []

    def together(arrived: Sequence[Envelope]) -> list[Exception | None]:
        lots.append(len(arrived))
        for event in arrived:
            if event.id != bad:
                line.handle(event)
        return [LookupError("bad") if event.id == bad else None for event in arrived]

    with line.consuming(jointly=Jointly(frozenset([events[0]["type"]]), together)):
        wait_until(lambda: len(line.handled) == 100, 30, "every event")
        wait_until(lambda: len(line.dead()) == 1, 30, "the dead letter")
    assert sorted(line.handled) == sorted(event["id"] for event in events)
    assert len(lots) < 50
