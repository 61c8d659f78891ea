"""Issues as callers see them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
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
from services.issues.cases.feedback import sign
from services.issues.cases.issue import STAFF_ROLES, Status

LISTED = {"history": 0, "outbox": 0, "words": 0}
"""What is left out of an issue as it is shown."""


class CaseQueries:
    """Reads issues. `link` makes the signed URL of a photo; `key` signs feedback links."""

    def __init__(self, mongo: Mongo, link: Callable[[str], str], key: str) -> None:
        self._mongo = mongo
        self._link = link
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
        if hidden is None:
            return lines
        return [{**one, "actor": None} if one.get("actor") == hidden else one for one in lines]

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
            "media": [] if withheld(document) and not full else self._photos(document),
        }
        if not full:
            return {name: value for name, value in shown.items() if name in PUBLIC_FIELDS}
        return {
            **shown,
            "reporter": None if hides_reporter(document, actor) else document["reporter"],
            "feedback_url": self._feedback_url(document, actor),
            "flags": document.get("flags", []) if actor.has_any(STAFF_ROLES, document["area"]) else None,
        }

    def _photos(self, document: Document) -> list[Document]:
        return [
            {"id": one, "url": self._link(one), "thumbnail_url": self._link(f"{one}-thumbnail")}
            for one in document["media"]
        ]

    def _feedback_url(self, document: Document, actor: Actor) -> str | None:
        until = document["feedback_until"]
        may = actor.member_id == document["reporter"] or actor.has_any(STAFF_ROLES, document["area"])
        answerable = document["status"] == Status.RESOLVED and document["reporter"] is not None
        if not answerable or until is None or not may:
            return None
        issue_id = document.get("_id") or document["id"]
        return f"/v1/feedback/{issue_id}/{sign(issue_id, until, self._key)}"


def histories(mongo: Mongo, issue_ids: Sequence[str] | None) -> Iterator[tuple[str, Fault | None]]:
    """Issues (all of them for None) and the first fault of each one's history; one at a time is in memory."""
    wanted = {} if issue_ids is None else {"_id": {"$in": list(issue_ids)}}
    for document in mongo["issues"].find(wanted, {"history": 1, "chain": 1}):
        yield str(document["_id"]), _verified(document)


def _verified(document: Document) -> Fault | None:
    lines = [from_document(one) for one in document["history"]]
    return verify(lines, str(document.get("chain")))
