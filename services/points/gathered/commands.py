"""Carrying the sums of the accounts that only gather."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from services.points.gathered import domain
from services.points.gathered.domain import Carried, Step
from services.points.integrity.domain import Page


class Chain(Protocol):
    """The chain over the journal, as far as it is sealed."""

    def last_page(self) -> Page | None: ...


class Gathered(Protocol):
    """Where the sums are kept.

    `postings` of the journal, in its order, from the moment of one place to before another one. `put` answers
    false when another process has carried them on meanwhile.
    """

    def carried(self) -> Carried: ...
    def postings(self, since: str, until: str) -> Iterable[Mapping[str, Any]]: ...
    def put(self, before: str, step: Step) -> bool: ...


def carry(gathered: Gathered, chain: Chain) -> int:
    """Carry the sums as far as they may be; returns how many steps this call took.

    Any number of processes may do so at once: each step is written by one of them only.
    """
    carried, until = gathered.carried(), domain.reach(chain.last_page())
    if until <= carried.through:
        return 0
    taken, reached = 0, carried.through
    for step in domain.steps(carried, until, gathered.postings(carried.through, until)):
        if not gathered.put(reached, step):
            break  # another one was first: it goes on
        taken, reached = taken + 1, step.through
    return taken
