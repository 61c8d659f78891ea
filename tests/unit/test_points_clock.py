"""What the points service promises of its clock: how soon holds expire and postings are sealed."""

import pytest

from chassis.timers import Timer
from infra.contracts import environment
from services.points.app import create_worker
from services.points.integrity.domain import LAG

WITHIN = {"holds": 60.0, "seals": 5.0 - LAG.total_seconds()}
"""Timer → seconds: what expired is free within a minute, a posting sealed within five of them."""


@pytest.fixture(scope="module")
def timers() -> dict[str, Timer]:
    return {one.name: one for one in create_worker(environment()).timers}


@pytest.mark.parametrize("name", WITHIN)
def test_a_timer_comes_round_as_soon_as_was_promised(timers: dict[str, Timer], name: str) -> None:
    timer = timers[name]
    assert 0 < timer.every <= WITHIN[name]
    assert timer.share == 1.0  # nothing makes it wait longer than that
