"""How many requests a caller may make: by member where one is signed in, else by address."""

from flask import g, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from chassis.errors import TooMany


class RateLimit:
    """A sliding window in each gateway process. `text` reads like `100/second`."""

    def __init__(self, text: str) -> None:
        self._limit = parse(text)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def check(self) -> None:
        """Raises TooMany when the caller is over the limit."""
        caller = g.actor.member_id if "actor" in g else (request.remote_addr or "unknown")
        if not self._limiter.hit(self._limit, caller):
            raise TooMany(
                "too-many-requests",
                zh="请求过于频繁，请稍后重试。",
                en=f"More than {self._limit}: slow down.",
                retry_after=1,
            )
