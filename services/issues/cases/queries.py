"""Issues as callers see them."""

from collections.abc import Iterable, Sequence
from typing import Any

from chassis.errors import missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.issues.cases.feedback import sign
from services.issues.cases.issue import STAFF_ROLES, Status
from services.issues.media.domain import Place
from services.issues.media.queries import PhotoQueries, States

_OVERSEERS = STAFF_ROLES | {"steward"}
LISTED = {"history": 0, "outbox": 0}
"""What is left out of an issue as it is shown."""


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
        """Who did what, when and why, in order. Members are shown to those the issue concerns."""
        document = self._mongo["issues"].find_one({"_id": issue_id}, {"outbox": 0})
        if document is None:
            raise missing("问题", "issue")
        hidden = document["reporter"] if _hides_reporter(document, actor) else None
        states = self._photos.states(one for entry in document["history"] for one in entry["media"])
        place = _place(document)
        return [
            {
                **entry,
                "actor": None if entry["actor"] == hidden else entry["actor"],
                "media": self._photos.links(entry["media"], states, actor, place),
            }
            for entry in document["history"]
        ]

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
        hidden = _hides_reporter(document, actor)
        return {
            **document,
            "id": document["_id"],
            "reporter": None if hidden else document["reporter"],
            "supporters": len(document["supporters"]),
            "parts": [one["id"] for one in document["parts"]],
            "feedback_url": self._feedback_url(document, actor),
            "media": self._photos.links(document["media"], states, actor, _place(document)),
        }

    def _feedback_url(self, document: Document, actor: Actor) -> str | None:
        until = document["feedback_until"]
        may = actor.member_id == document["reporter"] or actor.has_any(STAFF_ROLES, document["area"])
        if document["status"] != Status.RESOLVED or until is None or not may:
            return None
        issue_id = document.get("_id") or document["id"]
        return f"/v1/feedback/{issue_id}/{sign(issue_id, until, self._key)}"


def _place(document: Document) -> Place:
    return Place(document["area"], document["_id"], document["assignee"])


def _hides_reporter(document: Document, actor: Actor) -> bool:
    if actor.member_id == document["reporter"]:
        return False
    return not actor.has_any(STAFF_ROLES if document["anonymous"] else _OVERSEERS, document["area"])
