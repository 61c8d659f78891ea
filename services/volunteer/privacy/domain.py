"""Who may look up how a member is reached, and why: each look-up is kept and shown to the member."""

from dataclasses import dataclass
from datetime import datetime

from chassis.errors import NotAllowed
from chassis.identity import Actor
from services.volunteer.people.domain import Member

STAFF = frozenset({"community_staff", "subdistrict_staff", "district_admin"})


@dataclass(frozen=True)
class ContactView:
    """That `who` looked up the phone of `whom`, for a reason, on account of an issue's number."""

    id: str
    who: str
    whom: str
    area: str
    reason: str
    subject: str
    when: datetime


def check_may_see_contact(member: Member, actor: Actor, district: str) -> str:
    """The area on account of which the actor may see the member's phone. Raises NotAllowed.

    Staff may for members who live in their area, or have told of no home. Stewards may not: they ask through
    the issue itself, and the answer comes there.
    """
    home = member.home_area or district
    allowed = actor.has_any(STAFF, home) if member.home_area else bool(actor.roles & STAFF)
    if not allowed:
        raise NotAllowed(
            "not-your-area",
            zh="只有成员所在区域的工作人员可以查看联系方式。",
            en="Only staff of the area where the member lives may look up how to reach them.",
        )
    return home
