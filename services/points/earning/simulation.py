"""What a version would have paid for what really happened: the rules applied to the evidence that was kept.

Live, caps are counted in the order in which the transactions of a person followed one another. That order is
kept with the evidence, so that going through it again counts the same.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from services.points.domain import Leg, Posting
from services.points.earning.domain import Counts, Evidence, earned, gained
from services.points.earning.rule import EarningRule


@dataclass(frozen=True)
class Paid:
    """What was really paid for evidence by a version. `counted` are the units that were held to caps."""

    rule: str
    version: int
    gains: tuple[Leg, ...]
    counted: frozenset[str]


@dataclass(frozen=True)
class Kept:
    """Evidence as it was consumed. Of two that counted for one person, the later has a higher `position`."""

    evidence: Evidence
    position: int
    paid: tuple[Paid, ...]


@dataclass(frozen=True)
class Line:
    """A piece of evidence, what would be paid for it, and what was really paid for it by the same code."""

    kept: Kept
    would: Posting | None
    really: Paid | None


def simulate(
    rule: EarningRule, kept: Iterable[Kept], in_question: Callable[[Evidence], bool]
) -> Iterator[Line]:
    """Apply a version to the evidence in question, as if it had been in force; nothing is written.

    What is not in question counts towards the caps as it really did.
    """
    counts = Counts()
    for one in sorted(kept, key=lambda each: (each.position, each.evidence.key)):
        evidence = one.evidence
        really = next((paid for paid in one.paid if paid.rule == rule.code), None)
        if not in_question(evidence):
            for leg in _counted(really):
                counts.add(leg, evidence.at)
            continue
        would = earned(rule, evidence, posting_id="", at=evidence.at, counted=counts.at(evidence.at))
        for leg in gained(would.legs) if would else ():
            if rule.cap(leg.unit).counts:
                counts.add(leg, evidence.at)
        yield Line(one, would, really)


def _counted(paid: Paid | None) -> Iterator[Leg]:
    if paid is not None:
        yield from (leg for leg in paid.gains if leg.unit in paid.counted)
