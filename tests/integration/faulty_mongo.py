"""A database that fails once, where it is told to: within a transaction, at its commit, or right after it."""

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import ConnectionFailure, OperationFailure

from chassis.mongo import Document, Mongo

Fault = int | str | None
"""The number of the command within the transaction that meets another's write, or one of these:"""
CONFLICT_AT_COMMIT = "conflict at commit"
ANSWER_LOST = "committed, and the answer lost"
DELIVERED_TWICE = "delivered twice"
STRIKING: list[Fault] = [ANSWER_LOST, CONFLICT_AT_COMMIT, 1, 2, 3, 4, 5]
"""Those that fail something within a transaction."""


class FaultyMongo(Mongo):
    """A database handle; once it is armed, what is next done in a transaction fails, once.

    `struck` counts the faults that did.
    """

    def __init__(self, url: str, name: str) -> None:
        super().__init__(url, name)
        self.struck = Counter[Fault]()
        self._fault: Fault = None
        self._commands = 0
        start = self.client.start_session

        def started() -> ClientSession:
            return self._watched(start())

        self.client.start_session = started  # type: ignore[assignment,method-assign]

    def arm(self, fault: Fault) -> None:
        """Fail so, once; None: no more."""
        self._fault, self._commands = fault, 0

    def __getitem__(self, collection: str) -> Collection[Document]:
        return cast("Collection[Document]", _Watched(super().__getitem__(collection), self._command))

    def _command(self) -> None:
        self._commands += 1
        if self._fault == self._commands:
            self._conflict()

    def _strike(self) -> None:
        self.struck[self._fault] += 1
        self.arm(None)

    def _conflict(self) -> None:
        self._strike()
        raise OperationFailure("write conflict", 112, {"errorLabels": ["TransientTransactionError"]})

    def _watched(self, session: ClientSession) -> ClientSession:
        commit = session.commit_transaction

        def committed() -> None:
            if self._fault == CONFLICT_AT_COMMIT:
                self._conflict()
            commit()
            if self._fault == ANSWER_LOST:
                self._strike()
                raise ConnectionFailure("the answer to the commit was lost")

        session.commit_transaction = committed  # type: ignore[method-assign]
        return session


class _Watched:
    """A collection that tells of what is done within a transaction, before it is done."""

    def __init__(self, collection: Collection[Document], tell: Callable[[], None]) -> None:
        self._collection = collection
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._collection, name)

        def told(*args: Any, **more: Any) -> Any:
            if more.get("session") is not None:
                self._tell()
            return found(*args, **more)

        return told if callable(found) else found
