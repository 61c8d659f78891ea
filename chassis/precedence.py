"""Who comes first when there is too little processor for all: whoever a person waits for."""

import contextlib
import os
from pathlib import Path

_SESSION = Path("/proc/self/autogroup")


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
