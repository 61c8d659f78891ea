"""Inboxes as members see them."""

from typing import Any

from chassis import paging
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.notify.templates import render


class InboxQueries:
    """Reads inboxes."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def page(
        self, actor: Actor, *, unread: bool | None, language: str, limit: int, cursor: str | None
    ) -> paging.Page:
        """The actor's messages, newest first, in their language."""
        where: dict[str, Any] = {}
        if unread is not None:
            where["read_at"] = None if unread else {"$ne": None}
        page = paging.newest_first(
            self._mongo["inbox"], {"member": actor.member_id}, where=where, limit=limit, cursor=cursor
        )
        return paging.Page([_view(one, language) for one in page.items], page.next)

    def unread_count(self, actor: Actor) -> int:
        """How many messages the actor has not read."""
        return self._mongo["inbox"].count_documents({"member": actor.member_id, "read_at": None})


def _view(document: Document, language: str) -> Document:
    params = document["params"]
    title, body = render(document["template"], params, language)
    return {**document, "id": document["_id"], "title": title, "body": body, "link": params.get("link")}
