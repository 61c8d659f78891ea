"""What was counted towards the caps of rules, as documents: one a person for ever, and one a month.

Both are read and written in the transaction that pays. Whoever counts for the same person meanwhile writes to
the same documents, and begins anew: so nothing is paid beyond a cap, and what was counted has an order.
"""

from collections.abc import Sequence

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from chassis.mongo import Document
from services.points.domain import Leg
from services.points.earning.domain import Evidence, Standing, day_of
from services.points.earning.rule import COUNTED_UNITS, EarningRule

COUNTS = "earning_counts"


class CapCounts:
    """What was counted towards the caps of a rule for the people of an event, within a transaction."""

    def __init__(
        self,
        collection: Collection[Document],
        rule: EarningRule,
        evidence: Evidence,
        session: ClientSession,
    ) -> None:
        self._collection = collection
        self._rule = rule
        self._session = session
        self._day = day_of(evidence.at)
        self._of: dict[str, tuple[Document, Document]] = {}
        if any(rule.cap(unit).counts for unit in COUNTED_UNITS):
            self._of = {one: (self._read(one), self._read(self._month(one))) for one in evidence.people}

    @property
    def last(self) -> int:
        """The last position of what was counted here; 0 where nothing was."""
        return max((int(ever.get("position", 0)) for ever, _ in self._of.values()), default=0)

    def standing(self, member: str, unit: str) -> Standing:
        """What stands counted for a member."""
        if member not in self._of:
            return Standing()
        ever, month = (one.get(unit, {}) for one in self._of[member])
        return Standing(month.get(f"d{self._day:%d}", 0), month.get("all", 0), ever.get("all", 0))

    def write(self, gains: Sequence[Leg], position: int) -> None:
        """Count what members gain now."""
        for leg in gains:
            if not self._rule.cap(leg.unit).counts:
                continue
            ever = {"$inc": {f"{leg.unit}.all": leg.amount}, "$set": {"position": position}}
            month = {"$inc": {f"{leg.unit}.{name}": leg.amount for name in ("all", f"d{self._day:%d}")}}
            for key, change in ((leg.account, ever), (self._month(leg.account), month)):
                self._collection.update_one(
                    {"_id": self._key(key)}, change, upsert=True, session=self._session
                )

    def _read(self, key: str) -> Document:
        return self._collection.find_one({"_id": self._key(key)}, session=self._session) or {}

    def _month(self, member: str) -> str:
        return f"{member}:{self._day:%Y-%m}"

    def _key(self, key: str) -> str:
        return f"{self._rule.code}:{key}"
