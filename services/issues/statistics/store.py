"""What the figures are kept in: a record of activities, and buckets of counts; the only writer of both.

A bucket holds the counts of one area (without the areas below it) in one month, day by day and in all. An
event only marks the day of its issue or activity; a sweep counts marked days anew from the records
themselves.

Reports need no event to be seen: up to the moment `settled` every one is in a bucket, or will be as soon as
its event arrives; from then on queries count them by themselves. Each day says up to which moment (`until`)
the reports were counted that are in it, so that none is counted twice.
"""

from datetime import date, datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from chassis.clock import Clock
from chassis.identity import AREA_LENGTHS, ancestors
from chassis.mongo import Mongo
from chassis.recount import Marks
from services.issues.statistics.counting import BUCKETS, LONG_AGO, STATE, Counting
from services.issues.statistics.spans import day_of, midnight, month_of
from services.issues.statistics.tally import added, read, stored

_COMMIT_TIME = timedelta(seconds=5)
"""A report is written within this time after its moment of creation; one that is not shows by its event."""
_REST = timedelta(minutes=1)
"""How long `settled` may stay behind while nothing is reported."""


class UsageStore:
    """Activities filed elsewhere, as far as the figures need them."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """The figures are counted by area and time."""
        self._mongo["activities"].create_index([("scopes", 1), ("at", 1)])

    def record_activity(self, activity_id: str, category: str, area: str, at: datetime) -> None:
        """Keep an activity once, however often it is told."""
        try:
            self._mongo["activities"].insert_one(
                {"_id": activity_id, "category": category, "scopes": ancestors(area), "at": at}
            )
        except DuplicateKeyError:
            return


class BucketStore:
    """The buckets of a district."""

    def __init__(self, mongo: Mongo, clock: Clock) -> None:
        self._mongo = mongo
        self._clock = clock
        self._counting = Counting(mongo)
        self._marks = Marks(mongo["marked_days"])

    def ensure_indexes(self) -> None:
        """Buckets are summed by area and months."""
        self._mongo[BUCKETS].create_index([("scopes", 1), ("month", 1)])

    def mark(self, area: str, at: datetime) -> None:
        """Have a day of an area counted again."""
        self._marks.put(_key(area, day_of(at)))

    def mark_reported(self, area: str, at: datetime) -> None:
        """Have the day of a report counted, unless it lies ahead of `settled` and is seen without a mark.

        Half of the time that a report has to be written is left for clocks that differ.
        """
        if self._clock() - at > _COMMIT_TIME / 2:
            self.mark(area, at)

    def mark_issue(self, issue_id: str) -> None:
        """Have the day on which an issue was reported counted again."""
        issue = self._mongo["issues"].find_one({"_id": issue_id}, {"area": 1, "created_at": 1})
        if issue is not None:
            self.mark(issue["area"], issue["created_at"])

    def mark_moved(self, issue_id: str) -> None:
        """Have an issue that was put into another area counted again, there and wherever it was before.

        Where that was nobody tells, but it is one of the areas that are marked or counted for its day. The
        marks are read first: an area that is just being counted for the first time is in one of the two.
        """
        issue = self._mongo["issues"].find_one({"_id": issue_id}, {"area": 1, "created_at": 1})
        if issue is None:
            return
        self.mark(issue["area"], issue["created_at"])
        day = day_of(issue["created_at"])
        marked = [str(one["_id"]) for one in self._mongo["marked_days"].find()]
        match = {"scopes": str(issue["area"])[: AREA_LENGTHS[0]], "month": month_of(day)}
        counted = [one for one in self._mongo[BUCKETS].find(match) if f"{day:%d}" in one["days"]]
        keys = {key for key in marked if key.endswith(f"/{day}")}
        self._marks.put(*sorted(keys | {_key(str(one["area"]), day) for one in counted}))

    def marked(self) -> set[tuple[str, date]]:
        """The areas and days that are to be counted again."""
        return {_read_key(str(one["_id"])) for one in self._mongo["marked_days"].find()}

    def sweep(self, district: str) -> int:
        """Count what was reported lately in the district, and what is marked; returns how many buckets."""
        fresh = self._settle(district)
        return fresh + self._marks.sweep(lambda key: self.count(*_read_key(key)))

    def _settle(self, district: str) -> int:
        settled, until = self._counting.settled(), self._clock() - _COMMIT_TIME
        if until <= settled:
            return 0
        fresh = self._counting.days(district, settled, until)
        for area, day in sorted(fresh):
            self._add_reports(area, day, until)
        if fresh or until - settled > _REST:
            # $max: of two that settle at once, the one that is behind takes nothing back.
            self._mongo[STATE].update_one({"_id": "settled"}, {"$max": {"until": until}}, upsert=True)
        return len(fresh)

    def count(self, area: str, day: date, at_least: datetime = LONG_AGO) -> None:
        """Count a day of an area anew, with all that was reported up to `at_least` and shortly before now."""
        until = max(at_least, self._clock() - _COMMIT_TIME)
        while not self._count_once(area, day, until):
            pass  # another counted meanwhile: what was read may be older than what is stored by now

    def _add_reports(self, area: str, day: date, until: datetime) -> None:
        """Have a day hold what was reported in it since it was counted; what changed since is marked."""
        while not self._count_once(area, day, until, only_fresh=True):
            pass

    def _count_once(self, area: str, day: date, until: datetime, *, only_fresh: bool = False) -> bool:
        """False when the bucket was written by another between reading it and writing it."""
        bucket_id = f"{area}/{month_of(day)}"
        bucket = self._mongo[BUCKETS].find_one({"_id": bucket_id})
        days: dict[str, Any] = bucket["days"] if bucket else {}
        name = f"{day:%d}"
        counted = days.get(name)
        if counted is not None:
            until = max(until, counted["until"])
        if counted is not None and only_fresh:
            ends = min(until, midnight(day + timedelta(days=1)))
            fresh = self._counting.reports(area, counted["until"], ends)
            tallies = added([read(counted["of"]), fresh])
        else:
            tallies = self._counting.day(area, day, until)
        days[name] = {"until": until, "of": stored(tallies)}
        counts = {"days": days, "all": stored(added(read(one["of"]) for one in days.values()))}
        if bucket is not None:
            changed = self._mongo[BUCKETS].update_one(
                {"_id": bucket_id, "version": bucket["version"]},
                {"$set": {**counts, "version": bucket["version"] + 1}},
            )
            return bool(changed.matched_count)
        document = {"_id": bucket_id, "area": area, "scopes": ancestors(area), "month": month_of(day)}
        try:
            self._mongo[BUCKETS].insert_one({**document, **counts, "version": 1})
        except DuplicateKeyError:
            return False
        return True


def _key(area: str, day: date) -> str:
    return f"{area}/{day}"


def _read_key(key: str) -> tuple[str, date]:
    area, day = key.split("/")
    return area, date.fromisoformat(day)
