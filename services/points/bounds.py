"""Between which figures an account is held, in every unit, and what a change of it has to keep to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.points.domain import MAX_AMOUNT, AboveCeiling, Change, Overdrawn, is_debt

OPEN, FROZEN = "open", "frozen"
"""The status of an account: nothing is taken from a frozen one."""


@dataclass(frozen=True)
class Bounds:
    """An account never has less available than its `floor`, or more posted to it than its `ceiling`."""

    floor: int
    ceiling: int

    def as_stored(self) -> dict[str, int]:
        """The fields of the account's document."""
        return {"floor": self.floor, "ceiling": self.ceiling}


_OWN = Bounds(0, MAX_AMOUNT)
_OWED = Bounds(-MAX_AMOUNT, 0)


def usual(account: str) -> Bounds:
    """The bounds that a new account gets: of what somebody has, or of what somebody owes."""
    return _OWED if is_debt(account) else _OWN


def stored(account: str, document: Mapping[str, Any]) -> Bounds:
    """The bounds that an account's document says; the usual ones where it says none.

    No amount is beyond 2^53, whatever is said: a client might not read it as it is.
    """
    kind = usual(account)
    return Bounds(
        max(-MAX_AMOUNT, int(document.get("floor", kind.floor))),
        min(MAX_AMOUNT, int(document.get("ceiling", kind.ceiling))),
    )


def amount_of(document: Mapping[str, Any], unit: str, name: str) -> int:
    """A figure of an account as it is stored: `posted`, `held` or `available`."""
    return int(document.get(unit, {}).get(name, 0))


def at_least(amount: int) -> dict[str, Any]:
    """A condition on a stored figure; what is not stored counts as zero."""
    return {"$gte": amount} if amount > 0 else {"$not": {"$lt": amount}}


def at_most(amount: int) -> dict[str, Any]:
    """The same."""
    return {"$lte": amount} if amount < 0 else {"$not": {"$gt": amount}}


def lowers(change: Change) -> bool:
    """Whether a change is held to the floor: it takes something, free or set aside."""
    return change.available < 0 or change.posted < 0


def raises(change: Change) -> bool:
    """Whether a change is held to the ceiling."""
    return change.posted > 0


def takes(account: str, changes: Mapping[str, Change]) -> bool:
    """Whether changes, by unit, take from an account, or pay off a debt: none of that while it is frozen."""
    return any(map(raises if is_debt(account) else lowers, changes.values()))


def room(account: str, document: Mapping[str, Any], unit: str) -> int:
    """How much more can be posted to an account."""
    return max(0, stored(account, document).ceiling - amount_of(document, unit, "posted"))


def spare(account: str, document: Mapping[str, Any], unit: str) -> int:
    """What can be drawn from an account that nobody orders to pay: nothing of a credit its floor gives."""
    least = max(0, stored(account, document).floor)
    return amount_of(document, unit, "available") - least


def passed(
    account: str, document: Mapping[str, Any], changes: Mapping[str, Change]
) -> Overdrawn | AboveCeiling | None:
    """The refusal of changes, by unit, that would take an account out of its bounds."""
    held_to = stored(account, document)
    for unit, change in changes.items():
        if lowers(change) and amount_of(document, unit, "available") + change.available < held_to.floor:
            return Overdrawn(account)
    for unit, change in changes.items():
        if raises(change) and amount_of(document, unit, "posted") + change.posted > held_to.ceiling:
            return AboveCeiling(account)
    return None
