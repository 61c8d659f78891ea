"""The local record of activities, kept for the usage figures; the only writer of it."""

from datetime import datetime

from pymongo.errors import DuplicateKeyError

from chassis.identity import ancestors
from chassis.mongo import Mongo


class UsageStore:
    """Activities filed elsewhere, as far as the figures need them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """The figures are counted by area and time."""
        self._mongo["activities"].create_index([("scopes", 1), ("at", 1)])

    def record_activity(self, activity_id: str, category: str, area: str, at: datetime) -> None:
        """Count an activity once, however often it is told."""
        try:
            self._mongo["activities"].insert_one(
                {"_id": activity_id, "category": category, "scopes": ancestors(area), "at": at}
            )
        except DuplicateKeyError:
            return
