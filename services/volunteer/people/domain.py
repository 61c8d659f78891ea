"""Members and their roles."""

from dataclasses import dataclass, replace

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor, Grant
from services.volunteer.people.events import MemberChanged, MemberErased, Role

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
_STAFF_GRANTS = frozenset({"steward", "team_leader", "grid_worker"})
"""What community staff may grant within their own community; everything else is the admin's."""


@dataclass(frozen=True)
class Member:
    """A person of the district. `phone` is a mainland mobile number, and None once they were erased."""

    id: str
    phone: str | None
    name: str | None
    roles: tuple[Grant, ...]
    home_area: str | None = None
    version: int = 1


def register(member_id: str, phone: str, district: str) -> tuple[Member, MemberChanged]:
    """A resident who signs in for the first time."""
    member = Member(member_id, phone, None, (Grant("resident", district),))
    return member, changed(member)


def enrol(
    member_id: str,
    phone: str,
    name: str,
    roles: tuple[Grant, ...],
    home_area: str | None,
    *,
    actor: Actor,
    district: str,
) -> tuple[Member, MemberChanged]:
    """A member entered by staff, with roles. Raises NotAllowed, Invalid."""
    for grant in roles:
        check_grant(grant, actor, district)
    if home_area is not None and not home_area.startswith(district):
        raise Invalid("home_area", zh="该区域不属于本区。", en=f"Areas here begin with {district}.")
    held = roles if any(one.role == "resident" for one in roles) else (Grant("resident", district), *roles)
    member = Member(member_id, phone, name, held, home_area)
    return member, changed(member)


def check_grant(grant: Grant, actor: Actor, district: str) -> None:
    """Raises unless the actor may give or take this role there."""
    if not grant.area.startswith(district):
        raise Invalid("roles", zh="该区域不属于本区。", en=f"Areas of this district begin with {district}.")
    if actor.has("district_admin", grant.area):
        return
    if grant.role in _STAFF_GRANTS and actor.has("community_staff", grant.area):
        return
    raise NotAllowed(
        "not-your-grant",
        zh="您不能授予此角色。",
        en="The district's admin grants roles; community staff only stewards, team leaders and grid workers.",
    )


def grant(member: Member, new: Grant, actor: Actor, district: str) -> tuple[Member, MemberChanged]:
    """Give a role. Raises NotAllowed, Invalid, and Conflict when it is held already."""
    check_grant(new, actor, district)
    if new in member.roles:
        raise Conflict("role-held", zh="已有此角色。", en="The member has this role there already.")
    granted = replace(member, roles=(*member.roles, new), version=member.version + 1)
    return granted, changed(granted)


def describe(
    member: Member, name: str | None, home_area: str | None, district: str
) -> tuple[Member, MemberChanged]:
    """Change one's own name or home area; what is None stays. Raises Invalid."""
    if home_area is not None and not home_area.startswith(district):
        raise Invalid("home_area", zh="该区域不属于本区。", en=f"Areas here begin with {district}.")
    described = replace(
        member,
        name=name or member.name,
        home_area=home_area or member.home_area,
        version=member.version + 1,
    )
    return described, changed(described)


def erase(member: Member) -> tuple[Member, tuple[MemberChanged, MemberErased]]:
    """A member of whom nothing is kept but the identifier, which stands in others' records."""
    erased = Member(member.id, None, None, (), None, version=member.version + 1)
    return erased, (changed(erased), MemberErased())


def changed(member: Member) -> MemberChanged:
    """The fact of a member's present state."""
    return MemberChanged(tuple(Role(one.role, one.area) for one in member.roles), member.home_area)


def mask(phone: str) -> str:
    """`13900000101` → `139****0101`."""
    return f"{phone[:3]}****{phone[-4:]}"
