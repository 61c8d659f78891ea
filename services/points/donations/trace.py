"""Where the money of a donation went: read off the journal, to the last fen."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.points.domain import Posting, is_member
from services.points.donations.effects import ALLOCATED, COST
from services.points.donations.flow import FUND, PROJECT, Piece

_Line = tuple[str, tuple[str, ...]]
"""A project, and the funds through which money came to it."""


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


@dataclass(frozen=True)
class Destination:
    """A project that has money of a donation, and the funds through which that came to it.

    `amount` is what it has or has spent; `returned` is what it had besides and gave back to its fund.
    """

    target: str
    via: tuple[str, ...]
    amount: int
    returned: int


@dataclass(frozen=True)
class Whereabouts:
    """What projects have of a donation, what waits in which fund, what left for which other kind of account.

    Together it is what was allocated.
    """

    destinations: tuple[Destination, ...]
    waiting: dict[str, int]
    elsewhere: dict[str, int]


def whereabouts(account: str, pieces: Iterable[Piece]) -> Whereabouts:
    """Where the money of a donation's account is, of all that was followed; first what first came there."""
    own = [piece for piece in pieces if piece.source == account]
    has, returned, waiting, elsewhere = (Counter[_Line](), Counter[_Line](), Counter[str](), Counter[str]())
    stays = [(stay.place, number, piece) for piece in own for number, stay in enumerate(piece.way)]
    for _, number, piece in sorted(stays, key=lambda one: one[:2]):
        stay, last = piece.way[number], number + 1 == len(piece.way)
        if stay.account.startswith(PROJECT):
            funds = (before.account for before in piece.way[:number] if before.account.startswith(FUND))
            line = (stay.account, tuple(dict.fromkeys(funds)))
            has[line] += piece.amount if last else 0
            returned[line] += 0 if last else piece.amount
        elif last and stay.account.startswith(FUND):
            waiting[stay.account] += piece.amount
        elif last:
            elsewhere[_kind(stay.account)] += piece.amount
    lines = (Destination(*line, amount, returned[line]) for line, amount in has.items())
    return Whereabouts(tuple(lines), dict(waiting), dict(elsewhere))


def _kind(account: str) -> str:
    """The kind of an account, and nothing of whose it is."""
    return "member" if is_member(account) else account.partition(":")[0]
