"""Sums of the accounts that only gather: the issuer, shops and pools, which no posting writes to.

They are carried up to a place in the journal's order that lies so far behind what is sealed that nothing
before it is still to be committed. What came since is added up by whoever asks: the answer is exact.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chassis.clock import ulid_at
from services.points.domain import keeps_balance
from services.points.integrity.domain import ALLOWED, Page, moment

AT_ONCE = 5000
BEGINNING = "0" * 26
Sums = Mapping[str, Mapping[str, int]]
"""Account → unit → amount."""


@dataclass(frozen=True)
class Carried:
    """The sums of all postings whose place in the journal's order is before `through`.

    `restored`: how often somebody has set one of them right.
    """

    through: str = BEGINNING
    sums: Sums = field(default_factory=dict)
    restored: int = 0


@dataclass(frozen=True)
class Step:
    """What some postings add to the sums, and how far these then reach."""

    through: str
    moved: Sums


def reach(last: Page | None) -> str:
    """How far sums may be carried when this is the last page of the chain."""
    return BEGINNING if last is None else ulid_at(moment(last.through) - ALLOWED)


def steps(carried: Carried, until: str, postings: Iterable[Mapping[str, Any]]) -> Iterable[Step]:
    """The steps that carry sums from where they are to `until`, at so many postings a step.

    `postings` come in the journal's order, none of them from `until` on.
    """
    moved: dict[str, Counter[str]] = {}
    taken = 0
    for one in postings:
        if str(one["order"]) < carried.through:
            continue
        if taken == AT_ONCE:
            yield Step(str(one["order"]), moved)
            moved, taken = {}, 0
        add(moved, one["legs"])
        taken += 1
    if until > carried.through:
        yield Step(until, moved)


def add(sums: dict[str, Counter[str]], legs: Iterable[Mapping[str, Any]]) -> None:
    """Add what a posting does to accounts that gather."""
    for leg in legs:
        if not keeps_balance(leg["account"]):
            sums.setdefault(leg["account"], Counter())[leg["unit"]] += leg["amount"]
