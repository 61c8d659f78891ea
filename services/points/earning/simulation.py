"""What a version would have paid for what really happened: the rules applied to the evidence that was kept.

Live, caps are counted in the order in which the transactions of a person followed one another. That order is
kept with the evidence, and where in it a reopening gave back what was counted, so that going through it again
counts the same.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

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
    """Evidence as it was consumed. Of two that counted for one person, the later has a higher `position`.

    `undone` is the position from which it counts no more: what it had paid was taken back.
    """

    evidence: Evidence
    position: int
    paid: tuple[Paid, ...]
    undone: int | None = None


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
    counted: dict[str, list[Leg]] = {}
    for one, ends in _in_order(kept):
        evidence = one.evidence
        if ends:
            for leg in counted.pop(evidence.key, ()):
                counts.add(replace(leg, amount=-leg.amount), evidence.at)
            continue
        really = next((paid for paid in one.paid if paid.rule == rule.code), None)
        if in_question(evidence):
            would = earned(rule, evidence, posting_id="", at=evidence.at, counted=counts.at(evidence.at))
            gains = gained(would.legs) if would else []
            counted[evidence.key] = [leg for leg in gains if rule.cap(leg.unit).counts]
            yield Line(one, would, really)
        else:
            counted[evidence.key] = list(_counted(really))
        for leg in counted[evidence.key]:
            counts.add(leg, evidence.at)


def _in_order(kept: Iterable[Kept]) -> list[tuple[Kept, bool]]:
    """Evidence as it was consumed, and again (true) where it was undone."""
    steps = [
        (position, one.evidence.key, ends, one)
        for one in kept
        for position, ends in ((one.position, False), (one.undone, True))
        if position is not None
    ]
    return [(one, ends) for _, _, ends, one in sorted(steps, key=lambda step: step[:3])]


def _counted(paid: Paid | None) -> Iterator[Leg]:
    if paid is not None:
        yield from (leg for leg in paid.gains if leg.unit in paid.counted)
