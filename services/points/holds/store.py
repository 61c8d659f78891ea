"""Holds ↔ documents, beside the journal; the only writer of holds."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime

from pymongo.client_session import ClientSession

from chassis.errors import ConcurrentUpdate, missing
from chassis.mongo import Document, Mongo
from services.points.domain import NEVER, Change, Posting
from services.points.holds.domain import Hold, HoldStatus, from_lots
from services.points.lots.domain import expiring
from services.points.store import JournalStore

_COLLECTION = "holds"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class HoldStore:
    """What accounts have set aside."""

    def __init__(self, mongo: Mongo, journal: JournalStore) -> None:
        self._mongo = mongo
        self._journal = journal

    def ensure_indexes(self) -> None:
        """One hold a key; lists by account; what is over. It also makes the collection."""
        holds = self._mongo[_COLLECTION]
        holds.create_index("key", unique=True)
        holds.create_index([("account", 1), ("order", 1)])
        holds.create_index("open_until", sparse=True)

    def knows(self, account: str) -> bool:
        """Whether there is such an account."""
        return self._journal.knows(account)

    def open(self, hold: Hold) -> Hold:
        """Set an amount aside; what stands under the key, where it is known. Raises Overdrawn, Frozen."""
        known = self._stored(hold.key)
        if known is not None:
            return known  # before the account is asked: a repeat is no second order
        self._journal.transact(
            lambda session: self.set_aside(hold, session), lambda: self._stored(hold.key) is not None
        )
        return self._stored(hold.key) or hold

    def set_aside(self, hold: Hold, session: ClientSession) -> None:
        """Write a new hold within a transaction. Raises Overdrawn, Frozen."""
        lots = self._journal.drawn(hold.account, hold.unit, hold.amount, session)
        held = replace(hold, lots=lots if expiring(lots) else None)
        document = {**_values(held), "_id": hold.id, "order": hold.id}
        # What is bound to something else ends with that, so the sweep has no business with it.
        document["open_until"] = hold.expires_at if hold.bound_to is None else _NEVER
        self._mongo[_COLLECTION].insert_one(document, session=session)
        self._journal.change(_held(held, 1), session)

    def get(self, hold_id: str, session: ClientSession | None = None) -> Hold:
        """Raises NotFound."""
        document = self._mongo[_COLLECTION].find_one({"_id": hold_id}, session=session)
        if document is None:
            raise missing("冻结", "hold")
        return _hold(document)

    def end(self, hold: Hold, posting: Posting | None = None) -> None:
        """Write what became of a hold, with its posting. Raises ConcurrentUpdate when somebody was first."""
        if not self._journal.transact(
            lambda session: self.conclude(hold, posting, session), self._was_taken(hold)
        ):
            raise ConcurrentUpdate(hold.id)

    def conclude(self, hold: Hold, posting: Posting | None, session: ClientSession) -> None:
        """The same within a transaction."""
        freed = _held(hold, -1)
        ended = self._mongo[_COLLECTION].update_one(
            {"_id": hold.id, "version": hold.version - 1},
            {"$set": _values(hold), "$unset": {"open_until": ""}},
            session=session,
        )
        if not ended.matched_count:
            raise ConcurrentUpdate(hold.id)
        if posting is None:
            self._journal.change(freed, session)
        else:
            self._journal.write(from_lots(hold, posting), session, beside=freed)

    def due(self, at: datetime, most: int) -> list[Hold]:
        """Open holds whose time is over by then."""
        over = {"open_until": {"$gte": _EPOCH, "$lte": at}}
        return [_hold(one) for one in self._mongo[_COLLECTION].find(over).limit(most)]

    def _was_taken(self, hold: Hold) -> Callable[[], bool]:
        return lambda: self.get(hold.id).status is not HoldStatus.OPEN

    def _stored(self, key: str) -> Hold | None:
        document = self._mongo[_COLLECTION].find_one({"key": key})
        return _hold(document) if document else None


def _held(hold: Hold, sign: int) -> dict[tuple[str, str], Change]:
    """What setting aside (1) or freeing (-1) does to the account, its lots included."""
    lots = {day: -sign * amount for day, amount in (hold.lots or {}).items() if day != NEVER}
    return {(hold.account, hold.unit): Change(held=sign * hold.amount, lots=lots)}


def _values(hold: Hold) -> Document:
    values = {**asdict(hold), "status": hold.status.value}
    del values["id"]
    return values


def _hold(document: Document) -> Hold:
    names = set(Hold.__dataclass_fields__) - {"id", "status", "bound_to", "lots"}
    values = {name: document[name] for name in names}
    return Hold(
        id=str(document["_id"]),
        status=HoldStatus(document["status"]),
        bound_to=document.get("bound_to"),  # those of earlier releases were bound to nothing
        lots=document.get("lots"),
        **values,
    )
