"""Paying for verified work."""

from typing import Protocol

from chassis.clock import Clock
from services.points.domain import Posting
from services.points.earning import domain
from services.points.earning.domain import EARNING_RULES, Evidence


class Journal(Protocol):
    """The ledger's book. `post` answers false when a posting with the same key is there already."""

    def post(self, posting: Posting) -> bool: ...


def pay(journal: Journal, clock: Clock, *, rule: str, evidence: Evidence, posting_id: str) -> bool:
    """Pay what a rule promises for some evidence, once and for all; true when it was paid now."""
    posting = domain.earned(EARNING_RULES[rule], evidence, posting_id=posting_id, at=clock())
    return posting is not None and journal.post(posting)
