"""`make bench-ledger`: measure the ledger, print the tables and write docs/performance-ledger.md."""

import os
import sys

from rich.console import Console

from bench import machine, scene
from bench.ledger import report
from bench.ledger.measure import measure
from infra.local.deployment import ROOT

_PAGE = ROOT / "docs/performance-ledger.md"
_MOST = 5_000_000
_SETTINGS = {"ADJUSTMENT_POINTS": "1000000000"}  # one administrator posts everything here


def main() -> int:
    """0 when all was measured, whether or not the targets are met; 2 for wrong SECONDS or POSTINGS."""
    console = Console()
    try:
        seconds = float(os.environ.get("SECONDS_EACH", "3"))
        sizes = sorted(int(one) for one in os.environ.get("POSTINGS", "1000000").split())
    except ValueError:
        seconds, sizes = 0.0, []
    if not 1 <= seconds <= 30 or any(not 1000 <= one <= _MOST for one in sizes):
        console.print(f"SECONDS is 1 to 30; POSTINGS are numbers from 1,000 to {_MOST:,}, or none.")
        return 2
    with console.status("starting a private deployment") as status, scene.running(_SETTINGS) as stage:
        facts = machine.facts(stage)
        found = measure(stage, seconds, sizes, status.update)
    report.show(found, console)
    _PAGE.write_text(report.document(found, facts))
    console.print(f"Written to {_PAGE.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
