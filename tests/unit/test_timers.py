"""Work by the clock: done when due, again after a failure of the database, and never after the end."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pymongo.errors import ConnectionFailure

from chassis.errors import Unavailable
from chassis.timers import LONGEST_PAUSE, Timer, run_timer
from infra.local.deployment import wait_until


@contextmanager
def running(*timers: Timer) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=run_timer, args=(timer, stop)) for timer in timers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()


def test_a_timer_runs_at_once_and_then_every_so_often() -> None:
    often: list[int] = []
    seldom: list[int] = []
    with running(
        Timer("often", 0.01, lambda: often.append(1)), Timer("seldom", 3600, lambda: seldom.append(1))
    ):
        wait_until(lambda: len(often) >= 3, 60, "three runs")
    assert len(seldom) == 1


@pytest.mark.parametrize("refusal", [ConnectionFailure("away"), Unavailable("busy", zh="忙", en="busy")])
def test_a_database_that_is_away_or_busy_stops_neither_the_timer_nor_the_others(refusal: Exception) -> None:
    tries: list[int] = []
    others: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise refusal

    with running(Timer("failing", 0.01, fail), Timer("other", 0.01, lambda: others.append(1))):
        wait_until(lambda: len(tries) >= 2 and len(others) >= 2, 60, "two runs of each")


def test_an_unforeseen_error_is_not_swallowed() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_timer(Timer("failing", 1, fail), threading.Event())


def test_nothing_runs_again_after_the_end() -> None:
    runs: list[int] = []
    stop = threading.Event()

    def end() -> None:
        runs.append(1)
        stop.set()

    run_timer(Timer("last", 0.0, end), stop)
    assert runs == [1]


class Pauses(threading.Event):
    """Ends after the third pause, and remembers how long the pauses were to be."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Pass at once."""
        self.asked.append(timeout or 0.0)
        return len(self.asked) > 3


def test_a_task_that_takes_long_rests_the_longer_the_smaller_its_share() -> None:
    def work() -> None:
        for _ in range(1_000_000):
            pass

    stop = Pauses()
    run_timer(Timer("long", 0.0, work, share=0.001), stop)
    first, *others = stop.asked
    assert first == 0
    assert min(others) > 1.0
    unshared = Pauses()
    run_timer(Timer("long", 0.0, work), unshared)
    assert unshared.asked == [0.0] * 4


@pytest.mark.parametrize(
    ("took", "pause"),
    [(0.0, 0.5), (0.01, 0.49), (0.05, 0.95), (0.2, 3.8), (10.0, LONGEST_PAUSE), (100.0, LONGEST_PAUSE)],
)
def test_a_run_that_a_busy_database_held_up_is_not_paid_for_with_minutes(took: float, pause: float) -> None:
    assert Timer("shared", 0.5, lambda: None, share=0.05).pause_after(took) == pytest.approx(pause)
