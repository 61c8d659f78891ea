"""Writes of several threads, joined: whoever comes while a command is under way goes with the next one.

A command costs the database as much as several documents do. Alone, a write waits for nobody; under load
as many go together as there are threads.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _Command(Generic[Item]):
    """Writes that go together. `under_way` is held until they have ended."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        # An Event would make and wake a queue of waiters, and most often nobody waits.
        self.under_way = threading.Lock()
        self.under_way.acquire()
        self.stored = False


class Joined(Generic[Item]):
    """Calls of `store`, which must bear being called with the same items again."""

    def __init__(self, store: Callable[[Sequence[Item]], None]) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._under_way = threading.Lock()
        self._next: _Command[Item] | None = None

    def put(self, items: Sequence[Item]) -> None:
        """Return when all are stored. Raises what `store` raises for these items; what others put at the
        same time makes no difference.
        """
        with self._lock:
            leads = self._next is None
            command = self._next = self._next or _Command()
            command.items.extend(items)
        if leads:
            self._carry_out(command)
        else:
            with command.under_way:
                pass
        if not command.stored:
            self._store(items)  # alone: one item that cannot be stored must not fail the others

    def _carry_out(self, command: _Command[Item]) -> None:
        try:
            with self._under_way:
                with self._lock:
                    self._next = None
                self._store(command.items)
            command.stored = True
        except Exception:  # noqa: BLE001 - each thread meets its own error when it stores alone
            return
        finally:
            command.under_way.release()
