"""Adjustments ↔ documents, beside the journal; the only writer of adjustments."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from chassis import outbox
from chassis.clock import ulid_at
from chassis.errors import ConcurrentUpdate, missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from services.points.adjustments.domain import Adjustment, Change, Standing
from services.points.adjustments.events import AdjustmentSplit
from services.points.documents import posting_of
from services.points.domain import BY_HAND, Leg, Posting
from services.points.reversal import Free
from services.points.store import JournalStore

COLLECTION, NOTICES = "adjustments", "adjustment_notices"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AdjustmentStore:
    """What waits for a second administrator, and what became of it."""

    def __init__(self, mongo: Mongo, journal: JournalStore, district: str) -> None:
        self._mongo = mongo
        self._journal = journal
        self._district = district

    def ensure_indexes(self) -> None:
        """One adjustment a key; the list; what is over; the relay. It also makes the collection."""
        adjustments = self._mongo[COLLECTION]
        adjustments.create_index("key", unique=True)
        adjustments.create_index([("scopes", 1), ("order", 1)])
        adjustments.create_index("open_until", sparse=True)
        outbox.ensure_indexes(adjustments)
        outbox.ensure_indexes(self._mongo[NOTICES])

    def of_key(self, key: str) -> Adjustment | None:
        """What stands under a key."""
        document = self._mongo[COLLECTION].find_one({"key": key})
        return _adjustment(document) if document else None

    def get(self, adjustment_id: str) -> Adjustment:
        """Raises NotFound."""
        document = self._mongo[COLLECTION].find_one({"_id": adjustment_id})
        if document is None:
            raise missing("调整", "adjustment")
        return _adjustment(document)

    def add(self, change: Change) -> Adjustment:
        """Keep a new one; what stands under its key, where that is known."""
        new = change.adjustment
        document = {
            **_values(new),
            "_id": new.id,
            "order": new.id,
            "scopes": ancestors(new.area),
            "open_until": new.expires_at,
        }
        try:
            self._mongo[COLLECTION].insert_one(outbox.fresh(document, [_envelope(change)]))
        except DuplicateKeyError:
            return self.of_key(new.key) or self.get(new.id)
        return new

    def save(self, change: Change) -> None:
        """Write a decision. Raises ConcurrentUpdate when somebody was first."""
        self._put(change, None)

    def post(self, change: Change, posting: Posting) -> bool:
        """Write a decision with its posting; false when the posting's key is known."""
        return self._journal.post(posting, lambda session: self._put(change, session))

    def take_back(self, change: Change, decide: Callable[[Free], Posting]) -> bool:
        """Write a decision with the reversal that it allows; false when there is one already."""
        return self._journal.take_back(decide, lambda session: self._put(change, session)) is not None

    def due(self, at: datetime, most: int) -> list[Adjustment]:
        """Those that wait and whose time is over by then."""
        over = {"open_until": {"$gte": _EPOCH, "$lte": at}}
        return [_adjustment(one) for one in self._mongo[COLLECTION].find(over).limit(most)]

    def by_hand(self, since: datetime, until: datetime) -> Iterator[Posting]:
        """What administrators posted by hand in a time."""
        window = {"lists": self._district, "order": {"$gte": ulid_at(since), "$lt": ulid_at(until)}}
        stages: list[Document] = [
            {"$match": window},
            {"$match": {"rule": BY_HAND}},
            {"$project": {"outbox": 0}},
        ]
        return map(posting_of, self._mongo["journal"].aggregate(stages))

    def tell_split(self, event: AdjustmentSplit, at: datetime) -> bool:
        """Leave a notice of a day; false when it was left before."""
        subject = f"{event.author}:{event.day}"
        told = envelope(event, source="points", subject=subject, sequence=1, area=self._district, at=at)
        document = {"_id": subject, "author": event.author, "at": at, "version": 1}
        return outbox.insert(self._mongo[NOTICES], document, [told])

    def _put(self, change: Change, session: ClientSession | None) -> None:
        saved = change.adjustment
        written = self._mongo[COLLECTION].update_one(
            {"_id": saved.id, "version": saved.version - 1},
            {
                **outbox.change(saved.id, [_envelope(change)], set_fields=_values(saved)),
                "$unset": {"open_until": ""},
            },
            session=session,
        )
        if not written.matched_count:
            raise ConcurrentUpdate(saved.id)


def _envelope(change: Change) -> Document:
    saved = change.adjustment
    return envelope(
        change.event,
        source="points",
        subject=saved.id,
        sequence=saved.version,
        area=saved.area,
        at=saved.decided_at or saved.asked_at,
    )


def _values(adjustment: Adjustment) -> Document:
    values = {**asdict(adjustment), "standing": adjustment.standing.value}
    values["legs"] = list(values["legs"])
    del values["id"]
    return values


def _adjustment(document: Document) -> Adjustment:
    names = set(Adjustment.__dataclass_fields__) - {"id", "standing", "legs"}
    return Adjustment(
        id=str(document["_id"]),
        standing=Standing(document["standing"]),
        legs=tuple(Leg(**one) for one in document["legs"]),
        **{name: document[name] for name in names},
    )
