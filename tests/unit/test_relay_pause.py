"""How soon the relay looks again: a burst is left to gather, everything else is on its way at once."""

import threading
import time
from typing import cast

import pytest

from chassis.broker.publisher import Publisher
from chassis.faults import Faults
from chassis.mongo import Mongo
from chassis.relay import WINDOW, Relay


@pytest.fixture
def relay() -> Relay:
    return Relay("any", cast(Mongo, {}), ["issues"], cast(Publisher, None), Faults(""))


@pytest.fixture
def ended() -> threading.Event:
    """Whoever waits for the end of a process that ends does not wait."""
    stop = threading.Event()
    stop.set()
    return stop


@pytest.mark.parametrize("moved", [0, 1, 7])
def test_who_wakes_the_relay_is_heard_while_little_is_moved(
    relay: Relay, ended: threading.Event, moved: int
) -> None:
    relay.wake.set()
    relay._pause(moved, ended)
    assert not relay.wake.is_set()


@pytest.mark.parametrize("moved", [8, WINDOW - 1])
def test_in_a_burst_nobody_wakes_the_relay_before_its_time(
    relay: Relay, ended: threading.Event, moved: int
) -> None:
    relay._pause(8, ended)
    relay.wake.set()
    relay._pause(moved, ended)
    assert relay.wake.is_set()


@pytest.mark.parametrize("before", [0, 7])
def test_many_once_are_no_burst(relay: Relay, ended: threading.Event, before: int) -> None:
    relay._pause(before, ended)
    relay.wake.set()
    relay._pause(8, ended)
    assert not relay.wake.is_set()


def test_a_full_window_is_followed_by_the_next_without_a_pause(relay: Relay) -> None:
    relay._pause(WINDOW, cast(threading.Event, None))


@pytest.mark.parametrize(("ago", "looks"), [(25, 3), (35, 1)])
def test_a_collection_is_looked_at_at_every_turn_until_nothing_came_for_half_a_minute(
    relay: Relay, monkeypatch: pytest.MonkeyPatch, ago: float, looks: int
) -> None:
    seen: list[str] = []

    def drain(name: str) -> int:
        seen.append(name)
        return 0

    monkeypatch.setattr(relay, "drain", drain)
    monkeypatch.setitem(relay._worked, "issues", time.monotonic() - ago)
    for _ in range(3):
        relay._turn("issues")
    assert len(seen) == looks
