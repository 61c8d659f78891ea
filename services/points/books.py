"""The books as a transaction sees them: what members have by lots, and what was taken back before."""

from collections.abc import Sequence

from pymongo.client_session import ClientSession

from chassis.mongo import Mongo
from services.points.domain import UNITS, Change, Lots
from services.points.lots.domain import divided

_READ = {"lots": 1, **{f"{unit}.available": 1 for unit in UNITS}}


class Books:
    """Reads within a transaction; whoever writes what was read here meanwhile is in its way."""

    def __init__(self, mongo: Mongo, session: ClientSession) -> None:
        self._mongo = mongo
        self._session = session

    def wallet(self, account: str, unit: str, beside: Change | None = None) -> Lots:
        """What an account has available, and is given beside, divided by lots."""
        found = self._mongo["accounts"].find_one({"_id": account}, _READ, session=self._session) or {}
        given = beside or Change()
        dated = Change(lots=found.get("lots", {}).get(unit, {})) + Change(lots=given.lots)
        return divided(dated.lots, found.get(unit, {}).get("available", 0) + given.available)

    def taken(self, posting_id: str) -> Sequence[Sequence[int] | None]:
        """How much of each leg of a posting each of its reversals took; None for all of it."""
        found = self._mongo["journal"].find({"reverses": posting_id}, {"takes": 1}, session=self._session)
        return [one.get("takes") for one in found]
