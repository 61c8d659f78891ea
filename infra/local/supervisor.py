"""Starts processes, restarts those that die, and stops them all in order."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 25.0
_POLL_SECONDS = 0.1
_libc = ctypes.CDLL(None)


class StartError(Exception):
    """Something could not be started; the message says what to do."""


@dataclass(frozen=True)
class Program:
    """A process to run. `ready` is asked until it is true."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: Callable[[], bool]
    start_seconds: float = 60.0


@dataclass
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    wanted: bool = True
    died: float | None = None
    deaths: int = 0


@dataclass
class Supervisor:
    """Supervises the programs of one deployment; their output goes to one log file each."""

    logs: Path
    on_event: Callable[[str], None] = lambda _: None
    _running: dict[str, _Running] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _watcher: threading.Thread | None = None

    def start(self, *programs: Program) -> None:
        """Start programs side by side and wait until all are ready. Raises StartError."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with self._lock:
            for program in programs:
                self._running[program.name] = _Running(program, self._spawn(program), time.monotonic())
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
                self._watcher.start()
        for program in programs:
            self.wait_ready(program.name)

    def wait_ready(self, name: str) -> None:
        """Wait until a program is ready. Raises StartError with the end of its log."""
        program = self._running[name].program
        deadline = time.monotonic() + program.start_seconds
        while not program.ready():
            if time.monotonic() > deadline or self._stopping.is_set():
                raise StartError(f"{name} did not become ready. The end of its log:\n{self._tail(name)}")
            time.sleep(_POLL_SECONDS)

    def pid(self, name: str) -> int:
        """The process of a program; those it started itself are its children."""
        return self._running[name].process.pid

    def kill(self, name: str) -> None:
        """kill -9 a program with all its children; it will be restarted."""
        with self._lock:
            self._signal(self._running[name].process, signal.SIGKILL)

    def pause(self, name: str) -> None:
        """kill -9 a program and keep it down until `resume`."""
        with self._lock:
            running = self._running[name]
            running.wanted = False
            self._signal(running.process, signal.SIGKILL)
            running.process.wait()

    def end(self, name: str, seconds: float = _STOP_SECONDS) -> int:
        """Ask one program to stop (SIGTERM), keep it down until `resume`, and return its exit code.

        Raises subprocess.TimeoutExpired when it has not stopped after so many seconds.
        """
        with self._lock:
            running = self._running[name]
            running.wanted = False
            self._signal(running.process, signal.SIGTERM, whole_group=False)
        return running.process.wait(seconds)

    def resume(self, *names: str) -> None:
        """Start paused or ended programs again, side by side, and wait until they are ready."""
        with self._lock:
            for name in names:
                running = self._running[name]
                self._begin(running)
                running.wanted = True
        for name in names:
            self.wait_ready(name)

    def stop(self) -> None:
        """Stop everything, last started first: ask, wait, and only then kill."""
        self._stopping.set()
        with self._lock:
            groups = list(reversed(self._running.values()))
        for running in groups:
            running.wanted = False
        services = [one for one in groups if not one.program.name.startswith("backing:")]
        backing = [one for one in groups if one.program.name.startswith("backing:")]
        for group in (services, backing):
            for running in group:
                self._signal(running.process, signal.SIGTERM, whole_group=False)
            deadline = time.monotonic() + _STOP_SECONDS
            for running in group:
                self._reap(running, deadline)
        self._stopped.set()

    def discard(self) -> None:
        """kill -9 everything at once: for what nobody will start again."""
        self._stopping.set()
        with self._lock:
            groups = list(self._running.values())
        for running in groups:
            running.wanted = False
            self._signal(running.process, signal.SIGKILL)
        for running in groups:
            running.process.wait()
        self._stopped.set()

    def _reap(self, running: _Running, deadline: float) -> None:
        try:
            running.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.on_event(f"{running.program.name} did not stop when asked: killed")
        self._signal(running.process, signal.SIGKILL)
        running.process.wait()

    def _watch(self) -> None:
        while not self._stopping.wait(_POLL_SECONDS):
            with self._lock:
                for running in self._running.values():
                    if running.wanted and running.process.poll() is not None:
                        self._restart(running)
        # Linux ends what this thread started when the thread ends; all is to stop in order first.
        self._stopped.wait()

    def _restart(self, running: _Running) -> None:
        now = time.monotonic()
        if running.died is None:
            running.died = now
            running.deaths = 1 if now - running.started > 30 else running.deaths + 1
        if now - running.started < min(5.0, 0.5 * running.deaths):
            return  # died soon after its start: do not spin
        self._signal(running.process, signal.SIGKILL)  # children that outlived it
        self.on_event(f"{running.program.name} ended ({running.process.returncode}): started again")
        self._begin(running)

    def _begin(self, running: _Running) -> None:
        running.process = self._spawn(running.program)
        running.started, running.died = time.monotonic(), None

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with self._log_path(program.name).open("ab") as log:
            return subprocess.Popen(
                program.command,
                env=dict(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one libc call
            )

    def _signal(self, process: subprocess.Popen[bytes], number: int, *, whole_group: bool = True) -> None:
        try:
            if whole_group:
                os.killpg(process.pid, number)
            else:
                os.kill(process.pid, number)
        except ProcessLookupError:
            return

    def _log_path(self, name: str) -> Path:
        return self.logs / f"{name.replace(':', '-')}.log"

    def _tail(self, name: str) -> str:
        path = self._log_path(name)
        return path.read_text(errors="replace")[-2000:] if path.exists() else "(nothing)"


def _end_with_parent() -> None:
    """A supervisor that is killed takes its programs along (Linux)."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def port_is_free(port: int) -> bool:
    """Whether a port of 127.0.0.1 can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def port_answers(port: int) -> bool:
    """Whether something accepts connections on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
