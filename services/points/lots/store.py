"""Notices of expiry ↔ documents, and when to look at whose lots; the balances are the journal's."""

from collections.abc import Callable

from pymongo.client_session import ClientSession

from chassis import outbox
from chassis.events import envelope
from chassis.mongo import Document, Mongo
from services.points.bounds import FROZEN
from services.points.lots.domain import AT_ONCE, Holding, Notice, Step
from services.points.store import JournalStore

NOTICES = "expiry_notices"


class LotStore:
    """When members' lots are due, and what they were told."""

    def __init__(self, mongo: Mongo, journal: JournalStore, district: str) -> None:
        self._mongo = mongo
        self._journal = journal
        self._district = district

    def ensure_indexes(self) -> None:
        """For the relay; it also makes the collection, which a transaction may not."""
        outbox.ensure_indexes(self._mongo[NOTICES])

    def due(self, day: str, most: int) -> list[str]:
        """The members whose lots something is to be done about by that day."""
        by_then = {"lots_due": {"$gte": AT_ONCE, "$lte": day}}
        return [str(one["_id"]) for one in self._mongo["accounts"].find(by_then, {"_id": 1}).limit(most)]

    def settle(self, member: str, decide: Callable[[Holding], Step]) -> None:
        """Do in one transaction what is decided by a member's lots as they are; see `commands.Lots`."""

        def write(session: ClientSession) -> None:
            found = self._mongo["accounts"].find_one({"_id": member}, session=session) or {}
            frozen = found.get("status") == FROZEN
            step = decide(Holding(member, found.get("version", 0), found.get("lots", {}), frozen))
            if step.expired is not None:
                self._journal.write(step.expired, session)
            for one in step.notices:
                self._tell(one, session)
            self._mongo["accounts"].update_one({"_id": member}, _left(step), session=session)

        # A key that is there already was written by another sweep meanwhile: look again at what it left.
        self._journal.transact(write, lambda: False)

    def _tell(self, notice: Notice, session: ClientSession) -> None:
        """Leave a notice, unless the same was left before."""
        notices = self._mongo[NOTICES]
        if notices.find_one({"_id": notice.id}, {"_id": 1}, session=session) is not None:
            return
        event = envelope(
            notice.event,
            source="points",
            subject=notice.member,
            sequence=1,
            area=self._district,
            at=notice.at,
        )
        document = {"_id": notice.id, "member": notice.member, "at": notice.at, "version": 1}
        notices.insert_one(outbox.fresh(document, [event]), session=session)


def _left(step: Step) -> Document:
    """What is left of the lots, and when to look again: an account without lots has neither."""
    if not step.kept:
        return {"$unset": {"lots": "", "lots_due": ""}}
    return {"$set": {"lots": step.kept, "lots_due": step.again}}
