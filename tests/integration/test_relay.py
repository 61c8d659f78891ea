"""The outbox and the relay on the real database and broker: every event once confirmed, none left behind."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import orjson
import pika
import pytest

from chassis import outbox
from chassis.broker.connection import connect
from chassis.broker.publisher import Publisher
from chassis.broker.topology import Topology
from chassis.clock import new_ulid, utc_now
from chassis.errors import ConcurrentUpdate
from chassis.events import Event, envelope
from chassis.faults import Faults
from chassis.mongo import Document, Mongo
from chassis.outbox import SLOTS, slot
from chassis.relay import Relay, SlotShare
from infra.local.deployment import Deployment, wait_until


@dataclass(frozen=True)
class LampChanged(Event):
    """A lamp was switched."""

    on: bool
    type: ClassVar[str] = "lamp.changed.v1"


def happened(lamp: str, version: int) -> dict[str, Any]:
    return envelope(
        LampChanged(version % 2 == 1),
        source="lamps",
        subject=lamp,
        sequence=version,
        area="120199",
        at=utc_now(),
    )


def add(mongo: Mongo, lamp: str) -> bool:
    return outbox.insert(mongo["lamps"], {"_id": lamp, "version": 1}, [happened(lamp, 1)])


def switch(mongo: Mongo, lamp: str, version: int) -> None:
    changed = {"version": version}
    outbox.save(mongo["lamps"], lamp, version, [happened(lamp, version)], set_fields=changed)


def lamp_now(mongo: Mongo, lamp: str) -> Document:
    found = mongo["lamps"].find_one({"_id": lamp})
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def indexes(mongo: Mongo) -> None:
    outbox.ensure_indexes(mongo["lamps"])


class Listener:
    """A subscriber of its own, with a queue of its own."""

    def __init__(self, url: str) -> None:
        self.service = f"listener-{new_ulid()}"
        self.shape = Topology({self.service: ("lamp.changed",)})
        self.url = url

    def heard(self) -> list[dict[str, Any]]:
        """Every event that arrived since it was asked last."""
        connection = connect(self.url)
        channel = connection.channel()
        bodies: list[dict[str, Any]] = []
        while True:
            method, _, body = channel.basic_get(f"{self.service}.events", auto_ack=True)
            if method is None or body is None:
                connection.close()
                return bodies
            bodies.append(orjson.loads(body))


@pytest.fixture
def listener(backing: Deployment) -> Iterator[Listener]:
    listening = Listener(backing.amqp_url)
    yield listening
    connection = connect(backing.amqp_url)
    for end in ("events", "dead", "retry.1000ms"):
        connection.channel().queue_delete(f"{listening.service}.{end}")
    connection.close()


@pytest.fixture
def publisher(listener: Listener) -> Iterator[Publisher]:
    publishing = Publisher(listener.url, listener.shape, (1.0,), longest_wait=1)
    publishing.start()
    wait_until(lambda: publishing.connected, 60, "a connection to the broker")
    yield publishing
    publishing.stop()


def relay(mongo: Mongo, publisher: Publisher) -> Relay:
    return Relay("lamps", mongo, ["lamps"], publisher, Faults())


def undrained(mongo: Mongo) -> int:
    return mongo["lamps"].count_documents({"pending": {"$gte": 0}})


def test_a_new_document_and_its_event_are_one_write(mongo: Mongo) -> None:
    assert add(mongo, "L")
    found = lamp_now(mongo, "L")
    assert [one["sequence"] for one in found["outbox"]] == [1]
    assert found["pending"] == slot("L")
    assert not add(mongo, "L")
    assert len(lamp_now(mongo, "L")["outbox"]) == 1


def test_of_all_who_save_the_same_version_at_once_exactly_one_does(mongo: Mongo) -> None:
    add(mongo, "L")

    def attempt(_: int) -> bool:
        try:
            switch(mongo, "L", 2)
        except ConcurrentUpdate:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1
    assert [one["sequence"] for one in lamp_now(mongo, "L")["outbox"]] == [1, 2]


def test_a_save_over_a_version_that_is_not_the_one_before_writes_nothing(mongo: Mongo) -> None:
    add(mongo, "L")
    before = lamp_now(mongo, "L")
    for version in (1, 3):
        with pytest.raises(ConcurrentUpdate):
            switch(mongo, "L", version)
    assert lamp_now(mongo, "L") == before


def test_a_change_that_nobody_need_hear_of_leaves_nothing_to_relay(mongo: Mongo) -> None:
    mongo["lamps"].insert_one(outbox.fresh({"_id": "L", "version": 1}, []))
    outbox.save(mongo["lamps"], "L", 2, [], set_fields={"version": 2})
    assert undrained(mongo) == 0


def test_every_event_is_published_once_and_every_outbox_emptied(
    mongo: Mongo, listener: Listener, publisher: Publisher
) -> None:
    lamps = [new_ulid() for _ in range(250)]  # more than one window
    for lamp in lamps:
        add(mongo, lamp)
    for lamp in lamps[:20]:
        switch(mongo, lamp, 2)
    moving = relay(mongo, publisher)
    assert sum(moving.drain("lamps") for _ in range(3)) == 250
    heard = listener.heard()
    assert sorted((one["subject"], one["sequence"]) for one in heard) == sorted(
        [(lamp, 1) for lamp in lamps] + [(lamp, 2) for lamp in lamps[:20]]
    )
    assert len({one["id"] for one in heard}) == 270
    assert undrained(mongo) == 0
    assert mongo["lamps"].count_documents({"outbox": []}) == 250
    assert moving.drain("lamps") == 0


class Interrupted(Publisher):
    """A real publisher; something else happens to the database between the confirm and the next step."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def publish(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> set[str]:
        """Publish, then let the other thing happen."""
        confirmed = super().publish(messages)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return confirmed


@pytest.fixture
def interrupted(listener: Listener) -> Iterator[Interrupted]:
    publishing = Interrupted(listener.url, listener.shape, (1.0,), longest_wait=1)
    publishing.start()
    wait_until(lambda: publishing.connected, 60, "a connection to the broker")
    yield publishing
    publishing.stop()


def test_what_is_saved_while_its_document_is_relayed_is_relayed_next(
    mongo: Mongo, listener: Listener, interrupted: Interrupted
) -> None:
    add(mongo, "L")
    interrupted.meanwhile = lambda: switch(mongo, "L", 2)
    moving = relay(mongo, interrupted)
    moving.drain("lamps")
    assert [one["sequence"] for one in lamp_now(mongo, "L")["outbox"]] == [2]
    assert undrained(mongo) == 1
    moving.drain("lamps")
    assert [one["sequence"] for one in listener.heard()] == [1, 2]
    assert undrained(mongo) == 0


def test_a_remark_written_while_a_document_is_relayed_does_not_hold_up_the_relay(
    mongo: Mongo, listener: Listener, interrupted: Interrupted
) -> None:
    add(mongo, "L")
    interrupted.meanwhile = lambda: outbox.save(mongo["lamps"], "L", 2, [], set_fields={"version": 2})
    moving = relay(mongo, interrupted)
    moving.drain("lamps")
    moving.drain("lamps")
    assert undrained(mongo) == 0
    assert [one["sequence"] for one in listener.heard()] == [1]


def test_a_relay_that_dies_before_it_forgets_publishes_again_and_loses_nothing(
    mongo: Mongo, listener: Listener, interrupted: Interrupted
) -> None:
    add(mongo, "L")

    def die() -> None:
        raise KeyboardInterrupt

    interrupted.meanwhile = die
    with pytest.raises(KeyboardInterrupt):
        relay(mongo, interrupted).drain("lamps")
    assert undrained(mongo) == 1
    mongo["relays"].delete_many({})  # its lease runs out
    relay(mongo, interrupted).drain("lamps")
    first, again = listener.heard()
    assert first == again
    assert undrained(mongo) == 0


def test_an_event_that_finds_no_queue_stays_until_it_does(
    mongo: Mongo, listener: Listener, publisher: Publisher
) -> None:
    connection = connect(listener.url)
    connection.channel().queue_unbind(f"{listener.service}.events", "district.events", "lamp.changed")
    connection.close()
    add(mongo, "L")
    moving = relay(mongo, publisher)
    assert _tries(moving) == 0
    assert undrained(mongo) == 1
    _bind(listener)
    wait_until(lambda: _tries(moving) == 1, 60, "the event finding its queue")
    assert {one["subject"] for one in listener.heard()} == {"L"}


def _tries(moving: Relay) -> int:
    """One attempt; a failed one moves nothing."""
    try:
        return moving.drain("lamps")
    except Exception:  # noqa: BLE001 - the relay's own loop waits and tries again
        return 0


def _bind(listener: Listener) -> None:
    connection = connect(listener.url)
    connection.channel().queue_bind(f"{listener.service}.events", "district.events", "lamp.changed")
    connection.close()


def test_published_messages_survive_and_are_known_by_their_event(
    mongo: Mongo, listener: Listener, publisher: Publisher
) -> None:
    add(mongo, "L")
    relay(mongo, publisher).drain("lamps")
    connection = connect(listener.url)
    method, properties, body = connection.channel().basic_get(f"{listener.service}.events", auto_ack=True)
    connection.close()
    assert method is not None
    assert method.routing_key == "lamp.changed"
    assert isinstance(properties, pika.BasicProperties)
    assert properties.delivery_mode == 2
    assert properties.content_type == "application/cloudevents+json"
    assert body is not None
    event = orjson.loads(body)
    assert (properties.message_id, properties.type) == (event["id"], "lamp.changed.v1")


def test_live_relays_share_all_slots_and_serve_none_twice(mongo: Mongo) -> None:
    assert SlotShare(mongo, "a").mine() == list(range(SLOTS))
    for owners in ("ab", "abc", "abcde"):
        for owner in owners:
            SlotShare(mongo, owner).mine()
        slots = [number for owner in owners for number in SlotShare(mongo, owner).mine()]
        assert sorted(slots) == list(range(SLOTS))


def test_the_slots_of_a_relay_that_leaves_or_dies_go_to_the_others(mongo: Mongo) -> None:
    for owner in "abc":
        SlotShare(mongo, owner).mine()
    SlotShare(mongo, "a").release()
    mongo["relays"].update_one({"_id": "b"}, {"$set": {"until": utc_now() - timedelta(seconds=1)}})
    assert SlotShare(mongo, "c").mine() == list(range(SLOTS))


def test_two_relays_at_once_publish_everything(
    mongo: Mongo, listener: Listener, publisher: Publisher, interrupted: Interrupted
) -> None:
    lamps = [new_ulid() for _ in range(60)]
    for lamp in lamps:
        add(mongo, lamp)
    one, two = relay(mongo, publisher), relay(mongo, interrupted)
    wait_until(lambda: one.drain("lamps") + two.drain("lamps") == 0, 60, "both outboxes drained")
    assert undrained(mongo) == 0
    assert {event["subject"] for event in listener.heard()} == set(lamps)
