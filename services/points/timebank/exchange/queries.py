"""Requests and offers as callers see them."""

from dataclasses import dataclass
from typing import Any

from chassis import paging
from chassis.errors import NotAllowed, missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.points.timebank.exchange import domain, matching
from services.points.timebank.exchange.documents import COLLECTION, UNREAD, counterparts, help_of
from services.points.timebank.exchange.help import Help, Party, Status, contacts_for, may_see, parties
from services.points.timebank.members.domain import STAFF_ROLES

_BEST = 20


@dataclass(frozen=True)
class Filters:
    """What a list may be narrowed by. `mine`: what the caller opened or takes part in."""

    area: str
    kind: str | None = None
    status: str | None = None
    mine: bool = False


class HelpQueries:
    """Reads requests and offers."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def one(self, help_id: str, actor: Actor) -> Document:
        """One, with its history for those it concerns. Raises NotFound, also for what is not to be seen."""
        document = self._mongo[COLLECTION].find_one({"_id": help_id}, {"outbox": 0})
        if document is None or not may_see(help_of(document), actor):
            raise missing("互助事项", "request or offer")
        return self._view(document, actor)

    def page(self, filters: Filters, actor: Actor, limit: int, cursor: str | None) -> paging.Page:
        """A page of one's own, or of an area's: the open ones, and for its staff all. Raises NotAllowed."""
        where: dict[str, Any] = {"kind": filters.kind} if filters.kind else {}
        if filters.status:
            where["status"] = filters.status
        is_insider = filters.mine or actor.has_any(STAFF_ROLES, filters.area)
        if not is_insider and where.setdefault("status", Status.OPEN.value) != Status.OPEN:
            raise NotAllowed(
                "not-your-area",
                zh="只能查看开放的求助与服务，或本人参与的事项。",
                en="Look at what is open, or with mine=true at your own.",
            )
        page = paging.newest_first(
            self._mongo[COLLECTION],
            {"lists": actor.member_id if filters.mine else filters.area},
            where=where,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0, "history": 0},
        )
        return paging.Page([self._view(one, actor) for one in page.items], page.next)

    def matches(self, help_id: str, actor: Actor) -> list[Document]:
        """What goes together with one's own request or offer, best first. Raises NotFound, NotAllowed."""
        document = self._mongo[COLLECTION].find_one({"_id": help_id}, UNREAD)
        if document is None:
            raise missing("互助事项", "request or offer")
        one = help_of(document)
        if one.author != actor.member_id and not actor.has_any(STAFF_ROLES, one.area):
            if not may_see(one, actor):
                raise missing("互助事项", "request or offer")
            raise NotAllowed(
                "not-yours", zh="只能查看自己事项的匹配结果。", en="See the matches of your own only."
            )
        others = [help_of(found) for found in self._mongo[COLLECTION].aggregate(counterparts(one))]
        return [_shown(made, made.other(one)) for made in matching.ranked(one, others)[:_BEST]]

    def _view(self, document: Document, actor: Actor) -> Document:
        one = help_of(document)
        concerned = parties(one, actor) != {Party.NEIGHBOUR}
        waits = one.status is Status.CHECKED_OUT
        return {
            **document,
            "id": one.id,
            "history": document.get("history", []) if concerned else [],
            "contacts": [
                {"member": member, "text": words}
                for member, words in contacts_for(one, actor.member_id).items()
            ],
            "confirms_at": one.next_check_at if waits else None,
            "allowed": domain.allowed_actions(one, actor),
        }


def _shown(made: matching.Match, other: Help) -> Document:
    return {
        "id": other.id,
        "number": other.number,
        "kind": other.kind,
        "author": other.author,
        "area": other.area,
        "starts_at": other.starts_at,
        "ends_at": other.ends_at,
        "text": other.text,
        "skills": made.skills,
        "minutes": made.minutes,
        "overlap": made.overlap,
    }
