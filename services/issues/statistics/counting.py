"""Counts issues and activities from the records themselves: for one day of one area, or the end of a span.

Some engines scan the collection when one stage names a field outside the index: so the fields of the index
stand in a stage of their own, and all the rest is looked at afterwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chassis.clock import ulid_at
from chassis.mongo import Document, Mongo
from services.issues.categories.domain import root_of
from services.issues.statistics.spans import FIRST_DAY, day_of, midnight
from services.issues.statistics.tally import Case, Tallies, Tally, case

BUCKETS = "figures"
STATE = "figures_state"
LONG_AGO = midnight(FIRST_DAY)
_NEEDED = dict.fromkeys(
    (
        "area",
        "category",
        "created_at",
        "status",
        "parts",
        "part_of",
        "resolved_at",
        "feedback",
        "rating",
        "history.action",
        "history.actor",
        "history.at",
    ),
    1,
)
_ROUNDING = timedelta(milliseconds=2)
"""Moments in `order` are rounded; what is read too much is told by `created_at`."""


@dataclass(frozen=True)
class Activity:
    """What the figures need of an activity."""

    area: str
    category: str
    at: datetime


class Counting:
    """Reads issues and activities for the figures."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def cases(self, scope: str, since: datetime, until: datetime) -> Iterator[Case]:
        """The issues of an area and all areas below, reported from `since` to before `until`."""
        for issue in self._issues(scope, since, until, [{"$project": _NEEDED}]):
            yield case(issue)

    def activities(self, scope: str, since: datetime, until: datetime) -> Iterator[Activity]:
        """The activities of an area and all areas below, filed from `since` to before `until`."""
        for one in self._mongo["activities"].find({"scopes": scope, "at": {"$gte": since, "$lt": until}}):
            yield Activity(str(one["scopes"][-1]), root_of(str(one["category"])), one["at"])

    def days(self, scope: str, since: datetime, until: datetime) -> set[tuple[str, date]]:
        """The areas and days that have issues reported from `since` to before `until`."""
        stages: list[dict[str, Any]] = [{"$project": {"area": 1, "created_at": 1}}]
        found = self._issues(scope, since, until, stages)
        return {(str(one["area"]), day_of(one["created_at"])) for one in found}

    def day(self, area: str, day: date, until: datetime) -> Tallies:
        """What lies in just this area of one day: issues reported before `until`, and all activities."""
        begins, ends = midnight(day), midnight(day + timedelta(days=1))
        tallies = self.reports(area, begins, min(ends, until))
        for activity in self.activities(area, begins, ends):
            if activity.area == area:
                tallies.setdefault(activity.category, Tally()).activities += 1
        return tallies

    def reports(self, area: str, since: datetime, until: datetime) -> Tallies:
        """The issues of just this area reported from `since` to before `until`."""
        tallies: Tallies = {}
        stages: list[dict[str, Any]] = [{"$match": {"area": area}}, {"$project": _NEEDED}]
        for issue in self._issues(area, since, until, stages):
            one = case(issue)
            tallies.setdefault(one.category, Tally()).count(one)
        return tallies

    def settled(self) -> datetime:
        """Up to when every report is in a bucket, late ones aside."""
        kept = self._mongo[STATE].find_one({"_id": "settled"})
        return kept["until"] if kept else LONG_AGO

    def _issues(
        self, scope: str, since: datetime, until: datetime, stages: list[dict[str, Any]]
    ) -> Iterator[Document]:
        low, high = ulid_at(since - _ROUNDING), ulid_at(until + _ROUNDING)
        window: dict[str, Any] = {"$match": {"lists": scope, "order": {"$gte": low, "$lt": high}}}
        for issue in self._mongo["issues"].aggregate([window, *stages]):
            if since <= issue["created_at"] < until:
                yield issue
