"""All that is stored in a deployment, as one comparable value: what refused requests must leave untouched."""

import hashlib
from collections.abc import Iterator
from typing import Any

import bson
from pika import BlockingConnection, URLParameters
from pymongo import MongoClient
from pymongo.database import Database

from chassis.clock import ulid_at
from infra.local.deployment import SERVICES, Deployment, wait_until

_BY_THE_CLOCK = frozenset({"relays", "figures_state", "words_state", "honours_state"})
"""What is renewed every so often though nothing happens: leases, and how far the timers have come."""
_TO_COUNT = ("marked_days", "marked_cells")
_COUNTED_UP_TO = {"figures_state": "settled", "words_state": "swept"}
_CALM = 6


def stored(deployment: Deployment) -> dict[str, str]:
    """Collection → number of its documents and a hash of all of them; without what is renewed by the clock.

    A bucket of figures has a version: that it was counted anew for nothing shows too.
    """
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
    """What is stored when every event has been taken in and everything is counted. Raises TimeoutError."""
    seen: list[dict[str, str]] = []

    def calm() -> bool:
        if any(_waiting(deployment)):
            seen.clear()
            return False
        seen.append(stored(deployment))
        return len(seen) >= _CALM and all(one == seen[-1] for one in seen[-_CALM:])

    wait_until(calm, 120, "a deployment at rest")
    return seen[-1]


def _uncounted(issues: Database[dict[str, Any]]) -> Iterator[int]:
    """Buckets that are marked, and reports that no timer has come to yet."""
    for name in _TO_COUNT:
        yield issues[name].count_documents({})
    for name, state in _COUNTED_UP_TO.items():
        reached = issues[name].find_one({"_id": state})
        later = {"order": {"$gte": ulid_at(reached["until"])}} if reached else {}
        yield issues["issues"].count_documents(later)


def _unsealed(points: Database[dict[str, Any]]) -> int:
    """Postings that the chain has not come to yet, and the night's proof."""
    sealed = sum(int(page["count"]) for page in points["seals"].find())
    return points["journal"].count_documents({}) - sealed


def _unranked(points: Database[dict[str, Any]]) -> Iterator[int]:
    """Gains and rankings that are marked, and earnings that no timer has come to yet."""
    for name in ("marked_gains", "marked_boards"):
        yield points[name].count_documents({})
    reached = points["honours_state"].find_one({"_id": "counted"})
    later = {"order": {"$gte": ulid_at(reached["until"])}} if reached else {}
    yield sum(one["verified"] for one in points["journal"].find(later, {"verified": 1}))


def _waiting(deployment: Deployment) -> Iterator[int]:
    with MongoClient[dict[str, Any]](deployment.mongo_url, tz_aware=True) as client:
        for service in SERVICES:
            for name in client[service].list_collection_names():
                yield client[service][name].count_documents({"pending": {"$gte": 0}})
        yield from _uncounted(client["issues"])
        yield _unsealed(client["points"])
        yield from _unranked(client["points"])
    connection = BlockingConnection(URLParameters(deployment.amqp_url))
    try:
        for service in ("issues", "notify", "points"):
            queue = connection.channel().queue_declare(f"{service}.events", passive=True)
            yield int(queue.method.message_count)
    finally:
        connection.close()
