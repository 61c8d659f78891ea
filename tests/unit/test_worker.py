"""The worker's own process: what its settings say, its parts do."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chassis.mongo import Mongo
from chassis.settings import Secret, ServiceSettings
from chassis.timers import Timer
from chassis.worker import Worker
from infra.contracts import ROOT
from infra.local.deployment import free_ports, wait_until

SETTINGS = ServiceSettings(
    mongo_url="mongodb://127.0.0.1:1",
    amqp_url=Secret("amqp://127.0.0.1:1"),
    token_jwks="",
    district="120199",
    topology_file=str(ROOT / "infra/topology.json"),
    worker_nice=0,
)


@pytest.fixture
def signals() -> Iterator[None]:
    """The handlers of this process as they were, when the worker has set its own."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_timer_runs_as_often_as_the_longest_interval_says_and_sigterm_ends_it(signals: None) -> None:
    runs: list[int] = []
    last = threading.Timer(20, os.kill, (os.getpid(), signal.SIGTERM))

    def run() -> None:
        runs.append(1)
        if len(runs) == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    settings = replace(SETTINGS, timer_seconds=0.01)
    timers = [Timer("seldom", 3600, run)]
    last.start()
    Worker("any", settings, Mongo(settings.mongo_url, "any"), outboxes=(), timers=timers).run("timers")
    last.cancel()
    assert len(runs) >= 3


def test_a_signal_that_another_thread_is_given_ends_the_worker(signals: None) -> None:
    # What the system does when the main thread is about to wait: its handler is due, nothing wakes it.
    settings = replace(SETTINGS, timer_seconds=3600)
    last = threading.Timer(20, os.kill, (os.getpid(), signal.SIGINT))

    def kill_this_thread() -> None:
        main = threading.main_thread().ident
        assert main is not None
        wait_until(
            lambda: sys._current_frames()[main].f_code.co_name == "_wait_for_tstate_lock", 10, "the wait"
        )
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    last.start()
    timers = [Timer("once", 3600, kill_this_thread)]
    Worker("any", settings, Mongo(settings.mongo_url, "any"), outboxes=(), timers=timers).run("timers")
    assert last.is_alive(), "it took another signal, given to the main thread"
    last.cancel()


def test_a_workers_health_is_told_at_the_address_of_its_settings_and_at_no_other(signals: None) -> None:
    answering: list[str] = []
    settings = replace(SETTINGS, worker_port=free_ports().gateway, bind="127.0.0.2", timer_seconds=3600)

    def look() -> None:
        for address in ("127.0.0.1", "127.0.0.2"):
            with socket.socket() as probe:
                if probe.connect_ex((address, settings.worker_port)) == 0:
                    answering.append(address)
        os.kill(os.getpid(), signal.SIGTERM)

    timers = [Timer("once", 3600, look)]
    Worker("any", settings, Mongo(settings.mongo_url, "any"), outboxes=(), timers=timers).run("timers")
    assert answering == ["127.0.0.2"]
