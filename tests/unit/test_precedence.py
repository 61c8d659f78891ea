"""Workers step back behind those for whom a person waits."""

import subprocess
import sys
from pathlib import Path

import pytest

from chassis.precedence import at_most, step_back

STEP_BACK = """
import os, sys, threading
from chassis.precedence import at_most, step_back
os.nice(int(sys.argv[1]))
step_back(int(sys.argv[2]))
found = []
own = threading.get_native_id
thread = threading.Thread(target=lambda: found.append(os.getpriority(os.PRIO_PROCESS, own())))
thread.start()
thread.join()
print(os.getpriority(os.PRIO_PROCESS, 0), found[0])
"""


def stepped_back(begun_with: int, niceness: int) -> list[int]:
    """The niceness of the main thread and of one started after, in a process of its own."""
    command = [sys.executable, "-c", STEP_BACK, str(begun_with), str(niceness)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, start_new_session=True)
    return [int(one) for one in answer.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere niceness belongs to whole processes")
def test_a_worker_and_all_its_threads_step_back() -> None:
    assert stepped_back(0, 7) == [7, 7]


def test_who_was_told_to_step_back_further_stays_there() -> None:
    assert stepped_back(12, 7) == [12, 12]


def test_where_sessions_are_weighed_the_whole_session_steps_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.precedence._SESSION", tmp_path / "autogroup")
    monkeypatch.setattr("os.setpriority", lambda *_: None)
    step_back(19)
    assert (tmp_path / "autogroup").read_text() == "19"


def test_where_there_are_no_such_sessions_the_process_steps_back_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr("chassis.precedence._SESSION", tmp_path / "none" / "autogroup")
    monkeypatch.setattr("os.setpriority", lambda *given: told.append(given[-1]))
    step_back(19)
    assert told == [19]


def test_a_niceness_of_nought_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.precedence._SESSION", tmp_path / "autogroup")
    step_back(0)
    assert not (tmp_path / "autogroup").exists()


@pytest.mark.parametrize(
    ("took", "share", "pause"), [(0.006, 1 / 3, 0.012), (0.01, 1 / 2, 0.01), (4, 1 / 3, 0.05)]
)
def test_what_takes_a_share_of_the_time_pauses_for_the_rest_but_never_long(
    monkeypatch: pytest.MonkeyPatch, took: float, share: float, pause: float
) -> None:
    now, pauses = [100.0], list[float]()
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    monkeypatch.setattr("time.sleep", pauses.append)
    with at_most(share):
        now[0] += took
    assert pauses == [pytest.approx(pause)]
