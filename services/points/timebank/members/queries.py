"""Registrations as staff and those they concern see them."""

from chassis import paging
from chassis.errors import NotAllowed, missing
from chassis.identity import Actor
from chassis.mongo import Mongo
from services.points.timebank.members.documents import MEMBERS, RELATIVES, registration_of
from services.points.timebank.members.domain import STAFF_ROLES, Registration


class RegistryQueries:
    """Reads registrations."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def member(self, member: str, actor: Actor) -> Registration:
        """What is registered of a member. Raises NotAllowed for another's, NotFound."""
        _check_reader(member, actor)
        if member != actor.member_id and not self._knows(member):
            raise missing("成员", "member")
        return registration_of(member, self._mongo[MEMBERS].find_one({"_id": member}))

    def _knows(self, member: str) -> bool:
        return self._mongo["members"].find_one({"_id": member}, {"_id": 1}) is not None

    def relatives(self, member: str, actor: Actor, limit: int, cursor: str | None) -> paging.Page:
        """The registered relatives of a member, newest first. Raises NotAllowed for another's."""
        _check_reader(member, actor)
        found = self._mongo[RELATIVES]
        page = paging.newest_first(found, {"members": member}, limit=limit, cursor=cursor)
        return paging.Page([{**one, "id": one["_id"]} for one in page.items], page.next)


def _check_reader(member: str, actor: Actor) -> None:
    if member != actor.member_id and not actor.roles & STAFF_ROLES:
        raise NotAllowed(
            "not-your-registration", zh="只能查看自己的登记。", en="You may see your own registrations only."
        )
