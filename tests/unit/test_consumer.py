"""The consumer across a lost connection, on a broker that is played here."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, cast

import orjson
import pika
import pytest
from pika.exceptions import ConsumerCancelled

from chassis.broker import topology
from chassis.broker.consumer import Consumer, Jointly
from chassis.clock import utc_now
from chassis.events import Envelope, Event, envelope
from chassis.faults import Faults
from infra.local.deployment import wait_until

DEADLINE, THREADS = 10.0, 4


class Happened(Event):
    """Something to be consumed."""

    type = "thing.happened.v1"


class Line:
    """A connection with its only channel: delivers what is put on it and notes what is acknowledged."""

    def __init__(self) -> None:
        self.is_open = True
        self.consumer_tags = ["consumer"]
        self.acknowledged: list[int] = []
        self.received = threading.Semaphore(0)
        self._callbacks: deque[Callable[[], None]] = deque()
        self._receive: Callable[..., None] | None = None

    def basic_consume(self, _queue: str, receive: Callable[..., None]) -> str:
        """Begin to deliver."""
        self._receive = receive
        return "consumer"

    def deliver(self, tag: int) -> None:
        """Have the connection's thread receive an event."""
        body = envelope(Happened(), source="t", subject="t", sequence=1, area="120199", at=utc_now())
        method = pika.spec.Basic.Deliver("consumer", tag)
        properties = pika.BasicProperties(type=Happened.type)

        def receive() -> None:
            assert self._receive is not None
            self._receive(self, method, properties, orjson.dumps(body))
            self.received.release()

        self._callbacks.append(receive)

    def add_callback_threadsafe(self, callback: Callable[[], None]) -> None:
        """Have the connection's thread do something."""
        self._callbacks.append(callback)

    def process_data_events(self, time_limit: float) -> None:
        """Be the connection's thread for a moment."""
        threading.Event().wait(min(time_limit, 0.01))
        while self._callbacks:
            self._callbacks.popleft()()

    def basic_ack(self, tag: int) -> None:
        """Note that an event is done with."""
        self.acknowledged.append(tag)

    def basic_cancel(self, _tag: str) -> None:
        """Deliver no more."""


class Handler:
    """Handles events, the first of them only when it is let go on."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, events: Sequence[Envelope]) -> Sequence[Exception | None]:
        """Handle several."""
        for event in events:
            self.one(event)
        return [None] * len(events)

    def one(self, _: Envelope) -> None:
        """Handle one."""
        if not self.began.is_set():
            self.began.set()
            assert self.go_on.wait(DEADLINE)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads


def served(
    consumer: Consumer, line: Line, pool: ThreadPoolExecutor
) -> tuple[threading.Event, threading.Thread]:
    """A thread that serves a connection until it is told to stop or loses it."""
    stop = threading.Event()

    def serve() -> None:
        with suppress(ConsumerCancelled):
            consumer._serve(stop, pool, cast("Any", line), cast("Any", line))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return stop, thread


def test_what_a_new_connection_delivers_does_not_lie_behind_what_an_old_one_began(
    pool: ThreadPoolExecutor,
) -> None:
    handler = Handler()
    consumer = Consumer(
        "points",
        "amqp://nowhere",
        topology.Topology({}),
        handler.one,
        threads=THREADS,
        delays=[1.0],
        longest_wait=1.0,
        faults=Faults(),
        jointly=Jointly(frozenset({Happened.type}), handler),
    )
    old, new = Line(), Line()
    _, thread = served(consumer, old, pool)
    old.deliver(1)
    assert handler.began.wait(DEADLINE)
    old.is_open = False
    thread.join(DEADLINE)

    stop, thread = served(consumer, new, pool)
    new.deliver(1)
    new.deliver(2)
    assert all(new.received.acquire(timeout=DEADLINE) for _ in range(2))
    # As many as there are threads left: when they meet, all that was begun before them has ended.
    others = threading.Barrier(THREADS - 1)
    for one in [pool.submit(others.wait, DEADLINE) for _ in range(THREADS - 1)]:
        one.result(DEADLINE)
    handler.go_on.set()
    wait_until(lambda: len(new.acknowledged) == 2, DEADLINE, "the acknowledgement of both")
    stop.set()
    thread.join(DEADLINE)
    assert sorted(new.acknowledged) == [1, 2]
    assert old.acknowledged == []
