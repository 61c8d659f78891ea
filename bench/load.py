"""A load generator that costs little: one thread, kept connections, requests built beforehand.

`python -m bench.load` reads a job as JSON from standard input and prints what it found, so that the
generator has a process of its own and its cost is the same for everything it measures.
"""

import itertools
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field

import orjson

NUMBER = "0000000000000000"
"""Where a request holds this text, each sending puts a number of its own."""
_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Job:
    """What to send: the requests in turn, over `connections` connections, for `seconds`.

    Without `rate` each connection sends as soon as it has its answer. With `rate` requests leave on a
    schedule of that many a second, and a latency begins when its request was due. `count` ends the job early.
    """

    port: int
    requests: Sequence[str]
    seconds: float
    connections: int = 8
    rate: float = 0.0
    count: int = 0


@dataclass
class Found:
    """What became of the requests. `seconds` ends with the last answer."""

    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)


def http(method: str, path: str, token: str, body: object = None, key: bool = False) -> str:
    """A request as text, with an idempotency key of its own each time it is sent where `key` is set."""
    content = orjson.dumps(body).decode() if body is not None else ""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content.encode())}"]
    if key:
        lines.append(f"Idempotency-Key: {NUMBER}")
    return "\r\n".join([*lines, "", content])


def run(job: Job) -> Found:
    """Run a job in a process of its own. Raises CalledProcessError when that process fails."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=orjson.dumps(asdict(job)),
        stdout=subprocess.PIPE,
        check=True,
    )
    return Found(**orjson.loads(done.stdout))


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._received = b""
        self._left = -1

    def send(self, request: bytes, began: float) -> None:
        self.began, self._received, self._left = began, b"", -1
        self.socket.sendall(request)

    def status(self) -> str | None:
        """Read what has arrived; the status of a complete answer. Raises OSError when it is cut off."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionResetError("the server closed the connection")
        if self._left < 0:
            self._received += piece
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return None
            self._left = _content_length(self._received[:end]) - (len(self._received) - end - 4)
        else:
            self._left -= len(piece)
        return self._received[9:12].decode() if self._left <= 0 else None


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    raise ValueError("an answer without Content-Length")


def generate(job: Job) -> Found:
    """Do the job in this thread. Raises OSError when a connection is refused or cut off."""
    with ExitStack() as opened, selectors.DefaultSelector() as selector:
        idle = deque[_Connection]()
        for _ in range(job.connections):
            connection = _Connection(job.port)
            opened.callback(connection.socket.close)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            idle.append(connection)
        return _drive(job, idle, selector)


def _drive(job: Job, idle: deque[_Connection], selector: selectors.BaseSelector) -> Found:
    found, statuses = Found(), Counter[str]()
    numbered, due = _numbered(job.requests), _schedule(job)
    start = last = time.perf_counter()
    moment = next(due, None)
    while True:
        now = time.perf_counter() - start
        if not job.rate and now >= job.seconds:
            moment = None
        while moment is not None and idle and moment <= now:
            idle.popleft().send(next(numbered), start + (moment if job.rate else now))
            moment = next(due, None)
        if moment is None and len(idle) == job.connections:
            break
        waits_for_answers = moment is None or not idle
        timeout = _PATIENCE_SECONDS if waits_for_answers else max(0.0, (moment or 0.0) - now)
        ready = selector.select(timeout)
        if not ready and waits_for_answers:
            raise TimeoutError(f"no answer within {_PATIENCE_SECONDS:.0f} s")
        for key, _ in ready:
            connection: _Connection = key.data
            status = connection.status()
            if status is None:
                continue
            last = time.perf_counter()
            found.latencies_ms.append((last - connection.began) * 1000)
            statuses[status] += 1
            idle.append(connection)
    found.seconds, found.statuses = last - start, dict(statuses)
    return found


def _numbered(requests: Sequence[str]) -> Iterator[bytes]:
    place, first = NUMBER.encode(), time.time_ns() // 1_000_000 * 1000
    for number, request in enumerate(itertools.cycle([one.encode() for one in requests]), first):
        yield request.replace(place, b"%016d" % number) if place in request else request


def _schedule(job: Job) -> Iterator[float]:
    """When each request is due, in seconds from the start; always at once where there is no rate."""
    if job.rate:
        wanted = job.count or int(job.seconds * job.rate)
        return (number / job.rate for number in range(wanted))
    return itertools.repeat(0.0, job.count) if job.count else itertools.repeat(0.0)


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(asdict(generate(Job(**orjson.loads(sys.stdin.buffer.read()))))))
