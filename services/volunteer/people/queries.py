"""Members as callers see them: phones masked."""

from chassis import paging
from chassis.errors import NotAllowed
from chassis.field_cipher import FieldCipher
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.volunteer.people.domain import Member, mask

_STAFF = frozenset({"community_staff", "subdistrict_staff", "district_admin"})


class MemberQueries:
    """Reads members."""

    def __init__(self, mongo: Mongo, cipher: FieldCipher) -> None:
        self._mongo = mongo
        self._cipher = cipher

    def page(self, area: str, role: str | None, actor: Actor, limit: int, cursor: str | None) -> paging.Page:
        """Members of an area, the newest first. Raises NotAllowed outside the actor's own areas."""
        if not actor.has_any(_STAFF, area):
            raise NotAllowed(
                "not-your-area", zh="您不管理此区域。", en="Only staff of the area list its members."
            )
        page = paging.newest_first(
            self._mongo["members"],
            {"scopes": area},
            where={"roles.role": role} if role is not None else None,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0},
        )
        return paging.Page([self._view(one) for one in page.items], page.next)

    def _view(self, document: Document) -> Document:
        phone = self._cipher.decrypt(document["phone"])
        return {**document, "id": document["_id"], "phone_masked": mask(phone)}


def view(member: Member) -> Document:
    """A member as they see themselves."""
    return {
        "id": member.id,
        "name": member.name,
        "phone_masked": mask(str(member.phone)),
        "roles": [vars(one) for one in member.roles],
        "home_area": member.home_area,
        "version": member.version,
    }
