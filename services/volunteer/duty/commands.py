"""What can be done with shifts and the duties on them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict, Invalid
from chassis.identity import Actor
from services.volunteer.duty import domain
from services.volunteer.duty.attestation import Code
from services.volunteer.duty.domain import Change
from services.volunteer.duty.shift import Shift

_TRIES = 8


class Shifts(Protocol):
    """Where shifts are kept. `add` gives back the stored one when its id is known already.

    `of_member` are those that somebody is signed up for and that end after a moment.
    """

    def get(self, shift_id: str) -> Shift: ...
    def add(self, shift: Shift) -> Shift: ...
    def save(self, change: Change) -> None: ...
    def of_member(self, member: str, after: datetime) -> list[Shift]: ...


class Areas(Protocol):
    """The district's areas. `covers` is None for an area of which no outline is known."""

    def known(self, code: str) -> bool: ...
    def covers(self, code: str, lng: float, lat: float) -> bool | None: ...


def open_shift(
    shifts: Shifts,
    areas: Areas,
    clock: Clock,
    actor: Actor,
    *,
    shift_id: str,
    area: str,
    post: str,
    kind: str,
    starts_at: datetime,
    ends_at: datetime,
    seats: int,
    skills: list[str],
) -> Shift:
    """Open a shift for others to sign up; see `domain.open_shift`. Raises Invalid for an unknown area."""
    if not areas.known(area):
        raise Invalid("area", zh="没有这个区域。", en="There is no area with this code.")
    now = clock()
    shift = Shift(
        id=shift_id,
        area=area,
        post=post,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        seats=seats,
        skills=tuple(skills),
        created_by=actor.member_id,
        created_at=now,
    )
    return shifts.add(domain.open_shift(shift, actor, now))


def sign_up(shifts: Shifts, clock: Clock, actor: Actor, *, shift_id: str, duty_id: str) -> Shift:
    """Take a seat; see `domain.sign_up`. Raises NotFound.

    Seats are never exceeded: they are counted in the document that is written. Whether another shift is at
    the same time is looked up before the write: who signs up for two in the same moment may get both, and
    what is counted on one of them is then not counted on the other.
    """

    def decide(shift: Shift) -> Change:
        others = shifts.of_member(actor.member_id, shift.starts_at)
        return Change(domain.sign_up(shift, actor, others, duty_id=duty_id, at=clock()))

    return _until_saved(shifts, shift_id, decide)


def withdraw(shifts: Shifts, clock: Clock, actor: Actor, *, shift_id: str) -> None:
    """Give a seat back; see `domain.withdraw`. Raises NotFound."""
    _until_saved(shifts, shift_id, lambda shift: Change(domain.withdraw(shift, actor, clock())))


def show_code(shifts: Shifts, clock: Clock, actor: Actor, *, shift_id: str) -> Code:
    """A code to show at the post, of which nothing is kept; see `domain.show_code`. Raises NotFound."""
    return domain.show_code(shifts.get(shift_id), actor, clock())


def check_in(
    shifts: Shifts,
    areas: Areas,
    clock: Clock,
    actor: Actor,
    *,
    shift_id: str,
    location: Mapping[str, float] | None,
    accuracy: float | None,
    code: Code | None = None,
) -> Shift:
    """Begin one's duty; see `domain.check_in`. Raises NotFound.

    Of the place only whether it lies in the shift's area is kept.
    """

    def decide(shift: Shift) -> Change:
        inside = areas.covers(shift.area, location["lng"], location["lat"]) if location else None
        in_area = domain.judged(inside, accuracy)
        return domain.check_in(shift, actor, in_area=in_area, code=code, at=clock())

    return _until_saved(shifts, shift_id, decide)


def check_out(shifts: Shifts, clock: Clock, actor: Actor, *, shift_id: str) -> Shift:
    """End one's duty; see `domain.check_out`. Raises NotFound."""
    return _until_saved(shifts, shift_id, lambda shift: domain.check_out(shift, actor, at=clock()))


def verify(
    shifts: Shifts,
    clock: Clock,
    actor: Actor,
    *,
    shift_id: str,
    member: str,
    approved: bool,
    minutes: int | None,
    reason: str | None,
) -> Shift:
    """Accept or reject what somebody did; see `domain.verify`. Raises NotFound."""

    def decide(shift: Shift) -> Change:
        return domain.verify(
            shift,
            actor,
            member=member,
            approved=approved,
            minutes=minutes,
            reason=reason,
            others=shifts.of_member(member, shift.starts_at),
            at=clock(),
        )

    return _until_saved(shifts, shift_id, decide)


def busy_shift() -> Conflict:
    """Too many acted on a shift at once."""
    return Conflict(
        "busy-shift", zh="此班次正被多人操作，请重试。", en="Too many act on it at once: try again."
    )


def _until_saved(shifts: Shifts, shift_id: str, decide: Callable[[Shift], Change]) -> Shift:
    for _ in range(_TRIES):
        before = shifts.get(shift_id)
        change = decide(before)
        if change.shift is before:
            return before
        try:
            shifts.save(change)
        except ConcurrentUpdate:
            continue
        return change.shift
    raise busy_shift()
