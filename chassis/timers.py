"""Work that is done every so often, safe to run in any number of processes at once."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from pymongo.errors import PyMongoError

from chassis import logs
from chassis.errors import Unavailable

LONGEST_PAUSE = 5.0
"""Seconds: a run may also have taken long because the database was busy with others."""
log = logs.get()


@dataclass(frozen=True)
class Timer:
    """A task and the seconds between its runs. The task itself must bear running twice at once.

    It runs for at most `share` of the time: after a run that took long it waits the longer, but no longer
    than LONGEST_PAUSE, so that what it keeps up to date is never late by minutes.
    """

    name: str
    every: float
    task: Callable[[], None]
    share: float = 1.0

    def pause_after(self, took: float) -> float:
        """Seconds to wait after a run of so many."""
        return max(self.every - took, min(took / self.share - took, LONGEST_PAUSE), 0.0)


def run_timer(timer: Timer, stop: threading.Event) -> None:
    """Run a timer's task whenever it is due until `stop` is set.

    What the database refuses, or is too busy for, is tried again.
    """
    pause = 0.0
    while not stop.wait(pause):
        began = time.monotonic()
        try:
            timer.task()
        except (PyMongoError, Unavailable) as error:
            log.warning("timer.failed", timer=timer.name, reason=str(error)[:200])
        pause = timer.pause_after(time.monotonic() - began)
