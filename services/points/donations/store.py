"""Donations ↔ documents, beside the journal, the funds and the shelf; the only writer of donations."""

from dataclasses import asdict
from datetime import datetime

from pymongo.client_session import ClientSession

from chassis import outbox
from chassis.errors import ConcurrentUpdate, missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from services.points.domain import Posting
from services.points.donations.donation import (
    Change,
    Donation,
    Donor,
    Entry,
    Kind,
    Receipt,
    Status,
    Target,
)
from services.points.donations.effects import ALLOCATED
from services.points.funds.domain import COMMUNITY_LENGTH, Standing
from services.points.funds.store import FundStore
from services.points.shop.store import ShelfStore
from services.points.store import JournalStore

_COLLECTION = "donations"
_PROJECT = "project"


class DonationStore:
    """The donations to the district's shops."""

    def __init__(self, mongo: Mongo, journal: JournalStore, funds: FundStore, shelf: ShelfStore) -> None:
        self._mongo = mongo
        self._journal = journal
        self._funds = funds
        self._shelf = shelf

    def ensure_indexes(self) -> None:
        """For the lists by donor and area, and the relay; it also makes the collection."""
        donations = self._mongo[_COLLECTION]
        donations.create_index([("lists", 1), ("order", 1)])
        outbox.ensure_indexes(donations)

    def knows_area(self, area: str) -> bool:
        """Whether there is such an area, by the local copy."""
        return self._shelf.knows_area(area)

    def get(self, donation_id: str) -> Donation:
        """Raises NotFound."""
        document = self._mongo[_COLLECTION].find_one({"_id": donation_id})
        if document is None:
            raise missing("捐赠", "donation")
        return donation_of(document)

    def add(self, donation: Donation) -> Donation:
        """Insert a donation; where its id is stored already, the stored one is the answer."""
        document = {
            **_values(donation),
            "_id": donation.id,
            "order": donation.id,
            "lists": [*([donation.donor.member] if donation.donor.member else []), *ancestors(donation.area)],
        }
        added = outbox.insert(self._mongo[_COLLECTION], document, [])
        return donation if added else self.get(donation.id)

    def posted(self, key: str) -> Posting | None:
        """What was posted under a key."""
        return self._journal.stored(key)

    def target(self, account: str) -> Target | None:
        """A community's fund, or a project under way, with the name of its community."""
        kind, _, name = account.partition(":")
        community = name
        if kind == _PROJECT:
            known = self._funds.allocation(name)
            if known is None or known.standing is not Standing.ALLOCATED:
                return None
            community = known.community
        area = self._mongo["areas"].find_one({"_id": community})
        if area is None or len(community) != COMMUNITY_LENGTH:
            return None
        return Target(account, str(area["name"]))

    def save(self, change: Change, actor: str, at: datetime) -> None:
        """Write a change, its event and its posting, all or nothing; see `commands.Donations`."""

        def write(session: ClientSession) -> None:
            self._put(change, at, session)
            self._shelve(change, actor, session)
            posting = change.posting
            if posting is None:
                return
            if posting.rule == ALLOCATED:
                target = posting.legs[1]
                kind, _, name = target.account.partition(":")
                if kind == _PROJECT:
                    self._funds.supplement(name, target.amount, at, session)
            self._journal.write(posting, session)

        if not self._journal.transact(write, lambda: self._is_posted(change.posting)):
            raise ConcurrentUpdate(change.donation.id)

    def _is_posted(self, posting: Posting | None) -> bool:
        return posting is not None and self._journal.stored(posting.key) is not None

    def _shelve(self, change: Change, actor: str, session: ClientSession) -> None:
        if change.listed is not None:
            self._shelf.put(change.listed, actor, session)
        if change.donation.item is None:
            return
        if change.taken:
            self._shelf.take(change.donation.item, change.taken, session)
        if change.cleared:
            self._shelf.withdraw(change.donation.item, session)

    def _put(self, change: Change, at: datetime, session: ClientSession) -> None:
        donation, events = change.donation, []
        if change.event is not None:
            events.append(
                envelope(
                    change.event,
                    source="points",
                    subject=donation.id,
                    sequence=donation.version,
                    area=donation.area,
                    at=at,
                )
            )
        saved = self._mongo[_COLLECTION].update_one(
            {"_id": donation.id, "version": donation.version - 1},
            outbox.change(donation.id, events, set_fields=_values(donation)),
            session=session,
        )
        if not saved.matched_count:
            raise ConcurrentUpdate(donation.id)


def _values(donation: Donation) -> Document:
    values = {**asdict(donation), "kind": donation.kind.value, "status": donation.status.value}
    values["history"] = [vars(one) for one in donation.history]
    del values["id"]
    return values


def donation_of(document: Document) -> Donation:
    """A donation as it was stored."""
    names = ("number", "area", "what", "value", "created_at", "item", "version")
    return Donation(
        id=str(document["_id"]),
        kind=Kind(document["kind"]),
        status=Status(document["status"]),
        donor=Donor(**document["donor"]),
        receipt=Receipt(**document["receipt"]) if document["receipt"] else None,
        history=tuple(Entry(**one) for one in document["history"]),
        **{name: document[name] for name in names},
    )
