"""Earning: the rules by which verified work is paid from the district's issuer."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from services.points.domain import Leg, Posting, check_balanced, issuer


@dataclass(frozen=True)
class EarningRule:
    """Who gains what when a fact becomes known: amounts for the worker and for the reporter.

    `for_solution`: the worker gains only where they are the one who solved it.
    """

    code: str
    version: int
    zh: str
    en: str
    worker_points: int = 0
    reporter_points: int = 0
    pays_minutes: bool = False
    for_solution: bool = False


EARNING_RULES = {
    one.code: one
    for one in (
        EarningRule("issue.claimed", 1, "认领问题", "an issue claimed", worker_points=1),
        EarningRule("issue.resolved", 1, "解决问题", "an issue resolved", worker_points=3, for_solution=True),
        EarningRule(
            "issue.confirmed",
            1,
            "问题经确认解决",
            "a solution confirmed",
            worker_points=5,
            reporter_points=2,
            for_solution=True,
        ),
        EarningRule(
            "activity.verified", 1, "活动经审核", "an activity verified", worker_points=2, pays_minutes=True
        ),
    )
}


EARNED_BY = {
    "issue.claimed.v1": ("issue.claimed",),
    "issue.confirmed.v1": ("issue.resolved", "issue.confirmed"),
    "activity.verified.v1": ("activity.verified",),
}
"""Event → the rules that it satisfies. A solution is paid when somebody else has verified it."""


@dataclass(frozen=True)
class Evidence:
    """What a rule is applied to. `cause` is the issue or the activity; `minutes` of service.

    `worker` is the steward in charge, `resolver` whoever solved it: staff may have stepped in.
    """

    cause: str
    area: str
    worker: str | None
    resolver: str | None = None
    reporter: str | None = None
    photos: int = 0
    minutes: int = 0


def earned(rule: EarningRule, evidence: Evidence, *, posting_id: str, at: datetime) -> Posting | None:
    """The posting that a rule makes of its evidence, or None when nobody earns anything.

    Staff earn no points, so an issue without a steward, or solved by staff in the steward's place, pays no
    worker; a report earns only with a photo, and not when the reporter solved it themselves.
    """
    gains: Counter[tuple[str, str]] = Counter()
    if evidence.worker and (evidence.worker == evidence.resolver or not rule.for_solution):
        gains[evidence.worker, "points"] += rule.worker_points
        if rule.pays_minutes:
            gains[evidence.worker, "minutes"] += evidence.minutes
    if (
        evidence.reporter
        and evidence.photos
        and evidence.reporter not in (evidence.worker, evidence.resolver)
    ):
        gains[evidence.reporter, "points"] += rule.reporter_points
    legs = [Leg(account, unit, amount) for (account, unit), amount in gains.items() if amount]
    if not legs:
        return None
    issued: Counter[str] = Counter()
    for leg in legs:
        issued[leg.unit] += leg.amount
    legs += [Leg(issuer(evidence.area), unit, -amount) for unit, amount in issued.items()]
    posting = Posting(
        id=posting_id,
        key=f"{rule.code}:{evidence.cause}",
        rule=rule.code,
        rule_version=rule.version,
        cause=evidence.cause,
        area=evidence.area,
        legs=tuple(legs),
        posted_at=at,
        verified=True,
    )
    check_balanced(posting)
    return posting
