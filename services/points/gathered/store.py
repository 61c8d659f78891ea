"""The sums of what only gathers ↔ one document; its only writer."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError
from ulid import ULID

from chassis.mongo import Document, Mongo
from chassis.paging import oldest_first
from services.points.gathered import domain
from services.points.gathered.domain import BEGINNING, Carried, Step, Sums

COLLECTION = "gathered"


class GatheredStore:
    """A district's sums: together one document, so that they are always carried together."""

    def __init__(self, mongo: Mongo, district: str) -> None:
        self._mongo = mongo
        self._district = district

    def ensure_indexes(self) -> None:
        """Makes the collection, which a transaction may not."""
        if COLLECTION not in self._mongo.database.list_collection_names():
            self._mongo.database.create_collection(COLLECTION, check_exists=False)

    def carried(self) -> Carried:
        """The sums as they are."""
        found = self._mongo[COLLECTION].find_one({"_id": self._district})
        if found is None:
            return Carried()
        return Carried(str(found["through"]), found.get("sums", {}), int(found.get("restored", 0)))

    def postings(self, since: str, until: str) -> Iterator[Document]:
        """The postings from the moment of a place to before another, in the journal's order."""
        return oldest_first(
            self._mongo["journal"],
            {"lists": self._district},
            since=ULID.from_str(since).datetime,
            high=until,
            projection={"order": 1, "legs": 1},
        )

    def put(self, before: str, step: Step) -> bool:
        """Carry the sums from a place on; false when they are somewhere else."""
        update: Document = {"$set": {"through": step.through}}
        if added := _increments(step.moved):
            update["$inc"] = added
        found = {"_id": self._district, "through": before}
        if self._mongo[COLLECTION].update_one(found, update).matched_count:
            return True
        if before != BEGINNING:
            return False
        sums = {account: dict(units) for account, units in step.moved.items()}
        try:
            self._mongo[COLLECTION].insert_one(
                {"_id": self._district, "through": step.through, "sums": sums, "restored": 0}
            )
        except DuplicateKeyError:
            return False
        return True

    def error(self, account: str) -> tuple[Carried, Sums]:
        """The sums, and what has to be added to an account's that it be what the journal makes it.

        It stays the same however far the sums are carried, until somebody sets them right.
        """
        carried = self.carried()
        due: dict[str, Counter[str]] = {account: Counter()}
        found = {"lists": account, "order": {"$gte": BEGINNING, "$lt": carried.through}}
        for one in self._mongo["journal"].find(found, {"legs": 1}):
            domain.add(due, one["legs"])
        due[account].subtract(carried.sums.get(account, {}))
        return carried, {account: due[account]}

    def restore(self, carried: Carried, error: Sums, session: ClientSession) -> None:
        """Add what was found to be missing, unless another one has set the sums right meanwhile."""
        change: dict[str, Any] = {**_increments(error), "restored": 1}
        found = {"_id": self._district, "restored": carried.restored}
        self._mongo[COLLECTION].update_one(found, {"$inc": change}, session=session)


def _increments(moved: Sums) -> dict[str, int]:
    return {
        f"sums.{account}.{unit}": amount
        for account, units in moved.items()
        for unit, amount in units.items()
        if amount
    }
