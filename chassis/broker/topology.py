"""The shape of the broker: one topic exchange, and per consuming service one set of quorum queues.

`infra/topology.json` is generated from the services' handler tables. Every process that publishes or
consumes first declares *all* of it, so that no event can be published before its subscribers' queues
exist, in whatever order services are started.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from pika.adapters.blocking_connection import BlockingChannel

EXCHANGE = "district.events"
DELIVERY_LIMIT = 50
_NEVER = 1_000_000_000


@dataclass(frozen=True)
class Topology:
    """Which service listens to which routing keys."""

    subscriptions: dict[str, tuple[str, ...]]

    def heard(self, key: str) -> bool:
        """Whether anybody subscribes to a routing key."""
        return any(key in keys for keys in self.subscriptions.values())


def load(path: str) -> Topology:
    """Read a topology file: `{"subscriptions": {service: [routing keys]}}`."""
    document = orjson.loads(Path(path).read_bytes())
    return Topology({name: tuple(keys) for name, keys in document["subscriptions"].items()})


def queue_name(service: str) -> str:
    """The queue that a service consumes."""
    return f"{service}.events"


def dead_queue_name(service: str) -> str:
    """Where a service's undeliverable events end."""
    return f"{service}.dead"


def retry_queue_name(service: str, seconds: float) -> str:
    """The delay queue of a service for one delay."""
    return f"{service}.retry.{int(seconds * 1000)}ms"


def declare(channel: BlockingChannel, topology: Topology, delays: Sequence[float]) -> None:
    """Declare the exchange and every service's queues and bindings. Safe to repeat."""
    channel.exchange_declare(EXCHANGE, exchange_type="topic", durable=True)
    for service, keys in topology.subscriptions.items():
        declare_queues(channel, service, delays)
        for key in keys:
            channel.queue_bind(queue_name(service), EXCHANGE, routing_key=key)


def declare_queues(channel: BlockingChannel, service: str, delays: Sequence[float]) -> None:
    """Declare one service's queues. Limits and dead-lettering are explicit: 3.10 has no defaults."""
    channel.queue_declare(
        dead_queue_name(service),
        durable=True,
        # RabbitMQ 4 drops what was delivered 20 times unless told otherwise; looking at the dead letters
        # is such a delivery.
        arguments={"x-queue-type": "quorum", "x-delivery-limit": _NEVER},
    )
    channel.queue_declare(
        queue_name(service),
        durable=True,
        arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-overflow": "reject-publish",
            "x-dead-letter-strategy": "at-least-once",
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead_queue_name(service),
        },
    )
    for seconds in delays:
        channel.queue_declare(
            retry_queue_name(service, seconds),
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-message-ttl": int(seconds * 1000),
                "x-overflow": "reject-publish",
                "x-dead-letter-strategy": "at-least-once",
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": queue_name(service),
            },
        )
