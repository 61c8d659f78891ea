"""The arithmetic of the measurements: percentiles, medians of rounds, ratios and targets."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Speed:
    """What one measurement found: operations per second and latency in milliseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Target:
    """What a figure must be (`at_least` or at most `bound`), and what it was."""

    name: str
    value: float
    bound: float
    at_least: bool
    unit: str

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of its bound; the bound itself counts as met."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: the smallest value that at least `percent` % of all do not exceed.

    Raises ValueError when there are no values or `percent` is not in (0, 100].
    """
    if not values or not 0 < percent <= 100:
        raise ValueError("a percentile needs values and a percentage above 0 and up to 100")
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def speed(latencies_ms: Sequence[float], seconds: float) -> Speed:
    """The speed of operations with these latencies, all done within `seconds`. Raises ValueError for none."""
    return Speed(len(latencies_ms) / seconds, percentile(latencies_ms, 50), percentile(latencies_ms, 99))


def median_of(rounds: Sequence[Speed]) -> Speed:
    """Each figure's median over the rounds of a run."""
    return Speed(
        statistics.median(one.per_second for one in rounds),
        statistics.median(one.p50_ms for one in rounds),
        statistics.median(one.p99_ms for one in rounds),
    )


def quantile(buckets: Mapping[float, float], share: float) -> float:
    """A quantile of a histogram (upper bound → how many are not above it), even within its bucket.

    Infinite when it lies above the last finite bound. Raises ValueError for an empty histogram.
    """
    total = max(buckets.values(), default=0)
    if not total:
        raise ValueError("an empty histogram has no quantiles")
    below, low = 0.0, 0.0
    for bound, count in sorted(buckets.items()):
        if count >= share * total:
            return low + (bound - low) * (share * total - below) / (count - below)
        below, low = count, bound
    return math.inf


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the ratios of values that were measured in the same rounds.

    Pairing cancels what slows a whole round down. Raises ValueError for rounds that do not pair up.
    """
    return statistics.median(one / other for one, other in zip(above, below, strict=True))
