"""The ledger: double-entry postings in integer units, what they do to balances, and who may order them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chassis.errors import Conflict, Invalid
from services.points.events import LegFact, PointsPosted

UNITS = ("points", "minutes", "fen")
MAX_AMOUNT = 2**53
_MEMBER = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
ACCOUNT_PATTERN = f"({_MEMBER}|(issuer|fund|shop|pool):[0-9]{{6,15}}|(project|owed|donated):{_MEMBER})"
_ACCOUNT = re.compile(ACCOUNT_PATTERN)
BY_HAND = "posted.by-hand"
MIN_LEGS, MAX_LEGS = 2, 20
CLOSING_DAY = 10
_DEBT = "owed:"
DONATED = "donated:"
_OPERATING = ("shop:", "pool:")
SHANGHAI = ZoneInfo("Asia/Shanghai")


Lots = Mapping[str, int]
"""How an amount is divided by the days until which it is good: `20271231` or NEVER → how much."""
NEVER = "never"


@dataclass(frozen=True)
class Leg:
    """A signed amount of a unit on an account.

    `lots` is how the amount of a member's leg is divided; None until that is decided (see `lots/`), and where
    none of it ever expires. It follows from the books, so that it is no part of what was ordered.
    """

    account: str
    unit: str
    amount: int
    lots: Lots | None = field(default=None, compare=False)

    @property
    def moved(self) -> Lots:
        """What the leg does to the lots that expire."""
        sign = 1 if self.amount > 0 else -1
        return {day: sign * amount for day, amount in (self.lots or {}).items() if day != NEVER}


@dataclass(frozen=True)
class Posting:
    """An entry of the journal. `key` is unique for ever: the same cause is never paid twice.

    `by` is the member who ordered it and `memo` what they said, where it does not follow from an event.
    `effective_at` is when it counts from, where that is not when it was posted. `verified`: what members gain
    by it rests on work that somebody else has verified, and counts for their lifetime. `reverses` is the
    posting that this one takes back, `takes` how much of each of its legs (nothing said: all). `taken` is
    what others took back of each leg of this one; it is theirs to say, and not stored with it. `body` is what
    somebody ordered where the legs follow from that; stored is the hash of it, which a posting that was read
    has as `body_hash` (see `bodies`).
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
    effective_at: datetime | None = None
    verified: bool = False
    reverses: str | None = None
    takes: tuple[int, ...] = ()
    taken: tuple[int, ...] = field(default=(), compare=False)
    body: tuple[object, ...] | None = field(default=None, compare=False)
    body_hash: str | None = field(default=None, compare=False)

    @property
    def counts_from(self) -> datetime:
        """When the posting takes effect."""
        return self.effective_at or self.posted_at


@dataclass(frozen=True)
class Change:
    """What is done to an account in one unit. `lifetime` counts verified gains, whatever became of them.

    `lots` is what is done to the parts of the available amount that expire, by their days.
    """

    posted: int = 0
    held: int = 0
    lifetime: int = 0
    lots: Lots = field(default_factory=dict)

    @property
    def available(self) -> int:
        """What is free to be spent or held: posted − held."""
        return self.posted - self.held

    def __add__(self, other: "Change") -> "Change":
        lots = {day: self.lots.get(day, 0) + other.lots.get(day, 0) for day in {*self.lots, *other.lots}}
        return Change(
            self.posted + other.posted, self.held + other.held, self.lifetime + other.lifetime, lots
        )


Changes = Mapping[tuple[str, str], Change]
"""(account, unit) → what is done to it."""


class Overdrawn(Conflict):
    """A posting or hold would take an account below its floor."""

    def __init__(self, account: str) -> None:
        super().__init__(
            "overdrawn", zh="账户余额不足。", en="The account has too little for this.", account=account
        )


class AboveCeiling(Conflict):
    """A posting would take an account above its ceiling."""

    def __init__(self, account: str) -> None:
        super().__init__(
            "account-ceiling",
            zh="账户余额将超过上限，请减少数额或记入其他账户。",
            en="The account would have more than it may: post less, or to another account.",
            account=account,
        )


class Frozen(Conflict):
    """The account may not be taken from until somebody has looked into it."""

    def __init__(self, account: str) -> None:
        super().__init__(
            "account-frozen",
            zh="账户已冻结，请联系街道核查。",
            en="The account is frozen until the district has looked into it.",
            account=account,
        )


def changes_of(posting: Posting) -> dict[tuple[str, str], Change]:
    """What a posting does to the accounts that keep a balance of their own."""
    parts: list[Changes] = []
    for leg in posting.legs:
        if keeps_balance(leg.account):
            parts.append({(leg.account, leg.unit): Change(posted=leg.amount, lots=leg.moved)})
        if counts_for_life(leg.account, leg.amount, posting.verified, posting.reverses):
            # Taking back what is spent already takes it from the lifetime all the same.
            parts.append({(leg.account.removeprefix(_DEBT), leg.unit): Change(lifetime=leg.amount)})
    return merged(*parts)


def counts_for_life(account: str, amount: int, verified: bool, reverses: str | None) -> bool:
    """Whether a leg changes what a member has ever gained by verified work.

    Gains do, and so does taking one back. Spending does not, though the same posting be verified work to
    whoever is paid by it; nor does getting back what was spent.
    """
    return verified and (amount > 0) == (reverses is None) and (is_member(account) or is_debt(account))


def merged(*parts: Changes) -> dict[tuple[str, str], Change]:
    """All changes together."""
    whole: dict[tuple[str, str], Change] = {}
    for part in parts:
        for place, change in part.items():
            whole[place] = whole.get(place, Change()) + change
    return whole


def issuer(area: str) -> str:
    """The account that a district issues from."""
    return f"issuer:{area[:6]}"


def check_balanced(posting: Posting) -> None:
    """Raises Invalid unless there are 2 to 20 whole, non-zero legs that sum to zero in every unit.

    What takes a posting back may have twice as many: a gain that is spent in part is taken from what is left
    of it and owed for the rest.
    """
    most = MAX_LEGS if posting.reverses is None else 2 * MAX_LEGS
    if not MIN_LEGS <= len(posting.legs) <= most:
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
    names = [leg.account for leg in posting.legs]
    if any(one.startswith(DONATED) for one in names) and any(one.startswith(_OPERATING) for one in names):
        raise Invalid(
            "legs",
            zh="捐赠款与经营款须分别记账。",
            en="What was donated and what a shop operates with are never in one posting.",
        )


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


def debt(member: str) -> str:
    """The account of what a member owes: of gains that were taken back after they had been spent."""
    return f"{_DEBT}{member}"


def is_debt(account: str) -> bool:
    """Whether an account is of what somebody owes: never above zero, where others are never below."""
    return account.startswith(_DEBT)


def keeps_balance(account: str) -> bool:
    """Whether an account has a stored balance that is held to its bound.

    Members, debts, communities' funds, projects and donations have. What only gathers (issuer, shop, pool) is
    rolled up from the journal when somebody asks: a stored balance would make all its postings wait for one
    another.
    """
    return is_member(account) or account.startswith(("fund:", "project:", _DEBT, DONATED))


def check_effective(effective_at: datetime, now: datetime) -> None:
    """Raises Invalid for a date to come, and for one in a month whose books are closed.

    A month's books close at the end of the CLOSING_DAY-th of the month after it, Shanghai time.
    """
    local = now.astimezone(SHANGHAI)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if local.day <= CLOSING_DAY:
        first = (first - timedelta(days=1)).replace(day=1)
    if not first <= effective_at <= now:
        raise Invalid(
            "effective_at",
            zh=f"{first:%Y-%m-%d} 之前已结账，生效时间也不能晚于现在。",
            en=f"The books are closed before {first:%Y-%m-%d}, and nothing is posted for days to come.",
        )


@dataclass(frozen=True)
class Ladder:
    """What a district gives for a lifetime of verified work: a star at each of so many hours of service, a
    tier at each of so many points.
    """

    star_hours: tuple[float, ...] = (100, 300, 600, 1000, 1500)
    tier_points: tuple[float, ...] = (100, 500, 2000, 5000)

    def stars(self, minutes: int) -> int:
        """The star rating of so many minutes of service."""
        return sum(minutes >= hours * 60 for hours in self.star_hours)

    def tier(self, points: int) -> int:
        """The tier of so many points."""
        return sum(points >= step for step in self.tier_points)


LADDER = Ladder()
"""What is usual."""
