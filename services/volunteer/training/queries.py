"""Courses and sessions as callers see them."""

from chassis import paging
from chassis.errors import missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.volunteer.training.domain import HOLDERS
from services.volunteer.training.session import Session, Status


class TrainingQueries:
    """Reads courses and sessions."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def courses(self, limit: int, cursor: str | None) -> paging.Page:
        """The courses, the newest first."""
        page = paging.newest_first(self._mongo["courses"], {}, limit=limit, cursor=cursor)
        return paging.Page([{**one, "id": one["_id"]} for one in page.items], page.next)

    def session(self, session_id: str, actor: Actor) -> Document:
        """One session. Raises NotFound."""
        found = self._mongo["training_sessions"].find_one({"_id": session_id}, {"outbox": 0})
        if found is None:
            raise missing("培训", "training session")
        return _seen(found, actor)

    def sessions(self, actor: Actor, *, area: str, mine: bool, limit: int, cursor: str | None) -> paging.Page:
        """The sessions of an area and of all in it, or of these one's own, the newest first."""
        page = paging.newest_first(
            self._mongo["training_sessions"],
            {"lists": actor.member_id if mine else area},
            where={"lists": area} if mine else None,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0},
        )
        return paging.Page([_seen(one, actor) for one in page.items], page.next)


def view(session: Session, actor: Actor) -> Document:
    """A session that was just written, as its caller sees it."""
    lines = [vars(one) for one in session.attendances]
    return _seen({**vars(session), "_id": session.id, "attendances": lines}, actor)


def own_part(session: Session, member: str) -> Document:
    """A member's own part in a session, for their export."""
    mine = session.of(member)
    return {**vars(session), **(vars(mine) if mine else {}), "session": session.id}


def _seen(document: Document, actor: Actor) -> Document:
    """Who is on the list is shown to those who hold sessions there; to others, themselves."""
    lines = document["attendances"]
    taken = sum(one["status"] != Status.ABSENT for one in lines)
    if not actor.has_any(HOLDERS, document["area"]):
        lines = [one for one in lines if one["member"] == actor.member_id]
    return {
        **document,
        "id": document["_id"],
        "attendances": lines,
        "seats_left": document["seats"] - taken,
    }
