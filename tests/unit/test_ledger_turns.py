"""Transactions that met another one try again one after the other, and each comes to its end."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import pytest
from pymongo.errors import PyMongoError

from chassis.errors import Unavailable
from chassis.mongo import Mongo
from services.points import store
from services.points.store import JournalStore

THREADS = 4


class Session:
    """A session whose transactions write nothing."""

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @contextmanager
    def start_transaction(self, **_: object) -> Iterator[None]:
        yield


class Database:
    """Stands for the server: that two transactions meet is what the tests bring about themselves."""

    def __init__(self) -> None:
        self.client = self

    def start_session(self) -> Session:
        return Session()


def conflict() -> PyMongoError:
    return PyMongoError("write conflict", error_labels=["TransientTransactionError"])


@pytest.fixture
def journal() -> JournalStore:
    return JournalStore(cast(Mongo, Database()))


def test_those_that_lost_never_try_again_at_the_same_time(journal: JournalStore) -> None:
    all_first, two_again = threading.Barrier(THREADS), threading.Barrier(2)
    met: list[bool] = []

    def transact(_: int) -> bool:
        tries = 0

        def write(_: Any) -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                all_first.wait(10)
                raise conflict()
            try:
                two_again.wait(0.05)
            except threading.BrokenBarrierError:
                two_again.reset()
            else:
                met.append(True)

        return journal.transact(write, lambda: False)

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(transact, range(THREADS))) == [True] * THREADS
    assert met == []


def test_whoever_waits_too_long_or_loses_six_times_is_told_to_come_again(
    journal: JournalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda _, most: most)
    tries, waits = list[int](), list[float]()
    monkeypatch.setattr("time.sleep", waits.append)

    def write(_: Any) -> None:
        tries.append(1)
        raise conflict()

    with pytest.raises(Unavailable) as lost:
        journal.transact(write, lambda: False)
    assert (len(tries), len(waits)) == (6, 5)  # nobody waits after the last try, holding the turn
    assert sum(waits) < store._PATIENCE == 2
    monkeypatch.setattr(store, "_PATIENCE", 0.01)
    with journal._turns, pytest.raises(Unavailable) as waited:
        journal.transact(write, lambda: False)
    assert len(tries) == 7
    for refused in (lost.value, waited.value):
        assert (refused.code, refused.extra) == ("busy-ledger", {"retry_after": 1})
    with pytest.raises(ZeroDivisionError):
        journal.transact(lambda _: 1 // 0, lambda: False)  # type: ignore[arg-type]
    assert not journal._turns.locked()
