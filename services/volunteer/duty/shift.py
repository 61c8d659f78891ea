"""A shift, the duties of those who signed up for it, and the table of what can be done with a duty when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from chassis.errors import Conflict

KINDS = ("patrol", "post", "inspection")
SHORTEST, LONGEST = timedelta(minutes=15), timedelta(hours=12)
MAX_MINUTES = LONGEST // timedelta(minutes=1)
MAX_SEATS = 50
EARLY = timedelta(minutes=30)
"""How long before the start one may check in."""
LATE = timedelta(hours=12)
"""How long after the end one may still check out."""
_SHANGHAI = ZoneInfo("Asia/Shanghai")


class Status(StrEnum):
    """What a duty is."""

    SIGNED_UP = "signed_up"
    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    VERIFIED = "verified"
    REJECTED = "rejected"


class Action(StrEnum):
    """What can be done with a duty: the first three by whose it is, the others by whoever verifies it."""

    WITHDRAW = "withdraw"
    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    APPROVE = "approve"
    REJECT = "reject"


DECISIONS = frozenset({Action.APPROVE, Action.REJECT})
_IN_CHINESE = {
    Status.SIGNED_UP: "已报名",
    Status.CHECKED_IN: "已签到",
    Status.CHECKED_OUT: "已签退",
    Status.VERIFIED: "已通过审核",
    Status.REJECTED: "未通过审核",
}


@dataclass(frozen=True)
class Duty:
    """What one member does on a shift, from the sign-up to the verification.

    `in_area` is whether they were in the shift's area when they checked in, None where nobody knows: the
    place itself is not kept. `attested` is whether they scanned a code that somebody who leads there showed
    at the post. `minutes` are those between checking in and out, and in the end those verified.
    """

    id: str
    member: str
    signed_up_at: datetime
    status: Status = Status.SIGNED_UP
    checked_in_at: datetime | None = None
    in_area: bool | None = None
    attested: bool = False
    checked_out_at: datetime | None = None
    minutes: int | None = None
    verified_by: str | None = None
    verified_at: datetime | None = None
    reason: str | None = None
    erased: bool = False


@dataclass(frozen=True)
class Shift:
    """Where and when so many are to be on duty; `post` says where to stand, in words."""

    id: str
    area: str
    post: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    seats: int
    skills: tuple[str, ...]
    created_by: str
    created_at: datetime
    duties: tuple[Duty, ...] = ()
    version: int = 1

    def duty_of(self, member: str) -> Duty | None:
        """The duty of a member, if they are signed up."""
        return next((one for one in self.duties if one.member == member), None)

    def minutes(self, since: datetime, until: datetime) -> int:
        """The whole minutes of the shift that lie between two moments."""
        spent = min(until, self.ends_at) - max(since, self.starts_at)
        return max(0, spent // timedelta(minutes=1))

    def keeps(self, member: str, other: "Shift", at: datetime) -> bool:
        """Whether a member's duty on this shift keeps them from another one.

        Not where it was rejected, they checked out before, or have not come though it has begun.
        """
        duty = self.duty_of(member)
        if duty is None or duty.status is Status.REJECTED:
            return False
        if duty.status is Status.SIGNED_UP and at >= self.starts_at:
            return False
        until = min(self.ends_at, duty.checked_out_at or self.ends_at)
        return self.starts_at < other.ends_at and other.starts_at < until

    def counted(self, member: str, other: "Shift") -> int:
        """How many minutes of another shift are counted for a member on this one already."""
        duty = self.duty_of(member)
        if duty is None or duty.status is not Status.VERIFIED:
            return 0
        since, until = duty.checked_in_at or self.starts_at, duty.checked_out_at or self.ends_at
        both = other.minutes(max(since, self.starts_at), min(until, self.ends_at))
        return min(duty.minutes or 0, both)


Bound = Callable[[Shift], datetime]


@dataclass(frozen=True)
class Step:
    """An action that a status allows, from and until when, and what the duty is then; None: it is no more."""

    action: Action
    source: Status
    target: Status | None
    opens: Bound | None = None
    closes: Bound | None = None


def _start(shift: Shift) -> datetime:
    return shift.starts_at


def _end(shift: Shift) -> datetime:
    return shift.ends_at


STEPS = (
    Step(Action.WITHDRAW, Status.SIGNED_UP, None, closes=_start),
    Step(
        Action.CHECK_IN,
        Status.SIGNED_UP,
        Status.CHECKED_IN,
        opens=lambda shift: shift.starts_at - EARLY,
        closes=_end,
    ),
    Step(
        Action.CHECK_OUT,
        Status.CHECKED_IN,
        Status.CHECKED_OUT,
        opens=_start,
        closes=lambda shift: shift.ends_at + LATE,
    ),
    Step(Action.APPROVE, Status.CHECKED_OUT, Status.VERIFIED),
    Step(Action.REJECT, Status.CHECKED_OUT, Status.REJECTED),
    # Whoever forgot to check out can do so while the shift lasts; afterwards somebody may decide without it.
    Step(Action.APPROVE, Status.CHECKED_IN, Status.VERIFIED, opens=_end),
    Step(Action.REJECT, Status.CHECKED_IN, Status.REJECTED, opens=_end),
)
"""All that can become of a duty once somebody has signed up."""


def step(shift: Shift, duty: Duty, action: Action, at: datetime) -> Step:
    """The step that an action is now. Raises Conflict, which says what is possible instead, or when."""
    found = next((one for one in STEPS if (one.action, one.source) == (action, duty.status)), None)
    told = {"status_now": duty.status.value, "allowed": allowed(shift, duty, action, at)}
    if found is None:
        raise Conflict(
            "action-not-possible",
            zh=f"该执勤{_IN_CHINESE[duty.status]}，不能进行此操作。",
            en=f"This duty is {duty.status}: {action} is not possible.",
            **told,
        )
    if found.opens and at < (opens := found.opens(shift)):
        raise Conflict(
            "too-early",
            zh=f"时间未到，请在{_in_words(opens)}之后操作。",
            en=f"It is too early: {action} is possible from {opens.isoformat()} on.",
            **told,
        )
    if found.closes and at >= (closes := found.closes(shift)):
        raise Conflict(
            "too-late",
            zh=f"已过{_in_words(closes)}，不能再进行此操作，请联系队长或社区工作人员。",
            en=f"It is too late, {action} was possible until {closes.isoformat()}: ask who leads the shift.",
            **told,
        )
    return found


def allowed(shift: Shift, duty: Duty, instead_of: Action, at: datetime) -> list[str]:
    """What whoever tried an action can do with the duty now."""
    return [
        one.action.value
        for one in STEPS
        if one.source is duty.status
        and (one.action in DECISIONS) == (instead_of in DECISIONS)
        and not (one.opens and at < one.opens(shift))
        and not (one.closes and at >= one.closes(shift))
    ]


def _in_words(moment: datetime) -> str:
    local = moment.astimezone(_SHANGHAI)
    return f"{local.month}月{local.day}日{local:%H:%M}"
