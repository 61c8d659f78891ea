"""Adding the journal up again: what every balance has to be."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.points.domain import UNITS, debt, is_debt, is_member, keeps_balance

Balance = dict[str, dict[str, int]]
"""Per unit `posted`, `held`, `available`; under `lifetime` what was gained by verified work, per unit."""
Held = Mapping[tuple[str, str], int]
"""(account, unit) → what open holds have set aside."""


@dataclass
class Books:
    """The sums of the postings that were added, as they are stored."""

    postings: int = 0
    sums: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(UNITS, 0)))
    unbalanced: list[str] = field(default_factory=list)
    posted: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    lifetime: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, document: Mapping[str, Any]) -> None:
        """Add a posting."""
        self.postings += 1
        of_posting: Counter[str] = Counter()
        for leg in document["legs"]:
            account, unit, amount = leg["account"], leg["unit"], leg["amount"]
            of_posting[unit] += amount
            if keeps_balance(account):
                self.posted[account][unit] += amount
            if document["verified"] and (is_member(account) or is_debt(account)):
                self.lifetime[account.removeprefix(debt(""))][unit] += amount
        if any(of_posting.values()):
            self.unbalanced.append(str(document["_id"]))
            self.sums.update(of_posting)

    def balance(self, account: str, held: Held) -> Balance:
        """What must be stored for an account: per unit, and what it gained by verified work."""
        units = {unit: self._unit(account, unit, held.get((account, unit), 0)) for unit in UNITS}
        gained = self.lifetime.get(account, Counter())
        return {**units, "lifetime": {unit: gained[unit] for unit in UNITS}}

    def differing(self, stored: Mapping[str, Mapping[str, Any]], held: Held) -> list[str]:
        """The accounts whose stored balance is not what the journal and the open holds make it."""
        names = {*stored, *self.posted, *self.lifetime}
        return sorted(one for one in names if shown(stored.get(one, {})) != self.balance(one, held))

    def _unit(self, account: str, unit: str, held: int) -> dict[str, int]:
        posted = self.posted.get(account, Counter())[unit]
        return {"posted": posted, "held": held, "available": posted - held}


def shown(account: Mapping[str, Any]) -> Balance:
    """What is stored for an account, in the form of `Books.balance`."""
    units = {
        unit: {name: int(account.get(unit, {}).get(name, 0)) for name in ("posted", "held", "available")}
        for unit in UNITS
    }
    return {**units, "lifetime": {unit: int(account.get("lifetime", {}).get(unit, 0)) for unit in UNITS}}


def added(documents: Iterable[Mapping[str, Any]]) -> Books:
    """The books of some postings."""
    books = Books()
    for one in documents:
        books.add(one)
    return books
