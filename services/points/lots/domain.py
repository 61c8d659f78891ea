"""Lots: the parts of what a member has that expire, each at the end of a day.

What is gained in a month expires together, so that a member has few lots. What is given away or spent is
taken from the lot that expires first; what comes back goes to the lots that it came from. What is in no lot
never expires.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.points.domain import NEVER, SHANGHAI, Leg, Lots, Posting, is_member, issuer
from services.points.lots.events import LotFact, LotsExpiring

EXPIRED = "lots.expired"
NOTICE_DAYS = (30, 7)
"""Members are told so many days before a lot expires, once each."""
AT_ONCE = ""
"""Before every day: what is due then is looked at by the next sweep."""

Wallet = Callable[[str, str], Lots]
"""(account, unit) → what is available there, divided by lots."""
_Places = dict[tuple[str, str], Counter[str]]


@dataclass(frozen=True)
class Validity:
    """For how many months after the month of the gain points and minutes are good; 0: they never expire."""

    points: int = 0
    minutes: int = 0

    def until(self, unit: str, gained_at: datetime) -> str:
        """The last day, in Shanghai, on which what is gained then is good; money never expires."""
        months = {"points": self.points, "minutes": self.minutes}.get(unit, 0)
        if not months:
            return NEVER
        local = gained_at.astimezone(SHANGHAI)
        after = local.year * 12 + local.month + months  # months since the year 0 until the one after
        return day_of(date(after // 12, after % 12 + 1, 1) - timedelta(days=1))


FOREVER = Validity()


def day_of(day: date) -> str:
    """A day as lots are named by it."""
    return f"{day:%Y%m%d}"


def today(at: datetime) -> date:
    """The day in Shanghai."""
    return at.astimezone(SHANGHAI).date()


def divided(dated: Lots, available: int) -> Lots:
    """What is available: the lots that expire, and the rest, which does not."""
    there = {day: amount for day, amount in dated.items() if amount > 0}
    return {**there, NEVER: max(0, available - sum(there.values()))}


def drawn(there: Lots, amount: int, first: Lots | None = None) -> Lots:
    """How an amount is taken: from the lots named first as far as they are there, then by what expires first.

    What is lacking is taken from what never expires: the floor of the account refuses it.
    """
    taken: Counter[str] = Counter()
    for day, most in [*_by_day(first or {}), *_by_day(there)]:
        part = min(most, there.get(day, 0) - taken[day], amount - taken.total())
        if part > 0:
            taken[day] += part
    lacking = amount - taken.total()
    if lacking:
        taken[NEVER] += lacking
    return dict(taken)


def returned(spent: Lots, before: int, amount: int) -> Lots:
    """What comes back of lots that were spent, when `before` came back already: as if less had been spent.

    The last that was taken comes back first.
    """
    kept = drawn(spent, sum(spent.values()) - before)
    still = drawn(kept, sum(kept.values()) - amount)
    back = {day: kept[day] - still.get(day, 0) for day in kept}
    return {day: part for day, part in back.items() if part}


def expiring(lots: Lots | None) -> bool:
    """Whether any of it ever expires: only then it needs to be kept."""
    return any(day != NEVER for day in lots or {})


def dated(posting: Posting, wallet: Wallet, validity: Validity, original: Posting | None = None) -> Posting:
    """A posting that says from which lots its members' legs take, and to which they give.

    Lots that a leg names already stay. What members give to one another keeps its days, so that no gift makes
    it last longer; what was earned by verified work, and what comes from elsewhere, is new. What comes back
    of an `original` goes to the lots it was taken from, and is taken first from those that it went to.
    """
    given, got = _of_original(original, posting.takes)
    taken: dict[tuple[str, str], Counter[str]] = {}
    passed: dict[str, Counter[str]] = {}
    legs = list(posting.legs)
    for number, leg in enumerate(legs):
        place = (leg.account, leg.unit)
        if leg.amount < 0 and is_member(leg.account):
            before = taken.setdefault(place, Counter())
            lots = leg.lots or drawn(_less(wallet(*place), before), -leg.amount, first=got.get(place))
            before.update(lots)
            passed.setdefault(leg.unit, Counter()).update(lots)
            legs[number] = replace(leg, lots=lots)
    for number, leg in enumerate(legs):
        if leg.amount > 0 and is_member(leg.account) and leg.lots is None:
            pool = Counter() if posting.verified else passed.get(leg.unit, Counter())
            if original is not None:
                pool = given.get((leg.account, leg.unit), Counter())
            lots = drawn(pool, min(leg.amount, pool.total()))
            pool.subtract(lots)
            fresh = leg.amount - sum(lots.values())
            until = validity.until(leg.unit, posting.counts_from)
            legs[number] = replace(leg, lots=dict(Counter(lots) + Counter({until: fresh})))
    return replace(posting, legs=tuple(legs))


@dataclass(frozen=True)
class Holding:
    """What a member has in lots, by unit. `version` changes whenever anything does."""

    member: str
    version: int
    lots: Mapping[str, Lots]
    frozen: bool = False


@dataclass(frozen=True)
class Notice:
    """That lots of a member expire at the end of a day: told once a day and number of days before."""

    member: str
    day: str
    before: int
    at: datetime
    event: LotsExpiring

    @property
    def id(self) -> str:
        """The same for the same member, day and number of days before."""
        return f"{self.member}:{self.day}:{self.before}"


@dataclass(frozen=True)
class Step:
    """What is to be done about a member's lots today.

    `kept` is what is left of them then, by unit, and `again` when to look at them again.
    """

    expired: Posting | None
    notices: tuple[Notice, ...]
    kept: Mapping[str, Lots]
    again: str | None


def step(holding: Holding, *, district: str, posting_id: str, at: datetime) -> Step:
    """What expired before today is posted back to the issuer; what will soon expire is told.

    Nothing is taken from a frozen account: it is looked at again tomorrow.
    """
    now = today(at)
    over = "" if holding.frozen else day_of(now)
    expired = _expiry(holding, over, district, posting_id, at)
    kept = {
        unit: left
        for unit, lots in holding.lots.items()
        if (left := {day: amount for day, amount in lots.items() if amount > 0 and day >= over})
    }
    days = sorted({day for lots in kept.values() for day in lots})
    notices = (_notice(holding, day, at) for day in days)
    again = min((_next_look(day, now) for day in days), default=None)
    return Step(expired, tuple(one for one in notices if one is not None), kept, again)


def first_look(day: str) -> str:
    """The day on which something is first to be done about a lot."""
    return day_of(_date(day) - timedelta(days=max(NOTICE_DAYS)))


def coming(lots: Mapping[str, Lots]) -> list[dict[str, str | int | date]]:
    """What will expire, by unit, and on which day: the next first."""
    parts = [(day, unit, amount) for unit, of_unit in lots.items() for day, amount in of_unit.items()]
    return [
        {"unit": unit, "amount": amount, "on": _date(day)}
        for day, unit, amount in sorted(parts)
        if amount > 0
    ]


def _expiry(holding: Holding, over: str, district: str, posting_id: str, at: datetime) -> Posting | None:
    legs: list[Leg] = []
    for unit, lots in sorted(holding.lots.items()):
        gone = {day: amount for day, amount in lots.items() if amount > 0 and day < over}
        if gone:
            amount = sum(gone.values())
            legs += [Leg(holding.member, unit, -amount, gone), Leg(issuer(district), unit, amount)]
    if not legs:
        return None
    return Posting(
        id=posting_id,
        # The version, since a refund may bring back a lot that expired already: it expires once more.
        key=f"{EXPIRED}:{holding.member}:{holding.version}",
        rule=EXPIRED,
        rule_version=1,
        cause=holding.member,
        area=district,
        legs=tuple(legs),
        posted_at=at,
    )


def _notice(holding: Holding, day: str, at: datetime) -> Notice | None:
    left = (_date(day) - today(at)).days
    before = min((days for days in NOTICE_DAYS if 0 <= left <= days), default=None)
    if before is None:
        return None
    lots = tuple(
        LotFact(unit, of_unit[day])
        for unit, of_unit in sorted(holding.lots.items())
        if of_unit.get(day, 0) > 0
    )
    event = LotsExpiring(holding.member, _date(day).isoformat(), left, lots)
    return Notice(holding.member, day, before, at, event)


def _next_look(day: str, now: date) -> str:
    """The next day on which something is to be done about a lot; tomorrow where that is over already."""
    last = _date(day)
    looks = [*(last - timedelta(days=before) for before in NOTICE_DAYS), last + timedelta(days=1)]
    return day_of(min((look for look in looks if look > now), default=now + timedelta(days=1)))


def _date(day: str) -> date:
    return date(int(day[:4]), int(day[4:6]), int(day[6:]))


def _by_day(lots: Lots) -> list[tuple[str, int]]:
    """Earliest first; NEVER sorts behind all digits."""
    return sorted(lots.items())


def _of_original(original: Posting | None, takes: tuple[int, ...]) -> tuple[_Places, _Places]:
    """The lots that members gave by what is taken back of a posting, and those that they got."""
    given: _Places = {}
    got: _Places = {}
    if original is not None:
        full = tuple(abs(leg.amount) for leg in original.legs)
        before = original.taken or (0,) * len(full)
        for leg, gone, amount in zip(original.legs, before, takes or full, strict=True):
            if is_member(leg.account):
                side = got if leg.amount > 0 else given
                lots = leg.lots or {NEVER: abs(leg.amount)}
                side.setdefault((leg.account, leg.unit), Counter()).update(returned(lots, gone, amount))
    return given, got


def _less(there: Lots, taken: Lots) -> Lots:
    return {day: amount - taken.get(day, 0) for day, amount in there.items()}
