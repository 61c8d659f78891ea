"""An export of all issues: how long it takes, and how much memory the API process holds meanwhile."""

import http.client
import time
from collections.abc import Callable
from pathlib import Path

from bench.issues.commands import Raw
from bench.issues.figures import Export
from bench.scene import WrongAnswer

_CHUNK = 65536
_RESET_PEAK = "5"
"""Written to a process's `clear_refs`, this sets its peak to what it holds now (proc(5))."""


def export(port: int, path: str, token: str, process: int, make: Callable[[], Raw]) -> Export:
    """Export by the service, and then repeat its commands. `process` is gunicorn's own.

    Raises WrongAnswer unless the answer is 200 and goes on to its end.
    """
    workers = _children(process)
    for one in workers:
        Path(f"/proc/{one}/clear_refs").write_text(_RESET_PEAK)
    before = _memory(workers, "VmRSS")
    began = time.perf_counter()
    lines, size = _fetch(port, path, token)
    seconds = time.perf_counter() - began
    peak = _memory(workers, "VmHWM")
    raw = make()
    began = time.perf_counter()
    raw()
    return Export(lines - 1, size / 1e6, seconds, time.perf_counter() - began, before, peak)


def _fetch(port: int, path: str, token: str) -> tuple[int, int]:
    """Lines and bytes of an answer. No description holds a line break of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise WrongAnswer(f"the export answers {answer.status}")
        lines = size = 0
        while chunk := answer.read(_CHUNK):
            lines, size = lines + chunk.count(b"\n"), size + len(chunk)
        return lines, size
    finally:
        connection.close()


def _children(process: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _memory(processes: list[int], name: str) -> float:
    """A figure of some processes' status, in MiB."""
    lines = (line for one in processes for line in Path(f"/proc/{one}/status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
