"""`make bench-issues`: measure issue work at size, print the tables and write docs/performance-issues.md."""

import os
import sys

from rich.console import Console

from bench import machine, scene
from bench.issues import report
from bench.issues.measure import measure
from bench.issues.writes import REPORTS_PER_HOUR
from infra.local.deployment import ROOT

_PAGE = ROOT / "docs/performance-issues.md"
_SMALLEST, _LARGEST = 500, 1_000_000
_SETTINGS = {"ANONYMISE_AFTER_DAYS": "0", "REPORTS_PER_HOUR": str(REPORTS_PER_HOUR)}
"""None is made anonymous while it is measured; each person has the limit of a deployment."""


def sizes_of(text: str) -> list[int]:
    """Sizes, smallest first. Raises ValueError unless there are some, all within bounds."""
    sizes = sorted({int(one) for one in text.split()})
    if not sizes or not _SMALLEST <= sizes[0] <= sizes[-1] <= _LARGEST:
        raise ValueError(text)
    return sizes


def main() -> int:
    """0 when all was measured, whether or not the targets are met; 2 for wrong SIZES."""
    console = Console()
    text = os.environ.get("SIZES", "1000 10000 100000")
    try:
        sizes = sizes_of(text)
    except ValueError:
        console.print(f"SIZES is wrong: {text!r} are no numbers from {_SMALLEST:,} to {_LARGEST:,}.")
        return 2
    with (
        console.status("starting a private deployment") as status,
        scene.running(_SETTINGS) as stage,
    ):
        facts = machine.facts(stage)
        found = measure(stage, sizes, status.update)
    report.show(found, console)
    _PAGE.write_text(report.document(found, facts))
    console.print(f"Written to {_PAGE.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
