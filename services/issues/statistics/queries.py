"""The figures of an area: how the system is used, and how well issues are handled."""

import statistics
from collections import Counter
from datetime import datetime
from typing import Any

from chassis.mongo import Document, Mongo
from services.issues.cases.issue import Status
from services.issues.categories.domain import ROOTS, root_of

_ANSWERED = frozenset(Status) - {Status.REPORTED, Status.WITHDRAWN, Status.MERGED}
_SOLVED = frozenset({Status.RESOLVED, Status.CONFIRMED, Status.NO_ANSWER})
_EXCLUDED = frozenset({Status.WITHDRAWN, Status.MERGED, Status.REJECTED})


class Figures:
    """Reads the figures."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def usage(self, area: str, since: datetime | None, until: datetime | None) -> Document:
        """Issues and activities by the study's five categories."""
        counts: Counter[str] = Counter()
        for collection, moment in (("issues", "created_at"), ("activities", "at")):
            rows = self._mongo[collection].aggregate(
                [
                    {"$match": {"scopes": area, **_between(moment, since, until)}},
                    {"$group": {"_id": "$category", "count": {"$sum": 1}}},
                ]
            )
            for row in rows:
                counts[root_of(str(row["_id"]))] += int(row["count"])
        rows_out = [{"category": code, "count": counts[code]} for code in ROOTS]
        return {"area": area, "rows": rows_out, "total": sum(counts.values())}

    def issues(self, area: str, since: datetime | None, until: datetime | None, group_by: str) -> Document:
        """Counts by status, rates with their numerators and denominators, and hours to the solution."""
        groups: dict[str, list[Document]] = {}
        wanted = dict.fromkeys(
            ("area", "category", "status", "created_at", "claimed_at", "resolved_at", "rating"), 1
        )
        for issue in self._mongo["issues"].find(
            {"scopes": area, **_between("created_at", since, until)}, wanted
        ):
            key = f"{issue['created_at']:%Y-%m}" if group_by == "month" else str(issue[group_by])
            groups.setdefault(key, []).append(issue)
        rows = [{group_by: key, **_row(issues)} for key, issues in sorted(groups.items())]
        everything = [issue for issues in groups.values() for issue in issues]
        return {"area": area, "group_by": group_by, "rows": rows, "all": _row(everything)}


def _between(field: str, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    span = {name: value for name, value in (("$gte", since), ("$lt", until)) if value is not None}
    return {field: span} if span else {}


def _row(issues: list[Document]) -> Document:
    counted = [one for one in issues if one["status"] not in _EXCLUDED]
    rated = [one["rating"]["satisfied"] for one in issues if one.get("rating")]
    return {
        "count": len(issues),
        "by_status": dict(sorted(Counter(one["status"] for one in issues).items())),
        "response_rate": _rate(sum(one["status"] in _ANSWERED for one in counted), len(counted)),
        "resolution_rate": _rate(sum(one["status"] in _SOLVED for one in counted), len(counted)),
        "satisfaction_rate": _rate(sum(rated), len(rated)),
        "hours_to_response": _spread(_hours(issues, "claimed_at")),
        "hours_to_resolution": _spread(_hours(issues, "resolved_at")),
    }


def _rate(numerator: int, denominator: int) -> Document:
    rate = round(numerator / denominator, 4) if denominator else None
    return {"numerator": numerator, "denominator": denominator, "rate": rate}


def _hours(issues: list[Document], until: str) -> list[float]:
    spans = [one[until] - one["created_at"] for one in issues if one.get(until)]
    return sorted(span.total_seconds() / 3600 for span in spans)


def _spread(hours: list[float]) -> Document:
    if not hours:
        return {"n": 0, "median": None, "p90": None}
    ninth = hours[min(len(hours) - 1, int(len(hours) * 0.9))]
    return {"n": len(hours), "median": round(statistics.median(hours), 4), "p90": round(ninth, 4)}
