"""To whom a hold may go: what somebody else set aside is never a gift of theirs to give."""

from datetime import UTC, datetime, timedelta

import pytest

from chassis.errors import Invalid
from chassis.identity import Actor, Grant
from services.points.domain import DONATED, debt
from services.points.funds.domain import fund
from services.points.holds.domain import Hold, captured, opened

NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
OWNER, FRIEND = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"
KEEPERS = [Actor("K", (Grant(role, "120199"),)) for role in ("shop_keeper", "district_admin", "integration")]


def held(actor: Actor) -> Hold:
    return opened(OWNER, "points", 50, "", timedelta(hours=1), actor, key="k", hold_id="h", at=NOW)


@pytest.mark.parametrize("keeper", KEEPERS)
@pytest.mark.parametrize("target", [FRIEND, debt(FRIEND), fund("120199001001"), f"{DONATED}{FRIEND}"])
def test_what_a_keeper_set_aside_of_another_goes_to_nobody_who_could_spend_it(
    keeper: Actor, target: str
) -> None:
    with pytest.raises(Invalid) as refused:
        captured(held(keeper), None, target, NOW)
    assert list(refused.value.extra["errors"]) == ["target"]


@pytest.mark.parametrize("keeper", KEEPERS)
@pytest.mark.parametrize("target", ["shop:120199", "pool:120199", "issuer:120199"])
def test_what_a_keeper_set_aside_of_another_goes_to_what_only_gathers(keeper: Actor, target: str) -> None:
    assert captured(held(keeper), 20, target, NOW).target == target


def test_what_its_owner_set_aside_goes_to_whom_it_was_meant_for() -> None:
    assert captured(held(Actor(OWNER)), None, FRIEND, NOW).target == FRIEND
