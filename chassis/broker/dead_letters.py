"""What operators do with dead letters: list them, send them back to their service, or discard them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import pika
from pika.adapters.blocking_connection import BlockingChannel

from chassis.broker import topology
from chassis.broker.connection import connect
from chassis.broker.consumer import ATTEMPT, ERROR


@dataclass(frozen=True)
class DeadLetter:
    """An event that was given up, and why."""

    message_id: str
    type: str
    error: str
    body: bytes


def listing(url: str, service: str) -> list[DeadLetter]:
    """All dead letters of a service; they stay where they are."""
    connection = connect(url)
    try:
        return [letter for _, letter in _fetch(connection.channel(), service)]
    finally:
        connection.close()


def settle(url: str, service: str, *, replay: bool, message_id: str | None = None) -> int:
    """Replay (or discard) one dead letter, or all when no id is given; returns how many."""
    connection = connect(url)
    channel = connection.channel()
    channel.confirm_delivery()
    count = 0
    try:
        for tag, letter in list(_fetch(channel, service)):
            if message_id not in (None, letter.message_id):
                continue
            if replay:
                _send_back(channel, service, letter)
            channel.basic_ack(tag)
            count += 1
        return count
    finally:
        connection.close()


def _fetch(channel: BlockingChannel, service: str) -> Iterator[tuple[int, DeadLetter]]:
    while True:
        method, properties, body = channel.basic_get(topology.dead_queue_name(service))
        if method is None or properties is None or body is None:
            return
        headers = properties.headers or {}
        # What is no event of ours may carry no id; it must still be possible to name it.
        message_id = properties.message_id or f"sha256-{hashlib.sha256(body).hexdigest()[:16]}"
        error = str(headers.get(ERROR, "delivered too often without an acknowledgement"))
        yield int(method.delivery_tag or 0), DeadLetter(message_id, str(properties.type), error, bytes(body))


def _send_back(channel: BlockingChannel, service: str, letter: DeadLetter) -> None:
    channel.basic_publish(
        "",
        topology.queue_name(service),
        letter.body,
        pika.BasicProperties(
            delivery_mode=2, message_id=letter.message_id, type=letter.type, headers={ATTEMPT: 0}
        ),
        mandatory=True,
    )
