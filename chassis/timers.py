"""Work that is done every so often, safe to run in any number of processes at once."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from pymongo.errors import PyMongoError

from chassis import logs
from chassis.errors import Unavailable

log = logs.get()


@dataclass(frozen=True)
class Timer:
    """A task and the seconds between its runs. The task itself must bear running twice at once.

    It runs for at most `share` of the time: after a run that took long it waits the longer.
    """

    name: str
    every: float
    task: Callable[[], None]
    share: float = 1.0


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
        took = time.monotonic() - began
        pause = max(timer.every - took, took / timer.share - took, 0.0)
