"""Training: courses, the sessions that hold them, and who attended.

An attendance is a part of its session: so seats are counted, and what becomes of a member is decided, in one
write. Members sign up until it ends, as somebody may come late; they withdraw until it begins. What was held
is entered up to a day later: partners who give a course tell of it afterwards.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor, Grant
from services.volunteer.training.events import TrainingCompleted
from services.volunteer.training.session import Action, Attendance, Session, Status

CATEGORY_PATTERN = "[a-z][a-z0-9_]{0,39}([.][a-z][a-z0-9_]{0,39}){0,3}"
MOST_MINUTES, MOST_SEATS = 6000, 200
LONGEST, EARLIEST, LATEST = timedelta(days=7), timedelta(days=366), timedelta(days=1)
"""How long a session lasts at most, how long before it begins it is entered, and how long after its end."""
NOT_SIGNED_UP = "not_signed_up"
HOLDERS = frozenset(
    {"council_chair", "social_worker", "community_staff", "subdistrict_staff", "district_admin"}
)
TRAINEES = frozenset({"steward", "team_leader", "council_member", "council_chair", "grid_worker"})
_OWN = (Action.SIGN_UP, Action.WITHDRAW)
_RECORDS = (Action.RECORD_ATTENDED, Action.RECORD_ABSENT)
_NOT_BEGUN = ("培训尚未开始，请在开始后登记。", "It has not begun: record who came once it has.")
_ATTENDED = ("已登记出席，不能更改。", "That they attended is on record, and stays.")
_NOT_ON_THE_LIST = (
    "此成员没有报名，无须登记缺席。",
    "They have not signed up: there is no absence to record.",
)
_ABSENT = (
    "已登记缺席；如属误记，可改登记为出席。",
    "They are recorded as absent; if wrongly, record that they came.",
)
_BEGUN = (
    "培训已开始，不能取消报名；不能参加请告知组织者。",
    "It has begun: tell who holds it that you do not come.",
)
_ON_THE_LIST = ("已在名单中，无须再报名。", "You are on the list already.")
_OVER = (
    "培训已结束；已参加的请组织者补登记。",
    "It is over: if you were there, ask who held it to record it.",
)
_FULL = ("名额已满。", "There is no seat left.")


@dataclass(frozen=True)
class Completion:
    """The attendance that completed a training, and the fact of it."""

    attendance: Attendance
    event: TrainingCompleted


Decision = tuple[Session, Completion | None]
"""A session as it is then, the very same one where nothing changes, and what was completed by it."""


def hold(session: Session, actor: Actor) -> Session:
    """Enter a session at the moment it was made. Raises NotAllowed, and Invalid for its times."""
    _check_holder(session, actor)
    at = session.created_at
    if not session.starts_at < session.ends_at <= session.starts_at + LONGEST:
        raise Invalid(
            "ends_at",
            zh="结束时间须晚于开始时间，且最多七天。",
            en="It ends after it begins, and at most seven days later.",
        )
    if session.ends_at < at - LATEST:
        raise Invalid(
            "ends_at",
            zh="已结束超过一天的培训不能再登记。",
            en="A session is entered until a day after it has ended.",
        )
    if session.starts_at > at + EARLIEST:
        raise Invalid("starts_at", zh="最多提前一年登记。", en="A session is entered a year ahead at most.")
    return session


def sign_up(session: Session, actor: Actor, *, attendance_id: str, at: datetime) -> Decision:
    """Take a seat. Raises NotAllowed, and Conflict for who is on the list, or where it is over or full."""
    if not _takes_part(session, actor.grants):
        raise NotAllowed(
            "not-your-area",
            zh="您不在此区域服务。",
            en="Sessions are for those who serve in their area, above or below it.",
        )
    mine = session.of(actor.member_id)
    if mine is not None and mine.id == attendance_id:  # the same request again: its answer was lost
        return session, None
    _check(Action.SIGN_UP, session, actor.member_id, at)
    new = Attendance(attendance_id, actor.member_id, Status.SIGNED_UP, signed_up_at=at)
    return _with(session, new), None


def withdraw(session: Session, member: str, at: datetime) -> Decision:
    """Give one's seat back; nothing changes where one has none. Raises Conflict once it has begun."""
    if session.of(member) is None:
        return session, None
    _check(Action.WITHDRAW, session, member, at)
    return _without(session, member), None


def record(
    session: Session,
    actor: Actor,
    *,
    member: str,
    grants: tuple[Grant, ...],
    attended: bool,
    minutes: int | None,
    reason: str | None,
    attendance_id: str,
    at: datetime,
) -> Decision:
    """Record that a member came, or did not; the same again by the same person changes nothing.

    Who came without having signed up needs a seat, and `grants` by which they could have. Who was taken for
    absent can be recorded as attended later; that somebody attended stands. Raises NotAllowed, Invalid, and
    Conflict for what the list, the clock or the seats do not allow.
    """
    _check_holder(session, actor)
    if member == actor.member_id:
        raise NotAllowed("own-work", zh="不能登记自己的培训。", en="Somebody else must record your training.")
    before = session.of(member)
    decided = Attendance(
        id=before.id if before else attendance_id,
        member=member,
        status=Status.ATTENDED if attended else Status.ABSENT,
        signed_up_at=before.signed_up_at if before else None,
        minutes=_minutes(session, attended, minutes),
        reason=reason,
        recorded_by=actor.member_id,
        recorded_at=at,
    )
    if before is not None and replace(before, recorded_at=at) == decided:
        return session, None
    if before is None and not _takes_part(session, grants):
        raise Invalid(
            "member",
            zh="此成员没有报名，也不在此区域服务。",
            en="They have not signed up, and are no steward or the like of this area.",
        )
    _check(Action.RECORD_ATTENDED if attended else Action.RECORD_ABSENT, session, member, at)
    return _with(session, decided), _completion(session, decided) if attended else None


def forgotten(session: Session, member: str) -> Session:
    """A session without a member's words; of their part in it only what they completed stays."""
    mine = session.of(member)
    if mine is None or (mine.status is Status.ATTENDED and mine.reason is None):
        return session
    if mine.status is Status.ATTENDED:
        return _with(session, replace(mine, reason=None))
    return _without(session, member)


def _possible(session: Session, member: str, at: datetime) -> list[Action]:
    mine = session.of(member)
    begun, over, free = at >= session.starts_at, at >= session.ends_at, session.seats_left > 0
    possible = {
        Action.SIGN_UP: mine is None and not over and free,
        Action.WITHDRAW: mine is not None and mine.status is Status.SIGNED_UP and not begun,
        Action.RECORD_ATTENDED: begun and _may_come(mine, free),
        Action.RECORD_ABSENT: begun and mine is not None and mine.status is Status.SIGNED_UP,
    }
    return [action for action, is_possible in possible.items() if is_possible]


def _may_come(mine: Attendance | None, free: bool) -> bool:
    """Who has signed up has a seat; others need one that is free."""
    if mine is None or mine.status is Status.ABSENT:
        return free
    return mine.status is Status.SIGNED_UP


def _check(action: Action, session: Session, member: str, at: datetime) -> None:
    # What the caller may not do is not told to them as possible.
    theirs = _RECORDS if action in _RECORDS else _OWN
    possible = [one for one in _possible(session, member, at) if one in theirs]
    if action in possible:
        return
    mine = session.of(member)
    zh, en = _why_not(action, session, mine, at)
    raise Conflict(
        "action-not-possible",
        zh=zh,
        en=en,
        status_now=mine.status.value if mine else NOT_SIGNED_UP,
        allowed=[one.value for one in possible],
        seats_left=session.seats_left,
    )


def _why_not(action: Action, session: Session, mine: Attendance | None, at: datetime) -> tuple[str, str]:
    """Why an action is not possible, and what to do, in Chinese and English."""
    begun, over = at >= session.starts_at, at >= session.ends_at
    reasons = (
        (action in _RECORDS and not begun, _NOT_BEGUN),
        (mine is not None and mine.status is Status.ATTENDED, _ATTENDED),
        (action is Action.RECORD_ABSENT, _NOT_ON_THE_LIST if mine is None else _ABSENT),
        (action is Action.WITHDRAW, _BEGUN),
        (action is Action.SIGN_UP and mine is not None, _ON_THE_LIST),
        (action is Action.SIGN_UP and over, _OVER),
    )
    return next((words for is_so, words in reasons if is_so), _FULL)


def _check_holder(session: Session, actor: Actor) -> None:
    if not actor.has_any(HOLDERS, session.area):
        raise NotAllowed(
            "not-your-area",
            zh="您不能在此区域组织培训。",
            en="Only the council's chair, social workers and staff of the area hold training there.",
        )


def _takes_part(session: Session, grants: tuple[Grant, ...]) -> bool:
    area = session.area
    return any(
        one.role in TRAINEES and (one.area.startswith(area) or area.startswith(one.area)) for one in grants
    )


def _minutes(session: Session, attended: bool, minutes: int | None) -> int:
    if not attended:
        if minutes is not None:
            raise Invalid("minutes", zh="缺席没有时长。", en="Who was absent has no minutes: leave it out.")
        return 0
    if minutes is not None and minutes > session.minutes:
        raise Invalid(
            "minutes",
            zh=f"不能超过课程时长 {session.minutes} 分钟。",
            en=f"The course has {session.minutes} minutes: no more can be attended.",
        )
    return session.minutes if minutes is None else minutes


def _completion(session: Session, attendance: Attendance) -> Completion:
    event = TrainingCompleted(
        member=attendance.member,
        session=session.id,
        course=session.course,
        category=session.category,
        minutes=attendance.minutes,
        actor=str(attendance.recorded_by),
    )
    return Completion(attendance, event)


def _with(session: Session, new: Attendance) -> Session:
    """The line of its member replaced, or added at the end."""
    lines = {one.member: one for one in session.attendances} | {new.member: new}
    return replace(session, attendances=tuple(lines.values()), version=session.version + 1)


def _without(session: Session, member: str) -> Session:
    left = tuple(one for one in session.attendances if one.member != member)
    return replace(session, attendances=left, version=session.version + 1)
