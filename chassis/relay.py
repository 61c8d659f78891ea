"""The relay: publishes what saves left in outboxes, awaits the confirms, then removes it."""

import math
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from chassis import logs, metrics
from chassis.broker.publisher import Publisher, PublishFailed
from chassis.clock import new_ulid, utc_now
from chassis.events import routing_key
from chassis.faults import Faults
from chassis.mongo import Document, Mongo
from chassis.outbox import SLOTS
from chassis.precedence import at_most

WINDOW = 200
_BUSY_SECONDS = 0.05
_BURST, _BURST_SECONDS = 8, 0.15
_IDLE_SECONDS = 0.25
_BUSY_FOR_SECONDS = 30.0
"""Where something came of late, more is likely to: nobody waits for the slower look there."""
_LEASE = timedelta(seconds=6)
_LEASE_REFRESH_SECONDS = 2.0
_GAUGE_SECONDS = 5.0
_LEAST_EMPTIED, _SHARE_EMPTIED = 8, 12
_SHARE_OF_TIME = 1 / 3
log = logs.get()


class SlotShare:
    """Which slots this relay serves: all live relays of a service divide them evenly.

    Views may differ for a moment while a relay comes or goes; an event is then published seconds late, or
    twice, at worst. The latter consumers must bear anyway.
    """

    def __init__(self, mongo: Mongo, owner: str) -> None:
        self._mongo = mongo
        self._owner = owner
        self._refreshed = -math.inf
        self._slots: list[int] = []

    def mine(self) -> list[int]:
        """This relay's slots, its lease renewed when due."""
        if time.monotonic() - self._refreshed > _LEASE_REFRESH_SECONDS:
            self._slots = self._refresh()
            self._refreshed = time.monotonic()
        return self._slots

    def release(self) -> None:
        """Leave the share at once, so that others need not wait for the lease to run out."""
        self._mongo["relays"].delete_one({"_id": self._owner})

    def _refresh(self) -> list[int]:
        relays, now = self._mongo["relays"], utc_now()
        relays.update_one({"_id": self._owner}, {"$set": {"until": now + _LEASE}}, upsert=True)
        seen = {str(one["_id"]): one["until"] for one in relays.find()}
        for owner, until in seen.items():
            if until < now - _LEASE:
                relays.delete_one({"_id": owner})
        alive = sorted(owner for owner, until in seen.items() if until >= now)
        place = alive.index(self._owner) if self._owner in alive else 0
        return [number for number in range(SLOTS) if number % max(1, len(alive)) == place]


class Relay:
    """Moves events from a service's outboxes to the exchange."""

    def __init__(
        self, service: str, mongo: Mongo, collections: Sequence[str], publisher: Publisher, faults: Faults
    ) -> None:
        self._service = service
        self._mongo = mongo
        self._collections = collections
        self._publisher = publisher
        self._faults = faults
        self._share = SlotShare(mongo, new_ulid())
        self._gauged = -math.inf
        self._worked: dict[str, float] = {}
        self._looked: dict[str, float] = {}
        self._many = False
        self.wake = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Relay until `stop` is set. Database and broker outages are waited out."""
        self._publisher.start()
        while not stop.is_set():
            try:
                moved = max([self._turn(name) for name in self._collections])
                self._gauge()
            except (PyMongoError, PublishFailed) as error:
                log.warning("relay.waiting", reason=str(error)[:200])
                stop.wait(0.5)
                continue
            self._pause(moved, stop)
        self._publisher.stop()
        try:
            self._share.release()
        except PyMongoError as error:
            log.warning("relay.lease-left", reason=str(error)[:200])

    def _pause(self, moved: int, stop: threading.Event) -> None:
        """Look again soon; in a burst a little later, since many at once cost the database less for each.

        Many once are no burst: what waited for a slow moment to pass need not wait on.
        """
        bursts, self._many = moved >= _BURST and self._many, moved >= _BURST
        if moved >= WINDOW:
            return
        if bursts:
            stop.wait(_BURST_SECONDS)
        elif self.wake.wait(_BUSY_SECONDS):
            self.wake.clear()
            if not moved:
                self._looked.clear()

    def _turn(self, name: str) -> int:
        """Drain a collection, unless it was empty for a while and was looked at a moment ago."""
        now = time.monotonic()
        idle = now - self._worked.get(name, -math.inf) > _BUSY_FOR_SECONDS
        if idle and now - self._looked.get(name, -math.inf) < _IDLE_SECONDS:
            return 0
        moved = self.drain(name)
        self._looked[name] = now
        if moved:
            self._worked[name] = now
        return moved

    def drain(self, name: str) -> int:
        """Publish one window of a collection's pending documents; returns how many were emptied."""
        slots = self._share.mine()
        if not slots:
            return 0
        chosen: dict[str, Any] = {"$gte": 0} if len(slots) == SLOTS else {"$in": slots}
        collection = self._mongo[name]
        found = list(collection.find({"pending": chosen}, {"outbox": 1, "version": 1}).limit(WINDOW))
        if not found:
            return 0
        confirmed = self._publish(found)
        self._faults.kill_at("relay.after-confirm")
        done = [one for one in found if all(event["id"] in confirmed for event in one["outbox"])]
        if done:
            self._forget(collection, done)
            metrics.PUBLISHED.labels(self._service).inc(len(confirmed))
        return len(done)

    def _publish(self, found: Sequence[Document]) -> set[str]:
        messages = [(routing_key(event["type"]), event) for one in found for event in one["outbox"]]
        return self._publisher.publish(messages)

    @staticmethod
    def _forget(collection: Collection[Document], done: Sequence[Document]) -> None:
        """Empty the outboxes as they were read. A document saved since keeps its newer events pending.

        Not awaited by the journal: what is forgotten but not emptied is published twice, which does no harm.
        A few at a time with a pause after them, the more the longer the backlog is: some engines keep all
        other writers of the collection waiting meanwhile, and people wait behind those.
        """
        unhurried = collection.with_options(write_concern=WriteConcern(w=1))
        by_version: dict[int, list[Document]] = {}
        for one in done:
            by_version.setdefault(one["version"], []).append(one)
        few = max(_LEAST_EMPTIED, len(done) // _SHARE_EMPTIED)
        alike = [
            (version, same[first : first + few])
            for version, same in by_version.items()
            for first in range(0, len(same), few)
        ]
        for version, unchanged in alike:
            with at_most(_SHARE_OF_TIME):
                emptied = unhurried.update_many(
                    {"_id": {"$in": [one["_id"] for one in unchanged]}, "version": version},
                    {"$set": {"outbox": []}, "$unset": {"pending": ""}},
                )
            if emptied.matched_count < len(unchanged):
                _pull(unhurried, unchanged)

    def _gauge(self) -> None:
        if time.monotonic() - self._gauged < _GAUGE_SECONDS:
            return
        self._gauged = time.monotonic()
        depth, oldest = 0, 0.0
        for name in self._collections:
            for one in self._mongo[name].find({"pending": {"$gte": 0}}, {"outbox.time": 1}).limit(1000):
                depth += 1
                for event in one["outbox"]:
                    oldest = max(oldest, (utc_now() - datetime.fromisoformat(event["time"])).total_seconds())
        metrics.OUTBOX_DEPTH.labels(self._service).set(depth)
        metrics.OUTBOX_OLDEST.labels(self._service).set(oldest)


def _pull(collection: Collection[Document], done: Sequence[Document]) -> None:
    """Take just the published events out, where a document may have gained others meanwhile."""
    collection.bulk_write(
        [
            UpdateOne(
                {"_id": one["_id"]},
                {"$pull": {"outbox": {"id": {"$in": [event["id"] for event in one["outbox"]]}}}},
            )
            for one in done
        ],
        ordered=False,
    )
