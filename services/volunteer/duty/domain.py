"""Duty: who may open a shift, sign up for it and be on it, and who verifies what was done."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.volunteer.duty.attestation import Code, check_scanned, new_code
from services.volunteer.duty.events import DutyCheckedOut, DutyFact, DutyRejected, DutyVerified
from services.volunteer.duty.shift import LONGEST, SHORTEST, Action, Duty, Shift, Status, step

LEADERS = frozenset(
    {"team_leader", "council_chair", "community_staff", "subdistrict_staff", "district_admin"}
)
WORKERS = frozenset({"steward", "team_leader", "council_member", "council_chair"})
_STAFF = frozenset({"community_staff", "subdistrict_staff", "district_admin"})
_COMMUNITY_LENGTH = 12
_CLOCK_ERROR = timedelta(minutes=5)
"""A shift that begins at once was written some moments ago, and by another clock."""
_VAGUE = 100.0
"""Metres: a phone that knows its place no better does not show that somebody was elsewhere."""


@dataclass(frozen=True)
class Change:
    """What a shift has become, and what is told of which of its duties.

    Where a request comes a second time, nothing has become of it: the shift is the very one that it was.
    """

    shift: Shift
    duty: Duty | None = None
    event: DutyFact | None = None


def leads(actor: Actor, area: str) -> bool:
    """Whether the actor opens shifts in an area and verifies the duty of others there."""
    return actor.has_any(LEADERS, area)


def may_list(actor: Actor, area: str) -> bool:
    """Whether all shifts of an area are the actor's to see: staff of it, and who works in its community."""
    return actor.has_any(_STAFF, area) or any(
        one.role in WORKERS and area.startswith(one.area[:_COMMUNITY_LENGTH]) for one in actor.grants
    )


def may_read(actor: Actor, shift: Shift) -> bool:
    """Whether a shift concerns the actor: they are signed up, could be, or are staff there."""
    is_on_it = shift.duty_of(actor.member_id) is not None
    return is_on_it or may_list(actor, shift.area) or _works_there(actor, shift.area)


def open_shift(shift: Shift, actor: Actor, at: datetime) -> Shift:
    """A new shift. Raises NotAllowed for areas that are not the actor's, Invalid for times it cannot have."""
    if not leads(actor, shift.area):
        raise NotAllowed(
            "not-your-area",
            zh="您不负责此区域，不能安排班次。",
            en="Shifts are opened by team leaders, the council's chair and staff of the area.",
        )
    if len(shift.area) < _COMMUNITY_LENGTH:
        raise Invalid(
            "area",
            zh="班次须安排在社区或网格内。",
            en="A shift is in a community or a grid, whose stewards can find it.",
        )
    if shift.ends_at <= shift.starts_at:
        raise Invalid("ends_at", zh="结束时间须晚于开始时间。", en="A shift ends after it has started.")
    if not SHORTEST <= shift.ends_at - shift.starts_at <= LONGEST:
        raise Invalid(
            "ends_at", zh="班次时长须为 15 分钟至 12 小时。", en="A shift lasts 15 minutes to 12 hours."
        )
    if shift.starts_at < at - _CLOCK_ERROR:
        raise Invalid("starts_at", zh="开始时间不能早于现在。", en="A shift does not start in the past.")
    return shift


def sign_up(shift: Shift, actor: Actor, others: Iterable[Shift], *, duty_id: str, at: datetime) -> Shift:
    """A seat taken; who has one already changes nothing. `others` are shifts that the actor is signed up for.

    Raises NotAllowed for who does not work in that community, and Conflict where the shift is over or full,
    or at the time of another one.
    """
    if shift.duty_of(actor.member_id) is not None:
        return shift
    if not _works_there(actor, shift.area):
        raise NotAllowed(
            "not-your-area",
            zh="您不在此社区服务，不能报名。",
            en="Shifts are stood by stewards and council members of the community.",
        )
    if at >= shift.ends_at:
        raise _no_seat(
            "shift-over", "over", zh="该班次已结束。", en="This shift is over: choose another one."
        )
    if len(shift.duties) >= shift.seats:
        raise _no_seat(
            "shift-full",
            "full",
            zh="该班次已报满，请选择其他班次。",
            en="All seats are taken: choose another one.",
        )
    if any(one.id != shift.id and one.keeps(actor.member_id, shift, at) for one in others):
        raise _no_seat(
            "shifts-overlap",
            "open",
            zh="您在同一时间另有班次；尚未开始的可先取消。",
            en="You have another shift at this time: withdraw from that one first, if it has not begun.",
        )
    duty = Duty(duty_id, actor.member_id, signed_up_at=at)
    return _next(shift, (*shift.duties, duty))


def withdraw(shift: Shift, actor: Actor, at: datetime) -> Shift:
    """The seat given back; who has none changes nothing. Raises Conflict once checked in, or begun."""
    duty = shift.duty_of(actor.member_id)
    if duty is None:
        return shift
    step(shift, duty, Action.WITHDRAW, at)
    return _without(shift, duty)


def show_code(shift: Shift, actor: Actor, at: datetime) -> Code:
    """A code to show at the post. Raises NotAllowed where one does not lead, Conflict after the end."""
    if not leads(actor, shift.area):
        raise NotAllowed(
            "not-your-area",
            zh="您不负责此区域，不能出示签到码。",
            en="Codes are shown by team leaders, the council's chair and staff of the area.",
        )
    return new_code(shift, actor.member_id, at)


def check_in(
    shift: Shift, actor: Actor, *, in_area: bool | None, code: Code | None = None, at: datetime
) -> Change:
    """Begin one's duty, once; the code of somebody else attests it, also one that is scanned later.

    Raises NotAllowed for who is not signed up, Conflict at any other time, Invalid for a code that attests
    nothing. Who is attested needs none: theirs may have expired when a request comes a second time.
    """
    duty = _own(shift, actor)
    begun = duty.status is Status.CHECKED_IN
    if begun and (code is None or duty.attested):
        return Change(shift)
    if not begun:
        status = step(shift, duty, Action.CHECK_IN, at).target or duty.status
        duty = replace(duty, status=status, checked_in_at=at, in_area=in_area)
    if code is not None:
        check_scanned(code, actor.member_id, at)
    return Change(_with(shift, replace(duty, attested=code is not None)))


def check_out(shift: Shift, actor: Actor, *, at: datetime) -> Change:
    """End one's duty, once: what of the shift lies between is its minutes. Raises NotAllowed, Conflict."""
    duty = _own(shift, actor)
    if duty.status is Status.CHECKED_OUT:
        return Change(shift)
    status = step(shift, duty, Action.CHECK_OUT, at).target or duty.status
    minutes = shift.minutes(duty.checked_in_at or at, at)
    done = replace(duty, status=status, checked_out_at=at, minutes=minutes)
    return _told(DutyCheckedOut, _with(shift, done), done, actor)


def verify(
    shift: Shift,
    actor: Actor,
    *,
    member: str,
    approved: bool,
    minutes: int | None,
    reason: str | None,
    others: Iterable[Shift],
    at: datetime,
) -> Change:
    """Accept a duty with the minutes that were recorded, or others with a reason; or reject it with one.

    No more minutes than have passed of the shift, less those that are counted already on `others`, the
    member's shifts at that time. The same decision again changes nothing. Raises NotAllowed for one's own
    duty and areas that one does not lead, Conflict where there is nothing to decide (yet), Invalid.
    """
    if not leads(actor, shift.area):
        raise NotAllowed(
            "not-your-area",
            zh="您不负责此区域，不能审核。",
            en="Duty is verified by team leaders, the council's chair and staff of the area.",
        )
    if member == actor.member_id:
        raise NotAllowed("own-work", zh="不能审核自己的执勤。", en="Somebody else must verify your duty.")
    duty = shift.duty_of(member)
    if duty is None:
        raise Invalid("member", zh="该成员没有报名此班次。", en="This member is not signed up for the shift.")
    kept = None if duty.erased else reason
    if _repeats(duty, actor, approved=approved, minutes=minutes, reason=kept):
        return Change(shift)
    status = step(shift, duty, Action.APPROVE if approved else Action.REJECT, at).target or duty.status
    counted = duty.minutes
    if approved:
        elsewhere = sum(one.counted(member, shift) for one in others if one.id != shift.id)
        counted = _approved_minutes(shift, duty, minutes, reason, elsewhere, at)
    else:
        _check_rejection(minutes, reason)
    decided = replace(
        duty, status=status, minutes=counted, verified_by=actor.member_id, verified_at=at, reason=kept
    )
    return _told(DutyVerified if approved else DutyRejected, _with(shift, decided), decided, actor)


def judged(inside: bool | None, accuracy: float | None) -> bool | None:
    """What a phone's place says of whether somebody was in the area; None where it cannot tell."""
    return None if inside is False and accuracy is not None and accuracy > _VAGUE else inside


def forgotten(shift: Shift, member: str) -> Shift:
    """A shift without the words about a member, and without their seat where they have not begun.

    That a duty was done, and for how long, is counted on. What is said of it later is not kept.
    """
    duty = shift.duty_of(member)
    if duty is None:
        return shift
    if duty.status is Status.SIGNED_UP:
        return _without(shift, duty)
    return shift if duty.erased else _with(shift, replace(duty, reason=None, erased=True))


def _works_there(actor: Actor, area: str) -> bool:
    community = area[:_COMMUNITY_LENGTH]
    return any(
        one.role in WORKERS and (one.area.startswith(community) or community.startswith(one.area))
        for one in actor.grants
    )


def _own(shift: Shift, actor: Actor) -> Duty:
    duty = shift.duty_of(actor.member_id)
    if duty is None:
        raise NotAllowed(
            "not-signed-up", zh="您没有报名该班次，请先报名。", en="Sign up for this shift first."
        )
    return duty


def _repeats(duty: Duty, actor: Actor, *, approved: bool, minutes: int | None, reason: str | None) -> bool:
    """Whether this is what the actor has decided already, and the answer was lost."""
    decided = Status.VERIFIED if approved else Status.REJECTED
    same = (duty.status, duty.verified_by, duty.reason) == (decided, actor.member_id, reason)
    return same and minutes in (None, duty.minutes)


def _approved_minutes(
    shift: Shift, duty: Duty, minutes: int | None, reason: str | None, elsewhere: int, at: datetime
) -> int:
    counted = duty.minutes if minutes is None else minutes
    if counted is None:
        raise Invalid(
            "minutes",
            zh="没有签退记录，请填写服务时长。",
            en="Nobody checked out: say how many minutes it was.",
        )
    most = max(0, shift.minutes(shift.starts_at, at) - elsewhere)
    if counted > most:
        raise Invalid(
            "minutes",
            zh=f"最多 {most} 分钟（班次已过时长，减去同一时间在其他班次已计的 {elsewhere} 分钟）。",
            en=f"At most {most} minutes: what has passed of the shift, less {elsewhere} counted on others.",
        )
    if counted != duty.minutes and not reason:
        raise Invalid(
            "reason",
            zh="时长与签到签退记录不同，请说明原因。",
            en="Say why it is not what was recorded.",
        )
    return counted


def _check_rejection(minutes: int | None, reason: str | None) -> None:
    if not reason:
        raise Invalid("reason", zh="请填写不通过的原因。", en="Say why it is not accepted.")
    if minutes is not None:
        raise Invalid(
            "minutes", zh="不通过时不填时长。", en="What is rejected has no minutes: leave them out."
        )


def _no_seat(code: str, status: str, *, zh: str, en: str) -> Conflict:
    return Conflict(code, zh=zh, en=en, status_now=status, allowed=[])


def _told(kind: type[DutyFact], shift: Shift, duty: Duty, actor: Actor) -> Change:
    event = kind(
        member=duty.member,
        shift=shift.id,
        category=shift.kind,
        minutes=duty.minutes or 0,
        actor=actor.member_id,
    )
    return Change(shift, duty, event)


def _with(shift: Shift, duty: Duty) -> Shift:
    return _next(shift, tuple(duty if one.id == duty.id else one for one in shift.duties))


def _without(shift: Shift, duty: Duty) -> Shift:
    return _next(shift, tuple(one for one in shift.duties if one.id != duty.id))


def _next(shift: Shift, duties: tuple[Duty, ...]) -> Shift:
    return replace(shift, duties=duties, version=shift.version + 1)
