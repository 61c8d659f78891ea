"""People, shifts and what they do with them, for the tests of duty."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.identity import Actor, Grant
from services.volunteer.duty import domain
from services.volunteer.duty.domain import Change
from services.volunteer.duty.shift import Duty, Shift

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
SECONDS, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
END = START + 2 * HOUR
DISTRICT, GRID = "120199", "120199001001001"
STEWARD = Actor("S", (Grant("steward", GRID),))
SECOND = Actor("T", (Grant("steward", f"{GRID[:12]}002"),))
LEADER = Actor("L", (Grant("team_leader", GRID[:12]),))
STAFF = Actor("C", (Grant("community_staff", GRID[:12]),))
ELSEWHERE = Actor("E", (Grant("steward", "120199001002001"), Grant("team_leader", "120199001002")))
SHIFT = Shift(
    id="01SHIFT",
    area=GRID,
    post="小区北门",
    kind="patrol",
    starts_at=START,
    ends_at=END,
    seats=2,
    skills=(),
    created_by="L",
    created_at=START - 24 * HOUR,
)


def signed_up(actor: Actor = STEWARD, shift: Shift = SHIFT, at: datetime = START - HOUR) -> Shift:
    return domain.sign_up(shift, actor, [], duty_id=f"D-{actor.member_id}", at=at)


def checked_in(at: datetime = START, in_area: bool | None = True) -> Shift:
    return domain.check_in(signed_up(), STEWARD, in_area=in_area, at=at).shift


def checked_out(since: datetime = START, until: datetime = END) -> Shift:
    return domain.check_out(checked_in(since), STEWARD, at=until).shift


def verify(shift: Shift, actor: Actor = STAFF, **told: Any) -> Change:
    order: dict[str, Any] = {"member": "S", "approved": True, "minutes": None, "reason": None, "others": []}
    return domain.verify(shift, actor, **(order | {"at": END + HOUR} | told))


def duty(shift: Shift, member: str = "S") -> Duty:
    """The duty of a member who is signed up."""
    found = shift.duty_of(member)
    assert found is not None
    return found


def of(**changes: Any) -> Shift:
    """The shift, but otherwise."""
    return replace(SHIFT, **changes)
