"""What the random sequences of the ledger did, as docs/ledger-model.md."""

import os
import platform
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.integration.faulty_mongo import ANSWER_LOST, CONFLICT_AT_COMMIT, FaultyMongo
from tests.integration.ledger_machine import LedgerMachine

_PAGE = """# The ledger beside a model

Written by `make ledger-model`; not edited by hand. Random sequences of orders were given to the ledger on a
real database and to a model in memory that knows nothing of transactions: earnings, postings by hand, holds,
captures and releases, reversals in whole and in part, debts, expiry, ceilings, what goes into a fund and out
of its stripes, and the passing of time, by two processes of which one knows that gains expire. Some orders
were repeated, some transactions failed where they were told to. After every step all legs summed to zero,
every account was within its bounds, what is held was no more than what is posted, lots and holds added up to
the balances, the statement of every account that was moved ended with its balance, and everything was as the
model had it. Not a step differed.

| | |
| --- | --- |
| date | {date} |
| Python | {python} |
| sequences | {sequences:,} |
| orders carried out | {carried_out:,} |
| orders refused, with nothing written | {refused:,} |
| commands that met the write of another transaction | {commands:,} |
| commits that met one | {commits:,} |
| commits of which the answer was lost | {answers:,} |
"""


class Record:
    """Counts what a run does. Written to the file that LEDGER_REPORT names, if it does."""

    def __init__(self, mongo: FaultyMongo) -> None:
        self._mongo = mongo
        self._machines: list[LedgerMachine] = []
        self._outcomes = Counter[str]()
        self._sequences = 0

    def watched(self, machine: LedgerMachine) -> LedgerMachine:
        """A sequence that begins; the one before it has ended."""
        self._count()
        self._machines = [machine]
        return machine

    def write(self) -> None:
        """Write the page."""
        self._count()
        path = os.environ.get("LEDGER_REPORT")
        if path:
            Path(path).write_text(self._page())

    def _count(self) -> None:
        for machine in self._machines:
            self._sequences += 1
            self._outcomes += machine.outcomes
        self._machines = []

    def _page(self) -> str:
        struck = self._mongo.struck
        return _PAGE.format(
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            python=platform.python_version(),
            sequences=self._sequences,
            carried_out=self._outcomes["carried out"],
            refused=self._outcomes["refused"],
            commands=sum(count for fault, count in struck.items() if isinstance(fault, int)),
            commits=struck[CONFLICT_AT_COMMIT],
            answers=struck[ANSWER_LOST],
        )
