"""Flags ↔ documents; their only writer."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from chassis import outbox
from chassis.clock import ulid_at
from chassis.errors import missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from chassis.paging import oldest_first
from services.points.circles.domain import Change, Flag, Share, Verdict
from services.points.documents import posting_of
from services.points.domain import Posting, is_member

COLLECTION = "flags"


class FlagStore:
    """Members that are to be looked at."""

    def __init__(self, mongo: Mongo, district: str) -> None:
        self._mongo = mongo
        self._district = district

    def ensure_indexes(self) -> None:
        """One flag a member, unit and turn; the lists; the relay."""
        flags = self._mongo[COLLECTION]
        flags.create_index("key", unique=True)
        flags.create_index([("lists", 1), ("order", 1)])
        outbox.ensure_indexes(flags)

    def postings(self, since: datetime, until: datetime) -> Iterator[Posting]:
        """What was posted in a time that has legs of more than one member, and what takes something back."""
        for one in oldest_first(
            self._mongo["journal"],
            {"lists": self._district},
            since=since,
            high=ulid_at(until),
            projection={"outbox": 0},
        ):
            members = {leg["account"] for leg in one["legs"] if is_member(leg["account"])}
            if len(members) > 1 or "reverses" in one:
                yield posting_of(one)

    def last(self, member: str, unit: str) -> Flag | None:
        """The newest flag on a member in a unit."""
        turn, found = 0, None
        while (document := self._mongo[COLLECTION].find_one({"key": _key(member, unit, turn)})) is not None:
            found, turn = document, turn + 1
        return _flag(found) if found is not None else None

    def get(self, flag_id: str) -> Flag:
        """Raises NotFound."""
        document = self._mongo[COLLECTION].find_one({"_id": flag_id})
        if document is None:
            raise missing("线索", "flag")
        return _flag(document)

    def raise_flag(self, change: Change, after: Flag | None) -> bool:
        """Keep a new one, the next after the last; false when another process did."""
        new, turn = change.flag, 0
        if after is not None:
            last = self._mongo[COLLECTION].find_one({"_id": after.id}, {"turn": 1})
            turn = int(last["turn"]) + 1 if last else 0
        document = {
            **_values(new),
            "_id": new.id,
            "order": new.id,
            "turn": turn,
            "key": _key(new.member, new.unit, turn),
            "lists": [*ancestors(new.area), new.member],
        }
        try:
            self._mongo[COLLECTION].insert_one(outbox.fresh(document, _envelopes(change)))
        except DuplicateKeyError:
            return False
        return True

    def save(self, change: Change) -> None:
        """Raises ConcurrentUpdate when somebody was first."""
        saved = change.flag
        outbox.save(
            self._mongo[COLLECTION],
            saved.id,
            saved.version,
            _envelopes(change),
            set_fields=_values(saved),
        )


def _key(member: str, unit: str, turn: int) -> str:
    return f"{member}:{unit}:{turn}"


def _envelopes(change: Change) -> list[Document]:
    saved = change.flag
    if change.event is None:
        return []
    return [
        envelope(
            change.event,
            source="points",
            subject=saved.id,
            sequence=saved.version,
            area=saved.area,
            at=saved.decided_at or saved.until,
        )
    ]


def _values(flag: Flag) -> Document:
    values = {**asdict(flag), "verdict": flag.verdict.value}
    values["share"] = {**values["share"], "others": list(flag.share.others)}
    del values["id"]
    return values


def _flag(document: Document) -> Flag:
    names = set(Flag.__dataclass_fields__) - {"id", "verdict", "share"}
    share = document["share"]
    return Flag(
        id=str(document["_id"]),
        verdict=Verdict(document["verdict"]),
        share=Share(share["received"], share["circular"], tuple(share["others"])),
        **{name: document[name] for name in names},
    )
