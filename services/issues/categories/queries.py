"""The categories and the working calendar as rules read them, kept in memory for a few seconds."""

import threading
import time
from collections.abc import Callable

from chassis.errors import missing
from services.issues.categories.commands import Categories
from services.issues.categories.domain import Category, Policy, newest
from services.issues.limits.domain import WorkCalendar

_REFRESH_SECONDS = 5.0


class Rulebook:
    """What issues are handled by. A version once read never changes; new ones are seen within seconds."""

    def __init__(self, categories: Categories, calendar: Callable[[], WorkCalendar]) -> None:
        self._categories = categories
        self._calendar = calendar
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._versions: dict[tuple[str, int], Category] = {}
        self._newest: dict[str, Category] = {}

    def current(self, code: str) -> Category | None:
        """The newest version of a category, if there is one; retired where anything above it is."""
        self._refresh(_REFRESH_SECONDS)
        return self._newest.get(code)

    def policy(self, code: str, version: int) -> Policy:
        """The rules of one version of a category. Raises NotFound."""
        if (code, version) not in self._versions:
            self._refresh(0)
        try:
            category = self._versions[code, version]
        except KeyError:
            raise missing("类别", "category") from None
        return Policy(category, self._calendar())

    def tree(self) -> list[Category]:
        """The newest version of every category, each after the one above it."""
        self._refresh(0)
        newest = self._newest
        return [newest[code] for code in sorted(newest)]

    def _refresh(self, older_than: float) -> None:
        with self._lock:
            if time.monotonic() - self._read_at >= older_than:
                self._versions = dict(self._categories.all_versions())
                self._newest = newest(self._versions.values())
                self._read_at = time.monotonic()
