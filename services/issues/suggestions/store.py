"""Suggestions and their kinds ↔ documents; the only writer of both."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from enum import StrEnum

from chassis import outbox
from chassis.errors import missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from services.issues.suggestions.domain import (
    KINDS,
    SUPPORTED,
    Answer,
    Change,
    Decision,
    Kind,
    Status,
    Suggestion,
)

_COLLECTION = "suggestions"
_NAMES = {field.name for field in fields(Suggestion)} - {"id"}


class SuggestionStore:
    """The suggestions of the district.

    Supporters are kept in the suggestion itself, so that counting one is a single atomic write, and the
    list told with an answer is exactly the list at that version.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """Indexes for the lists, the figures and the relay."""
        suggestions = self._mongo[_COLLECTION]
        suggestions.create_index([("scopes", 1), ("order", 1)])
        suggestions.create_index([("author", 1), ("order", 1)])
        outbox.ensure_indexes(suggestions)

    def get(self, suggestion_id: str) -> Suggestion:
        """Raises NotFound."""
        document = self._mongo[_COLLECTION].find_one({"_id": suggestion_id}, {"outbox": 0})
        if document is None:
            raise missing("建议", "suggestion")
        return _suggestion(document)

    def add(self, change: Change) -> Suggestion:
        """Insert a new suggestion; where its id is stored already, the stored one is the answer."""
        new = change.suggestion
        document = {
            **_fields(new),
            "_id": new.id,
            "order": new.id,
            "scopes": ancestors(new.area),
        }
        added = outbox.insert(self._mongo[_COLLECTION], document, [_envelope(change)])
        return new if added else self.get(new.id)

    def save(self, change: Change) -> None:
        """Write the new state and its event at once. Raises ConcurrentUpdate."""
        self._write(change.suggestion, [_envelope(change)])

    def rewrite(self, suggestion: Suggestion) -> None:
        """Write the new state, of which nobody is told. Raises ConcurrentUpdate."""
        self._write(suggestion, [])

    def _write(self, saved: Suggestion, envelopes: list[Document]) -> None:
        outbox.save(self._mongo[_COLLECTION], saved.id, saved.version, envelopes, set_fields=_fields(saved))

    def support(self, suggestion_id: str, member_id: str) -> bool:
        """Count a supporter in one write, once; false when the suggestion takes no support any more."""
        may = {"_id": suggestion_id, "status": {"$in": [one.value for one in SUPPORTED]}}
        counted = self._mongo[_COLLECTION].update_one(
            {**may, "supporters": {"$ne": member_id}},
            {"$push": {"supporters": member_id}, "$inc": {"support_count": 1, "version": 1}},
        )
        if counted.matched_count:
            return True
        return self._mongo[_COLLECTION].find_one({**may, "supporters": member_id}, {"_id": 1}) is not None

    def of_person(self, member_id: str) -> list[str]:
        """Suggestions in which anything of this member is kept.

        All are looked through: an index over supporters would make each further support of a popular
        suggestion dearer than the last.
        """
        named: list[Document] = [{name: member_id} for name in ("author", "supporters", "answers.by")]
        return [str(one["_id"]) for one in self._mongo[_COLLECTION].find({"$or": named}, {"_id": 1})]

    def kinds(self) -> Mapping[str, Kind]:
        """Code → kind: what every district begins with, and this district's own."""
        stored = self._mongo["suggestion_kinds"].find()
        own = [Kind(str(one["_id"]), one["zh"], one["en"], one["retired"]) for one in stored]
        return {**KINDS, **{one.code: one for one in own}}

    def put_kind(self, kind: Kind) -> None:
        """Define or change a kind."""
        values = {"zh": kind.zh, "en": kind.en, "retired": kind.retired}
        self._mongo["suggestion_kinds"].update_one({"_id": kind.code}, {"$set": values}, upsert=True)


def _envelope(change: Change) -> Document:
    suggestion = change.suggestion
    return envelope(
        change.event,
        source="issues",
        subject=suggestion.id,
        sequence=suggestion.version,
        area=suggestion.area,
        at=change.at,
    )


def _fields(suggestion: Suggestion) -> Document:
    values = {name: getattr(suggestion, name) for name in _NAMES}
    values["supporters"] = list(suggestion.supporters)
    values["support_count"] = len(suggestion.supporters)
    values["answers"] = [{**asdict(one), "decision": one.decision.value} for one in suggestion.answers]
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}


def _suggestion(document: Document) -> Suggestion:
    values = {name: document[name] for name in _NAMES}
    return Suggestion(
        **{
            **values,
            "id": document["_id"],
            "status": Status(document["status"]),
            "supporters": tuple(document["supporters"]),
            "answers": tuple(
                Answer(**{**one, "decision": Decision(one["decision"])}) for one in document["answers"]
            ),
        }
    )
