"""What the time bank's policy bounds has no way round it, and who loses by a bound is told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.errors import Invalid
from services.notify.templates import render
from services.points.holds.domain import captured, opened
from services.points.timebank.exchange.domain import transition
from services.points.timebank.exchange.effects import Details
from services.points.timebank.exchange.help import Status
from services.points.timebank.exchange.settlement import day_of
from services.points.timebank.policy.domain import Policy
from tests.unit.helping import ACTORS, HOUR, NOW, around, standing

SHOP, POOL = "shop:120199", "pool:120199"


@pytest.mark.parametrize("target", [SHOP, "B"])
def test_minutes_that_are_held_by_hand_buy_no_goods_and_are_no_gift(target: str) -> None:
    hold = opened("A", "minutes", 60, "", HOUR, ACTORS["author"], key="k", hold_id="h", at=NOW)
    with pytest.raises(Invalid) as refused:
        captured(hold, None, target, NOW)
    assert list(refused.value.extra["errors"]) == ["target"]
    assert captured(hold, None, POOL, NOW).target == POOL
    assert captured(replace(hold, unit="points"), None, target, NOW).target == target


@pytest.mark.parametrize("template", ["help-settled", "help-auto-confirmed", "help-decided"])
def test_what_goes_to_the_pool_is_told_with_the_settlement(template: str) -> None:
    change = transition(
        standing(Status.CHECKED_OUT),
        "confirm",
        ACTORS["author"],
        Details(),
        around(Policy(1, NOW, ceiling=20)),
    )
    (told,) = change.events
    params = {"number": "H1", "minutes": told.minutes, "pooled": told.pooled}  # type: ignore[attr-defined]
    assert params == {"number": "H1", "minutes": 30, "pooled": 10}
    for language, words in (("zh", "其中 10 分钟"), ("en", "10 of them for the pool")):
        assert words in render(template, params, language)[1]
        assert "10" not in render(template, {**params, "pooled": 0}, language)[1]


def test_help_counts_towards_the_day_of_its_check_in_in_shanghai_however_late_it_is_settled() -> None:
    midnight = datetime(2026, 11, 25, 16, tzinfo=UTC)
    for checked_in, day in ((midnight - timedelta(seconds=1), 25), (midnight, 26)):
        one = standing(
            Status.CHECKED_OUT,
            checked_in_at=checked_in,
            checked_out_at=midnight + HOUR,
            starts_at=NOW - 24 * HOUR,
        )
        assert day_of(one) == date(2026, 11, day)
