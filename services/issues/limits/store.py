"""The district's own days ↔ documents: where it differs from the national calendar."""

from datetime import date

from chassis.mongo import Mongo


class DayStore:
    """Exceptions of the district; the only writer of them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def put(self, day: date, working: bool, note: str) -> None:
        """Say whether a day is worked."""
        self._mongo["calendar_days"].update_one(
            {"_id": day.isoformat()}, {"$set": {"working": working, "note": note}}, upsert=True
        )

    def all(self) -> dict[date, bool]:
        """Every exception."""
        found = self._mongo["calendar_days"].find()
        return {date.fromisoformat(str(one["_id"])): bool(one["working"]) for one in found}
