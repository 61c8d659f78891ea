"""The local supervisor with real processes: restarts, order, and clear words when something cannot start."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.deployment import wait_until
from infra.local.supervisor import Program, StartError, Supervisor

PATH = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, told: list[str]) -> Iterator[Supervisor]:
    watching = Supervisor(tmp_path / "logs", told.append)
    yield watching
    watching.stop()


def shell(name: str, folder: Path, script: str, seconds: float = 60) -> Program:
    """A shell script that writes its process id to a file of its name when it is ready."""
    file = folder / name.replace(":", "-")
    command = ["/bin/sh", "-c", script.replace("READY", f"echo $$ > {file}.new; mv {file}.new {file}")]
    return Program(name, command, PATH, file.exists, seconds)


def pid(folder: Path, name: str) -> int:
    return int((folder / name.replace(":", "-")).read_text())


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


SLEEPER = "READY; exec sleep 600"
POLITE = "trap 'echo NAME >> LOG; exit 0' TERM; READY; while :; do sleep 0.05; done"


def polite(name: str, folder: Path, delay: str = "0") -> Program:
    """A program that, asked to stop, takes its time and then notes its name."""
    script = POLITE.replace("'echo NAME", f"'sleep {delay}; echo {name}").replace(
        "LOG", str(folder / "order")
    )
    return shell(name, folder, script)


def test_a_program_that_dies_is_started_again(
    supervisor: Supervisor, tmp_path: Path, told: list[str]
) -> None:
    supervisor.start(shell("sleeper", tmp_path, SLEEPER))
    for _ in range(2):
        first = pid(tmp_path, "sleeper")
        os.kill(first, signal.SIGKILL)
        wait_until(lambda old=first: pid(tmp_path, "sleeper") != old, 60, "the program's return")  # type: ignore[misc]
    assert told == ["sleeper ended (-9): started again"] * 2


def test_a_killed_programs_children_die_with_it(supervisor: Supervisor, tmp_path: Path) -> None:
    script = f"sleep 600 & echo $! > {tmp_path}/child; READY; wait"
    supervisor.start(shell("parent", tmp_path, script))
    child, parent = int((tmp_path / "child").read_text()), pid(tmp_path, "parent")
    supervisor.kill("parent")
    wait_until(lambda: not alive(child) and not alive(parent), 60, "the end of parent and child")


def test_what_is_discarded_is_killed_with_all_its_children_and_stays_down(
    tmp_path: Path, told: list[str]
) -> None:
    supervisor = Supervisor(tmp_path / "logs", told.append)
    script = f"trap '' TERM; sleep 600 & echo $! > {tmp_path}/child; READY; wait"
    supervisor.start(shell("parent", tmp_path, script), shell("other", tmp_path, SLEEPER))
    everybody = [int((tmp_path / "child").read_text()), pid(tmp_path, "parent"), pid(tmp_path, "other")]
    supervisor.discard()
    wait_until(lambda: not any(map(alive, everybody)), 60, "the end of all three")
    assert told == []


def test_a_paused_program_stays_down_until_it_is_resumed(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(shell("one", tmp_path, SLEEPER), shell("other", tmp_path, SLEEPER))
    paused, other = pid(tmp_path, "one"), pid(tmp_path, "other")
    supervisor.pause("one")
    os.kill(other, signal.SIGKILL)
    wait_until(lambda: pid(tmp_path, "other") != other, 60, "the other's return")
    assert pid(tmp_path, "one") == paused
    assert not alive(paused)
    supervisor.resume("one")
    wait_until(lambda: pid(tmp_path, "one") != paused, 60, "the program's return")


def test_services_stop_before_what_they_stand_on(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(polite("backing:store", tmp_path))
    supervisor.start(polite("service", tmp_path, "0.5"))
    supervisor.stop()
    assert (tmp_path / "order").read_text().split() == ["service", "backing:store"]


def test_services_stop_first_also_when_what_they_stand_on_had_been_started_again(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.start(polite("backing:store", tmp_path))
    supervisor.start(polite("service", tmp_path, "0.5"))
    first = pid(tmp_path, "backing:store")
    supervisor.kill("backing:store")
    wait_until(lambda: pid(tmp_path, "backing:store") != first, 60, "the store's return")
    supervisor.stop()
    assert (tmp_path / "order").read_text().split() == ["service", "backing:store"]


def test_a_program_that_does_not_stop_when_asked_is_killed(
    supervisor: Supervisor, tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.supervisor._STOP_SECONDS", 0.3)
    supervisor.start(shell("deaf", tmp_path, "trap '' TERM; READY; while :; do sleep 0.05; done"))
    number = pid(tmp_path, "deaf")
    supervisor.stop()
    assert not alive(number)
    assert told == ["deaf did not stop when asked: killed"]


def test_nothing_is_started_again_while_all_is_stopped(
    supervisor: Supervisor, tmp_path: Path, told: list[str]
) -> None:
    supervisor.start(*(shell(name, tmp_path, SLEEPER) for name in ("a", "b", "c")))
    supervisor.stop()
    assert told == []
    assert not any(alive(pid(tmp_path, name)) for name in "abc")


def test_a_program_that_does_not_become_ready_is_named_with_the_end_of_its_log(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    broken = shell("broken", tmp_path, "echo no licence for this machine >&2; exec sleep 600", 2)
    with pytest.raises(StartError, match=r"(?s)broken did not become ready.*no licence for this machine"):
        supervisor.start(broken)


def test_each_programs_output_is_in_a_log_of_its_own(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(shell("backing:talker", tmp_path, "echo good morning; READY; exec sleep 600"))
    assert (tmp_path / "logs/backing-talker.log").read_text() == "good morning\n"
