"""Shifts, kept with all who signed up for them; the only writer of them."""

from datetime import datetime

from chassis import outbox
from chassis.errors import ConcurrentUpdate, missing
from chassis.events import envelope
from chassis.mongo import Document, Mongo
from services.volunteer.duty import domain
from services.volunteer.duty.commands import busy_shift
from services.volunteer.duty.documents import own_duties, shift_document, shift_of
from services.volunteer.duty.domain import Change
from services.volunteer.duty.shift import Shift

_SHIFTS = "shifts"
_TRIES = 5


class ShiftStore:
    """The shifts of the district."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """For the lists, for what a member still has before them, and for the relay."""
        shifts = self._mongo[_SHIFTS]
        shifts.create_index([("lists", 1), ("order", 1)])
        shifts.create_index([("members", 1), ("ends_at", 1)])
        outbox.ensure_indexes(shifts)

    def get(self, shift_id: str) -> Shift:
        """Raises NotFound."""
        document = self._mongo[_SHIFTS].find_one({"_id": shift_id})
        if document is None:
            raise missing("班次", "shift")
        return shift_of(document)

    def add(self, shift: Shift) -> Shift:
        """Insert a shift; where its id is stored already, the stored one is the answer."""
        added = outbox.insert(self._mongo[_SHIFTS], {"_id": shift.id, **shift_document(shift)}, [])
        return shift if added else self.get(shift.id)

    def save(self, change: Change) -> None:
        """Write the new state and what is told of it. Raises ConcurrentUpdate."""
        shift = change.shift
        outbox.save(
            self._mongo[_SHIFTS],
            shift.id,
            shift.version,
            _envelopes(change),
            set_fields=shift_document(shift),
        )

    def of_member(self, member: str, after: datetime) -> list[Shift]:
        """The shifts that a member is signed up for and that end after a moment."""
        found = self._mongo[_SHIFTS].find({"members": member, "ends_at": {"$gt": after}}, {"outbox": 0})
        return [shift_of(one) for one in found]

    def of(self, member: str) -> list[Document]:
        """All duties of a member, the oldest first."""
        found = self._mongo[_SHIFTS].find({"lists": member, "order": {"$gte": ""}}, {"outbox": 0})
        return own_duties(sorted(map(shift_of, found), key=lambda one: one.id), member)

    def forget(self, member: str) -> None:
        """Remove a member from what is yet to come, and words about them from what was.

        Raises Conflict where others act on one of their shifts all the time.
        """
        for one in self.of(member):
            self._forget(str(one["shift"]), member)

    def _forget(self, shift_id: str, member: str) -> None:
        for _ in range(_TRIES):
            shift = self.get(shift_id)
            change = Change(domain.forgotten(shift, member))
            if change.shift is shift:
                return
            try:
                self.save(change)
            except ConcurrentUpdate:
                continue
            return
        raise busy_shift()


def _envelopes(change: Change) -> list[Document]:
    shift, duty = change.shift, change.duty
    if change.event is None or duty is None:
        return []
    return [
        envelope(
            change.event,
            source="volunteer",
            subject=duty.id,
            sequence=shift.version,
            area=shift.area,
            at=duty.verified_at or duty.checked_out_at or shift.ends_at,
        )
    ]
