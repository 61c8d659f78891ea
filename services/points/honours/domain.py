"""Honours: what members gained by verified work, by area and period, and what ranks follow from it.

Only gains that rest on verified work count. Spending, expiry and gifts do not touch them. A gain belongs to
the area of its posting and to the month from which it counts; what takes it back is taken off that month.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from chassis.clock import ulid_at
from services.points.domain import Posting, counts_for_life, debt

MEASURES = ("points", "minutes")
ALL = "all"
PERIOD_PATTERN = "(20[0-9]{2}(-(0[1-9]|1[0-2])|-Q[1-4])?|all)"
TOP = 100
_SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Gain:
    """Points and minutes of service."""

    points: int = 0
    minutes: int = 0

    def __add__(self, other: "Gain") -> "Gain":
        return Gain(self.points + other.points, self.minutes + other.minutes)

    def of(self, measure: str) -> int:
        """Either of the two."""
        return self.points if measure == "points" else self.minutes


Gains = Mapping[str, Gain]
"""Area → what was gained there."""


@dataclass(frozen=True)
class Entry:
    """A place in a ranking. Who has gained the same has the same rank."""

    rank: int
    member: str
    gain: Gain


@dataclass(frozen=True)
class Board:
    """A ranking by one measure: its first places, and how many members have each amount."""

    top: Sequence[tuple[str, Gain]]
    counts: Mapping[int, int]


def gain_of(posting: Posting, member: str) -> Gain:
    """What a posting lets a member have gained; of what is taken back, what they owe is lost all the same."""
    sums: Counter[str] = Counter()
    for leg in posting.legs:
        counts = counts_for_life(leg.account, leg.amount, posting.verified, posting.reverses)
        if counts and leg.account in (member, debt(member)):
            sums[leg.unit] += leg.amount
    return Gain(sums["points"], sums["minutes"])


def members_of(posting: Posting) -> set[str]:
    """The members whose verified gains a posting changes."""
    return {
        leg.account.removeprefix(debt(""))
        for leg in posting.legs
        if counts_for_life(leg.account, leg.amount, posting.verified, posting.reverses)
    }


def gains(postings: Sequence[Posting], member: str) -> dict[str, dict[str, Gain]]:
    """Month → area → what a member gained, by all postings of theirs; months that cancel out are empty."""
    months: dict[str, dict[str, Gain]] = {}
    for one, gain in kept(postings, member):
        areas = months.setdefault(month_of(one.counts_from), {})
        areas[one.area] = areas.get(one.area, Gain()) + gain
    return {month: without_zeros(areas) for month, areas in months.items()}


def kept(postings: Sequence[Posting], member: str) -> Iterator[tuple[Posting, Gain]]:
    """The postings by which a member gained, each with what is left of that after all of its reversals."""
    lost: dict[str, Gain] = {}
    for one in postings:
        if one.reverses is not None:
            lost[one.reverses] = lost.get(one.reverses, Gain()) + gain_of(one, member)
    for one in postings:
        if one.verified and one.reverses is None:
            yield one, gain_of(one, member) + lost.get(one.id, Gain())


def added(parts: Iterable[Gains]) -> dict[str, Gain]:
    """All gains together, by area."""
    whole: dict[str, Gain] = {}
    for part in parts:
        for area, gain in part.items():
            whole[area] = whole.get(area, Gain()) + gain
    return without_zeros(whole)


def without_zeros(areas: Gains) -> dict[str, Gain]:
    """Only the areas in which something is left."""
    return {area: gain for area, gain in areas.items() if gain != Gain()}


def within(areas: Gains, scope: str) -> Gain:
    """What was gained in an area and all areas below it."""
    return sum((gain for area, gain in areas.items() if area.startswith(scope)), Gain())


def board(of_members: Mapping[str, Gain], measure: str) -> Board:
    """The ranking of some members; who has nothing has no place."""
    placed = sorted(
        ((member, gain) for member, gain in of_members.items() if gain.of(measure) > 0),
        key=lambda one: (-one[1].of(measure), one[0]),
    )
    return Board(placed[:TOP], Counter(gain.of(measure) for _, gain in placed))


def rank(counts: Mapping[int, int], amount: int) -> int | None:
    """The rank of an amount: one more than there are members with more. None for who has nothing."""
    if amount <= 0:
        return None
    return 1 + sum(number for more, number in counts.items() if more > amount)


def entries(ranking: Board, measure: str, most: int) -> list[Entry]:
    """The first places with their ranks."""
    shown = ranking.top[:most]
    return [Entry(rank(ranking.counts, gain.of(measure)) or 0, member, gain) for member, gain in shown]


def month_of(moment: datetime) -> str:
    """The month of a moment in Shanghai, as `2026-11`."""
    return f"{moment.astimezone(_SHANGHAI):%Y-%m}"


def wider_periods(month: str) -> list[str]:
    """The quarter and the year that a month lies in, and all time."""
    return [f"{month[:5]}Q{(int(month[5:]) + 2) // 3}", month[:4], ALL]


def lies_in(month: str, period: str) -> bool:
    """Whether a month is a period or lies in it."""
    return period in (month, *wider_periods(month))


def is_month(period: str) -> bool:
    """Whether a period is a single month."""
    return len(period) == 7 and "Q" not in period


def begins(period: str) -> datetime:
    """When a period begins, Shanghai time; all time begins before anything was posted."""
    if period == ALL:
        return datetime(2000, 1, 1, tzinfo=UTC)
    year, _, part = period.partition("-")
    month = 1 if not part else 3 * int(part[1]) - 2 if part.startswith("Q") else int(part)
    return datetime(int(year), month, 1, tzinfo=_SHANGHAI)


def order_from(period: str) -> str:
    """The first place in the journal that can hold what counts for a period: nothing is posted before."""
    return ulid_at(begins(period))
