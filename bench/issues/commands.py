"""The database commands that the service's code issues, recorded so that they can be repeated without it."""

from collections.abc import Callable
from typing import Any

from pymongo import MongoClient, monitoring
from pymongo.database import Database

from chassis.mongo import Document, Mongo

Raw = Callable[[], object]
"""Commands of one request, done directly by a client."""


class _Listener(monitoring.CommandListener):
    def __init__(self) -> None:
        self.heard: list[Document] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.heard.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing is kept of it."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """The code that asked meets the error itself."""


class Recorder:
    """A database handle for the service's code that hears every command."""

    def __init__(self, url: str, name: str) -> None:
        self._listener = _Listener()
        self._client: MongoClient[Document] = MongoClient(
            url, tz_aware=True, event_listeners=[self._listener]
        )
        self.mongo = _Handed(url, name, self._client)

    def commands_of(self, ask: Callable[[], object]) -> list[Document]:
        """The commands that a call issues, in their order."""
        self._listener.heard = []
        ask()
        return self._listener.heard

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class _Handed(Mongo):
    def __init__(self, url: str, name: str, client: MongoClient[Document]) -> None:
        super().__init__(url, name)
        self._handed = client

    @property
    def client(self) -> MongoClient[Document]:
        """The client that hears."""
        return self._handed


def again(database: Database[Document], commands: list[Document]) -> Raw:
    """The same reads again; batches of one cursor follow by themselves. Raises ValueError for writes."""
    reads = [_read(database, one) for one in commands if "getMore" not in one]
    return lambda: [read() for read in reads]


def _read(database: Database[Document], command: Document) -> Raw:
    name = next(iter(command))
    collection = database[str(command[name])]
    if name == "aggregate":
        pipeline: list[dict[str, Any]] = command["pipeline"]
        return lambda: list(collection.aggregate(pipeline))
    if name == "find":
        wanted, shown, most = command["filter"], command.get("projection"), command.get("limit", 0)
        return lambda: list(collection.find(wanted, shown, limit=most))
    raise ValueError(f"{name} is none of the reads that can be repeated")
