"""Inserts of several threads, joined: whoever comes while a command is under way goes with the next one.

A command costs the database as much as several documents do. Alone, an insert waits for nobody; under load
as many go together as there are threads.
"""

import threading
from collections.abc import Callable, Sequence

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from chassis.mongo import Document

_DUPLICATE = 11000


class _Command:
    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.ended = threading.Event()
        self.stored = False


class JoinedInserts:
    """Inserts into one collection of documents whose `_id` makes a second insert of them harmless."""

    def __init__(self, collection: Callable[[], Collection[Document]]) -> None:
        self._collection = collection
        self._lock = threading.Lock()
        self._under_way = threading.Lock()
        self._next: _Command | None = None

    def insert(self, documents: Sequence[Document]) -> None:
        """Return when all are stored, now or earlier. Raises PyMongoError or InvalidDocument when they are
        not; what others insert at the same time makes no difference.
        """
        with self._lock:
            leads = self._next is None
            command = self._next = self._next or _Command()
            command.documents.extend(documents)
        if leads:
            self._carry_out(command)
        command.ended.wait()
        if not command.stored:
            self._store(documents)  # alone: one document that cannot be stored must not fail the others

    def _carry_out(self, command: _Command) -> None:
        try:
            with self._under_way:
                with self._lock:
                    self._next = None
                self._store(command.documents)
            command.stored = True
        except Exception:  # noqa: BLE001 - each thread meets its own error when it inserts alone
            return
        finally:
            command.ended.set()

    def _store(self, documents: Sequence[Document]) -> None:
        try:
            self._collection().insert_many(documents, ordered=False)
        except BulkWriteError as error:
            stored_before = all(one["code"] == _DUPLICATE for one in error.details["writeErrors"])
            if not stored_before or error.details.get("writeConcernErrors"):
                raise
