"""The tables of a run: on the screen with rich, and as docs/performance.md."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from bench.events import RATE
from bench.figures import Speed, Target
from bench.measure import HELLO, INSERT, KEYED, PUBLISH, READS, REPORT, ROUNDS, Run

Rows = Sequence[Sequence[str]]
_PREFACE = """# Performance

Written by `make bench-requests`; do not edit. `make bench-requests SECONDS=3` takes shorter measurements.

The load generator, the database, the broker, the four services with their workers, the gateway and the
ceilings all share the cores named below: a figure says what one such machine does in all, not what a
service does on a machine of its own. Latencies are seen by the generator over 8 kept connections, each of
which sends its next request when it has its answer. Twenty residents report in turn, in four grids of three
stewards each, so that a report makes three messages. Every worker runs throughout, stepping back while
processor is short (`WORKER_NICE`): of a burst the answers come first and the messages after them. Before each
measurement all messages of the one before have been delivered. Ratios pair measurements of the same round.
"""


def speeds(run: Run) -> Rows:
    """Requests: each kind of request beside its ceiling."""
    rows = [_speed_row(INSERT, "alone", run.median(INSERT, "alone"), "", "")]
    rows.append(_speed_row(HELLO, "alone", run.median(HELLO, "alone"), "", ""))
    rows.append(_speed_row(PUBLISH, "alone", run.median(PUBLISH, "alone"), "", ""))
    for what in (*READS, REPORT, KEYED):
        for where in ("direct", "gateway"):
            share = f"{run.of_ceiling(what, where):.0%}"
            factor = f"{run.gateway_factor(what):.2f}" if where == "gateway" else ""
            rows.append(_speed_row(what, where, run.median(what, where), share, factor))
    return rows


SPEED_HEADS = ("what", "where", "per second", "p50 ms", "p99 ms", "of its ceiling", "p50 to direct")


def _speed_row(what: str, where: str, one: Speed, share: str, factor: str) -> list[str]:
    return [what, where, f"{one.per_second:,.0f}", f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}", share, factor]


EVENT_HEADS = ("what", "figure")


def events(run: Run) -> Rows:
    """Events: latency, throughput, and whether all effects are there."""
    late = run.latency
    assert late is not None
    return [
        [f"time in the event to stored messages, {RATE:.0f} reports/s, p50", f"{late.p50_ms:.0f} ms"],
        ["the same, p99", f"{late.p99_ms:.0f} ms"],
        [
            f"notify worker on a backlog of {run.backlog:,} reports",
            f"{run.drained:,.0f} events/s, {3 * run.drained:,.0f} messages/s",
        ],
        [
            "reports through the gateway in a burst, until the last message of the last was stored",
            f"{statistics.median(run.told):,.0f} reports/s",
        ],
        ["reports answered 201 in this run", f"{run.reported:,}"],
        ["messages in the inboxes for them (three each)", f"{run.messages:,}"],
    ]


TARGET_HEADS = ("target", "bound", "measured", "")


def targets(run: Run) -> Rows:
    """Targets, each met or not met."""
    return judged(run.targets())


def judged(found: Iterable[Target]) -> Rows:
    """Rows of targets: each with its bound, what was measured, and whether that is met."""
    return [
        [one.name, _bound(one), f"{one.value:.3g} {one.unit}", "met" if one.met else "not met"]
        for one in found
    ]


def _bound(target: Target) -> str:
    return f"{'≥' if target.at_least else '≤'} {target.bound:g} {target.unit}"


def show(run: Run, console: Console) -> None:
    """Print the tables."""
    for title, heads, rows in (
        (f"Requests (median of {ROUNDS} rounds)", SPEED_HEADS, speeds(run)),
        ("Events", EVENT_HEADS, events(run)),
        ("Targets", TARGET_HEADS, targets(run)),
    ):
        table = Table(*heads, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def document(run: Run, facts: Mapping[str, str]) -> str:
    """The contents of docs/performance.md."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    method = f"{run.seconds:g} s a measurement, {ROUNDS} rounds, medians"
    parts = [
        _PREFACE,
        "## Machine\n",
        markdown(("fact", "value"), [["Date", today], ["Method", method], *map(list, facts.items())]),
        "## Targets\n",
        markdown(TARGET_HEADS, targets(run)),
        "## Requests\n",
        "The ceiling of a report is the raw insert: a small document from each of 8 threads, acknowledged by "
        "the journal of a majority, as all writes of the services are. The ceiling of a read is a bare Flask "
        "application under gunicorn with the settings of the services. The publish is of 700 bytes to a "
        "quorum queue over 8 connections, each confirmed before the next.\n",
        markdown(SPEED_HEADS, speeds(run)),
        "## Events\n",
        markdown(EVENT_HEADS, events(run)),
    ]
    return "\n".join(parts)


def markdown(heads: Sequence[str], rows: Rows) -> str:
    """A table of a page."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
