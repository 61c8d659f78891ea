"""Allocations ↔ documents, beside the journal; the only writer of allocations and of the copy of areas."""

from dataclasses import asdict
from datetime import datetime

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from chassis import outbox
from chassis.errors import ConcurrentUpdate
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.local_copy import put_newer
from chassis.mongo import Document, Mongo
from services.points.domain import Posting
from services.points.funds import domain
from services.points.funds.domain import Allocation, Decision, Standing
from services.points.store import JournalStore

_COLLECTION = "allocations"


class FundStore:
    """The funds of the district's communities."""

    def __init__(self, mongo: Mongo, journal: JournalStore) -> None:
        self._mongo = mongo
        self._journal = journal

    def ensure_indexes(self) -> None:
        """For the lists and the relay; it also makes the collection, which a transaction may not."""
        allocations = self._mongo[_COLLECTION]
        allocations.create_index([("community", 1), ("order", 1)])
        outbox.ensure_indexes(allocations)

    def known(self, community: str) -> bool:
        """Whether a community exists, by the local copy of areas."""
        return self._mongo["areas"].find_one({"_id": community}, {"_id": 1}) is not None

    def allocation(self, proposal: str) -> Allocation | None:
        """What was decided for a proposal."""
        document = self._mongo[_COLLECTION].find_one({"_id": proposal})
        if document is None:
            return None
        names = ("area", "community", "amount", "attempt", "returned", "at", "version")
        values = {name: document[name] for name in names}
        donated = document.get("donated", 0)  # allocations of earlier releases knew of no donations
        return Allocation(
            proposal=proposal, standing=Standing(document["standing"]), donated=donated, **values
        )

    def save(self, decision: Decision) -> None:
        """Write a decision, its event and its posting at once. Raises ConcurrentUpdate, Overdrawn."""
        if decision.posting is None:
            self._put(decision, None)
        elif not self._journal.post(decision.posting, lambda session: self._put(decision, session)):
            raise ConcurrentUpdate(decision.allocation.proposal)

    def supplement(self, proposal: str, amount: int, at: datetime, session: ClientSession) -> None:
        """Note within a transaction that a donation adds to what a project has; see `domain.supplement`."""
        self._put(domain.supplement(self.allocation(proposal), amount, at), session)

    def deposit(self, posting: Posting) -> Posting:
        """Post a deposit; where its key is known, what was posted then."""
        if self._journal.post(posting):
            return posting
        return self._journal.stored(posting.key) or posting

    def put_area(self, code: str, name: str, sequence: int) -> None:
        """Keep the newest known state of an area."""
        put_newer(self._mongo["areas"], code, {"name": name}, sequence)

    def _put(self, decision: Decision, session: ClientSession | None) -> None:
        saved = decision.allocation
        values = {**asdict(saved), "standing": saved.standing.value}
        del values["proposal"]
        allocations = self._mongo[_COLLECTION]
        if saved.version > 1:
            updated = allocations.update_one(
                {"_id": saved.proposal, "version": saved.version - 1},
                outbox.change(saved.proposal, _envelopes(decision), set_fields=values),
                session=session,
            )
            if not updated.matched_count:
                raise ConcurrentUpdate(saved.proposal)
            return
        document = {
            **values,
            "_id": saved.proposal,
            "order": saved.proposal,
            "scopes": ancestors(saved.area),
        }
        try:
            allocations.insert_one(outbox.fresh(document, _envelopes(decision)), session=session)
        except DuplicateKeyError:
            raise ConcurrentUpdate(saved.proposal) from None


def _envelopes(decision: Decision) -> list[Document]:
    if decision.event is None:
        return []
    saved = decision.allocation
    return [
        envelope(
            decision.event,
            source="points",
            subject=saved.proposal,
            sequence=saved.version,
            area=saved.area,
            at=saved.at,
        )
    ]
