"""Issues ↔ documents; the only writer of issues and of the local copies of areas and members."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from chassis import outbox
from chassis.errors import missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.joined_inserts import JoinedInserts
from chassis.local_copy import put_newer
from chassis.mongo import Document, Mongo
from chassis.paging import order
from chassis.tiles import place
from services.issues.cases.issue import (
    OPEN,
    Adopted,
    Change,
    Entry,
    Feedback,
    Issue,
    Level,
    Objection,
    Part,
    Rating,
    Status,
)
from services.issues.limits.domain import Countdown

_SOURCE = "issues"
_NAMES = {field.name for field in fields(Issue)} - {"id"}
_STATE = {"history": 0, "outbox": 0}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Kept = TypeVar("Kept")


class CaseStore:
    """The issues of the district."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._issues = "issues"
        self._inserts = JoinedInserts(lambda: mongo["issues"])

    def ensure_indexes(self) -> None:
        """Indexes for the lists, the relay and the clock.

        Some engines write all entries of all indexes anew whenever a document changes, and an issue changes
        often: there are no more than these, and none over an array but the first.
        """
        issues = self._mongo[self._issues]
        issues.create_index([("scopes", 1), ("order", 1)])
        issues.create_index([("reporter", 1), ("order", 1)])
        issues.create_index([("assignee", 1), ("order", 1)])
        issues.create_index("next_check_at")
        issues.create_index([("status", 1), ("order", 1)])
        issues.create_index("place", sparse=True)
        issues.create_index("adopted.id", sparse=True)
        outbox.ensure_indexes(issues)

    def get(self, issue_id: str) -> Issue:
        """Raises NotFound."""
        document = self._mongo[self._issues].find_one({"_id": issue_id}, _STATE)
        if document is None:
            raise missing("问题", "issue")
        return _issue(document)

    def add(self, change: Change) -> Issue:
        """Insert a new issue; where its id is stored already, the stored one is the answer."""
        issue = change.issue
        document = {
            **_fields(issue),
            "_id": issue.id,
            "order": order(issue.id, issue.created_at),
            "history": [_entry(one) for one in change.entries],
        }
        added = self._inserts.insert([outbox.fresh(document, _envelopes(change))])
        return issue if added else self.get(issue.id)

    def save(self, change: Change) -> None:
        """Write the new state, its history lines and its events at once. Raises ConcurrentUpdate."""
        outbox.save(
            self._mongo[self._issues],
            change.issue.id,
            change.issue.version,
            _envelopes(change),
            set_fields=_fields(change.issue),
            push={"history": [_entry(one) for one in change.entries]},
        )

    def due(self, at: datetime, most: int) -> list[Issue]:
        """Issues whose clock has something to do by `at`."""
        found = self._mongo[self._issues].find({"next_check_at": {"$gte": EPOCH, "$lte": at}}, _STATE)
        return [_issue(one) for one in found.limit(most)]

    def adopters(self, issue_id: str) -> list[Issue]:
        """The issues that speak for this one."""
        found = self._mongo[self._issues].find({"adopted.id": issue_id}, _STATE)
        return [_issue(one) for one in found]

    def is_steward(self, member_id: str, area: str) -> bool:
        """Whether the member is a steward of the area, by the local copy."""
        member = self._mongo["members"].find_one({"_id": member_id})
        grants = member["grants"] if member else []
        return any(f"steward@{code}" in grants for code in ancestors(area))

    def put_area(self, code: str, name: str, boundary: dict[str, Any] | None, sequence: int) -> None:
        """Keep the newest known state of an area."""
        put_newer(self._mongo["areas"], code, {"name": name, "boundary": boundary}, sequence)

    def put_member(self, member_id: str, grants: list[str], home_area: str | None, sequence: int) -> None:
        """Keep the newest known grants (`role@area`) and home area of a member."""
        values = {"grants": grants, "home_area": home_area}
        put_newer(self._mongo["members"], member_id, values, sequence)


def _envelopes(change: Change) -> list[dict[str, Any]]:
    issue = change.issue
    at = change.entries[-1].at
    return [
        envelope(event, source=_SOURCE, subject=issue.id, sequence=issue.version, area=issue.area, at=at)
        for event in change.events
    ]


def _fields(issue: Issue) -> Document:
    values: Document = {name: value for name, value in vars(issue).items() if name != "id"}
    if issue.location is not None:
        values["place"] = place(issue.location["lng"], issue.location["lat"])
    return {
        **values,
        "status": issue.status.value,
        "status_before": issue.status_before.value if issue.status_before else None,
        "level": issue.level.value,
        "countdown": vars(issue.countdown),
        "objection": _plain(issue.objection),
        "feedback": _plain(issue.feedback),
        "rating": _plain(issue.rating),
        "adopted": [vars(one) for one in issue.adopted],
        "parts": [vars(one) for one in issue.parts],
        "scopes": ancestors(issue.area),
        "open_due_at": issue.due_at if issue.status in OPEN else None,
    }


def _plain(part: Objection | Feedback | Rating | None) -> Document | None:
    return vars(part) if part is not None else None


def _entry(entry: Entry) -> Document:
    return {
        **vars(entry),
        "status": entry.status.value,
        "level": entry.level.value,
        "media": list(entry.media),
    }


def _issue(document: Document) -> Issue:
    values = {name: document[name] for name in _NAMES if name in document}
    before, countdown = document["status_before"], document["countdown"]
    return Issue(
        **{
            **values,
            "id": document["_id"],
            "status": Status(document["status"]),
            "status_before": Status(before) if before else None,
            "level": Level(document["level"]),
            "media": tuple(document["media"]),
            "adopted": tuple(Adopted(one["id"], tuple(one["followers"])) for one in document["adopted"]),
            "supporters": tuple(document["supporters"]),
            "photo_acts": tuple(document.get("photo_acts", ())),
            "parts": tuple(Part(**one) for one in document["parts"]),
            "countdown": Countdown(**{**countdown, "reminded": tuple(countdown["reminded"])}),
            "objection": _maybe(Objection, document["objection"]),
            "feedback": _maybe(Feedback, document["feedback"]),
            "rating": _maybe(Rating, document["rating"]),
        }
    )


def _maybe(kind: type[Kept], values: Document | None) -> Kept | None:
    return kind(**values) if values else None
