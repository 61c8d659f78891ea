"""What is counted of an issue, what the rates are made of, and which areas are ranked.

Of every issue that is counted, each rate says whether it belongs to the numerator, only to the denominator,
or to neither; of the latter it says why, so that denominator and exclusions always add up to the count.

- **Excluded from every rate**: `merged` (the older issue speaks for it: one problem is counted once),
  `withdrawn` (the reporter took it back), `rejected` (no matter for the programme).
- **Excluded from response and resolution**: issues that were `split`: their parts are counted instead.
- **Response**: somebody whose task it is did something about it (`RESPONSES`); dispatching it to another
  area, objecting to a dispatch, and what the clock does by itself are no response.
- **Resolution**: `resolved`, `confirmed`, and `no_answer` (fourteen days without a contradiction). A
  reopened issue is not solved. `referred` issues are excluded: their end lies with an agency whose answer
  is not known.
- **Satisfaction**: of the reporters who said so, by feedback or by rating, whichever was later; what they
  said of a solution before the issue was reopened counts no more. Excluded are the `unanswered` and the
  `parts` of a split issue, whose reporter is asked once, for the whole.

Hours run by the clock, nights and holidays included: from the report to the first response, and to the
solution.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chassis.identity import AREA_LENGTHS
from services.issues.statistics.tally import EXCLUDED, Tally

LEVELS = dict(zip(("subdistrict", "community", "grid"), AREA_LENGTHS[1:], strict=True))
"""Levels of areas → lengths of their codes."""
LEAST_TO_RANK = 30
"""Areas with fewer issues behind a figure are listed without a rank: chance would decide it."""


@dataclass(frozen=True)
class Rate:
    """A rate, what it was made of, and what was left out of it, by reason."""

    numerator: int
    denominator: int
    exclusions: Mapping[str, int]

    @property
    def rate(self) -> float | None:
        """Between 0 and 1; None where there is nothing to divide by."""
        return round(self.numerator / self.denominator, 4) if self.denominator else None


def response_rate(tally: Tally) -> Rate:
    """Issues that somebody responded to."""
    exclusions = {**_excluded(tally), "split": tally.split}
    return _rate(tally, tally.responded, exclusions)


def resolution_rate(tally: Tally) -> Rate:
    """Issues that are solved."""
    exclusions = {**_excluded(tally), "split": tally.split, "referred": tally.referred}
    return _rate(tally, tally.solved, exclusions)


def satisfaction_rate(tally: Tally) -> Rate:
    """Reporters who are satisfied, of those who said."""
    silent = tally.issues - sum(_excluded(tally).values()) - tally.parts - tally.answered
    exclusions = {**_excluded(tally), "parts": tally.parts, "unanswered": silent}
    return _rate(tally, tally.satisfied, exclusions)


def _excluded(tally: Tally) -> dict[str, int]:
    return {status.value: tally.by_status[status.value] for status in EXCLUDED}


def _rate(tally: Tally, numerator: int, exclusions: dict[str, int]) -> Rate:
    return Rate(numerator, tally.issues - sum(exclusions.values()), exclusions)


class Measure(StrEnum):
    """What areas are ranked by."""

    RESOLUTION_RATE = "resolution_rate"
    RESPONSE_RATE = "response_rate"
    SATISFACTION_RATE = "satisfaction_rate"
    MEDIAN_HOURS = "median_hours"


_RATES = {
    Measure.RESOLUTION_RATE: resolution_rate,
    Measure.RESPONSE_RATE: response_rate,
    Measure.SATISFACTION_RATE: satisfaction_rate,
}


def measure(tally: Tally, by: Measure) -> tuple[float | None, int]:
    """The value of a measure, and how many issues are behind it."""
    if by is Measure.MEDIAN_HOURS:
        return tally.resolution.percentile(0.5), tally.resolution.n
    rate = _RATES[by](tally)
    return rate.rate, rate.denominator


@dataclass(frozen=True)
class Standing:
    """An area in a ranking; `rank` is None where too few issues (`n`) are behind the value."""

    area: str
    value: float | None
    n: int
    rank: int | None = None


def ranking(tallies: Mapping[str, Tally], by: Measure) -> list[Standing]:
    """Areas from the best on, equal values at the same rank; then those with too few issues, by code."""
    all_of_them = [Standing(area, *measure(tally, by)) for area, tally in sorted(tallies.items())]
    sign = 1 if by is Measure.MEDIAN_HOURS else -1
    enough = [one for one in all_of_them if one.n >= LEAST_TO_RANK and one.value is not None]
    values = sorted(sign * one.value for one in enough if one.value is not None)
    ranked = [
        Standing(one.area, one.value, one.n, values.index(sign * one.value) + 1)
        for one in enough
        if one.value is not None
    ]
    ranked.sort(key=lambda one: (one.rank or 0, one.area))
    return ranked + [one for one in all_of_them if one not in enough]
