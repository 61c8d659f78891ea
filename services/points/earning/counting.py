"""What was counted towards the caps of rules, as documents: one a person for ever, and one a month.

Both are read and written in the transaction that pays. Whoever counts for the same person meanwhile writes to
the same documents, and begins anew: so nothing is paid beyond a cap, and what was counted has an order. What
a reopening takes back is counted no more, so that a later confirmation is paid like the first.
"""

from collections.abc import Sequence

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from chassis.mongo import Document
from services.points.domain import Leg
from services.points.earning.domain import Evidence, Standing, day_of
from services.points.earning.rule import COUNTED_UNITS, EarningRule

COUNTS = "earning_counts"


def counted_units(rule: EarningRule) -> frozenset[str]:
    """The units that a rule counts: those of which a cap looks at what was gained before."""
    return frozenset(unit for unit in COUNTED_UNITS if rule.cap(unit).counts)


class CapCounts:
    """What was counted of some `units` towards the caps of a rule for the people of an event, within a
    transaction."""

    def __init__(
        self,
        collection: Collection[Document],
        code: str,
        units: frozenset[str],
        evidence: Evidence,
        session: ClientSession,
    ) -> None:
        self._collection = collection
        self._code = code
        self._units = units
        self._session = session
        self._day = day_of(evidence.at)
        self._asked: set[str] = set()
        self._of: dict[str, tuple[Document, Document]] = {}
        if units:
            self._of = {one: (self._read(one), self._read(self._month(one))) for one in evidence.people}

    @property
    def last(self) -> int:
        """The last position of what was counted here; 0 where nothing was."""
        return max((int(ever.get("position", 0)) for ever, _ in self._of.values()), default=0)

    def standing(self, member: str, unit: str) -> Standing:
        """What stands counted for a member."""
        if unit not in self._units or member not in self._of:
            return Standing()
        self._asked.add(member)
        ever, month = (one.get(unit, {}) for one in self._of[member])
        return Standing(month.get(f"d{self._day:%d}", 0), month.get("all", 0), ever.get("all", 0))

    def write(self, gains: Sequence[Leg], position: int) -> None:
        """Count what members gain now, or lose again.

        Whose caps were looked at has come to this position, also where they left nothing.
        """
        counted = [leg for leg in gains if leg.unit in self._units]
        for member in sorted(self._asked | {leg.account for leg in counted}):
            mine = {leg.unit: leg.amount for leg in counted if leg.account == member}
            ever: Document = {"$set": {"position": position}}
            if mine:
                ever["$inc"] = {f"{unit}.all": amount for unit, amount in mine.items()}
                names = ("all", f"d{self._day:%d}")
                steps = {f"{unit}.{name}": amount for unit, amount in mine.items() for name in names}
                self._change(self._month(member), {"$inc": steps})
            self._change(member, ever)

    def _change(self, key: str, change: Document) -> None:
        self._collection.update_one({"_id": self._key(key)}, change, upsert=True, session=self._session)

    def _read(self, key: str) -> Document:
        return self._collection.find_one({"_id": self._key(key)}, session=self._session) or {}

    def _month(self, member: str) -> str:
        return f"{member}:{self._day:%Y-%m}"

    def _key(self, key: str) -> str:
        return f"{self._code}:{key}"
