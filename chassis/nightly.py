"""Work that is done once a night, whatever number of processes have a timer for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from chassis.clock import Clock
from chassis.mongo import Document

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_HOUR = 2
_LONGEST = timedelta(hours=1)


class Nightly:
    """Claims the nights of a task, one document a task in a collection.

    A process that dies over the task, or fails, leaves it to whoever comes an hour later; a task must
    therefore bear being done twice.
    """

    def __init__(self, collection: Collection[Document], name: str, clock: Clock) -> None:
        self._collection = collection
        self._name = name
        self._clock = clock

    def run(self, task: Callable[[], object]) -> bool:
        """Do the task, if it is past two in the morning (Shanghai) and nobody has done it since."""
        now = self._clock()
        night = night_of(now)
        if not self._claim(night, now):
            return False
        task()
        self._collection.update_one({"_id": self._name}, {"$set": {"done": night}})
        return True

    def _claim(self, night: str, now: datetime) -> bool:
        free = {"_id": self._name, "done": {"$lt": night}, "claimed_until": {"$lte": now}}
        claim = {"claimed_until": now + _LONGEST}
        if self._collection.update_one(free, {"$set": claim}).matched_count:
            return True
        if self._collection.find_one({"_id": self._name}, {"_id": 1}) is not None:
            return False
        try:
            self._collection.insert_one({"_id": self._name, "done": "", **claim})
        except DuplicateKeyError:
            return False
        return True


def night_of(moment: datetime) -> str:
    """The date of the night that began last: it begins at two in the morning, Shanghai time."""
    return str((moment.astimezone(_SHANGHAI) - timedelta(hours=_HOUR)).date())
