"""Signing in, and what can be done with members."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from chassis.errors import ConcurrentUpdate, Conflict, NotFound, TooMany, Unauthenticated
from chassis.identity import Actor, Grant
from services.volunteer.people import domain
from services.volunteer.people.domain import Member
from services.volunteer.people.events import MemberChanged

CODE_VALID = timedelta(minutes=5)
CODE_ATTEMPTS = 5
CODE_WINDOW = timedelta(minutes=10)
SESSION_VALID = timedelta(days=30)
_TRIES = 5


class Members(Protocol):
    """Where members are kept. `add` gives back the stored member when the phone is known already."""

    def get(self, member_id: str) -> Member: ...
    def by_phone(self, phone: str) -> Member | None: ...
    def add(self, member: Member, event: MemberChanged) -> Member: ...
    def save(self, member: Member, event: MemberChanged) -> None: ...


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
    member, event = domain.enrol(member_id, phone, name, roles, home_area, actor=actor, district=district)
    stored = members.add(member, event)
    if stored.id != member_id:
        raise Conflict(
            "phone-known",
            zh="该手机号已注册。",
            en="This phone is registered already: grant roles to that member instead.",
            member_id=stored.id,
        )
    return stored


def grant(members: Members, actor: Actor, *, member_id: str, role: Grant, district: str) -> Member:
    """Give a member a role; see `domain.grant`."""
    return _until_saved(members, member_id, lambda one: domain.grant(one, role, actor, district))


def describe(
    members: Members, actor: Actor, *, name: str | None, home_area: str | None, district: str
) -> Member:
    """Change one's own name or home area."""
    return _until_saved(members, actor.member_id, lambda one: domain.describe(one, name, home_area, district))


def ensure_admin(members: Members, *, phone: str, member_id: str, district: str) -> None:
    """See to it that the first admin exists, so that a new district can be set up."""
    wanted = Grant("district_admin", district)
    known = members.by_phone(phone)
    if known is None:
        member = Member(member_id, phone, "管理员", (Grant("resident", district), wanted), district)
        members.add(member, domain.changed(member))
    elif wanted not in known.roles:
        # Whoever signed in before the first start is a resident by now.
        deployment = Actor("deployment", (wanted,))
        _until_saved(members, known.id, lambda one: domain.grant(one, wanted, deployment, district))


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
    raise Conflict("busy-member", zh="该成员正被修改，请重试。", en="Too many change this member: try again.")
