"""The ledger: double-entry postings in integer units, and the rules by which verified work earns them."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from chassis.errors import Conflict, Invalid
from services.points.events import LegFact, PointsPosted

UNITS = ("points", "minutes", "fen")
STAR_HOURS = (100, 300, 600, 1000, 1500)
MAX_AMOUNT = 2**53
_ACCOUNT = re.compile(
    r"[0-7][0-9A-HJKMNP-TV-Z]{25}|(issuer|fund|shop|pool):[0-9]{6,15}|project:[0-7][0-9A-HJKMNP-TV-Z]{25}"
)
MIN_LEGS, MAX_LEGS = 2, 20


@dataclass(frozen=True)
class Leg:
    """A signed amount of a unit on an account."""

    account: str
    unit: str
    amount: int


@dataclass(frozen=True)
class Posting:
    """An entry of the journal. `key` is unique for ever: the same cause is never paid twice.

    `by` is the member who ordered it and `memo` what they said, where it does not follow from an event.
    """

    id: str
    key: str
    rule: str
    rule_version: int
    cause: str
    area: str
    legs: tuple[Leg, ...]
    posted_at: datetime
    memo: str | None = None
    by: str | None = None


class Overdrawn(Conflict):
    """A posting would take an account below its floor."""

    def __init__(self, account: str) -> None:
        super().__init__(
            "overdrawn", zh="账户余额不足。", en="The account has too little for this.", account=account
        )


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


def issuer(area: str) -> str:
    """The account that a district issues from."""
    return f"issuer:{area[:6]}"


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
    )
    check_balanced(posting)
    return posting


def check_balanced(posting: Posting) -> None:
    """Raises Invalid unless there are 2 to 20 whole, non-zero legs that sum to zero in every unit."""
    if not MIN_LEGS <= len(posting.legs) <= MAX_LEGS:
        raise Invalid("legs", zh="分录须为 2 至 20 条。", en="A posting has 2 to 20 legs.")
    sums: Counter[str] = Counter()
    for leg in posting.legs:
        if leg.unit not in UNITS:
            raise Invalid("legs", zh="没有这个单位。", en=f"Use one of the units: {', '.join(UNITS)}.")
        if leg.amount == 0 or abs(leg.amount) > MAX_AMOUNT:
            raise Invalid(
                "legs", zh="数额须为非零整数且不超过 2^53。", en="Amounts are whole, not 0, within 2^53."
            )
        sums[leg.unit] += leg.amount
    if any(sums.values()):
        raise Invalid("legs", zh="每个单位的分录之和须为零。", en="The legs of each unit must sum to zero.")


def fact(posting: Posting) -> PointsPosted:
    """The event of a posting."""
    legs = tuple(LegFact(leg.account, leg.unit, leg.amount) for leg in posting.legs)
    return PointsPosted(posting.rule, posting.rule_version, posting.cause, legs)


def is_account(account: str) -> bool:
    """Whether this can name an account: a member's id, or `kind:area` of a kind that the ledger knows."""
    return _ACCOUNT.fullmatch(account) is not None


def is_member(account: str) -> bool:
    """Whether an account is a member's wallet (other accounts are named `kind:…`)."""
    return ":" not in account


def has_floor(account: str) -> bool:
    """Whether an account may never fall below zero: a community's fund, and what a project was given."""
    return account.startswith(("fund:", "project:"))


def stars(minutes: int) -> int:
    """The star rating of so many minutes of service: a star at each of STAR_HOURS."""
    return sum(minutes >= hours * 60 for hours in STAR_HOURS)
