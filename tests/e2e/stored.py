"""All that is stored in a deployment, as one comparable value: what refused requests must leave untouched."""

import hashlib
from collections.abc import Iterator
from typing import Any

import bson
from pika import BlockingConnection, URLParameters
from pymongo import MongoClient

from infra.local.deployment import SERVICES, Deployment, wait_until

_COUNTED = {"figures", "figures_state", "marked_days", "cells", "marked_cells", "words", "words_state"}
_BY_THE_CLOCK = frozenset({"relays", *_COUNTED})
"""What timers renew, seconds after what it follows from: nothing is in it that was not stored elsewhere."""
_CALM = 6


def stored(deployment: Deployment) -> dict[str, str]:
    """Collection → number of its documents and a hash of all of them; without what timers renew."""
    with MongoClient[dict[str, Any]](deployment.mongo_url, tz_aware=True) as client:
        return {
            f"{service}.{name}": _summary(client[service][name].find().sort("_id", 1))
            for service in SERVICES
            for name in sorted(client[service].list_collection_names())
            if name not in _BY_THE_CLOCK
        }


def _summary(documents: Any) -> str:
    count, digest = 0, hashlib.sha256()
    for one in documents:
        count += 1
        digest.update(bson.encode(one))
    return f"{count} {digest.hexdigest()[:16]}"


def at_rest(deployment: Deployment) -> dict[str, str]:
    """What is stored when every event has been published and taken in. Raises TimeoutError."""
    seen: list[dict[str, str]] = []

    def calm() -> bool:
        seen.append(stored(deployment))
        return len(seen) >= _CALM and all(one == seen[-1] for one in seen[-_CALM:])

    wait_until(lambda: not any(_waiting(deployment)), 60, "every event taken in")
    wait_until(calm, 60, "a deployment at rest")
    return seen[-1]


def _waiting(deployment: Deployment) -> Iterator[int]:
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        for service in SERVICES:
            for name in client[service].list_collection_names():
                yield client[service][name].count_documents({"pending": {"$gte": 0}})
    connection = BlockingConnection(URLParameters(deployment.amqp_url))
    try:
        for service in ("issues", "notify", "points"):
            queue = connection.channel().queue_declare(f"{service}.events", passive=True)
            yield int(queue.method.message_count)
    finally:
        connection.close()
