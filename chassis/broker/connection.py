"""Connecting to RabbitMQ. Nothing outside this package and `chassis.broker` imports pika."""

import random
from collections.abc import Iterator

import pika
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import AMQPError

BROKER_ERRORS = (AMQPError, OSError)
"""What a lost or refused broker connection raises, an orderly `ConnectionClosedByBroker` included."""


def parameters(url: str) -> pika.URLParameters:
    """Connection parameters with the timings every process uses."""
    chosen = pika.URLParameters(url)
    chosen.heartbeat = 15
    chosen.blocked_connection_timeout = 30
    chosen.socket_timeout = 5
    chosen.stack_timeout = 10
    return chosen


def connect(url: str) -> BlockingConnection:
    """A new connection, to be used by the calling thread only. Raises one of BROKER_ERRORS."""
    return BlockingConnection(parameters(url))


def close(connection: BlockingConnection) -> None:
    """Close a connection, whatever its state: one left open keeps its unacknowledged events from others."""
    try:
        connection.close()
    except BROKER_ERRORS:
        return  # it is gone already


def jitter(longest: float) -> Iterator[float]:
    """Seconds to wait before each next attempt: full jitter, 0.5 s doubling to `longest`."""
    span = 0.5
    while True:
        yield random.uniform(0.1, span)  # noqa: S311 - spreads load, guards nothing
        span = min(span * 2, longest)
