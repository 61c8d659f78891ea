"""The record of a run of the fault tests: what was done, and the counts before and after."""

import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chassis.clock import utc_now

_HEAD = """# What was broken, and what was lost

Written by `make faults`; not edited by hand. Each row is one test: real processes, a real broker and a real
database on one machine, under load through the gateway. The counts are taken from the databases directly,
before the fault and after everything had come to rest. What is due is worked out from the histories of the
issues and from the rules of points and notify. A row is only written when nothing was lost or doubled.
Database transactions that a killed process left open are ended before the books are balanced; left alone, the
database does that itself after a minute, and until then the accounts concerned wait.
"""


@dataclass
class Record:
    """Rows of the report, in the order in which the tests ran."""

    rows: list[tuple[str, Mapping[str, int], Mapping[str, int]]] = field(default_factory=list)

    def add(self, done: str, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        """Keep what was done and what was counted before and after."""
        self.rows.append((done, dict(before), dict(after)))

    def write(self) -> None:
        """Write the report to the file that FAULTS_REPORT names; nothing where none is named."""
        path = os.environ.get("FAULTS_REPORT")
        if path and self.rows:
            Path(path).write_text(self.text())

    def text(self) -> str:
        """The report as Markdown."""
        names = list(self.rows[0][1])
        database = "mongod" if shutil.which("mongod") else "embedded (SecantusDB)"
        lines = [
            _HEAD,
            f"{utc_now():%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, "
            f"database: {database}.",
            "",
            f"| what was done | {' | '.join(names)} |",
            f"|---|{'---|' * len(names)}",
        ]
        for done, before, after in self.rows:
            cells = [f"{before[name]} → {after[name]}" for name in names]
            lines.append(f"| {done} | {' | '.join(cells)} |")
        return "\n".join(lines) + "\n"
