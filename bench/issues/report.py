"""The tables of a run at size: on the screen with rich, and as docs/performance-issues.md."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from bench.figures import Speed
from bench.issues.figures import FACTOR, SHORT_MS, Findings
from bench.report import TARGET_HEADS, Rows, judged, markdown

_PREFACE = f"""# Performance of issue work at size

Written by `make bench-issues`; do not edit. `make bench-issues SIZES="1000 10000"` takes a shorter run.

The database is filled with issues as the issues service writes them: reported by residents of the
demonstration district at any time of the last two years, in all its grids, handled by the service's own
rules and its clock up to now, with their words, the counts of their map cells and their figures. None is
made anonymous, so that all can be searched for. At each size all kinds of reads are measured first, then
reports, then claims of these; what was reported for measuring is removed again before the next size.

*in the service* is the issues service's application called as its server calls it, in the measuring process:
all of its own work, from the bytes of a request to those of the answer. *raw* are the same commands to the
database that its code issues for that very request, done by a pymongo client: the reads as they were heard
from that code; the two commands of a report (it is counted among what this person has reported within the
hour, of which the limit is that of a deployment; it is inserted) and the three of a claim as the stores form
them. The two take turns, one by one. *HTTP* is the like request over one kept connection to the running
service, seen by the generator. It is held against the raw commands, and where these take less than
{SHORT_MS:g} ms against raw + *bare*: the web stack itself is the larger part of it there. bare is the median
answer of a bare Flask application under gunicorn over one connection. All share the cores named below, with
the workers of all services running, and busy with what was reported just before.
"""
SPEED_HEADS = (
    "what",
    "in the service p50 ms",
    "p99",
    "raw p50 ms",
    "p99",
    "factor",
    f"≤ {FACTOR:g} ×",
    "HTTP p50 ms",
    "p99",
    "held against ms",
    "factor",
)
EXPORT_HEADS = ("rows", "MB", "service s", "raw s", "API process before", "at its peak", "growth")


def speeds(found: Findings, size: int) -> Rows:
    """The requests at a size, each beside its raw commands."""
    return [
        [
            kind,
            *_quantiles(one.within),
            *_quantiles(one.raw),
            f"{one.factor:.2f}",
            "met" if one.factor <= FACTOR else "not met",
            *_quantiles(one.service),
            f"{one.floor_ms:.1f} ({'raw + bare' if one.short else 'raw'})",
            f"{one.factor_by_http:.2f}",
        ]
        for kind, one in found.pairs[size].items()
    ]


def _quantiles(one: Speed) -> tuple[str, str]:
    return f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}"


def exports(found: Findings) -> Rows:
    """The exports of all issues."""
    return [
        [
            f"{one.rows:,}",
            f"{one.megabytes:.1f}",
            f"{one.seconds:.1f}",
            f"{one.raw_seconds:.1f}",
            f"{one.before_mib:.0f} MiB",
            f"{one.peak_mib:.0f} MiB",
            f"{one.growth_mib:.0f} MiB",
        ]
        for _, one in sorted(found.exports.items())
    ]


def growths(found: Findings) -> Rows:
    """How each kind grows with the size."""
    return [
        [kind, *(f"{found.pairs[size][kind].service.p50_ms:.1f}" for size in found.sizes)]
        for kind in found.pairs[found.sizes[0]]
    ]


def show(found: Findings, console: Console) -> None:
    """Print the tables."""
    tables: list[tuple[str, Sequence[str], Rows]] = [
        (f"At {size:,} issues", SPEED_HEADS, speeds(found, size)) for size in found.sizes
    ]
    tables.append(("Exports", EXPORT_HEADS, exports(found)))
    tables.append(("Targets", TARGET_HEADS, judged(found.targets())))
    for title, heads, rows in tables:
        table = Table(*heads, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def document(found: Findings, facts: Mapping[str, str]) -> str:
    """The contents of docs/performance-issues.md."""
    method = f"at each size {found.requests} requests of each kind of read, {found.writes} reports and claims"
    machine = [["Date", f"{datetime.now(UTC):%Y-%m-%d}"], ["Method", method], *map(list, facts.items())]
    parts = [
        _PREFACE,
        "## Machine\n",
        markdown(("fact", "value"), machine),
        "## Targets\n",
        markdown(TARGET_HEADS, judged(found.targets())),
        "## By size\n",
        markdown(("p50 ms by HTTP", *(f"{size:,}" for size in found.sizes)), growths(found)),
    ]
    for size in found.sizes:
        bare, seconds = found.hello[size], found.filled[size]
        parts += [
            f"## At {size:,} issues\n",
            f"Filled up in {seconds:.0f} s. bare: p50 {bare.p50_ms:.1f} ms, p99 {bare.p99_ms:.1f} ms.\n",
            markdown(SPEED_HEADS, speeds(found, size)),
        ]
    parts += [
        "## Exports\n",
        "All issues as CSV, to the district's admin, and the commands for it alone. The memory is the "
        "resident memory of the API's worker process before the export and at its peak during it.\n",
        markdown(EXPORT_HEADS, exports(found)),
    ]
    return "\n".join(parts)
