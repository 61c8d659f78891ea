"""Members and their roles."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from chassis.errors import Conflict, Invalid, NotAllowed, NotFound
from chassis.events import Event
from chassis.identity import Actor, Grant, check_area
from services.volunteer.people.events import (
    EndSet,
    MemberChanged,
    MemberErased,
    Role,
    RoleRevoked,
    TermEnded,
)
from services.volunteer.people.terms import begun_by, cut, day_of, in_effect, is_over, next_turn, share_a_day

ROLES = (
    "resident",
    "steward",
    "team_leader",
    "grid_worker",
    "council_member",
    "council_chair",
    "community_staff",
    "subdistrict_staff",
    "social_worker",
    "shop_keeper",
    "district_admin",
    "integration",
    "operator",
)
STAFF_ROLES = frozenset({"community_staff", "subdistrict_staff", "district_admin"})
_STAFF_GRANTS = frozenset({"steward", "team_leader", "grid_worker"})
"""What community staff may grant and revoke within their own community; everything else is the admin's."""
_RESIDENT, _ADMIN = "resident", "district_admin"
GRANTED, REVOKED, ENDED = "granted", "revoked", "ended"
NameOf = Callable[[str], str]
"""The name of an area by its code."""


@dataclass(frozen=True)
class GrantEntry:
    """A line of the record of a member's grants. `by` is None where the calendar ended a term."""

    action: str
    grant: Grant
    by: str | None
    at: datetime
    reason: str | None = None


@dataclass(frozen=True)
class Member:
    """A person of the district. `phone` is a mainland mobile number, and None once they were erased.

    `roles` are all grants whose end was not dealt with yet, also those to come. `due` is when a term next
    begins or ends; `record` says who granted and revoked what.
    """

    id: str
    phone: str | None
    name: str | None
    roles: tuple[Grant, ...]
    home_area: str | None = None
    due: datetime | None = None
    record: tuple[GrantEntry, ...] = ()
    version: int = 1


Change = tuple[Member, tuple[Event, ...]]


def register(member_id: str, phone: str, district: str) -> tuple[Member, MemberChanged]:
    """A resident who signs in for the first time."""
    member = Member(member_id, phone, None, (Grant(_RESIDENT, district),))
    return member, MemberChanged((Role(_RESIDENT, district),), None)


def enrol(
    member_id: str,
    phone: str,
    name: str,
    roles: tuple[Grant, ...],
    home_area: str | None,
    *,
    actor: Actor,
    district: str,
    at: datetime,
) -> tuple[Member, MemberChanged]:
    """A member entered by staff, with roles. Raises NotAllowed, Invalid."""
    if home_area is not None:
        check_area(home_area, district, "home_area")
    for number, one in enumerate(roles):
        field = f"roles.{number}."
        check_grant(one, actor, district, f"{field}area")
        _check_term(one, day_of(at), field)
        if any(share_a_day(one, other) for other in roles[:number]):
            raise Invalid(f"{field}role", zh="同一角色重复。", en="This role is given there twice.")
    held = roles if any(one.role == _RESIDENT for one in roles) else (Grant(_RESIDENT, district), *roles)
    record = tuple(GrantEntry(GRANTED, one, actor.member_id, at) for one in roles if one.role != _RESIDENT)
    member = Member(member_id, phone, name, held, home_area, next_turn(held, at), record)
    return member, changed(member, at)


def check_grant(grant: Grant, actor: Actor, district: str, field: str) -> None:
    """Raises NotAllowed unless the actor may give and take this role there, Invalid for `field` elsewhere."""
    check_area(grant.area, district, field)
    if actor.has(_ADMIN, grant.area):
        return
    if grant.role in _STAFF_GRANTS and actor.has("community_staff", grant.area):
        return
    raise NotAllowed(
        "not-your-grant",
        zh="您不能授予或撤销此角色。",
        en="The district's admin grants and revokes roles; community staff only stewards, team leaders and "
        "grid workers.",
    )


def _check_term(grant: Grant, today: date, prefix: str = "") -> None:
    since, until = grant.since, grant.until
    if grant.role == _RESIDENT and (since or until):
        raise Invalid(f"{prefix}role", zh="居民没有任期。", en="Residents have no term: leave it out.")
    if since is not None and until is not None and until < since:
        raise Invalid(
            f"{prefix}until", zh="不能早于开始日期。", en="Not before from: both days are included."
        )
    if until is not None and until < today:
        raise Invalid(f"{prefix}until", zh="不能早于今天。", en="Not a day that is past: today or later.")


def grant(
    member: Member, new: Grant, actor: Actor, district: str, at: datetime
) -> tuple[Member, MemberChanged]:
    """Give a role for a term. Raises NotAllowed, Invalid, and Conflict where it is held in that time."""
    today = day_of(at)
    check_grant(new, actor, district, "area")
    _check_term(new, today)
    if any(share_a_day(new, one) for one in member.roles if not is_over(one, today)):
        raise Conflict(
            "role-held",
            zh="该任期内已有此角色；续任请从原任期结束的次日开始。",
            en="The member has this role there in that time already: the next term begins the day after.",
        )
    granted = _next(
        member,
        at,
        roles=(*member.roles, new),
        record=(*member.record, GrantEntry(GRANTED, new, actor.member_id, at)),
    )
    return granted, changed(granted, at)


def revoke(
    member: Member,
    role: str,
    area: str,
    reason: str,
    until: date | None = None,
    *,
    actor: Actor,
    district: str,
    at: datetime,
    name_of: NameOf,
) -> Change | None:
    """Take a role on an area, with all its terms: at once, or after a last day. None where that is done.

    Raises NotAllowed, Invalid, and NotFound for what the member never held.
    """
    check_grant(Grant(role, area), actor, district, "area")
    if role == _RESIDENT:
        raise Invalid("role", zh="居民身份不能撤销。", en="Everybody is a resident: this cannot be revoked.")
    _check_term(Grant(role, area, until=until), day_of(at))
    held = [one for one in _grants_of(member, role, area) if not is_over(one, day_of(at))]
    if not held and not _grants_of(member, role, area) and not _is_recorded(member, role, area):
        raise NotFound("role-not-held", zh="该成员没有此角色。", en="The member has no such role there.")
    going_on = begun_by(held, until)
    kept = [cut(one, until) for one in going_on if until is not None]
    if kept == held:
        return None
    others = tuple(one for one in member.roles if one not in held)
    taken = [*(one for one in kept if one not in held), *(one for one in held if one not in going_on)]
    lines = (GrantEntry(REVOKED, one, actor.member_id, at, reason) for one in taken)
    after = _next(member, at, roles=(*others, *kept), record=(*member.record, *lines))
    whose = (member.id, role, area, name_of(area), actor.member_id)
    told = RoleRevoked(*whose) if until is None else EndSet(*whose, until.isoformat())
    return after, (changed(after, at), told)


def turn(member: Member, at: datetime, name_of: NameOf) -> Change | None:
    """What the calendar does to a member: terms that have begun are told of, those that are over removed.

    None where nothing is due.
    """
    if member.due is None or member.due > at:
        return None
    today = day_of(at)
    over = [one for one in member.roles if is_over(one, today)]
    left = tuple(one for one in member.roles if one not in over)
    lines = [GrantEntry(ENDED, one, None, at) for one in over]
    after = _next(member, at, roles=left, record=(*member.record, *lines))
    held = {(one.role, one.area) for one in in_effect(left, today)}
    gone = dict.fromkeys((one.role, one.area) for one in over if (one.role, one.area) not in held)
    ended = (TermEnded(member.id, role, area, name_of(area), None) for role, area in gone)
    return after, (changed(after, at), *ended)


def was_revoked(member: Member, role: str, area: str) -> bool:
    """Whether this role there was ever taken from the member."""
    return any(
        line.action == REVOKED and (line.grant.role, line.grant.area) == (role, area)
        for line in member.record
    )


def keeps_the_office(member: Member, district: str, at: datetime) -> bool:
    """Whether the member is an admin of the whole district, and of no limited time."""
    return Grant(_ADMIN, district) in (
        replace(one, since=None) for one in in_effect(member.roles, day_of(at))
    )


def check_office_kept(others: Iterable[Member], district: str, at: datetime) -> None:
    """Raises Conflict unless one of the other members keeps the office of the district's admin."""
    if not any(keeps_the_office(one, district, at) for one in others):
        raise Conflict(
            "last-admin",
            zh="这是本区最后一位无任期限制的管理员，请先授予另一位成员该角色。",
            en="This is the district's last admin without an end: grant that role to another member first.",
        )


def describe(
    member: Member, name: str | None, home_area: str | None, district: str, at: datetime
) -> tuple[Member, MemberChanged]:
    """Change one's own name or home area; what is None stays. Raises Invalid."""
    if home_area is not None:
        check_area(home_area, district, "home_area")
    described = _next(member, at, name=name or member.name, home_area=home_area or member.home_area)
    return described, changed(described, at)


def erase(member: Member) -> tuple[Member, tuple[MemberChanged, MemberErased]]:
    """A member of whom nothing is kept but the identifier, which stands in others' records.

    Which office they held stays, as what they did in it does; why it was taken goes.
    """
    record = tuple(replace(one, reason=None) for one in member.record)
    erased = Member(member.id, None, None, (), record=record, version=member.version + 1)
    return erased, (MemberChanged((), None), MemberErased())


def changed(member: Member, at: datetime) -> MemberChanged:
    """The fact of a member's state at this moment."""
    held = in_effect(member.roles, day_of(at))
    return MemberChanged(tuple(Role(one.role, one.area) for one in held), member.home_area)


def mask(phone: str) -> str:
    """`13900000101` → `139****0101`."""
    return f"{phone[:3]}****{phone[-4:]}"


def _next(member: Member, at: datetime, **changes: Any) -> Member:
    """The next version. Whatever is due after this moment is due by what it tells of this moment."""
    after = replace(member, **changes, version=member.version + 1)
    return replace(after, due=next_turn(after.roles, at))


def _grants_of(member: Member, role: str, area: str) -> list[Grant]:
    return [one for one in member.roles if (one.role, one.area) == (role, area)]


def _is_recorded(member: Member, role: str, area: str) -> bool:
    return any((line.grant.role, line.grant.area) == (role, area) for line in member.record)
