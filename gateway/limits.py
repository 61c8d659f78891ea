"""How many requests a caller may make: by member where one is signed in, else by address."""

import threading
import time

from flask import g, request
from limits import parse

from chassis.errors import TooMany


class RateLimit:
    """A sliding window in each gateway process. `text` reads like `100/second`; ValueError where it does not.

    The counting is done here because the library's storage in memory starts a thread to expire its entries
    at nearly every request. All callers share the same window, so that the last two windows are all there
    is to remember.
    """

    def __init__(self, text: str) -> None:
        self._limit = parse(text)
        if self._limit.amount < 1:
            raise ValueError("nobody would be let in")
        self._seconds = self._limit.get_expiry()
        self._lock = threading.Lock()
        self._window = 0
        self._counts: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def check(self) -> None:
        """Raises TooMany when the caller is over the limit."""
        caller = g.actor.member_id if "actor" in g else (request.remote_addr or "unknown")
        if not self.admits(caller, time.monotonic()):
            raise TooMany(
                "too-many-requests",
                zh="请求过于频繁，请稍后重试。",
                en=f"More than {self._limit}: slow down.",
                retry_after=1,
            )

    def admits(self, caller: str, now: float) -> bool:
        """Count a request at `now` (seconds, never running backwards) unless the caller is over the limit.

        The window before counts by the share of it that the sliding window still covers.
        """
        window, into = divmod(now, self._seconds)
        with self._lock:
            if window != self._window:
                self._before = self._counts if window == self._window + 1 else {}
                self._counts, self._window = {}, int(window)
            count = self._counts.get(caller, 0)
            earlier = self._before.get(caller, 0) * (1 - into / self._seconds)
            if count + earlier + 1 > self._limit.amount:
                return False
            self._counts[caller] = count + 1
            return True
