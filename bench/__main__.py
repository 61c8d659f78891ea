"""`make bench-requests`: measure a private deployment, print the tables and write docs/performance.md."""

import os
import sys

from rich.console import Console

from bench import machine, report, scene
from bench.measure import measure
from infra.local.deployment import ROOT

_PAGE = ROOT / "docs/performance.md"


def main() -> int:
    """0 when all was measured, whether or not the targets are met; 2 for a wrong SECONDS."""
    console = Console()
    text = os.environ.get("SECONDS_EACH", "5")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= 30:
        console.print(f"SECONDS is wrong: {text!r} is no number from 1 to 30.")
        return 2
    with console.status("starting a private deployment") as status, scene.running() as stage:
        facts = machine.facts(stage)
        run = measure(stage, seconds, lambda what: status.update(f"measuring: {what}"))
    report.show(run, console)
    _PAGE.write_text(report.document(run, facts))
    console.print(f"Written to {_PAGE.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
