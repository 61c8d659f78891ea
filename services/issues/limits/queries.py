"""The working calendar: China's public holidays and make-up days, and the district's own exceptions."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import lru_cache

import holidays

from services.issues.limits.domain import WorkCalendar

_REFRESH_SECONDS = 30.0
_REMEMBERED_DAYS = 4096


class Calendar:
    """Answers which days are worked; exceptions are read anew every half minute."""

    def __init__(self, exceptions: Callable[[], Mapping[date, bool]]) -> None:
        self._exceptions = exceptions
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._own: Mapping[date, bool] = {}
        self._national = holidays.country_holidays("CN")
        self._calendar = WorkCalendar(self.is_working_day)
        # The nation's days do not change, and each new issue asks for all from today until it is due, twice.
        self._worked_nationally = lru_cache(_REMEMBERED_DAYS)(self._national.is_working_day)

    def __call__(self) -> WorkCalendar:
        """The calendar as it is now."""
        self._refresh(_REFRESH_SECONDS)
        return self._calendar

    def is_working_day(self, day: date) -> bool:
        """Whether a day is worked."""
        own = self._own.get(day)
        return self._worked_nationally(day) if own is None else own

    def days(self, since: date, until: date) -> list[dict[str, object]]:
        """Each day from `since` to `until`, both included."""
        self._refresh(0)
        span = (until - since).days + 1
        return [
            {"date": day, "working": self.is_working_day(day), "holiday": self._national.get(day)}
            for day in (since + timedelta(days=place) for place in range(span))
        ]

    def _refresh(self, older_than: float) -> None:
        with self._lock:
            if time.monotonic() - self._read_at >= older_than:
                self._own = self._exceptions()
                self._read_at = time.monotonic()
