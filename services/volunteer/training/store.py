"""Courses and sessions ↔ documents."""

from dataclasses import asdict, fields

from pymongo.errors import DuplicateKeyError

from chassis import outbox
from chassis.errors import ConcurrentUpdate, Conflict, missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from services.volunteer.training import domain
from services.volunteer.training.domain import Completion
from services.volunteer.training.session import Attendance, Course, Session, Status

_TRIES = 20


class CourseStore:
    """The courses; they are added and never changed. The only writer of them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """For the list."""
        self._mongo["courses"].create_index("order")

    def get(self, course_id: str) -> Course:
        """Raises NotFound."""
        document = self._mongo["courses"].find_one({"_id": course_id})
        if document is None:
            raise missing("课程", "course")
        values = {field.name: document[field.name] for field in fields(Course) if field.name != "id"}
        return Course(id=course_id, **values)

    def add(self, course: Course) -> Course:
        """Insert a course; where its id is stored already, the stored one is the answer."""
        document = asdict(course)
        document["_id"] = document.pop("id")
        try:
            self._mongo["courses"].insert_one({**document, "order": course.id})
        except DuplicateKeyError:
            return self.get(course.id)
        return course


class TrainingSessionStore:
    """The training sessions with those on their lists; the only writer of them.

    `lists` names what a session is listed by, in one index: its area, all above it, and its members.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """For the lists and the relay."""
        sessions = self._mongo["training_sessions"]
        sessions.create_index([("lists", 1), ("order", 1)])
        outbox.ensure_indexes(sessions)

    def get(self, session_id: str) -> Session:
        """Raises NotFound."""
        document = self._mongo["training_sessions"].find_one({"_id": session_id}, {"outbox": 0})
        if document is None:
            raise missing("培训", "training session")
        return _session(document)

    def add(self, session: Session) -> Session:
        """Insert a session; where its id is stored already, the stored one is the answer."""
        document = {"_id": session.id, "order": session.id, **_fields(session)}
        added = outbox.insert(self._mongo["training_sessions"], document, [])
        return session if added else self.get(session.id)

    def save(self, session: Session, completion: Completion | None) -> None:
        """Write the new state, and that a training was completed by it, at once. Raises ConcurrentUpdate."""
        outbox.save(
            self._mongo["training_sessions"],
            session.id,
            session.version,
            [_envelope(session, completion)] if completion else [],
            set_fields=_fields(session),
        )

    def of(self, member: str) -> list[Session]:
        """All that a member is on the list of, the oldest first."""
        mine = {"lists": member, "order": {"$gte": ""}}
        found = self._mongo["training_sessions"].find(mine, {"outbox": 0})
        return [_session(one) for one in sorted(found, key=lambda one: str(one["order"]))]

    def forget(self, member: str) -> None:
        """Remove a member's words and seats; what they completed is counted on. Raises Conflict, if ever."""
        for one in self.of(member):
            self._forget(one.id, member)

    def _forget(self, session_id: str, member: str) -> None:
        for _ in range(_TRIES):
            before = self.get(session_id)
            after = domain.forgotten(before, member)
            if after is before:
                return
            try:
                self.save(after, None)
            except ConcurrentUpdate:
                continue
            return
        raise Conflict("busy-session", zh="请重试。", en="Too many act on it at once: try again.")


def _envelope(session: Session, completion: Completion) -> Document:
    return envelope(
        completion.event,
        source="volunteer",
        subject=completion.attendance.id,
        sequence=session.version,
        area=session.area,
        at=completion.attendance.recorded_at or session.created_at,
    )


def _fields(session: Session) -> Document:
    values = asdict(session)
    del values["id"]
    lines = [{**asdict(one), "status": one.status.value} for one in session.attendances]
    lists = [*ancestors(session.area), *(one.member for one in session.attendances)]
    return {**values, "attendances": lines, "lists": lists}


def _session(document: Document) -> Session:
    names = {field.name for field in fields(Session)} - {"id", "attendances"}
    lines = tuple(Attendance(**{**one, "status": Status(one["status"])}) for one in document["attendances"])
    return Session(id=str(document["_id"]), attendances=lines, **{name: document[name] for name in names})
