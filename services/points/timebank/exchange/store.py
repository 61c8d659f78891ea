"""Requests and offers of help ↔ documents, beside the ledger; the only writer of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pymongo.client_session import ClientSession

from chassis import outbox
from chassis.errors import ConcurrentUpdate, missing
from chassis.events import Event, envelope
from chassis.mongo import Document, Mongo
from services.points.holds import domain as holds
from services.points.holds.store import HoldStore
from services.points.store import JournalStore
from services.points.timebank.exchange import documents
from services.points.timebank.exchange.documents import (
    COLLECTION,
    DAYS,
    UNREAD,
    day_key,
    former,
    help_of,
    line_of,
    open_in,
    values_of,
)
from services.points.timebank.exchange.effects import Reads
from services.points.timebank.exchange.help import Change, Entry, Help, Status
from services.points.timebank.exchange.settlement import Standing
from services.points.timebank.members.store import RegistryStore

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class HelpStore:
    """The district's requests and offers.

    A step, its hold and its posting are one transaction, and what the step is decided on is read in it. While
    one is open, `open_in` names its kind with its area (`offer=<code>`) and with every area around it
    (`offer:<code>`): so are counterparts found that lie within an area, or around it.
    """

    def __init__(self, mongo: Mongo, journal: JournalStore, registry: RegistryStore) -> None:
        self._mongo = mongo
        self._journal = journal
        self._holds = HoldStore(mongo, journal)
        self._registry = registry

    def ensure_indexes(self) -> None:
        """For lists, counterparts, the clock and the relay; they also make the collections."""
        helps = self._mongo[COLLECTION]
        helps.create_index([("lists", 1), ("order", 1)])
        helps.create_index("open_in", sparse=True)
        helps.create_index("next_check_at", sparse=True)
        outbox.ensure_indexes(helps)
        # A transaction may not create a collection on every engine that this runs on.
        if DAYS not in self._mongo.database.list_collection_names():
            self._mongo.database.create_collection(DAYS, check_exists=False)

    def knows_area(self, area: str) -> bool:
        """Whether an area exists, by the local copy."""
        return self._mongo["areas"].find_one({"_id": area}, {"_id": 1}) is not None

    def reads(self, session: ClientSession | None = None) -> Reads:
        """What decisions may ask for, as a transaction sees it or as it is now."""
        return Reads(
            registration=lambda member: self._registry.of_member(member, session),
            standing=lambda one: self._standing(one, session),
            other=lambda help_id: self.get(help_id, session),
        )

    def get(self, help_id: str, session: ClientSession | None = None) -> Help:
        """Raises NotFound."""
        found = self._mongo[COLLECTION].find_one({"_id": help_id}, UNREAD, session=session)
        if found is None:
            raise missing("互助事项", "request or offer")
        return help_of(found)

    def add(self, change: Change) -> Help:
        """Insert a new one; where its id is stored already, the stored one is the answer."""
        one = change.help
        document = {
            **values_of(one),
            "_id": one.id,
            "order": one.id,
            "history": [line_of(change.entry)],
            "open_in": open_in(one),
        }
        envelopes = _envelopes(one, change.events, change.entry.at)
        return one if outbox.insert(self._mongo[COLLECTION], document, envelopes) else self.get(one.id)

    def counterparts(self, one: Help) -> list[Help]:
        """What is open of the other kind within its area or around it, the newest of them."""
        found = self._mongo[COLLECTION].aggregate(documents.counterparts(one))
        return [help_of(document) for document in found]

    def change(self, help_id: str, decide: Callable[[Help, Reads], Change | None]) -> Help:
        """Write what is decided on one as it is now, all in one transaction; nothing where that is None.

        Raises ConcurrentUpdate, Overdrawn, Frozen, what `decide` raises, and what `transact` raises.
        """
        left: list[Help] = []

        def write(session: ClientSession) -> None:
            one = self.get(help_id, session)
            change = decide(one, self.reads(session))
            left.append(one if change is None else change.help)
            if change is not None:
                self._write(change, session)

        self._journal.transact(write, lambda: False)
        return left[-1]

    def due(self, at: datetime, most: int) -> list[str]:
        """Those whose clock has something to do by `at`."""
        over = {"next_check_at": {"$gte": _EPOCH, "$lte": at}}
        found = self._mongo[COLLECTION].find(over, {"_id": 1}).limit(most)
        return [str(one["_id"]) for one in found]

    def of_person(self, member: str) -> list[str]:
        """Those that a member opened, took up, or was once asked for."""
        named = {"lists": {"$in": [member, former(member)]}}
        return [str(one["_id"]) for one in self._mongo[COLLECTION].find(named, {"_id": 1})]

    def lines(self, help_id: str) -> tuple[Help, tuple[Entry, ...]]:
        """One with its history. Raises NotFound."""
        found = self._mongo[COLLECTION].find_one({"_id": help_id}, {"outbox": 0})
        if found is None:
            raise missing("互助事项", "request or offer")
        return help_of(found), tuple(
            Entry(**{**line, "status": Status(line["status"])}) for line in found["history"]
        )

    def rewrite(self, one: Help, lines: Sequence[Entry]) -> None:
        """Write the words of one anew, and its history. Raises ConcurrentUpdate."""
        values = {
            "text": one.text,
            "contacts": dict(one.contacts),
            "version": one.version,
            "history": [line_of(line) for line in lines],
        }
        outbox.save(self._mongo[COLLECTION], one.id, one.version, [], set_fields=values)

    def _write(self, change: Change, session: ClientSession) -> None:
        one, at = change.help, change.entry.at
        update = outbox.change(
            one.id,
            _envelopes(one, change.events, at),
            set_fields=values_of(one),
            push={"history": [line_of(change.entry)]},
        )
        if one.status is Status.OPEN:
            update["$set"]["open_in"] = open_in(one)
        gone = {
            "open_in": one.status is not Status.OPEN,
            "next_check_at": one.next_check_at is None,
        }
        if any(gone.values()):
            update["$unset"] = {name: "" for name, is_gone in gone.items() if is_gone}
        written = self._mongo[COLLECTION].update_one(
            {"_id": one.id, "version": one.version - 1}, update, session=session
        )
        if not written.matched_count:
            raise ConcurrentUpdate(one.id)
        if change.opens is not None:
            self._holds.set_aside(change.opens, session)
        if change.captured is not None:
            hold = self._holds.get(str(one.hold), session)
            ended = holds.served(hold, change.captured, one.giver, at)
            self._holds.conclude(ended, change.posting, session)
        if one.settlement is not None and one.settlement.given:
            self._mongo[DAYS].update_one(
                {"_id": day_key(one)},
                {"$inc": {"minutes": one.settlement.given}},
                upsert=True,
                session=session,
            )

    def _standing(self, one: Help, session: ClientSession | None) -> Standing:
        earned = self._mongo[DAYS].find_one({"_id": day_key(one)}, session=session) or {}
        balance, room = self._journal.posted_and_room(str(one.giver), "minutes", session)
        return Standing(balance, int(earned.get("minutes", 0)), room)


def _envelopes(one: Help, events: Sequence[Event], at: datetime) -> list[Document]:
    return [
        envelope(event, source="points", subject=one.id, sequence=one.version, area=one.area, at=at)
        for event in events
    ]
