"""The settings of the points service."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from chassis.settings import ServiceSettings
from services.points.domain import LADDER, MAX_AMOUNT, Ladder
from services.points.lots.domain import Validity
from services.points.shop.order import Terms

_MOST_MONTHS = 120


@dataclass(frozen=True, kw_only=True)
class PointsSettings(ServiceSettings):
    """Settings of the points service."""

    adjustment_points: int = 10_000
    adjustment_minutes: int = 6_000
    adjustment_fen: int = 1_000_000
    publicity_days: int = 7
    star_hours: tuple[float, ...] = LADDER.star_hours
    tier_points: tuple[float, ...] = LADDER.tier_points
    shop_reservation_minutes: int = 30
    shop_return_days: int = 7
    points_valid_months: int = 0
    minutes_valid_months: int = 0

    def check(self) -> Iterator[str]:
        """Yield a sentence for each combination that must not start."""
        yield from super().check()
        for name in ("adjustment_points", "adjustment_minutes", "adjustment_fen"):
            if not 0 <= getattr(self, name) <= MAX_AMOUNT:
                yield f"{name.upper()} is wrong: it is a whole number from 0 to 2^53"
        if not 1 <= self.publicity_days <= 90:
            yield "PUBLICITY_DAYS is wrong: it is 1 to 90"
        for name in ("star_hours", "tier_points"):
            if any(not low < high for low, high in pairwise((0.0, *getattr(self, name)))):
                yield f"{name.upper()} is wrong: it is numbers above 0, each above the one before"
        if not 1 <= self.shop_reservation_minutes <= 7 * 24 * 60:
            yield "SHOP_RESERVATION_MINUTES is wrong: it is minutes, from 1 to 10080 (a week)"
        if not 0 <= self.shop_return_days <= 365:
            yield "SHOP_RETURN_DAYS is wrong: it is days, from 0 to 365"
        for name in ("points_valid_months", "minutes_valid_months"):
            if not 0 <= getattr(self, name) <= _MOST_MONTHS:
                yield f"{name.upper()} is wrong: it is months, up to {_MOST_MONTHS}, or 0 for ever"

    @property
    def shop_terms(self) -> Terms:
        """The terms of the charity shop."""
        return Terms(timedelta(minutes=self.shop_reservation_minutes), timedelta(days=self.shop_return_days))

    @property
    def validity(self) -> Validity:
        """For how long what members gain is good."""
        return Validity(self.points_valid_months, self.minutes_valid_months)

    @property
    def ladder(self) -> Ladder:
        """What a lifetime of verified work is given for."""
        return Ladder(self.star_hours, self.tier_points)

    @property
    def limits(self) -> dict[str, int]:
        """Unit → the most that one administrator may move alone."""
        return {
            "points": self.adjustment_points,
            "minutes": self.adjustment_minutes,
            "fen": self.adjustment_fen,
        }
