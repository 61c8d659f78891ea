"""The database handle: one client a process, however many threads ask for it first."""

import threading
from concurrent.futures import ThreadPoolExecutor

from chassis.mongo import Mongo
from infra.local.deployment import Deployment


def test_threads_that_ask_first_at_once_share_one_client(backing: Deployment) -> None:
    threads = 16
    for _ in range(10):
        opened, together = Mongo(backing.mongo_url, "shared"), threading.Barrier(threads)

        def client(opened: Mongo = opened, together: threading.Barrier = together) -> int:
            together.wait(60)
            return id(opened.client)

        with ThreadPoolExecutor(threads) as pool:
            seen = {one.result(60) for one in [pool.submit(client) for _ in range(threads)]}
        assert len(seen) == 1
        opened.close()


def test_a_closed_handle_opens_again(mongo: Mongo) -> None:
    assert mongo.ping()
    mongo.close()
    assert mongo.ping()
