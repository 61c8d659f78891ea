"""Issues ↔ documents; the only writer of issues and of the local copies of areas and members."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from chassis import outbox
from chassis.clock import ulid_at
from chassis.errors import missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.joined_inserts import JoinedInserts
from chassis.local_copy import put_newer
from chassis.mongo import Document, Mongo
from chassis.paging import order
from chassis.tiles import place, tile_at
from services.issues.cases.chain import as_document, from_document, link
from services.issues.cases.disclosure import public_location
from services.issues.cases.feedback import invite
from services.issues.cases.issue import (
    OPEN,
    SYSTEM,
    Adopted,
    Change,
    Feedback,
    Flag,
    Issue,
    Level,
    Line,
    Objection,
    Part,
    Rating,
    Status,
    changed,
)
from services.issues.cases.lists import CLOSED, NOBODYS, handled_by, lists_of, naming, speaking_for
from services.issues.finding.domain import CELL_ZOOM, cell_key
from services.issues.limits.domain import Countdown

_SOURCE = "issues"
_NAMES = {field.name for field in fields(Issue)} - {"id"}
_STATE = {"history": 0, "outbox": 0}
_ONLY_ID = {"$project": {"_id": 1}}
_NOBODY = SYSTEM.member_id
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Kept = TypeVar("Kept")


class CaseStore:
    """The issues of the district.

    `feedback_key` signs the links by which reporters answer without signing in; without it none are sent.
    """

    def __init__(self, mongo: Mongo, feedback_key: str | None = None) -> None:
        self._mongo = mongo
        self._feedback_key = feedback_key
        self._issues = "issues"
        self._inserts = JoinedInserts(lambda: mongo["issues"])

    def ensure_indexes(self) -> None:
        """Indexes for the lists, the map, the relay and the clock: as few as will do (ADR 19)."""
        issues = self._mongo[self._issues]
        issues.create_index([("lists", 1), ("order", 1)])
        issues.create_index("next_check_at")
        issues.create_index("place", sparse=True)
        outbox.ensure_indexes(issues)

    def get(self, issue_id: str) -> Issue:
        """Raises NotFound."""
        document = self._mongo[self._issues].find_one({"_id": issue_id}, _STATE)
        if document is None:
            raise missing("问题", "issue")
        return _issue(document)

    def with_lines(self, issue_id: str) -> tuple[Issue, tuple[Line, ...]]:
        """An issue and its history, of the same moment. Raises NotFound."""
        document = self._mongo[self._issues].find_one({"_id": issue_id}, {"outbox": 0})
        if document is None:
            raise missing("问题", "issue")
        return _issue(document), tuple(from_document(one) for one in document["history"])

    def add(self, change: Change) -> Issue:
        """Insert a new issue; where its id is stored already, the stored one is the answer."""
        issue, lines = chained(change)
        document = {
            **_fields(issue),
            "_id": issue.id,
            "order": order(issue.id, issue.created_at),
            "history": [as_document(one) for one in lines],
        }
        added = self._inserts.insert([outbox.fresh(document, self._envelopes(change))])
        return issue if added else self.get(issue.id)

    def save(self, change: Change) -> Issue:
        """Write the new state, its history lines and its events at once; returns the issue as it is kept.

        The chain goes on from the hash that was loaded: somebody who saved meanwhile makes this raise
        ConcurrentUpdate, so that no two lines can follow the same one.
        """
        issue, lines = chained(change)
        state, push = _fields(issue), {"history": [as_document(one) for one in lines]}
        if change.emptied is not None:
            state["history"] = [as_document(one) for one in (*change.emptied, *lines)]
            push = {}
        outbox.save(
            self._mongo[self._issues],
            issue.id,
            issue.version,
            self._envelopes(change),
            set_fields=state,
            push=push,
        )
        return issue

    def due(self, at: datetime, most: int) -> list[Issue]:
        """Issues whose clock has something to do by `at`."""
        found = self._mongo[self._issues].find({"next_check_at": {"$gte": EPOCH, "$lte": at}}, _STATE)
        return [_issue(one) for one in found.limit(most)]

    def adopters(self, issue_id: str) -> list[Issue]:
        """The issues that speak for this one."""
        found = self._mongo[self._issues].find({"lists": speaking_for(issue_id)}, _STATE)
        return [_issue(one) for one in found]

    def closed_before(self, moment: datetime | None, most: int) -> list[str]:
        """Issues not anonymous yet that are nobody's, or were closed before then (None: only nobody's)."""
        issues = self._mongo[self._issues]
        found = [str(one["_id"]) for one in issues.find({"lists": NOBODYS}, {"_id": 1}).limit(most)]
        if moment is not None:
            # None was closed before it was reported, and by that they are in order.
            reported = {"lists": CLOSED, "order": {"$gte": "", "$lt": ulid_at(moment)}}
            closed = {"closed_at": {"$lt": moment}}
            found += [
                str(one["_id"])
                for one in issues.aggregate([{"$match": reported}, {"$match": closed}, _ONLY_ID])
            ]
        return found[:most]

    def of_person(self, member_id: str, most: int) -> list[str]:
        """Issues in which anything of this member is kept."""
        issues = self._mongo[self._issues]
        found = {
            str(one["_id"]) for key in naming(member_id) for one in issues.find({"lists": key}, {"_id": 1})
        }
        return sorted(found)[:most]

    def worked_by(self, member_id: str) -> list[str]:
        """Open issues that are with this member at the stewards' level."""
        at_work = {"status": {"$in": [one.value for one in OPEN]}, "level": Level.STEWARD.value}
        found = self._mongo[self._issues].aggregate(
            [{"$match": {"lists": handled_by(member_id)}}, {"$match": at_work}, _ONLY_ID]
        )
        return [str(one["_id"]) for one in found]

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

    def _envelopes(self, change: Change) -> list[dict[str, Any]]:
        issue = change.issue
        return [
            envelope(
                event,
                source=_SOURCE,
                subject=issue.id,
                sequence=issue.version,
                area=issue.area,
                at=change.entries[-1].at,
            )
            for event in invite(change, self._feedback_key)
        ]


def chained(change: Change) -> tuple[Issue, tuple[Line, ...]]:
    """The issue with the end of its chain and everybody of whom anything is kept, and its new lines."""
    issue, lines = change.issue, link(change.issue.chain, change.entries)
    people = {
        *issue.people,
        *issue.residents,
        *(one for one in (issue.assignee, issue.steward, issue.resolver) if one),
        *(one.member for one in issue.flags),
        *(one.actor for one in change.entries if one.actor),
    } - {_NOBODY}
    chain = lines[-1].hash if lines else issue.chain
    return changed(issue, people=tuple(sorted(people)), chain=chain), lines


def _fields(issue: Issue) -> Document:
    values: Document = dict(vars(issue))
    del values["id"]
    shown, cell = public_location(issue.location, sensitive=issue.sensitive), None
    if shown is not None:
        values["place"] = place(shown["lng"], shown["lat"])
        cell = cell_key(tile_at(shown["lng"], shown["lat"], CELL_ZOOM))
    elif issue.anonymised_at is not None:
        values["place"] = None
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
        "flags": [vars(one) for one in issue.flags],
        "lists": lists_of(issue, cell),
        "open_due_at": issue.due_at if issue.status in OPEN else None,
    }


def _plain(part: Objection | Feedback | Rating | None) -> Document | None:
    return vars(part) if part is not None else None


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
            "extended_by": tuple(document.get("extended_by", ())),
            "photo_acts": tuple(document.get("photo_acts", ())),
            "requests": tuple(document.get("requests", ())),
            "parts": tuple(Part(**one) for one in document["parts"]),
            "flags": tuple(Flag(**one) for one in document.get("flags", ())),
            "discarded": tuple(document.get("discarded", ())),
            "people": tuple(document.get("people", ())),
            "countdown": Countdown(**{**countdown, "reminded": tuple(countdown["reminded"])}),
            "objection": _maybe(Objection, document["objection"]),
            "feedback": _maybe(Feedback, document["feedback"]),
            "rating": _maybe(Rating, document["rating"]),
        }
    )


def _maybe(kind: type[Kept], values: Document | None) -> Kept | None:
    return kind(**values) if values else None
