"""A MongoDB database handle that is opened lazily, once per process (clients must not cross a fork)."""

import os
from threading import Lock
from typing import Any

import pymongo
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

Document = dict[str, Any]


class Mongo:
    """One service's database. Writes wait for the journal of a majority."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._pid = 0
        self._lock = Lock()
        self._client: MongoClient[Document] | None = None
        self._collections: dict[str, Collection[Document]] = {}

    @property
    def client(self) -> MongoClient[Document]:
        """The client of this process, shared by its threads."""
        with self._lock:
            if self._client is None or self._pid != os.getpid():
                self._client = MongoClient(
                    self._url, tz_aware=True, maxPoolSize=40, serverSelectionTimeoutMS=5000, connect=False
                )
                self._pid = os.getpid()
                self._collections = {}
            return self._client

    @property
    def database(self) -> Database[Document]:
        """The database with its write concern."""
        return self.client.get_database(self._name, write_concern=WriteConcern(w="majority", j=True))

    def __getitem__(self, collection: str) -> Collection[Document]:
        # Made once in a process: some ten requests of a handler would spend a tenth of its time on that.
        if self._pid == os.getpid() and (made := self._collections.get(collection)) is not None:
            return made
        made = self.database[collection]
        return self._collections.setdefault(collection, made)

    def ping(self) -> bool:
        """Whether the server answers within 1.5 s (probes do not wait longer). Raises PyMongoError if not."""
        with pymongo.timeout(1.5):
            return bool(self.client.admin.command("ping")["ok"])

    def close(self) -> None:
        """Close this process's client, if it has one."""
        if self._client is not None and self._pid == os.getpid():
            self._client.close()
            self._client, self._collections = None, {}
