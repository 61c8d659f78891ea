"""Consuming a service's queue: a pool of worker threads, acknowledged only after the effect is stored.

A failed event waits in a delay queue and comes back with its attempt counted; after the last delay it
goes to the dead letters. Its neighbours are not held up.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pika
import structlog
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import ConsumerCancelled
from pymongo.errors import ConnectionFailure

from chassis import logs, metrics, trace
from chassis.broker import topology
from chassis.broker.connection import BROKER_ERRORS, close, connect, jitter
from chassis.clock import utc_now
from chassis.errors import Unavailable
from chassis.events import Envelope, parse
from chassis.faults import Faults

ATTEMPT = "x-attempt"
ERROR = "x-error"
AT_ONCE = 32
"""How many events are handled in one go, at most."""
_DRAIN_SECONDS = 20.0
log = logs.get()


@dataclass(frozen=True)
class _Delivery:
    tag: int
    body: bytes
    properties: pika.BasicProperties

    @property
    def attempt(self) -> int:
        headers: Mapping[str, Any] = self.properties.headers or {}
        counted = headers.get(ATTEMPT, 0)
        return counted if isinstance(counted, int) else 0


@dataclass(frozen=True)
class Jointly:
    """The types of which several events are handled in one go, one go after the other."""

    types: frozenset[str]
    handle: Callable[[Sequence[Envelope]], Sequence[Exception | None]]


class _Lane:
    """What was delivered over one connection and waits to be handled jointly; one thread at a time does so.

    Of one connection only: whoever is still at what an earlier one delivered must hold up nobody.
    """

    def __init__(self) -> None:
        self.waiting: deque[_Delivery] = deque()
        self.taken = threading.Lock()


class Consumer:
    """Runs `handle` for each event of one service's queue, or `jointly` for all that wait of some types.

    `longest_wait`: seconds between two tries to connect.
    """

    def __init__(
        self,
        service: str,
        url: str,
        shape: topology.Topology,
        handle: Callable[[Envelope], None],
        *,
        threads: int,
        delays: Sequence[float],
        longest_wait: float,
        faults: Faults,
        jointly: Jointly | None = None,
    ) -> None:
        self._service = service
        self._url = url
        self._shape = shape
        self._handle = handle
        self._threads = threads
        self._delays = delays
        self._longest_wait = longest_wait
        self._faults = faults
        self._jointly = jointly
        self._in_flight = 0
        self._waits = jitter(longest_wait)
        self.connected = False

    def run(self, stop: threading.Event) -> None:
        """Consume until `stop` is set, reconnecting as often as needed; finishes what it has begun."""
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="handler")
        while not stop.is_set():
            try:
                self._consume(stop, pool)
            except BROKER_ERRORS as error:
                log.warning("consumer.reconnecting", reason=repr(error)[:200])
            self.connected = False
            stop.wait(next(self._waits))
        # What no thread has begun is the broker's to deliver again.
        pool.shutdown(cancel_futures=True)

    def _consume(self, stop: threading.Event, pool: ThreadPoolExecutor) -> None:
        connection = connect(self._url)
        try:
            channel = connection.channel()
            topology.declare(channel, self._shape, self._delays)
            # In the lane one lot is being handled while the next gathers.
            channel.basic_qos(prefetch_count=self._threads * 8 + (2 * AT_ONCE if self._jointly else 0))
            channel.confirm_delivery()
            self._serve(stop, pool, connection, channel)
        finally:
            close(connection)

    def _serve(
        self,
        stop: threading.Event,
        pool: ThreadPoolExecutor,
        connection: BlockingConnection,
        channel: BlockingChannel,
    ) -> None:
        self._in_flight = 0
        lane = _Lane()

        def received(_channel: Any, method: Any, properties: pika.BasicProperties, body: bytes) -> None:
            self._in_flight += 1
            delivery = _Delivery(method.delivery_tag, body, properties)
            if self._jointly is not None and properties.type in self._jointly.types:
                lane.waiting.append(delivery)
                pool.submit(self._work_lane, lane, self._jointly, connection, channel)
            else:
                pool.submit(self._work, connection, channel, delivery)

        consumer_tag = channel.basic_consume(topology.queue_name(self._service), received)
        self.connected = True
        self._waits = jitter(self._longest_wait)
        while not stop.is_set():
            connection.process_data_events(time_limit=0.5)
            # pika tells of neither by an exception: the broker closed the channel, or cancelled the
            # consumer because its queue was deleted or moved.
            if not channel.is_open or consumer_tag not in channel.consumer_tags:
                raise ConsumerCancelled("the broker ended the consumer")
        channel.basic_cancel(consumer_tag)
        deadline = time.monotonic() + _DRAIN_SECONDS
        while self._in_flight and channel.is_open and time.monotonic() < deadline:
            connection.process_data_events(time_limit=0.1)

    def _work(self, connection: BlockingConnection, channel: BlockingChannel, delivery: _Delivery) -> None:
        """In a pool thread: handle, then have the connection's thread settle the delivery."""
        if not channel.is_open:
            return  # the broker has given it to somebody else already
        failure = self._try(delivery)
        self._faults.kill_at("consumer.before-ack")
        self._have_settled(connection, channel, delivery, failure)

    def _work_lane(
        self, lane: _Lane, jointly: Jointly, connection: BlockingConnection, channel: BlockingChannel
    ) -> None:
        """In a pool thread: handle what waits in the lane, unless another thread is at it."""
        while lane.waiting and lane.taken.acquire(blocking=False):
            try:
                if not channel.is_open:
                    return
                deliveries = _taken(lane.waiting, AT_ONCE)
                failures = self._try_jointly(jointly, deliveries)
                self._faults.kill_at("consumer.before-ack")
                for delivery, failure in zip(deliveries, failures, strict=True):
                    self._have_settled(connection, channel, delivery, failure)
            finally:
                lane.taken.release()

    def _have_settled(
        self,
        connection: BlockingConnection,
        channel: BlockingChannel,
        delivery: _Delivery,
        failure: Exception | None,
    ) -> None:
        try:
            connection.add_callback_threadsafe(lambda: self._settle(channel, delivery, failure))
        except BROKER_ERRORS:
            log.warning("consumer.connection-lost", tag=delivery.tag)

    def _try(self, delivery: _Delivery) -> Exception | None:
        kind, outcome = "unreadable", "failed"
        try:
            event = parse(delivery.body)
            kind = event.type
            trace.begin(event.traceparent, event.correlation_id, event.id)
            structlog.contextvars.bind_contextvars(event=event.id, type=kind, area=event.area)
            if delivery.attempt == 0 and self._faults.happens("consumer.delay"):
                raise ConnectionFailure("delayed on purpose")  # noqa: TRY301 - takes the same road as a real one
            self._handle(event)
            metrics.LAG_SECONDS.labels(self._service).observe((utc_now() - event.time).total_seconds())
        except Exception as error:  # noqa: BLE001 - whatever it is, the event is kept and tried again
            log.warning("event.failed", attempt=delivery.attempt, reason=repr(error)[:500])
            return error
        else:
            outcome = "handled"
            return None
        finally:
            metrics.CONSUMED.labels(self._service, kind, outcome).inc()
            structlog.contextvars.unbind_contextvars("event", "type", "area")

    def _try_jointly(self, jointly: Jointly, deliveries: Sequence[_Delivery]) -> Sequence[Exception | None]:
        """What became of each delivery. Unreadable or failed before: tried by itself."""
        outcomes: dict[int, Exception | None] = {}
        events: dict[int, Envelope] = {}
        for one in deliveries:
            if len(deliveries) == 1 or one.attempt:
                outcomes[one.tag] = self._try(one)
            elif self._faults.happens("consumer.delay"):
                outcomes[one.tag] = ConnectionFailure("delayed on purpose")
            else:
                try:
                    events[one.tag] = parse(one.body)
                except Exception:  # noqa: BLE001 - found and counted where it is tried by itself
                    outcomes[one.tag] = self._try(one)
        found = jointly.handle(list(events.values())) if events else []
        outcomes |= dict(zip(events, found, strict=True))
        for tag, event in events.items():
            self._note(event, outcomes[tag])
        return [outcomes[one.tag] for one in deliveries]

    def _note(self, event: Envelope, failure: Exception | None) -> None:
        metrics.CONSUMED.labels(self._service, event.type, "failed" if failure else "handled").inc()
        if failure is None:
            metrics.LAG_SECONDS.labels(self._service).observe((utc_now() - event.time).total_seconds())
        else:
            log.warning("event.failed", id=event.id, type=event.type, reason=repr(failure)[:500])

    def _settle(self, channel: BlockingChannel, delivery: _Delivery, failure: Exception | None) -> None:
        """In the connection's thread: acknowledge, or put the event aside first."""
        self._in_flight -= 1
        if failure is None:
            if self._faults.happens("consumer.redeliver"):
                channel.basic_nack(delivery.tag, requeue=True)
            else:
                channel.basic_ack(delivery.tag)
            return
        self._put_aside(channel, delivery, failure)
        channel.basic_ack(delivery.tag)

    def _put_aside(self, channel: BlockingChannel, delivery: _Delivery, failure: Exception) -> None:
        # A database that does not answer, or is too busy, is no fault of the event: not counted.
        attempt = delivery.attempt + (0 if isinstance(failure, ConnectionFailure | Unavailable) else 1)
        if attempt > len(self._delays):
            queue = topology.dead_queue_name(self._service)
            metrics.DEAD_LETTERS.labels(self._service).inc()
            log.error("event.dead", attempts=attempt, reason=repr(failure)[:500])
        else:
            queue = topology.retry_queue_name(self._service, self._delays[max(0, attempt - 1)])
            metrics.RETRIES.labels(self._service).inc()
        channel.basic_publish(
            "",
            queue,
            delivery.body,
            pika.BasicProperties(
                content_type=delivery.properties.content_type,
                delivery_mode=2,
                message_id=delivery.properties.message_id,
                type=delivery.properties.type,
                headers={ATTEMPT: attempt, ERROR: repr(failure)[:500]},
            ),
            mandatory=True,
        )


def _taken(waiting: deque[_Delivery], most: int) -> list[_Delivery]:
    """The first of those that wait; whoever takes holds the lane."""
    return [waiting.popleft() for _ in range(min(most, len(waiting)))]
