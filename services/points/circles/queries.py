"""Flags as staff, and those whom they concern, see them."""

from chassis import paging
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.points.circles.domain import REVIEWERS, Share


class FlagQueries:
    """Reads flags."""

    def __init__(self, mongo: Mongo, district: str) -> None:
        self._mongo = mongo
        self._district = district

    def page(self, actor: Actor, verdict: str | None, limit: int, cursor: str | None) -> paging.Page:
        """All flags for staff, newest first; everybody else sees those on themselves."""
        mine = actor.member_id if not actor.roles & REVIEWERS else self._district
        page = paging.newest_first(
            self._mongo["flags"],
            {"lists": mine},
            where={"verdict": verdict} if verdict else None,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0},
        )
        return paging.Page([_shown(one, actor) for one in page.items], page.next)


def _shown(document: Document, actor: Actor) -> Document:
    share = document["share"]
    percent = Share(share["received"], share["circular"], ()).percent
    others = share["others"] if actor.roles & REVIEWERS else []
    return {**document, **share, "others": others, "id": document["_id"], "percent": percent}
