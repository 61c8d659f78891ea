"""Signing in, and what can be done with members."""

import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict, NotFound, TooMany, Unauthenticated
from chassis.events import Event
from chassis.identity import Actor, Grant
from services.volunteer.people import domain
from services.volunteer.people.domain import Member, NameOf
from services.volunteer.people.events import MemberChanged
from services.volunteer.people.terms import day_of, is_over

CODE_VALID = timedelta(minutes=5)
CODE_ATTEMPTS = 5
CODE_WINDOW = timedelta(minutes=10)
SESSION_VALID = timedelta(days=30)
_TRIES = 5
_TURNS_AT_ONCE = 200
Allow = Callable[[Sequence[Member]], None]


class Members(Protocol):
    """Where members are kept. `add` gives back the stored member when the phone is known already.

    `save` raises ConcurrentUpdate; with `allow` it is done only if that bears the other admins, of whom none
    is changed meanwhile.
    """

    def get(self, member_id: str) -> Member: ...
    def by_phone(self, phone: str) -> Member | None: ...
    def add(self, member: Member, event: MemberChanged) -> Member: ...
    def save(self, member: Member, *events: Event, allow: Allow | None = None) -> None: ...
    def due(self, at: datetime, most: int) -> list[Member]: ...


class Codes(Protocol):
    """One-time codes by phone."""

    def put(self, phone: str, code: str, *, most: int) -> bool: ...
    def use(self, phone: str, code: str) -> bool: ...


class Sessions(Protocol):
    """Refresh tokens; each is good for one use."""

    def open(self, member_id: str) -> str: ...
    def rotate(self, token: str) -> tuple[str, str] | None: ...


def request_code(codes: Codes, send: Callable[[str, str], None], *, phone: str, most: int) -> str:
    """Make and send a one-time code, at most `most` in ten minutes. Raises TooMany."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    if not codes.put(phone, code, most=most):
        raise TooMany(
            "too-many-codes",
            zh="验证码请求过于频繁，请十分钟后再试。",
            en="Too many codes were asked for: try again in ten minutes.",
            retry_after=int(CODE_WINDOW.total_seconds()),
        )
    send(phone, code)
    return code


def sign_in(
    members: Members, codes: Codes, sessions: Sessions, *, phone: str, code: str, new_id: str, district: str
) -> tuple[Member, str]:
    """The member and a refresh token for a right code; an unknown phone registers a resident.

    Raises Unauthenticated.
    """
    if not codes.use(phone, code):
        raise Unauthenticated(
            "wrong-code", zh="验证码错误或已过期。", en="The code is wrong or has expired: ask for a new one."
        )
    member = members.by_phone(phone) or members.add(*domain.register(new_id, phone, district))
    return member, sessions.open(member.id)


def refresh(members: Members, sessions: Sessions, *, token: str) -> tuple[Member, str]:
    """The member and the next refresh token. A token used twice ends the session. Raises Unauthenticated."""
    rotated = sessions.rotate(token)
    if rotated is None:
        raise _session_over()
    member_id, following = rotated
    try:
        return members.get(member_id), following
    except NotFound:
        raise _session_over() from None


def _session_over() -> Unauthenticated:
    return Unauthenticated(
        "session-over", zh="登录已过期，请重新登录。", en="This session is over: sign in again."
    )


def enrol(
    members: Members,
    clock: Clock,
    actor: Actor,
    *,
    member_id: str,
    phone: str,
    name: str,
    roles: tuple[Grant, ...],
    home_area: str | None,
    district: str,
) -> Member:
    """Enter a member with roles. Raises NotAllowed, Invalid, and Conflict for a phone that is known."""
    member, event = domain.enrol(
        member_id, phone, name, roles, home_area, actor=actor, district=district, at=clock()
    )
    stored = members.add(member, event)
    if stored.id != member_id:
        raise Conflict(
            "phone-known",
            zh="该手机号已注册。",
            en="This phone is registered already: grant roles to that member instead.",
            member_id=stored.id,
        )
    return stored


def grant(
    members: Members, clock: Clock, actor: Actor, *, member_id: str, role: Grant, district: str
) -> Member:
    """Give a member a role; see `domain.grant`."""
    return _until_saved(members, member_id, lambda one: domain.grant(one, role, actor, district, clock()))


def revoke(
    members: Members,
    name_of: NameOf,
    clock: Clock,
    actor: Actor,
    *,
    member_id: str,
    role: str,
    area: str,
    reason: str,
    until: date | None = None,
    district: str,
) -> Member:
    """Take a role from a member; where it was taken before, nothing changes. See `domain.revoke`.

    Raises Conflict for the last admin of the district.
    """
    for _ in range(_TRIES):
        member, at = members.get(member_id), clock()
        change = domain.revoke(
            member, role, area, reason, until, actor=actor, district=district, at=at, name_of=name_of
        )
        if change is None:
            return member
        after, events = change
        try:
            members.save(after, *events, allow=leaving_office(member, after, district, at))
        except ConcurrentUpdate:
            continue
        return after
    raise busy_member()


def leaving_office(member: Member, after: Member, district: str, at: datetime) -> Allow | None:
    """What the other admins must bear of this change: where it takes one away, that one is left."""
    if not domain.keeps_the_office(member, district, at) or domain.keeps_the_office(after, district, at):
        return None
    return lambda others: domain.check_office_kept(others, district, at)


def turn_terms(members: Members, name_of: NameOf, clock: Clock) -> int:
    """Do what terms that began or ended make due; returns for how many members.

    Any number of processes may do so at once: who loses the race for a member leaves them to the other.
    """
    done = 0
    for member in members.due(clock(), _TURNS_AT_ONCE):
        change = domain.turn(member, clock(), name_of)
        if change is None:
            continue
        after, events = change
        try:
            members.save(after, *events)
        except ConcurrentUpdate:
            continue
        done += 1
    return done


def describe(
    members: Members, clock: Clock, actor: Actor, *, name: str | None, home_area: str | None, district: str
) -> Member:
    """Change one's own name or home area."""
    return _until_saved(
        members, actor.member_id, lambda one: domain.describe(one, name, home_area, district, clock())
    )


def ensure_admin(members: Members, clock: Clock, *, phone: str, member_id: str, district: str) -> None:
    """See to it that the first admin exists, so that a new district can be set up.

    From whom the role was taken since, they are not given it again by a restart.
    """
    wanted = Grant("district_admin", district)
    known = members.by_phone(phone)
    if known is None:
        roles = (Grant("resident", district), wanted)
        member = Member(member_id, phone, "管理员", roles, district)
        members.add(member, domain.changed(member, clock()))
    elif not _was_admin(known, wanted, clock()):
        # Whoever signed in before the first start is a resident by now.
        deployment = Actor("deployment", (wanted,))
        _until_saved(members, known.id, lambda one: domain.grant(one, wanted, deployment, district, clock()))


def _was_admin(member: Member, wanted: Grant, at: datetime) -> bool:
    """Whether the member has the role, for a time at least, or had it until somebody took it."""
    held = [one for one in member.roles if not is_over(one, day_of(at))]
    return any((one.role, one.area) == (wanted.role, wanted.area) for one in held) or domain.was_revoked(
        member, wanted.role, wanted.area
    )


def _until_saved(
    members: Members, member_id: str, decide: Callable[[Member], tuple[Member, MemberChanged]]
) -> Member:
    for _ in range(_TRIES):
        member, event = decide(members.get(member_id))
        try:
            members.save(member, event)
        except ConcurrentUpdate:
            continue
        return member
    raise busy_member()


def busy_member() -> Conflict:
    """What is said where others were always faster."""
    return Conflict(
        "busy-member", zh="该成员正被修改，请重试。", en="Too many change this member: try again."
    )
