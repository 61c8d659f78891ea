"""Recomputes every bucket from the records and proves it equal to what is stored."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chassis.clock import Clock
from chassis.mongo import Document, Mongo
from chassis.paging import FLOOR
from services.issues.statistics.counting import BUCKETS, LONG_AGO, Counting
from services.issues.statistics.spans import day_of, first_of, midnight, month_after, month_of
from services.issues.statistics.store import BucketStore
from services.issues.statistics.tally import Tallies, Tally, added, stored

_TRIES = 5


@dataclass(frozen=True)
class Difference:
    """A bucket that holds other counts than there are: one day's, or (`day` is None) the month's."""

    area: str
    month: str
    day: date | None
    kept: Document
    counted: Document

    def __str__(self) -> str:
        bucket = f"{self.day}" if self.day else f"{self.month} (sum)"
        return f"{self.area} {bucket}: stored {self.kept}, counted {self.counted}"


class Proof:
    """Compares and repairs buckets; a month is in memory at a time."""

    def __init__(self, mongo: Mongo, buckets: BucketStore, clock: Clock, district: str) -> None:
        self._mongo = mongo
        self._buckets = buckets
        self._counting = Counting(mongo)
        self._clock = clock
        self._district = district

    def repair(self) -> list[Difference]:
        """Count anew what differs; returns what differed."""
        found = self._all()
        for one in found:
            self._buckets.count(one.area, one.day or first_of(one.month))
        return found

    def differences(self, pause: Callable[[], None]) -> list[Difference]:
        """What differs, and still does after some pauses: a change may have been on its way to its bucket."""
        found = self._all()
        for _ in range(_TRIES):
            if not found:
                break
            pause()
            again = sorted({(one.area, one.month) for one in found})
            found = [one for area, month in again for one in self._compare(area, month) if one.area == area]
        return found

    def _all(self) -> list[Difference]:
        found: list[Difference] = []
        day = day_of(FLOOR).replace(day=1)
        while midnight(day) <= self._clock():
            found += self._compare(self._district, month_of(day))
            day = month_after(day)
        return found

    def _compare(self, scope: str, month: str) -> Iterator[Difference]:
        settled = self._counting.settled()
        kept = {
            str(one["area"]): one
            for one in self._mongo[BUCKETS].find({"scopes": scope, "month": {"$gte": month, "$lte": month}})
        }
        counted = self._count(scope, month, kept, settled)
        for area in sorted({*kept, *(area for area, _ in counted)}):
            bucket: dict[str, Any] = kept.get(area, {"days": {}, "all": {}})
            days = {day: tallies for (one, day), tallies in counted.items() if one == area}
            for day in sorted({*days, *(_day(month, name) for name in bucket["days"])}):
                of_day = bucket["days"].get(f"{day:%d}", {"of": {}})["of"]
                if of_day != (right := stored(days.get(day, {}))):
                    yield Difference(area, month, day, of_day, right)
            everything = stored(added(days.values()))
            if bucket["all"] != everything:
                yield Difference(area, month, None, bucket["all"], everything)

    def _count(
        self, scope: str, month: str, kept: dict[str, Document], settled: datetime
    ) -> dict[tuple[str, date], Tallies]:
        """What should be in the buckets: of each day, what was reported until it was counted."""
        begins = midnight(first_of(month))
        ends = midnight(month_after(first_of(month)))
        counted: dict[tuple[str, date], Tallies] = {}

        def tally(area: str, day: date, category: str) -> Tally:
            return counted.setdefault((area, day), {}).setdefault(category, Tally())

        for case in self._counting.cases(scope, begins, ends):
            day = day_of(case.created_at)
            of_day = kept.get(case.area, {"days": {}})["days"].get(f"{day:%d}")
            # Where a day was not counted yet, only what is settled is missed.
            until = of_day["until"] if of_day else max(settled, LONG_AGO)
            if case.created_at < until:
                tally(case.area, day, case.category).count(case)
        for one in self._counting.activities(scope, begins, ends):
            tally(one.area, day_of(one.at), one.category).activities += 1
        return counted


def _day(month: str, name: str) -> date:
    return date.fromisoformat(f"{month}-{name}")
