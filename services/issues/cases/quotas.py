"""How much each member has reported within the last hour: one document a member, for no longer than that."""

from datetime import datetime, timedelta

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from chassis.errors import Conflict
from chassis.mongo import Document, Mongo

SPAN = timedelta(hours=1)
_TRIES = 8


class QuotaStore:
    """The latest reports of each member, as many as are allowed; the only writer of them.

    One conditional write looks and counts: so of any number of reports at the same moment no more pass than
    are allowed. (When the limit was lowered, one more may pass, once.)
    """

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    @property
    def _quotas(self) -> Collection[Document]:
        return self._mongo["report_quotas"]

    def ensure_indexes(self) -> None:
        """What is over is removed by the database."""
        self._quotas.create_index("expires_at", expireAfterSeconds=0)

    def take(self, member_id: str, issue_id: str, most: int, at: datetime) -> datetime | None:
        """Count a report, once; where `most` were made within the span, nothing is: until when that is so.

        Raises Conflict when too many come at once.
        """
        room = [{f"reports.{most - 1}": {"$exists": False}}, {"reports.0.at": {"$lte": at - SPAN}}]
        free = {"_id": member_id, "reports.id": {"$ne": issue_id}, "$or": room}
        change = {
            "$push": {"reports": {"$each": [{"id": issue_id, "at": at}], "$slice": -most}},
            "$set": {"expires_at": at + SPAN},
        }
        for _ in range(_TRIES):
            try:
                self._quotas.update_one(free, change, upsert=True)
            except DuplicateKeyError:  # the document is there: with this very report, or without room for it
                reports = (self._quotas.find_one({"_id": member_id}) or {"reports": []})["reports"]
                if any(one["id"] == issue_id for one in reports):
                    return None
                until: datetime = reports[-most]["at"] + SPAN if len(reports) >= most else at
                if until > at:
                    return until
            else:
                return None
        raise Conflict("busy-reports", zh="请稍后重试。", en="Too many reports at once: try again.")

    def give_back(self, member_id: str, issue_id: str) -> None:
        """Count a report no longer."""
        self._quotas.update_one({"_id": member_id}, {"$pull": {"reports": {"id": issue_id}}})

    def forget(self, member_id: str) -> None:
        """Forget a member."""
        self._quotas.delete_one({"_id": member_id})
