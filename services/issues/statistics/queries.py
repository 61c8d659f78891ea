"""The figures of an area: how the system is used, how well issues are handled, and where best."""

from collections.abc import Iterable
from typing import Any

from chassis.clock import Clock
from chassis.errors import Invalid
from chassis.identity import AREA_LENGTHS, Actor
from chassis.mongo import Document, Mongo
from services.issues.cases.issue import STAFF_ROLES
from services.issues.categories.domain import ROOTS
from services.issues.statistics import disclosure, domain
from services.issues.statistics.disclosure import EVERYTHING
from services.issues.statistics.distribution import Distribution
from services.issues.statistics.domain import Measure, Rate, Standing
from services.issues.statistics.summing import Span, Summing
from services.issues.statistics.tally import Tallies, Tally, total

_TOO_FEW = {
    "zh": f"少于 {domain.LEAST_TO_RANK} 件，不参与排名。",
    "en": f"Fewer than {domain.LEAST_TO_RANK}: not ranked.",
}


class Figures:
    """Reads the figures."""

    def __init__(self, mongo: Mongo, clock: Clock) -> None:
        self._mongo = mongo
        self._summing = Summing(mongo, clock)

    def usage(self, span: Span) -> Document:
        """Reports and activities by the study's five categories."""
        tallies = {code: Tally() for code in ROOTS}
        for one in self._summing.counted(span):
            tallies[one.category].add(one.tally)
        rows = [
            {"category": code, "count": tally.reports + tally.activities} for code, tally in tallies.items()
        ]
        parts = sum(tally.issues - tally.reports for tally in tallies.values())
        everything = sum(tally.reports + tally.activities for tally in tallies.values())
        return {"area": span.area, "rows": rows, "total": everything, "exclusions": {"parts": parts}}

    def issues(self, span: Span, group_by: str, actor: Actor) -> Document:
        """The figures of issues by area, category or month, as far as the actor may see them."""
        groups: Tallies = {}
        for one in self._summing.counted(span):
            groups.setdefault(getattr(one, group_by), Tally()).add(one.tally)
        groups = {name: tally for name, tally in sorted(groups.items()) if tally.issues}
        own = _own(actor, span.area, groups, are_areas=group_by == "area")
        everything = total(groups.values())
        hidden = _hidden(groups, everything, own)
        rows = [
            {group_by: name, **_row(tally, staff=name in own, hidden=name in hidden)}
            for name, tally in groups.items()
        ]
        sums = _row(everything, staff=EVERYTHING in own, hidden=EVERYTHING in hidden)
        return {"area": span.area, "group_by": group_by, "rows": rows, "all": sums}

    def rankings(self, span: Span, by: Measure, level: str | None, actor: Actor, language: str) -> Document:
        """The areas of a level within an area, from the best on. Raises Invalid for a level it has not."""
        length = _length(span.area, level)
        names = {
            str(one["_id"]): one["name"]
            for one in self._mongo["areas"].find({}, {"name": 1})
            if len(str(one["_id"])) == length and str(one["_id"]).startswith(span.area)
        }
        tallies = {code: Tally() for code in names}
        unplaced = 0
        for one in self._summing.counted(span):
            if len(one.area) < length:
                unplaced += one.tally.issues
            else:
                tallies.setdefault(one.area[:length], Tally()).add(one.tally)
        own = _own(actor, span.area, tallies, are_areas=True)
        hidden = _hidden(tallies, total(tallies.values()), own)
        rows = [
            {"name": names.get(one.area), **_standing(one, by, one.area in own, one.area in hidden, language)}
            for one in domain.ranking(tallies, by)
        ]
        return {
            "area": span.area,
            "by": by.value,
            "least": domain.LEAST_TO_RANK,
            "rows": rows,
            "unplaced": unplaced,
        }


def _length(area: str, level: str | None) -> int:
    lengths = [length for length in AREA_LENGTHS if length > len(area)]
    length = domain.LEVELS[level] if level is not None else min(lengths, default=0)
    if length not in lengths:
        raise Invalid(
            "level" if level is not None else "area",
            zh="该区域内没有此级别的下级区域。",
            en="There are no areas of this level within the area.",
        )
    return length


def _own(actor: Actor, area: str, groups: Iterable[str], *, are_areas: bool) -> frozenset[str]:
    """The groups that the actor sees as staff; with those of the area itself, their sum."""
    if actor.has_any(STAFF_ROLES, area):
        return frozenset({*groups, EVERYTHING})
    return frozenset(one for one in groups if are_areas and actor.has_any(STAFF_ROLES, one))


def _hidden(groups: Tallies, everything: Tally, own: frozenset[str]) -> frozenset[str]:
    """The groups whose satisfaction is kept back."""
    hidden = disclosure.kept_back({name: tally.answered for name, tally in groups.items()}, own)
    if disclosure.is_small(everything.answered):
        hidden |= {EVERYTHING}
    return hidden - own


def _row(tally: Tally, *, staff: bool, hidden: bool) -> Document:
    return {
        "count": tally.issues,
        "by_status": dict(sorted(tally.by_status.items())),
        "response_rate": _rate(domain.response_rate(tally)),
        "resolution_rate": _rate(domain.resolution_rate(tally)),
        "satisfaction_rate": _rate(domain.satisfaction_rate(tally), hidden=hidden),
        "hours_to_response": _spread(tally.response, staff=staff),
        "hours_to_resolution": _spread(tally.resolution, staff=staff),
    }


def _rate(rate: Rate, *, hidden: bool = False) -> Document:
    return {
        "numerator": None if hidden else rate.numerator,
        "denominator": rate.denominator,
        "rate": None if hidden else rate.rate,
        "exclusions": dict(rate.exclusions),
        "suppressed": hidden,
    }


def _spread(hours: Distribution, *, staff: bool) -> Document:
    hidden = disclosure.is_small(hours.n) and not staff
    shares: dict[str, Any] = {"median": 0.5, "p90": 0.9}
    values = {name: None if hidden else _rounded(hours.percentile(share)) for name, share in shares.items()}
    return {"n": hours.n, **values, "suppressed": hidden}


def _standing(one: Standing, by: Measure, own: bool, hidden: bool, language: str) -> Document:
    match by:
        case Measure.SATISFACTION_RATE:
            kept_back = hidden
        case Measure.MEDIAN_HOURS:
            kept_back = disclosure.is_small(one.n) and not own
        case _:
            kept_back = False
    return {
        "area": one.area,
        "rank": one.rank,
        "value": None if kept_back else _rounded(one.value),
        "n": one.n,
        "reason": None if one.rank is not None else _TOO_FEW[language],
        "suppressed": kept_back,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
