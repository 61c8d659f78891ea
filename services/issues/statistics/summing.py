"""Sums up the figures of an area and a span of time.

Whole months and whole days come from buckets; what was reported since the buckets were settled, and the parts
of days at the ends of a span, are counted from the records. So what is read grows with areas and months, not
with issues.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chassis.clock import Clock
from chassis.mongo import Document, Mongo
from chassis.paging import FLOOR
from services.issues.statistics.counting import BUCKETS, LONG_AGO, Counting
from services.issues.statistics.spans import Pieces, cut, day_of, first_of, midnight, month_of
from services.issues.statistics.tally import Case, Tally, read


@dataclass(frozen=True)
class Span:
    """An area and all areas below, from `since` to before `until`; None leaves an end open."""

    area: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Counted:
    """A tally of one category in one area and month, or in a part of it."""

    area: str
    month: str
    category: str
    tally: Tally


class Summing:
    """Reads buckets, and records where buckets do not reach."""

    def __init__(self, mongo: Mongo, clock: Clock) -> None:
        self._mongo = mongo
        self._clock = clock
        self._counting = Counting(mongo)

    def counted(self, span: Span) -> Iterator[Counted]:
        """What was counted in the span: add it up as is needed."""
        now = self._clock()
        since = span.since if span.since is None or span.since > FLOOR else None
        until = span.until if span.until is None or span.until < now else None
        if (since is not None and since > now) or (until is not None and until <= FLOOR):
            return
        pieces = cut(since, until)
        if pieces.first < pieces.after:
            yield from self._whole_days(span.area, pieces)
        for begins, ends in pieces.ends:
            yield from self._records(span.area, begins, ends)

    def _whole_days(self, area: str, pieces: Pieces) -> Iterator[Counted]:
        # Read before the buckets: what is settled meanwhile is then counted here, or in a bucket, never not.
        settled = self._counting.settled()
        first, last = month_of(pieces.first), month_of(pieces.after - timedelta(days=1))
        whole = pieces.whole_months(day_of(settled))
        if whole is None:
            ranges = [{"$gte": first, "$lte": last}]
        else:
            yield from self._months(area, *whole)
            ranges = [{"$gte": first, "$lt": whole[0]}, {"$gte": whole[1], "$lte": last}]
        counted_until: dict[tuple[str, date], datetime] = {}
        for months in ranges:
            for bucket in self._mongo[BUCKETS].find({"scopes": area, "month": months}):
                for name, one in bucket["days"].items():
                    day = first_of(bucket["month"]).replace(day=int(name))
                    counted_until[bucket["area"], day] = one["until"]
                    if pieces.holds(day):
                        yield from _of_bucket(bucket, one["of"])
        begins = max(settled, midnight(pieces.first))
        for case in self._counting.cases(area, begins, midnight(pieces.after)):
            if case.created_at >= counted_until.get((case.area, day_of(case.created_at)), LONG_AGO):
                yield _of_case(case)

    def _months(self, area: str, first: str, after: str) -> Iterator[Counted]:
        match = {"scopes": area, "month": {"$gte": first, "$lt": after}}
        for bucket in self._mongo[BUCKETS].find(match, {"days": 0}):
            yield from _of_bucket(bucket, bucket["all"])

    def _records(self, area: str, since: datetime, until: datetime) -> Iterator[Counted]:
        for case in self._counting.cases(area, since, until):
            yield _of_case(case)
        for one in self._counting.activities(area, since, until):
            yield Counted(one.area, month_of(day_of(one.at)), one.category, Tally(activities=1))


def _of_bucket(bucket: Document, kept: dict[str, Any]) -> Iterator[Counted]:
    for category, tally in read(kept).items():
        yield Counted(bucket["area"], bucket["month"], category, tally)


def _of_case(case: Case) -> Counted:
    tally = Tally()
    tally.count(case)
    return Counted(case.area, month_of(day_of(case.created_at)), case.category, tally)
