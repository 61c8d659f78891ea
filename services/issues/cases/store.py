"""Issues ↔ documents; the only writer of issues and of the local copies of areas and members."""

from dataclasses import asdict
from typing import Any

from chassis import outbox
from chassis.errors import missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.local_copy import put_newer
from chassis.mongo import Document, Mongo
from services.issues.cases.domain import Change, Entry, Issue, Level, Rating, Status

_SOURCE = "issues"
_FIXED = ("history", "outbox", "pending", "scopes", "order", "_id")


class CaseStore:
    """The issues of the district."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._issues = "issues"

    def ensure_indexes(self) -> None:
        """Indexes for the lists, the relay and the local copies."""
        issues = self._mongo[self._issues]
        issues.create_index([("scopes", 1), ("order", 1)])
        issues.create_index([("reporter", 1), ("order", 1)])
        issues.create_index([("assignee", 1), ("order", 1)])
        outbox.ensure_indexes(issues)

    def get(self, issue_id: str) -> Issue:
        """Raises NotFound."""
        document = self._mongo[self._issues].find_one({"_id": issue_id}, {"history": 0, "outbox": 0})
        if document is None:
            raise missing("问题", "issue")
        return _issue(document)

    def add(self, change: Change) -> Issue:
        """Insert a new issue; where its id is stored already, the stored one is the answer."""
        issue = change.issue
        document = {
            **_fields(issue),
            "_id": issue.id,
            "order": issue.id,
            "scopes": ancestors(issue.area),
            "history": [_entry(change.entry)],
        }
        added = outbox.insert(self._mongo[self._issues], document, [_envelope(change)])
        return issue if added else self.get(issue.id)

    def save(self, change: Change) -> None:
        """Write the new state, its history line and its event at once. Raises ConcurrentUpdate."""
        self._write(change.issue, change.entry, [_envelope(change)])

    def save_entry(self, issue: Issue, entry: Entry) -> None:
        """Write a history line that nobody else needs to hear of. Raises ConcurrentUpdate."""
        self._write(issue, entry, [])

    def _write(self, issue: Issue, entry: Entry, envelopes: list[dict[str, Any]]) -> None:
        outbox.save(
            self._mongo[self._issues],
            issue.id,
            issue.version,
            envelopes,
            set_fields=_fields(issue),
            push={"history": [_entry(entry)]},
        )

    def is_steward(self, member_id: str, area: str) -> bool:
        """Whether the member is a steward of the area, by the local copy."""
        member = self._mongo["members"].find_one({"_id": member_id})
        grants = member["grants"] if member else []
        return any(f"steward@{code}" in grants for code in ancestors(area))

    def put_area(self, code: str, name: str, boundary: dict[str, Any] | None, sequence: int) -> None:
        """Keep the newest known state of an area."""
        put_newer(self._mongo["areas"], code, {"name": name, "boundary": boundary}, sequence)

    def put_member(self, member_id: str, grants: list[str], sequence: int) -> None:
        """Keep the newest known grants (`role@area`) of a member."""
        put_newer(self._mongo["members"], member_id, {"grants": grants}, sequence)


def _envelope(change: Change) -> dict[str, Any]:
    issue = change.issue
    return envelope(
        change.event,
        source=_SOURCE,
        subject=issue.id,
        sequence=issue.version,
        area=issue.area,
        at=change.entry.at,
    )


def _fields(issue: Issue) -> Document:
    return {
        **{name: value for name, value in vars(issue).items() if name != "id"},
        "status": issue.status.value,
        "level": issue.level.value,
        "media": list(issue.media),
        "rating": asdict(issue.rating) if issue.rating else None,
    }


def _entry(entry: Entry) -> Document:
    return {
        **vars(entry),
        "status": entry.status.value,
        "level": entry.level.value,
        "media": list(entry.media),
    }


def _issue(document: Document) -> Issue:
    fields = {name: value for name, value in document.items() if name not in _FIXED}
    rating = fields.pop("rating", None)
    return Issue(
        **{
            **fields,
            "id": document["_id"],
            "status": Status(document["status"]),
            "level": Level(document["level"]),
            "media": tuple(document["media"]),
            "rating": Rating(**rating) if rating else None,
        }
    )
