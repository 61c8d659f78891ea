"""Members and their roles."""

from dataclasses import dataclass, replace

from chassis.errors import Conflict, NotAllowed
from chassis.identity import Actor, Grant, check_area
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
    for number, one in enumerate(roles):
        check_grant(one, actor, district, f"roles.{number}.area")
    if home_area is not None:
        check_area(home_area, district, "home_area")
    held = roles if any(one.role == "resident" for one in roles) else (Grant("resident", district), *roles)
    member = Member(member_id, phone, name, held, home_area)
    return member, changed(member)


def check_grant(grant: Grant, actor: Actor, district: str, field: str) -> None:
    """Raises NotAllowed unless the actor may give this role there, Invalid (naming `field`) elsewhere."""
    check_area(grant.area, district, field)
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
    check_grant(new, actor, district, "area")
    if new in member.roles:
        raise Conflict("role-held", zh="已有此角色。", en="The member has this role there already.")
    granted = replace(member, roles=(*member.roles, new), version=member.version + 1)
    return granted, changed(granted)


def describe(
    member: Member, name: str | None, home_area: str | None, district: str
) -> tuple[Member, MemberChanged]:
    """Change one's own name or home area; what is None stays. Raises Invalid."""
    if home_area is not None:
        check_area(home_area, district, "home_area")
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
