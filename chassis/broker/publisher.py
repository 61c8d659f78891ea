"""Publishing with pipelined confirms and `mandatory`: nothing counts as sent before the broker says so."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pika
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel

from chassis import logs
from chassis.broker import topology
from chassis.broker.connection import BROKER_ERRORS, close, connect, jitter, parameters
from chassis.events import CONTENT_TYPE

_CONNECT_SECONDS = 2.0
_CONFIRM_SECONDS = 15.0
log = logs.get()


class PublishFailed(Exception):
    """The broker could not be reached or did not confirm in time; nothing may be assumed sent."""


@dataclass(frozen=True)
class _Message:
    key: str
    event_id: str
    type: str
    body: bytes


class _Batch:
    """The messages of one call and what became of them."""

    def __init__(self, messages: Sequence[_Message]) -> None:
        self.messages = messages
        self.by_tag: dict[int, str] = {}
        self.returned: set[str] = set()
        self.confirmed: set[str] = set()
        self.done = threading.Event()

    def settle(self, upto: int, multiple: bool, acked: bool) -> None:
        tags = [tag for tag in self.by_tag if tag <= upto] if multiple else [upto]
        for tag in tags:
            event_id = self.by_tag.pop(tag, None)
            if event_id is not None and acked and event_id not in self.returned:
                self.confirmed.add(event_id)
        if not self.by_tag:
            self.done.set()


class Publisher:
    """A connection with a thread of its own. `publish` may be called from one other thread at a time.

    `longest_wait`: seconds between two tries to connect.
    """

    def __init__(
        self, url: str, shape: topology.Topology, delays: Sequence[float], *, longest_wait: float
    ) -> None:
        self._url = url
        self._shape = shape
        self._delays = delays
        self._longest_wait = longest_wait
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._waits = jitter(longest_wait)
        self._connection: SelectConnection | None = None
        self._channel: Channel | None = None
        self._batch: _Batch | None = None
        self._next_tag = 1

    @property
    def connected(self) -> bool:
        """Whether a confirming channel is open now."""
        return self._ready.is_set()

    def start(self) -> None:
        """Begin connecting, and keep connected until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Close the connection and end the thread."""
        self._stop.set()
        self._give_up()
        self._thread.join(timeout=10)

    def publish(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> set[str]:
        """Publish (routing key, envelope) pairs and return the ids of the events confirmed *and* routed.

        Raises PublishFailed when there is no connection, or it breaks before anything is confirmed.
        """
        if not messages:
            return set()
        # Made here and not in the connection's thread: what cannot be written as JSON fails its caller.
        batch = _Batch([_Message(key, one["id"], one["type"], orjson.dumps(one)) for key, one in messages])
        self._hand_over(batch)
        in_time = batch.done.wait(_CONFIRM_SECONDS)
        if batch.returned:
            log.error("publisher.unroutable", events=sorted(batch.returned)[:20])
        if not in_time or batch.returned:
            # A channel that confirms nothing is of no use, and where an event finds no queue the topology
            # has suffered: a new connection declares it again.
            self._give_up()
        with self._lock:
            confirmed = set(batch.confirmed)
        if not confirmed:
            raise PublishFailed("the broker did not confirm")
        return confirmed

    def _hand_over(self, batch: _Batch) -> None:
        # The connection is chosen after the wait and under the lock: one that broke meanwhile would never
        # run the callback.
        self._ready.wait(_CONNECT_SECONDS)
        with self._lock:
            connection = self._connection
            if not self._ready.is_set() or connection is None:
                raise PublishFailed("no connection to the broker")
            self._batch = batch
            connection.ioloop.add_callback_threadsafe(lambda: self._send(batch))

    def _give_up(self) -> None:
        """Have the connection closed; nothing is published before there is a new one."""
        with self._lock:
            self._ready.clear()
            self._batch = None
            connection = self._connection
            if connection is not None:
                connection.ioloop.add_callback_threadsafe(lambda: _close(connection))

    # Everything below runs in the connection's own thread.

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._declare()
                self._loop()
            except BROKER_ERRORS as error:
                log.warning("publisher.reconnecting", reason=repr(error)[:200])
            self._stop.wait(next(self._waits))

    def _declare(self) -> None:
        connection = connect(self._url)
        try:
            topology.declare(connection.channel(), self._shape, self._delays)
        finally:
            close(connection)

    def _loop(self) -> None:
        connection = SelectConnection(
            parameters(self._url),
            on_open_callback=lambda opened: opened.channel(on_open_callback=self._opened),
            on_open_error_callback=lambda opened, _: opened.ioloop.stop(),
            on_close_callback=lambda opened, _: opened.ioloop.stop(),
        )
        with self._lock:
            self._connection = connection
        try:
            connection.ioloop.start()
        finally:
            self._break()
            connection.ioloop.close()

    def _opened(self, channel: Channel) -> None:
        channel.confirm_delivery(self._answered)
        channel.add_on_return_callback(self._came_back)
        channel.add_on_close_callback(lambda closed, _reason: self._channel_closed(closed))
        if self._stop.is_set():
            channel.connection.close()
            return
        self._waits = jitter(self._longest_wait)
        with self._lock:
            self._channel, self._next_tag = channel, 1
            self._ready.set()

    def _channel_closed(self, channel: Channel) -> None:
        self._break()
        _close(channel.connection)

    def _send(self, batch: _Batch) -> None:
        channel = self._channel
        if channel is None or not channel.is_open:
            batch.done.set()
            return
        for message in batch.messages:
            batch.by_tag[self._next_tag] = message.event_id
            self._next_tag += 1
            channel.basic_publish(
                topology.EXCHANGE,
                message.key,
                message.body,
                pika.BasicProperties(
                    content_type=CONTENT_TYPE,
                    delivery_mode=2,
                    message_id=message.event_id,
                    type=message.type,
                ),
                mandatory=self._shape.heard(message.key),
            )

    def _answered(self, frame: Any) -> None:
        with self._lock:
            if self._batch is not None:
                acked = isinstance(frame.method, pika.spec.Basic.Ack)
                self._batch.settle(frame.method.delivery_tag, frame.method.multiple, acked)

    def _came_back(self, _channel: Channel, _method: Any, properties: Any, _body: bytes) -> None:
        # The broker sends the return before the ack of the same message.
        with self._lock:
            if self._batch is not None:
                self._batch.returned.add(str(properties.message_id))

    def _break(self) -> None:
        with self._lock:
            self._ready.clear()
            self._channel = self._connection = None
            batch, self._batch = self._batch, None
        if batch is not None:
            batch.done.set()


def _close(connection: Any) -> None:
    if connection.is_open:
        connection.close()
