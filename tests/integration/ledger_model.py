"""What a ledger has to come to, in lists: a point or minute is the name of the day until which it is good."""

import calendar
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

NEVER = "never"
UNITS = ("points", "minutes")
_CHINA = timedelta(hours=8)
Amounts = Mapping[str, int]
"""Unit → how much of it."""


def day_of(at: datetime) -> str:
    """The day in China."""
    return f"{at + _CHINA:%Y%m%d}"


def last_day(at: datetime, months: int) -> str:
    """The end of the month that comes so many months after this one; 0: never."""
    if not months:
        return NEVER
    local = at + _CHINA
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    return f"{year}{month + 1:02}{calendar.monthrange(year, month + 1)[1]}"


@dataclass
class Moved:
    """What a posting moved and has not been taken back of it, by unit: what would go first stands first."""

    id: str
    giver: str
    taker: str
    units: dict[str, list[str]]
    verified: bool


@dataclass
class Aside:
    """An open hold. `own`: its owner set it aside."""

    id: str
    account: str
    unit: str
    units: list[str]
    expires_at: datetime
    own: bool


class Model:
    """The accounts of some members, of a fund, in which nothing expires, and of others that only gather."""

    def __init__(self, *members: str, fund: str) -> None:
        self.members = members
        self.fund = fund
        self.free: dict[tuple[str, str], list[str]] = {(one, unit): [] for one in members for unit in UNITS}
        self.owed = Counter[tuple[str, str]]()
        self.lifetime = Counter[tuple[str, str]]()
        self.gathered = Counter[tuple[str, str]]()
        self.made: list[Moved] = []
        self.open: list[Aside] = []
        self.postings = 0
        self.ceilings = dict.fromkeys((*members, fund), 2**53)

    def held(self, member: str, unit: str) -> int:
        """What is set aside."""
        return sum(len(one.units) for one in self.open if (one.account, one.unit) == (member, unit))

    def posted(self, account: str, unit: str) -> int:
        """What an account has."""
        if account not in self.members:
            return self.gathered[account, unit]
        return len(self.free[account, unit]) + self.held(account, unit)

    def spare(self, account: str, unit: str) -> int:
        """What a member or the fund has free."""
        return self.gathered[account, unit] if account == self.fund else len(self.free[account, unit])

    def lacks(self, account: str, amounts: Amounts) -> bool:
        """Whether an account has too little."""
        return account in self.ceilings and any(
            amount > self.spare(account, unit) for unit, amount in amounts.items()
        )

    def is_full(self, account: str, amounts: Amounts) -> bool:
        """Whether an account may not have so much more."""
        return account in self.ceilings and any(
            self.posted(account, unit) + amount > self.ceilings[account] for unit, amount in amounts.items()
        )

    def close_to(self, account: str, unit: str, amount: int, beyond: int | None) -> int:
        """The amount; or, where `beyond` is said, all that a member or the fund has and so much more."""
        if beyond is None or account not in self.ceilings:
            return amount
        return self.spare(account, unit) + beyond or amount

    def give(
        self,
        posting_id: str,
        giver: str,
        taker: str,
        amounts: Amounts,
        until: Mapping[str, str],
        *,
        verified: bool = False,
    ) -> None:
        """Move amounts; what no member gives is good until the days said."""
        units = {
            unit: self._first(giver, unit, amount) if giver in self.members else [until[unit]] * amount
            for unit, amount in amounts.items()
        }
        if verified:
            self.lifetime.update({(taker, unit): amount for unit, amount in amounts.items()})
        self._move(Moved(posting_id, giver, taker, units, verified))

    def set_aside(
        self, hold_id: str, member: str, amounts: Amounts, expires_at: datetime, *, own: bool
    ) -> None:
        """Open a hold on an amount of one unit."""
        ((unit, amount),) = amounts.items()
        units = self._first(member, unit, amount)
        self.open.append(Aside(hold_id, member, unit, units, expires_at, own))

    def capture(self, hold: Aside, amount: int, target: str, posting_id: str) -> None:
        """Take a part of a hold; the rest is free."""
        taken, hold.units = hold.units[:amount], hold.units[amount:]
        self.let_go(hold)
        self._move(Moved(posting_id, hold.account, target, {hold.unit: taken}, verified=False))

    def let_go(self, hold: Aside) -> None:
        """End a hold."""
        self.open.remove(hold)
        self.free[hold.account, hold.unit] += hold.units

    def expire_holds(self, at: datetime) -> None:
        """End those whose time is over."""
        for one in [one for one in self.open if one.expires_at <= at]:
            self.let_go(one)

    def take_back(self, moved: Moved, amounts: Amounts) -> None:
        """Take back of a posting: the last that it moved comes back first."""
        self.postings += 1
        for unit, amount in amounts.items():
            units = moved.units[unit]
            kept = len(units) - amount
            moved.units[unit], came = units[:kept], units[kept:]
            self._lose(moved.taker, unit, came)
            self._gain(moved.giver, unit, came)
            if moved.verified:
                self.lifetime[moved.taker, unit] -= amount

    def recover(self) -> None:
        """Draw what is free to what is owed."""
        for place, owed in self.owed.items():
            amount = min(owed, len(self.free[place]))
            if amount:
                self._first(*place, amount)
                self.owed[place] -= amount
                self.postings += 1

    def expire(self, at: datetime, issuer: str) -> None:
        """What was good until a day before goes back."""
        today = day_of(at)
        for member in self.members:
            gone = False
            for unit in UNITS:
                left = [day for day in self.free[member, unit] if day >= today]
                lost = len(self.free[member, unit]) - len(left)
                self.free[member, unit] = left
                self.gathered[issuer, unit] += lost
                gone = gone or lost > 0
            self.postings += gone

    def _move(self, moved: Moved) -> None:
        self.postings += 1
        for unit, units in moved.units.items():
            if moved.giver not in self.members:
                self.gathered[moved.giver, unit] -= len(units)
            self._gain(moved.taker, unit, units)
        moved.units = {unit: sorted(units) for unit, units in moved.units.items()}
        self.made.append(moved)

    def _first(self, member: str, unit: str, amount: int) -> list[str]:
        """Take what is good for the shortest."""
        units = sorted(self.free[member, unit])
        self.free[member, unit] = units[amount:]
        return units[:amount]

    def _gain(self, account: str, unit: str, units: list[str]) -> None:
        if account in self.members:
            self.free[account, unit] += units
        else:
            self.gathered[account, unit] += len(units)

    def _lose(self, account: str, unit: str, came: list[str]) -> None:
        """What came is taken, as far as it is there; then what goes first; the rest is owed."""
        if account not in self.members:
            self.gathered[account, unit] -= len(came)
            return
        there = min(len(came), len(self.free[account, unit]))
        self.owed[account, unit] += len(came) - there
        for day in came:
            if there and day in self.free[account, unit]:
                self.free[account, unit].remove(day)
                there -= 1
        self._first(account, unit, there)
