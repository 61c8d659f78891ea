"""What can be done about training."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict, Invalid, NotFound
from chassis.identity import Actor, Grant
from services.volunteer.people.domain import Member
from services.volunteer.people.terms import day_of, in_effect
from services.volunteer.training import domain
from services.volunteer.training.domain import Completion, Decision
from services.volunteer.training.session import Course, Session

_TRIES = 8


class Courses(Protocol):
    """Where courses are kept. `add` gives back the stored one when its id is known already."""

    def get(self, course_id: str) -> Course: ...
    def add(self, course: Course) -> Course: ...


class Sessions(Protocol):
    """Where sessions are kept. `add` gives back the stored one when its id is known already."""

    def get(self, session_id: str) -> Session: ...
    def add(self, session: Session) -> Session: ...
    def save(self, session: Session, completion: Completion | None) -> None: ...


class Areas(Protocol):
    """The district's areas."""

    def known(self, code: str) -> bool: ...


class Members(Protocol):
    """Where members are kept. `get` raises NotFound."""

    def get(self, member_id: str) -> Member: ...


def offer_course(
    courses: Courses,
    clock: Clock,
    actor: Actor,
    *,
    course_id: str,
    title: str,
    category: str,
    minutes: int,
    description: str | None,
) -> Course:
    """Add a course to those that sessions can hold."""
    return courses.add(Course(course_id, title, category, minutes, description, actor.member_id, clock()))


def hold_session(
    courses: Courses,
    sessions: Sessions,
    areas: Areas,
    clock: Clock,
    actor: Actor,
    *,
    session_id: str,
    course: str,
    area: str,
    place: str,
    starts_at: datetime,
    ends_at: datetime,
    seats: int,
) -> Session:
    """Enter a session of a course; see `domain.hold`. Raises Invalid too for an unknown area or course."""
    if not areas.known(area):
        raise Invalid("area", zh="没有这个区域。", en="There is no area with this code.")
    try:
        taught = courses.get(course)
    except NotFound:
        raise Invalid("course", zh="没有这门课程。", en="There is no such course: add it first.") from None
    session = Session(
        id=session_id,
        course=taught.id,
        title=taught.title,
        category=taught.category,
        minutes=taught.minutes,
        area=area,
        place=place,
        starts_at=starts_at,
        ends_at=ends_at,
        seats=seats,
        created_by=actor.member_id,
        created_at=clock(),
    )
    return sessions.add(domain.hold(session, actor))


def sign_up(
    sessions: Sessions, clock: Clock, actor: Actor, *, session_id: str, attendance_id: str
) -> Session:
    """Take a seat in a session; see `domain.sign_up`. Raises NotFound too."""
    return _until_saved(
        sessions,
        session_id,
        lambda one: domain.sign_up(one, actor, attendance_id=attendance_id, at=clock()),
    )


def withdraw(sessions: Sessions, clock: Clock, actor: Actor, *, session_id: str) -> Session:
    """Give one's seat back; see `domain.withdraw`. Raises NotFound too."""
    return _until_saved(sessions, session_id, lambda one: domain.withdraw(one, actor.member_id, at=clock()))


def record(
    sessions: Sessions,
    members: Members,
    clock: Clock,
    actor: Actor,
    *,
    session_id: str,
    attendance_id: str,
    member: str,
    attended: bool,
    minutes: int | None,
    reason: str | None,
) -> Session:
    """Record who came and who did not; see `domain.record`. Raises NotFound too."""
    grants = _grants_of(members, member, clock())
    return _until_saved(
        sessions,
        session_id,
        lambda one: domain.record(
            one,
            actor,
            member=member,
            grants=grants,
            attended=attended,
            minutes=minutes,
            reason=reason,
            attendance_id=attendance_id,
            at=clock(),
        ),
    )


def _grants_of(members: Members, member: str, at: datetime) -> tuple[Grant, ...]:
    """What a member holds today; nothing, where nobody knows them."""
    try:
        return in_effect(members.get(member).roles, day_of(at))
    except NotFound:
        return ()


def _until_saved(sessions: Sessions, session_id: str, decide: Callable[[Session], Decision]) -> Session:
    for _ in range(_TRIES):
        before = sessions.get(session_id)
        after, completion = decide(before)
        if after is before:
            return before
        try:
            sessions.save(after, completion)
        except ConcurrentUpdate:
            continue
        return after
    raise Conflict("busy-session", zh="请重试。", en="Too many act on it at once: try again.")
