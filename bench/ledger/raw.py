"""What the database can do without the ledger."""

import random
import threading
import time
from collections.abc import Callable

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from bench.figures import Speed, speed
from chassis.clock import new_ulid

CLIENTS = 8
_ACCOUNTS = 200


class Raw:
    """A database of its own beside the services' on the same server."""

    def __init__(self, mongo_url: str) -> None:
        self._client = MongoClient[dict[str, object]](mongo_url, w="majority", journal=True)
        self._entries = self._client["bench"]["entries"]
        self._accounts = self._client["bench"]["accounts"]
        self._names = [new_ulid() for _ in range(_ACCOUNTS)]
        self._entries.insert_one({"_id": "the first write makes the collection"})
        self._accounts.insert_many([{"_id": name, "sum": 0} for name in self._names])

    def transactions(self, seconds: float) -> Speed:
        """One insert and two increments, all or nothing, by CLIENTS; those that collide do not count."""

        def transaction() -> bool:
            names = sorted(random.sample(self._names, 2))
            try:
                with self._client.start_session() as session, session.start_transaction():
                    self._entries.insert_one({"_id": new_ulid(), "legs": names}, session=session)
                    for name in names:
                        self._accounts.update_one({"_id": name}, {"$inc": {"sum": 1}}, session=session)
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
                return False
            return True

        return side_by_side(transaction, CLIENTS, seconds)

    def finds(self, seconds: float, member: str) -> Speed:
        """The document that a balance is shown from, again and again by one client."""
        accounts = self._client["points"]["accounts"]

        def find() -> bool:
            return accounts.find_one({"_id": member}) is not None

        return side_by_side(find, 1, seconds)


def side_by_side(operation: Callable[[], bool], clients: int, seconds: float) -> Speed:
    """An operation by so many threads again and again; one that answers False does not count."""
    latencies: list[float] = []
    start = time.perf_counter()

    def repeat() -> None:
        began = time.perf_counter()
        while began - start < seconds:
            done = operation()
            ended = time.perf_counter()
            if done:
                latencies.append((ended - began) * 1000)
            began = ended

    threads = [threading.Thread(target=repeat) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return speed(latencies, time.perf_counter() - start)
