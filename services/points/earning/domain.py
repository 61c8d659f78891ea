"""Earning: what verified work is paid from the district's issuer, by the rules that were in force then."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from services.points.domain import Leg, Posting, check_balanced, issuer
from services.points.earning.rule import (
    ANSWERED,
    CLAIMED,
    CONFIRMED,
    LONG_AGO,
    SERVED,
    TRAINED,
    VERIFIED,
    Caps,
    EarningRule,
)

_SHANGHAI = ZoneInfo("Asia/Shanghai")

EARNING_RULES = {
    one.code: one
    for one in (
        EarningRule("issue.claimed", 1, "认领问题", "an issue claimed", CLAIMED, worker_points=1),
        EarningRule(
            "issue.resolved",
            1,
            "解决问题",
            "an issue resolved",
            CONFIRMED,
            worker_points=3,
            for_solution=True,
        ),
        EarningRule(
            "issue.confirmed",
            1,
            "问题经确认解决",
            "a solution confirmed",
            CONFIRMED,
            worker_points=5,
            reporter_points=2,
            for_solution=True,
        ),
        EarningRule(
            "activity.verified",
            1,
            "活动经审核",
            "an activity verified",
            VERIFIED,
            worker_points=2,
            pays_minutes=True,
        ),
        EarningRule(
            "duty.verified",
            1,
            "执勤经审核",
            "a duty verified",
            SERVED,
            worker_points=2,
            pays_minutes=True,
        ),
        EarningRule("training.completed", 1, "完成培训", "training completed", TRAINED, worker_points=2),
    )
}
"""The first versions, which a district begins with. A solution is paid when somebody else has verified it."""
EARNED_BY: Mapping[str, tuple[str, ...]] = {
    f"{event}.v1": tuple(one.code for one in EARNING_RULES.values() if one.event == event)
    for event in ANSWERED
}
"""Event → the rules of the first versions that answer it."""


@dataclass(frozen=True)
class Evidence:
    """What rules are applied to. `cause` is the issue, the activity, the duty or the attendance.

    `minutes` are of service, or of training.

    `worker` is the steward in charge, `resolver` whoever solved it: staff may have stepped in. `round` is how
    often the issue had been confirmed. `roles` are those that worker and reporter held there when this
    became known here.
    """

    cause: str
    area: str
    worker: str | None
    resolver: str | None = None
    reporter: str | None = None
    photos: int = 0
    minutes: int = 0
    event: str = ""
    category: str = ""
    at: datetime = LONG_AGO
    round: int = 1
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What makes it the same evidence, however often and by whatever message it is told."""
        return keyed(self.event, self.cause, self.round)

    @property
    def people(self) -> list[str]:
        """Who may gain by it."""
        return sorted({one for one in (self.worker, self.reporter) if one})


@dataclass(frozen=True)
class Standing:
    """What a member has been paid of a unit by a rule with caps: in the event's day, its month, and ever."""

    day: int = 0
    month: int = 0
    person: int = 0


Counted = Callable[[str, str], Standing]
"""(member, unit) → what was counted for them, by the rule in question and at the time of the event."""


def keyed(name: str, cause: str, round_: int) -> str:
    """The key of a cause under a rule or event; the first confirmation is called as it was before rounds."""
    return f"{name}:{cause}" if round_ == 1 else f"{name}:{cause}:{round_}"


def with_roles(evidence: Evidence, grants: Mapping[str, Sequence[str]]) -> Evidence:
    """Evidence with the roles that its people hold there, by their grants (`role@area`)."""
    held = {member: [one.split("@") for one in grants.get(member, ())] for member in evidence.people}
    roles = {
        member: tuple(sorted({role for role, area in pairs if evidence.area.startswith(area)}))
        for member, pairs in held.items()
    }
    return replace(evidence, roles=roles)


def day_of(moment: datetime) -> date:
    """The day of a moment in Shanghai."""
    return moment.astimezone(_SHANGHAI).date()


def midnight(day: date) -> datetime:
    """When a day begins in Shanghai, in UTC."""
    return datetime.combine(day, time(), _SHANGHAI).astimezone(UTC)


def in_force(versions: Iterable[EarningRule], event: str, at: datetime) -> list[EarningRule]:
    """The versions that an event is paid by: those in force when it happened, whenever it arrives.

    Where clocks differ, two that were activated within a second may overlap: it is the later version then.
    """
    found = [one for one in versions if one.event == event and one.is_in_force(at)]
    by_code = {one.code: one for one in sorted(found, key=lambda one: one.version)}
    return [by_code[code] for code in sorted(by_code)]


def nothing_counted(_member: str, _unit: str) -> Standing:
    """Of whoever has gained nothing before."""
    return Standing()


def earned(
    rule: EarningRule,
    evidence: Evidence,
    *,
    posting_id: str,
    at: datetime,
    counted: Counted = nothing_counted,
) -> Posting | None:
    """The posting that a rule makes of its evidence, or None when nobody earns anything.

    Staff earn no points, so an issue without a steward, or solved by staff in the steward's place, pays no
    worker; a report earns only with its photos, and not when the reporter solved it themselves. What a cap
    leaves of a gain is paid.
    """
    legs = []
    for (member, unit), amount in _gains(rule, evidence).items():
        left = _left(amount, rule.cap(unit), counted(member, unit))
        if left:
            legs.append(Leg(member, unit, left))
    if not legs:
        return None
    issued: Counter[str] = Counter()
    for leg in legs:
        issued[leg.unit] += leg.amount
    legs += [Leg(issuer(evidence.area), unit, -amount) for unit, amount in issued.items()]
    posting = Posting(
        id=posting_id,
        key=keyed(rule.code, evidence.cause, evidence.round),
        rule=rule.code,
        rule_version=rule.version,
        cause=evidence.cause,
        area=evidence.area,
        legs=tuple(legs),
        posted_at=at,
        verified=rule.event != CLAIMED,  # nobody but the steward has vouched for a claim
    )
    check_balanced(posting)
    return posting


def gained(legs: Sequence[Leg]) -> list[Leg]:
    """What members gain by a posting of earning: all of it but the issuer's legs."""
    return [leg for leg in legs if leg.amount > 0]


def _gains(rule: EarningRule, evidence: Evidence) -> Counter[tuple[str, str]]:
    gains: Counter[tuple[str, str]] = Counter()
    if not _holds(rule, evidence):
        return gains
    worker, reporter = evidence.worker, evidence.reporter
    if (
        worker
        and _has_role(rule, evidence, worker)
        and (worker == evidence.resolver or not rule.for_solution)
    ):
        gains[worker, "points"] += rule.worker_points
        if rule.pays_minutes:
            gains[worker, "minutes"] += evidence.minutes
    if (
        reporter
        and evidence.photos >= rule.reporter_photos
        and _has_role(rule, evidence, reporter)
        and reporter not in (worker, evidence.resolver)
    ):
        gains[reporter, "points"] += rule.reporter_points
    return gains


def _holds(rule: EarningRule, evidence: Evidence) -> bool:
    asked = rule.conditions
    return (
        (not asked.categories or any(_lies_in(evidence.category, one) for one in asked.categories))
        and (asked.area is None or evidence.area.startswith(asked.area))
        and asked.min_minutes <= evidence.minutes
        and (asked.max_minutes is None or evidence.minutes <= asked.max_minutes)
        and evidence.photos >= asked.photos
    )


def _lies_in(category: str, above: str) -> bool:
    return category == above or category.startswith(f"{above}.")


def _has_role(rule: EarningRule, evidence: Evidence, member: str) -> bool:
    wanted = rule.conditions.roles
    return not wanted or any(one in wanted for one in evidence.roles.get(member, ()))


def _left(amount: int, caps: Caps, counted: Standing) -> int:
    bounds = (
        (caps.event, 0),
        (caps.day, counted.day),
        (caps.month, counted.month),
        (caps.person, counted.person),
    )
    return max(0, min([amount, *(most - had for most, had in bounds if most is not None)]))


class Counts:
    """What was counted towards the caps of one rule, by member, unit and day."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, str], Counter[date]] = defaultdict(Counter)

    def add(self, leg: Leg, at: datetime) -> None:
        """Count a gain of something that happened then."""
        self._days[leg.account, leg.unit][day_of(at)] += leg.amount

    def at(self, moment: datetime) -> Counted:
        """What stands counted for an event of this moment."""
        today = day_of(moment)

        def standing(member: str, unit: str) -> Standing:
            days = self._days[member, unit]
            month = sum(
                amount for day, amount in days.items() if (day.year, day.month) == (today.year, today.month)
            )
            return Standing(days[today], month, days.total())

        return standing
