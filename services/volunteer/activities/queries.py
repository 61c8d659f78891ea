"""Activities as callers see them."""

from chassis import paging
from chassis.errors import NotAllowed, missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo

_READERS = frozenset(
    {"steward", "council_chair", "council_member", "community_staff", "subdistrict_staff", "district_admin"}
)


class ActivityQueries:
    """Reads activities."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def one(self, activity_id: str, actor: Actor) -> Document:
        """One report. Raises NotFound, also for those it does not concern."""
        found = self._mongo["activities"].find_one({"_id": activity_id}, {"outbox": 0})
        if found is None or not (
            found["member"] == actor.member_id or actor.has_any(_READERS, found["area"])
        ):
            raise missing("活动", "activity")
        return {**found, "id": found["_id"]}

    def page(
        self,
        actor: Actor,
        *,
        area: str,
        status: str | None,
        category: str | None,
        member: str | None,
        limit: int,
        cursor: str | None,
    ) -> paging.Page:
        """Reports, the newest first. Raises NotAllowed for areas that are none of the actor's."""
        if member != actor.member_id and not actor.has_any(_READERS, area):
            raise NotAllowed(
                "not-your-area",
                zh="只能查看自己的活动，或您所在区域的活动。",
                en="List your own (member=me), or those of an area you work in (area=…).",
            )
        where = {
            name: value
            for name, value in (("status", status), ("category", category), ("scopes", area))
            if value is not None
        }
        match = {"member": member} if member is not None else {"scopes": where.pop("scopes")}
        page = paging.newest_first(
            self._mongo["activities"],
            match,
            where=where,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0},
        )
        return paging.Page([{**one, "id": one["_id"]} for one in page.items], page.next)
