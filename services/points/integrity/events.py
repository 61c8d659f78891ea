"""The alarm of the ledger. Its subject is the day of the proof."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.events import Event


@dataclass(frozen=True)
class LedgerUnsound(Event):
    """The nightly proof found that the ledger is not as it was written, or does not add up.

    `postings`: how many were edited, deleted, put in past the sealing, or do not balance; `pages` of the
    chain that do not lead on; `frozen`: the first hundred accounts whose balances differ from the
    journal or are out of their bounds.
    """

    day: str
    postings: int
    pages: int
    frozen: tuple[str, ...]
    type: ClassVar[str] = "ledger.unsound.v1"


PUBLISHED: list[type[Event]] = [LedgerUnsound]
