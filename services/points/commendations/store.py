"""Commendations ↔ documents; their only writer."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from pymongo.errors import DuplicateKeyError

from chassis import outbox
from chassis.errors import ConcurrentUpdate, missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from services.points.commendations.commendation import (
    Change,
    Commendation,
    Entry,
    Status,
    commendation_of,
)
from services.points.commendations.domain import FORGET
from services.points.domain import Posting
from services.points.honours.counting import Counting
from services.points.store import JournalStore

COLLECTION = "commendations"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = "0" * 26


class CommendationStore:
    """Nominations and what became of them."""

    def __init__(self, mongo: Mongo, journal: JournalStore) -> None:
        self._mongo = mongo
        self._journal = journal

    def ensure_indexes(self) -> None:
        """The lists; the public check; what is to be awarded; the relay."""
        commendations = self._mongo[COLLECTION]
        commendations.create_index([("lists", 1), ("order", 1)])
        commendations.create_index("number", unique=True)
        commendations.create_index("award_at", sparse=True)
        outbox.ensure_indexes(commendations)

    def knows(self, member: str) -> bool:
        """Whether there is such a member, who was not forgotten."""
        return self._journal.knows(member) and not self._journal.is_erased(member)

    def forget(self, member: str) -> None:
        """Know a member no more, for ever."""
        self._journal.put_erased(member)

    def postings(self, member: str) -> Sequence[Posting]:
        """All that was ever posted to a member."""
        return Counting(self._mongo).of_member(member, _FIRST)

    def add(self, change: Change) -> Commendation:
        """Keep a new one; what stands under its id, where that is known."""
        new = change.commendation
        document = {
            **_values(new),
            "_id": new.id,
            "order": new.id,
            "lists": [*ancestors(new.area), new.member, new.nominator],
            "history": [_line(change.entry)],
        }
        try:
            self._mongo[COLLECTION].insert_one(outbox.fresh(document, _envelopes(change)))
        except DuplicateKeyError:
            return self.get(new.id)
        return new

    def get(self, commendation_id: str) -> Commendation:
        """Raises NotFound."""
        document = self._mongo[COLLECTION].find_one({"_id": commendation_id})
        if document is None:
            raise missing("表彰", "commendation")
        return commendation_of(document)

    def record(self, commendation_id: str) -> Sequence[Entry]:
        """Who did what to one, when and why."""
        found = self._mongo[COLLECTION].find_one({"_id": commendation_id}, {"history": 1}) or {}
        return [Entry(**{**line, "status": Status(line["status"])}) for line in found.get("history", ())]

    def save(self, change: Change) -> None:
        """Write a change with its line and its event. Raises ConcurrentUpdate when somebody was first."""
        saved = change.commendation
        values = _values(saved)
        line, push = _line(change.entry), {}
        if change.entry.action == FORGET:
            # The record is the version's, and so is what is written here in its place.
            values["history"] = [*self._without_notes(saved.id, saved.version - 1), line]
        else:
            push["history"] = [line]
        update = outbox.change(saved.id, _envelopes(change), set_fields=values, push=push)
        if "award_at" not in values:
            update["$unset"] = {"award_at": ""}
        written = self._mongo[COLLECTION].update_one({"_id": saved.id, "version": saved.version - 1}, update)
        if not written.matched_count:
            raise ConcurrentUpdate(saved.id)

    def _without_notes(self, commendation_id: str, version: int) -> list[Document]:
        seen = {"_id": commendation_id, "version": version}
        found = self._mongo[COLLECTION].find_one(seen, {"history": 1})
        if found is None:
            raise ConcurrentUpdate(commendation_id)
        return [{**line, "note": None} for line in found["history"]]

    def due(self, at: datetime, most: int) -> list[Commendation]:
        """Those whose publicity is over by then and which nobody disputes."""
        over = {"award_at": {"$gte": _EPOCH, "$lte": at}}
        return [commendation_of(one) for one in self._mongo[COLLECTION].find(over).limit(most)]

    def of_member(self, member: str) -> list[str]:
        """The commendations of a member."""
        found = self._mongo[COLLECTION].find({"lists": member}, {"member": 1})
        return [str(one["_id"]) for one in found if one["member"] == member]


def _envelopes(change: Change) -> list[Document]:
    if change.event is None:
        return []
    saved = change.commendation
    return [
        envelope(
            change.event,
            source="points",
            subject=saved.id,
            sequence=saved.version,
            area=saved.area,
            at=change.entry.at,
        )
    ]


def _values(commendation: Commendation) -> Document:
    values = {**asdict(commendation), "status": commendation.status.value}
    values["objections"] = list(values["objections"])
    # Names of rules have dots, which names of fields should not have.
    values["facts"]["deeds"] = [list(one) for one in commendation.facts.deeds.items()]
    del values["id"]
    return {**values, "award_at": commendation.award_at} if commendation.award_at else values


def _line(entry: Entry) -> Document:
    return {**asdict(entry), "status": entry.status.value}
