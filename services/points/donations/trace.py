"""Where the money of a donation went: read off the journal, to the last fen."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.points.domain import Posting
from services.points.donations.effects import ALLOCATED, COST


@dataclass(frozen=True)
class Part:
    """What went to a fund or project by one posting; below zero where it came back."""

    target: str
    amount: int
    at: datetime
    posting: str


@dataclass(frozen=True)
class Trace:
    """What a donation brought in, what selling it cost, and the parts that went on, in fen."""

    received: int
    costs: int
    parts: tuple[Part, ...]

    @property
    def net(self) -> int:
        """What there is to be allocated in all."""
        return self.received - self.costs

    @property
    def allocated(self) -> int:
        """What went on."""
        return sum(part.amount for part in self.parts)

    @property
    def unallocated(self) -> int:
        """What is still on the donation's account."""
        return self.net - self.allocated


def trace(account: str, postings: Iterable[Posting]) -> Trace:
    """Follow all postings of a donation's account; one that takes back another counts as that, reversed."""
    known = sorted(postings, key=lambda one: one.id)
    rules = {one.id: one.rule for one in known}
    received, costs, parts = 0, 0, []
    for one in known:
        rule = rules.get(one.reverses, one.rule) if one.reverses else one.rule
        own = sum(leg.amount for leg in one.legs if leg.account == account)
        if rule == ALLOCATED:
            others = (leg.account for leg in one.legs if leg.account != account)
            parts.append(Part(next(others), -own, one.posted_at, one.id))
        elif rule == COST:
            costs -= own
        else:
            received += own
    return Trace(received, costs, tuple(parts))
