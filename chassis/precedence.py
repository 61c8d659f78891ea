"""Who comes first when there is too little processor or database for all: whoever a person waits for."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

_SESSION = Path("/proc/self/autogroup")
_LONGEST_PAUSE = 0.05


def step_back(niceness: int) -> None:
    """Let other processes go first, by `niceness` from 0 (not at all) to 19 (as far as can be).

    Call it before any thread is started: threads have what they were started with. A process that was
    started with a higher niceness keeps it, since only a privileged one may lower it.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) >= niceness:
        return
    os.setpriority(os.PRIO_PROCESS, 0, niceness)
    # Linux may weigh whole sessions against each other (sched(7), "The autogroup feature"): niceness then
    # counts within a session only, and each process of `make run` has one of its own.
    with contextlib.suppress(OSError):
        _SESSION.write_text(str(niceness))


@contextlib.contextmanager
def at_most(share: float) -> Iterator[None]:
    """Do something for at most this share of the time: pause after it for the rest, 0.05 s at most.

    For writes of many documents, one command after the other. A small database serves whoever comes back at
    once first, and all others hardly at all until everything is written.
    """
    began = time.perf_counter()
    yield
    took = time.perf_counter() - began
    time.sleep(min(took / share - took, _LONGEST_PAUSE))
