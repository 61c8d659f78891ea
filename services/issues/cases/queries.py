"""Issues as callers see them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from chassis.errors import missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.issues.cases.chain import Fault, from_document, verify
from services.issues.cases.disclosure import (
    PUBLIC_FIELDS,
    View,
    hides_reporter,
    public_text,
    shown_line,
    shown_location,
    view_for,
    withheld,
)
from services.issues.cases.feedback import path
from services.issues.cases.issue import STAFF_ROLES, Status
from services.issues.media.domain import Place
from services.issues.media.queries import PhotoQueries, States

LISTED = {"history": 0, "outbox": 0}
"""What is left out of an issue as it is shown."""
_PUBLIC_PHOTO = ("id", "url", "thumbnail_url")


class CaseQueries:
    """Reads issues. `key` signs feedback links."""

    def __init__(self, mongo: Mongo, photos: PhotoQueries, key: str) -> None:
        self._mongo = mongo
        self._photos = photos
        self._key = key

    def one(self, issue_id: str, actor: Actor) -> Document:
        """One issue. Raises NotFound."""
        document = self._mongo["issues"].find_one({"_id": issue_id}, LISTED)
        if document is None:
            raise missing("问题", "issue")
        return self.view(document, actor)

    def history(self, issue_id: str, actor: Actor) -> list[Document]:
        """What was done, in order; by whom and why, for those the issue concerns."""
        document = self._mongo["issues"].find_one({"_id": issue_id}, {"outbox": 0})
        if document is None:
            raise missing("问题", "issue")
        view = view_for(document, actor)
        hidden = document["reporter"] if hides_reporter(document, actor) else None
        lines = [shown_line(one, view, actor) for one in document["history"]]
        states = self._photos.states(photo for line in lines for photo in line.get("media", ()))
        for line in lines:
            if hidden is not None and line.get("actor") == hidden:
                line["actor"] = None
            if "media" in line:
                line["media"] = self._photos.links(line["media"], states, actor, _place(document))
        return lines

    def verification(self, issue_id: str, known: str | None = None) -> Document:
        """Whether an issue's history is as it was written. `known` is a head that was seen before.

        Raises NotFound.
        """
        document = self._mongo["issues"].find_one({"_id": issue_id}, {"history": 1, "chain": 1})
        if document is None:
            raise missing("问题", "issue")
        fault, hashes = _verified(document), [one.get("hash") for one in document["history"]]
        return {
            "id": issue_id,
            "sound": fault is None,
            "lines": len(document["history"]),
            "head": document.get("chain"),
            "fault": asdict(fault) if fault else None,
            "contains_known": None if known is None else known in hashes,
        }

    def areas(self) -> Iterable[tuple[str, dict[str, Any] | None]]:
        """Codes and boundaries of all areas known here."""
        return [(str(one["_id"]), one["boundary"]) for one in self._mongo["areas"].find()]

    def view(self, document: Document, actor: Actor) -> Document:
        """A document as the actor may see it."""
        return self.views([document], actor)[0]

    def views(self, documents: Sequence[Document], actor: Actor) -> list[Document]:
        """Documents as the actor may see them; what is known of all their photos is read at once."""
        states = self._photos.states(photo for one in documents for photo in one["media"])
        return [self._view(one, states, actor) for one in documents]

    def _view(self, document: Document, states: States, actor: Actor) -> Document:
        view = view_for(document, actor)
        full = view is View.FULL
        shown = {
            **document,
            "id": document["_id"],
            "view": view.value,
            "supporters": len(document["supporters"]),
            "parts": [one["id"] for one in document["parts"]],
            "hidden": bool(document.get("hidden")),
            "location": shown_location(document, view),
            "description": document["description"] if full else public_text(document),
            "media": []
            if withheld(document) and not full
            else self._shown_photos(document, states, actor, full=full),
        }
        if not full:
            return {name: value for name, value in shown.items() if name in PUBLIC_FIELDS}
        return {
            **shown,
            "received_at": document["created_at"],
            "reporter": None if hides_reporter(document, actor) else document["reporter"],
            "feedback_url": self._feedback_url(document, actor),
            "flags": document.get("flags", []) if actor.has_any(STAFF_ROLES, document["area"]) else None,
        }

    def _shown_photos(
        self, document: Document, states: States, actor: Actor, *, full: bool
    ) -> list[Document]:
        links = self._photos.links(document["media"], states, actor, _place(document))
        if full:
            return links
        return [{name: one[name] for name in _PUBLIC_PHOTO} for one in links if one["url"] is not None]

    def _feedback_url(self, document: Document, actor: Actor) -> str | None:
        until = document["feedback_until"]
        may = actor.member_id == document["reporter"] or actor.has_any(STAFF_ROLES, document["area"])
        answerable = document["status"] == Status.RESOLVED and document["reporter"] is not None
        if not answerable or until is None or not may:
            return None
        issue_id = document.get("_id") or document["id"]
        return path(issue_id, until, self._key)


def histories(mongo: Mongo, issue_ids: Sequence[str] | None) -> Iterator[tuple[str, Fault | None]]:
    """Issues (all of them for None) and the first fault of each one's history; one at a time is in memory."""
    wanted = {} if issue_ids is None else {"_id": {"$in": list(issue_ids)}}
    for document in mongo["issues"].find(wanted, {"history": 1, "chain": 1}):
        yield str(document["_id"]), _verified(document)


def _verified(document: Document) -> Fault | None:
    lines = [from_document(one) for one in document["history"]]
    return verify(lines, str(document.get("chain")))


def _place(document: Document) -> Place:
    return Place(document["area"], document["_id"], document["assignee"])
