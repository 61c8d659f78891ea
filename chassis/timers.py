"""Work that is done every so often, safe to run in any number of processes at once."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pymongo.errors import PyMongoError

from chassis import logs

log = logs.get()


@dataclass(frozen=True)
class Timer:
    """A task and the seconds between its runs. The task itself must bear running twice at once."""

    name: str
    every: float
    task: Callable[[], None]


def run_timers(timers: Sequence[Timer], stop: threading.Event) -> None:
    """Run each timer when due until `stop` is set."""
    due = {timer.name: time.monotonic() for timer in timers}
    while not stop.wait(0.2):
        for timer in timers:
            if time.monotonic() < due[timer.name]:
                continue
            due[timer.name] = time.monotonic() + timer.every
            try:
                timer.task()
            except PyMongoError as error:
                log.warning("timer.failed", timer=timer.name, reason=str(error)[:200])
