"""Members as callers see them: phones masked."""

from datetime import date

from chassis import paging
from chassis.clock import Clock
from chassis.errors import NotAllowed, missing
from chassis.field_cipher import FieldCipher
from chassis.identity import Actor, Grant
from chassis.mongo import Document, Mongo
from services.volunteer.people.documents import grants_of, record_of
from services.volunteer.people.domain import STAFF_ROLES, GrantEntry, Member, mask
from services.volunteer.people.terms import day_of, in_effect, to_come


class MemberQueries:
    """Reads members."""

    def __init__(self, mongo: Mongo, cipher: FieldCipher, clock: Clock) -> None:
        self._mongo = mongo
        self._cipher = cipher
        self._clock = clock

    def page(self, area: str, role: str | None, actor: Actor, limit: int, cursor: str | None) -> paging.Page:
        """Members of an area, the newest first. Raises NotAllowed outside the actor's own areas."""
        if not actor.has_any(STAFF_ROLES, area):
            raise NotAllowed(
                "not-your-area", zh="您不管理此区域。", en="Only staff of the area list its members."
            )
        page = paging.newest_first(
            self._mongo["members"],
            {"scopes": area},
            where={"roles.role": role} if role is not None else None,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0, "record": 0},
        )
        return paging.Page([self._view(one) for one in page.items], page.next)

    def record(self, member_id: str, actor: Actor) -> list[Document]:
        """Who granted and revoked a member's roles, newest first: to the member, and to staff in their areas.

        Raises NotFound, NotAllowed.
        """
        own = member_id == actor.member_id
        if not own and not actor.roles & STAFF_ROLES:
            raise NotAllowed(
                "not-your-grants",
                zh="只能查看自己的任职记录。",
                en="You may see the record of your own roles only.",
            )
        found = self._mongo["members"].find_one({"_id": member_id}, {"record": 1, "phone": 1})
        if found is None or found["phone"] is None:
            raise missing("成员", "member")
        lines = reversed(record_of(found.get("record", ())))
        return [entry_view(one) for one in lines if own or actor.has_any(STAFF_ROLES, one.grant.area)]

    def _view(self, document: Document) -> Document:
        phone = self._cipher.decrypt(document["phone"])
        grants = grants_of(document["roles"])
        return {
            **document,
            **_roles(grants, day_of(self._clock())),
            "id": document["_id"],
            "phone_masked": mask(phone),
        }


def view(member: Member, day: date) -> Document:
    """A member as they see themselves on a day."""
    return {
        "id": member.id,
        "name": member.name,
        "phone_masked": mask(str(member.phone)),
        **_roles(member.roles, day),
        "home_area": member.home_area,
        "version": member.version,
    }


def entry_view(entry: GrantEntry) -> Document:
    """A line of the record."""
    return {**vars(entry), **vars(entry.grant)}


def _roles(grants: tuple[Grant, ...], day: date) -> Document:
    return {
        "roles": [vars(one) for one in in_effect(grants, day)],
        "upcoming": [vars(one) for one in to_come(grants, day)],
    }
