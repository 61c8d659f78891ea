"""The figures of one database, as the service wires them, with a clock that stands until it is moved."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from chassis.events import Envelope
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from chassis.subscriptions import Subscriptions
from services.issues.statistics import handlers
from services.issues.statistics.proof import Proof
from services.issues.statistics.queries import Figures
from services.issues.statistics.store import BucketStore, UsageStore
from tests.integration.issue_lives import (
    DISTRICT,
    Lives,
)

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
ADMIN = Actor("A", (Grant("district_admin", DISTRICT),))
RESIDENT = Actor("R")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class District:
    """The figures of one database, as the service wires them."""

    def __init__(self, mongo: Mongo, seed: int = 1) -> None:
        self.mongo = mongo
        self.clock = Clock()
        self.dice = random.Random(seed)
        self.lives = Lives(mongo, self.dice)
        self.usage = UsageStore(mongo)
        self.buckets = BucketStore(mongo, self.clock)
        self.usage.ensure_indexes()
        self.buckets.ensure_indexes()
        self.figures = Figures(mongo, self.clock)
        self.proof = Proof(mongo, self.buckets, self.clock, DISTRICT)
        self.subscriptions = Subscriptions(handlers.subscriptions(self.usage, self.buckets))

    def hear(self, events: list[Envelope]) -> None:
        """Handle events, each twice, in any order, with sweeps in between by several at once."""
        heard = [one for one in events * 2 if one.type in self.subscriptions.table]
        self.dice.shuffle(heard)

        def handle(event: Envelope) -> None:
            self.subscriptions.handle(event)
            if event.id[-1] in "7":
                self.buckets.sweep(DISTRICT)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(handle, heard))
        self.settle()

    def settle(self) -> None:
        """Sweep until nothing is marked."""
        while self.buckets.sweep(DISTRICT):
            pass

    def differences(self) -> list[str]:
        """What differs between buckets and records."""
        return [str(one) for one in self.proof.differences(lambda: None)]
