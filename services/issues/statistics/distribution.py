"""How long things took: counts of durations in classes, which add up and from which percentiles are read.

The classes are fixed: one below a second, then each 2 % wide, up to a hundred years. A duration is taken to
be the middle of its class, so a percentile is off by at most 1 % (half a second below one second), however
many distributions were added up; and a distribution holds at most some 1,100 numbers, however many
durations it is of.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

_MILLISECOND = timedelta(milliseconds=1)
_HOUR = 3_600_000
_LONGEST = 100 * 366 * 24 * _HOUR
ERROR = 0.01
"""The relative error of a percentile, from one second on."""


def _edges() -> Iterator[int]:
    """The beginnings of the classes in milliseconds: whole numbers, the same on every machine."""
    edge = 1000
    while edge < _LONGEST:
        yield edge
        edge += edge // 50


EDGES = tuple(_edges())


def _middle(place: int) -> float:
    """The middle of a class in milliseconds."""
    if place == 0:
        return EDGES[0] / 2
    if place == len(EDGES):
        return float(EDGES[-1])
    return (EDGES[place - 1] + EDGES[place]) / 2


@dataclass
class Distribution:
    """Durations by class. Negative ones, which only wrong clocks make, count as none."""

    classes: Counter[int] = field(default_factory=Counter)

    def count(self, duration: timedelta) -> None:
        """Count a duration."""
        self.classes[bisect_right(EDGES, max(0, duration // _MILLISECOND))] += 1

    def add(self, other: "Distribution") -> None:
        """Take in another distribution."""
        self.classes.update(other.classes)

    @property
    def n(self) -> int:
        """How many durations were counted."""
        return self.classes.total()

    def percentile(self, share: float) -> float | None:
        """The hours within which this share of all durations ended; None where there are none.

        Between two durations it is interpolated, as `statistics.quantiles` does it by its inclusive method.
        """
        if not self.n:
            return None
        place = share * (self.n - 1)
        below = int(place)
        low, high = self._at(below), self._at(min(below + 1, self.n - 1))
        return (low + (high - low) * (place - below)) / _HOUR

    def _at(self, rank: int) -> float:
        seen = 0
        for place, count in sorted(self.classes.items()):
            seen += count
            if rank < seen:
                return _middle(place)
        raise IndexError(rank)

    def stored(self) -> dict[str, int]:
        """As it is kept: class → count."""
        return {str(place): count for place, count in sorted(self.classes.items())}

    @classmethod
    def of(cls, stored: Mapping[str, int]) -> "Distribution":
        """What `stored` was made from."""
        return cls(Counter({int(place): count for place, count in stored.items()}))
