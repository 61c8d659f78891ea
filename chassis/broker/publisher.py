"""Publishing with pipelined confirms and `mandatory`: nothing counts as sent before the broker says so."""

import threading
from collections.abc import Sequence
from typing import Any

import orjson
import pika
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel

from chassis import logs
from chassis.broker import topology
from chassis.broker.connection import BROKER_ERRORS, connect, jitter, parameters
from chassis.events import CONTENT_TYPE

_CONFIRM_SECONDS = 15.0
log = logs.get()


class PublishFailed(Exception):
    """The broker could not be reached or did not confirm in time; nothing may be assumed sent."""


class _Batch:
    """The messages of one call and what became of them."""

    def __init__(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        self.messages = messages
        self.by_tag: dict[int, str] = {}
        self.returned: set[str] = set()
        self.confirmed: set[str] = set()
        self.done = threading.Event()
        self.broken = False

    def settle(self, upto: int, multiple: bool, acked: bool) -> None:
        tags = [tag for tag in self.by_tag if tag <= upto] if multiple else [upto]
        for tag in tags:
            event_id = self.by_tag.pop(tag, None)
            if event_id is not None and acked and event_id not in self.returned:
                self.confirmed.add(event_id)
        if not self.by_tag:
            self.done.set()


class Publisher:
    """A connection with a thread of its own. `publish` may be called from one other thread at a time."""

    def __init__(self, url: str, shape: topology.Topology, delays: Sequence[float]) -> None:
        self._url = url
        self._shape = shape
        self._delays = delays
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
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
        connection = self._connection
        if connection is not None and connection.is_open:
            connection.ioloop.add_callback_threadsafe(connection.close)
        self._thread.join(timeout=10)

    def publish(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> set[str]:
        """Publish (routing key, envelope) pairs and return the ids of the events confirmed *and* routed.

        Raises PublishFailed when there is no connection or it breaks before all is confirmed.
        """
        if not messages:
            return set()  # no confirm would ever come
        connection = self._connection
        if not self._ready.wait(timeout=1) or connection is None:
            raise PublishFailed("no connection to the broker")
        batch = _Batch(messages)
        connection.ioloop.add_callback_threadsafe(lambda: self._send(batch))
        if not batch.done.wait(_CONFIRM_SECONDS) or batch.broken:
            raise PublishFailed("the broker did not confirm")
        if batch.returned:
            log.error("publisher.unroutable", events=sorted(batch.returned)[:20])
        return batch.confirmed

    # Everything below runs in the connection's own thread.

    def _run(self) -> None:
        waits = jitter()
        while not self._stop.is_set():
            try:
                self._declare()
                self._loop()
                waits = jitter()
            except BROKER_ERRORS as error:
                log.warning("publisher.reconnecting", reason=repr(error)[:200])
            self._break()
            self._stop.wait(next(waits))

    def _declare(self) -> None:
        connection = connect(self._url)
        topology.declare(connection.channel(), self._shape, self._delays)
        connection.close()

    def _loop(self) -> None:
        connection = SelectConnection(
            parameters(self._url),
            on_open_callback=lambda opened: opened.channel(on_open_callback=self._opened),
            on_open_error_callback=lambda opened, _: opened.ioloop.stop(),
            on_close_callback=lambda opened, _: opened.ioloop.stop(),
        )
        self._connection = connection
        connection.ioloop.start()

    def _opened(self, channel: Channel) -> None:
        channel.confirm_delivery(self._answered)
        channel.add_on_return_callback(self._came_back)
        channel.add_on_close_callback(lambda _channel, _reason: self._channel_closed())
        self._channel, self._next_tag = channel, 1
        self._ready.set()

    def _channel_closed(self) -> None:
        self._break()
        if self._connection is not None and self._connection.is_open:
            self._connection.close()

    def _send(self, batch: _Batch) -> None:
        channel = self._channel
        if channel is None or not channel.is_open:
            batch.broken = True
            batch.done.set()
            return
        self._batch = batch
        for key, envelope in batch.messages:
            batch.by_tag[self._next_tag] = envelope["id"]
            self._next_tag += 1
            channel.basic_publish(
                topology.EXCHANGE,
                key,
                orjson.dumps(envelope),
                pika.BasicProperties(
                    content_type=CONTENT_TYPE,
                    delivery_mode=2,
                    message_id=envelope["id"],
                    type=envelope["type"],
                ),
                mandatory=self._shape.heard(key),
            )

    def _answered(self, frame: Any) -> None:
        if self._batch is not None:
            acked = isinstance(frame.method, pika.spec.Basic.Ack)
            self._batch.settle(frame.method.delivery_tag, frame.method.multiple, acked)

    def _came_back(self, _channel: Channel, _method: Any, properties: Any, _body: bytes) -> None:
        # The broker sends the return before the ack of the same message.
        if self._batch is not None:
            self._batch.returned.add(str(properties.message_id))

    def _break(self) -> None:
        self._ready.clear()
        self._channel = None
        batch, self._batch = self._batch, None
        if batch is not None and not batch.done.is_set():
            batch.broken = True
            batch.done.set()
