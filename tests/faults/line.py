"""A service of a test's own on a real broker: its queues, its publisher and its consumer."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pika
from pika.exceptions import ChannelClosedByBroker

from chassis.broker import dead_letters, topology
from chassis.broker.connection import connect
from chassis.broker.consumer import Consumer, Jointly
from chassis.broker.publisher import Publisher, PublishFailed
from chassis.broker.topology import Topology
from chassis.clock import new_ulid, rfc3339, utc_now
from chassis.events import Envelope
from chassis.faults import Faults

DELAYS = (0.1, 0.2)


def fact(key: str, **changed: Any) -> dict[str, Any]:
    return {
        "id": new_ulid(),
        "type": f"{key}.v1",
        "source": "/tests",
        "subject": "one",
        "time": rfc3339(utc_now()),
        "sequence": 1,
        "area": "120199",
        "correlationid": "test",
        "traceparent": "",
        "data": {},
        **changed,
    }


@dataclass
class Line:
    """A service of the test's own: its queues on the broker, and what its consumer has handled."""

    url: str
    service: str = field(default_factory=lambda: f"test-{new_ulid()}")
    handled: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.service}.happened"

    @property
    def shape(self) -> Topology:
        return Topology({self.service: (self.key,)})

    def send(self, body: bytes, **properties: Any) -> None:
        """Put a body into the service's queue, as some foreign publisher might."""
        connection = connect(self.url)
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            channel.basic_publish(
                "",
                topology.queue_name(self.service),
                body,
                pika.BasicProperties(delivery_mode=2, **properties),
                mandatory=True,
            )
        finally:
            connection.close()

    def declare(self) -> None:
        connection = connect(self.url)
        topology.declare(connection.channel(), self.shape, DELAYS)
        connection.close()

    def delete_queue(self) -> None:
        connection = connect(self.url)
        connection.channel().queue_delete(topology.queue_name(self.service))
        connection.close()

    def is_declared(self) -> bool:
        connection = connect(self.url)
        try:
            connection.channel().queue_declare(topology.queue_name(self.service), passive=True)
        except ChannelClosedByBroker:
            return False
        else:
            return True
        finally:
            connection.close()

    def dead(self) -> list[str]:
        return [letter.error for letter in dead_letters.listing(self.url, self.service)]

    def handle(self, event: Envelope) -> None:
        self.handled.append(event.id)

    @contextmanager
    def consuming(
        self, handle: Callable[[Envelope], None] | None = None, jointly: Jointly | None = None
    ) -> Iterator[Consumer]:
        consumer = Consumer(
            self.service,
            self.url,
            self.shape,
            handle or self.handle,
            threads=2,
            delays=DELAYS,
            longest_wait=1,
            faults=Faults(),
            jointly=jointly,
        )
        stop = threading.Event()
        thread = threading.Thread(target=consumer.run, args=(stop,))
        thread.start()
        try:
            yield consumer
        finally:
            stop.set()
            thread.join()

    @contextmanager
    def publishing(self) -> Iterator[Publisher]:
        publisher = Publisher(self.url, self.shape, DELAYS, longest_wait=1)
        publisher.start()
        try:
            yield publisher
        finally:
            publisher.stop()


def published(publisher: Publisher, key: str, event: dict[str, Any]) -> bool:
    """Try to publish, as the relay does again and again."""
    try:
        return publisher.publish([(key, event)]) == {event["id"]}
    except PublishFailed:
        return False
