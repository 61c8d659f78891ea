"""A database whose commands and answers are looked at."""

from collections import Counter
from functools import cached_property

from pymongo import MongoClient, monitoring

from chassis.mongo import Document, Mongo


class Watched(Mongo):
    """A database of which a watch is told whatever is asked of it, and answered."""

    def __init__(self, url: str, name: str, watch: monitoring.CommandListener) -> None:
        super().__init__(url, name)
        self._watch = watch
        self.url = url

    @cached_property
    def _watched(self) -> MongoClient[Document]:
        return MongoClient(self.url, tz_aware=True, event_listeners=[self._watch])

    @property
    def client(self) -> MongoClient[Document]:
        """A client that tells the watch."""
        return self._watched

    def close(self) -> None:
        """Close it."""
        self._watched.close()


class Reads(monitoring.CommandListener):
    """How many documents were answered from which collection, and to what."""

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()
        self.filters: list[tuple[str, list[str]]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Keep the fields of a query's first stage."""
        if event.command_name in ("find", "aggregate"):
            match = event.command.get("filter") or event.command.get("pipeline", [{}])[0].get("$match", {})
            self.filters.append((str(event.command[event.command_name]), sorted(match)))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Count what came back."""
        cursor = event.reply.get("cursor", {})
        batch = cursor.get("firstBatch", cursor.get("nextBatch", []))
        self.read[str(cursor.get("ns", "")).split(".")[-1]] += len(batch)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing was read."""
