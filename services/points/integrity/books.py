"""Adding the journal up again: what every balance has to be."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.points import bounds
from services.points.domain import NEVER, UNITS, Lots, counts_for_life, debt, keeps_balance
from services.points.gathered.domain import Carried

Balance = dict[str, dict[str, int]]
"""Per unit `posted`, `held`, `available`; under `lifetime` what was gained by verified work, per unit; under
`lots.` and the unit what of the available amount expires, by its day.
"""
Held = Mapping[tuple[str, str], Lots]
"""(account, unit) → what open holds have set aside, by lots."""


@dataclass
class Books:
    """The sums of the postings that were added, as they are stored.

    What only gathers is added up as far as its sums are `carried`.
    """

    postings: int = 0
    sums: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(UNITS, 0)))
    unbalanced: list[str] = field(default_factory=list)
    posted: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    lifetime: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    lots: defaultdict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    carried: Carried = field(default_factory=Carried)
    gathered: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, document: Mapping[str, Any]) -> None:
        """Add a posting."""
        self.postings += 1
        of_posting: Counter[str] = Counter()
        divided = True
        is_carried = document["order"] < self.carried.through
        for leg in document["legs"]:
            account, unit, amount = leg["account"], leg["unit"], leg["amount"]
            of_posting[unit] += amount
            if keeps_balance(account):
                self.posted[account][unit] += amount
            elif is_carried:
                self.gathered[account][unit] += amount
            if counts_for_life(account, amount, document["verified"], document.get("reverses")):
                self.lifetime[account.removeprefix(debt(""))][unit] += amount
            if leg.get("lots"):
                divided = divided and self._divide(leg)
        if any(of_posting.values()) or not divided:
            self.unbalanced.append(str(document["_id"]))
            self.sums.update(of_posting)

    def balance(self, account: str, held: Held) -> Balance:
        """What must be stored for an account: per unit, and what it gained by verified work."""
        units = {
            unit: self._unit(account, unit, sum(held.get((account, unit), {}).values())) for unit in UNITS
        }
        gained = self.lifetime.get(account, Counter())
        lots = {f"lots.{unit}": self._lots((account, unit), held) for unit in UNITS}
        return {**units, "lifetime": {unit: gained[unit] for unit in UNITS}, **lots}

    def differing(self, stored: Mapping[str, Mapping[str, Any]], held: Held) -> list[str]:
        """The accounts whose stored balance is not what the journal and the open holds make it."""
        names = {*stored, *self.posted, *self.lifetime}
        return sorted(one for one in names if shown(stored.get(one, {})) != self.balance(one, held))

    def miscarried(self) -> list[str]:
        """The accounts that only gather whose carried sum is not what the journal makes it."""
        due, sums = self.gathered, self.carried.sums
        return sorted(
            one for one in {*due, *sums} if _nonzero(due.get(one, {})) != _nonzero(sums.get(one, {}))
        )

    def _divide(self, leg: Mapping[str, Any]) -> bool:
        """Add what a leg does to lots; false when they are not what it moves."""
        lots: Lots = leg["lots"]
        sign = 1 if leg["amount"] > 0 else -1
        dated = {day: sign * amount for day, amount in lots.items() if day != NEVER}
        self.lots[leg["account"], leg["unit"]].update(dated)
        return sum(lots.values()) == sign * int(leg["amount"]) and all(part > 0 for part in lots.values())

    def _lots(self, place: tuple[str, str], held: Held) -> dict[str, int]:
        booked, aside = self.lots.get(place, Counter()), held.get(place, {})
        rest = {day: booked[day] - aside.get(day, 0) for day in {*booked, *aside} if day != NEVER}
        return {day: amount for day, amount in rest.items() if amount}

    def _unit(self, account: str, unit: str, held: int) -> dict[str, int]:
        posted = self.posted.get(account, Counter())[unit]
        return {"posted": posted, "held": held, "available": posted - held}


def _nonzero(sums: Mapping[str, int]) -> dict[str, int]:
    return {unit: amount for unit, amount in sums.items() if amount}


def shown(account: Mapping[str, Any]) -> Balance:
    """What is stored for an account, in the form of `Books.balance`."""
    units = {
        unit: {name: int(account.get(unit, {}).get(name, 0)) for name in ("posted", "held", "available")}
        for unit in UNITS
    }
    divided = {unit: account.get("lots", {}).get(unit, {}) for unit in UNITS}
    lots = {f"lots.{unit}": {day: int(part) for day, part in divided[unit].items() if part} for unit in UNITS}
    lifetime = {unit: int(account.get("lifetime", {}).get(unit, 0)) for unit in UNITS}
    return {**units, "lifetime": lifetime, **lots}


def outside(stored: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The accounts that have less available than their floor, or more posted to them than their ceiling."""
    return sorted(
        account for account, one in stored.items() if keeps_balance(account) and is_outside(account, one)
    )


def is_outside(account: str, document: Mapping[str, Any]) -> bool:
    """Whether an account is outside its bounds in any unit."""
    held_to = bounds.stored(account, document)
    return any(
        bounds.amount_of(document, unit, "available") < held_to.floor
        or bounds.amount_of(document, unit, "posted") > held_to.ceiling
        for unit in UNITS
    )


def added(documents: Iterable[Mapping[str, Any]]) -> Books:
    """The books of some postings."""
    books = Books()
    for one in documents:
        books.add(one)
    return books
