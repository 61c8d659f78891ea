"""`make run` in the foreground: it ends when asked, whatever it is doing."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import make_server

import pytest

from infra.local import __main__ as command
from infra.local.deployment import Ports, answers
from infra.local.supervisor import StartError


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """The handlers of this process as they were."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


class Stage:
    """A deployment that does nothing but what a test has it do while it starts and stops."""

    def __init__(self, start: Callable[[], None], stop: Callable[[], None] = lambda: None) -> None:
        self.ports = Ports(18080)
        self.stopped = False
        self.start = start
        self._stop = stop

    def __call__(self, *_: Any, **__: Any) -> "Stage":
        """Stand for the class of deployments."""
        return self

    def stop(self) -> None:
        """Stop."""
        self._stop()
        self.stopped = True


def ran(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(command, "Deployment", stage)
    return command.main()


def ask(number: int) -> None:
    os.kill(os.getpid(), number)
    threading.Event().wait(10)
    raise StartError("It went on starting.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_asked_to_end_while_starting_stops_what_was_started(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(lambda: ask(number))
    assert ran(stage, tmp_path, monkeypatch) == 0
    assert stage.stopped
    assert "Stopped. The data is kept." in capsys.readouterr().out


def test_who_is_asked_again_while_stopping_still_stops_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(lambda: ask(signal.SIGINT), lambda: os.kill(os.getpid(), signal.SIGINT))
    assert ran(stage, tmp_path, monkeypatch) == 0
    assert stage.stopped


def test_what_cannot_start_is_told_and_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise StartError("The port is taken.")

    stage = Stage(fail)
    assert ran(stage, tmp_path, monkeypatch) == 1
    assert stage.stopped
    assert "The port is taken." in capsys.readouterr().err


def test_a_proxy_of_this_machine_has_no_part_in_asking_whether_a_process_is_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)

    def ready(_: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [])
        return []

    with make_server("127.0.0.1", 0, ready) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        assert answers(server.server_port, "/readyz")
        thread.join()
