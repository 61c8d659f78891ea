"""The tables of a run on the ledger: on the screen with rich, and as docs/performance-ledger.md."""

from collections.abc import Mapping
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from bench.ledger.figures import ROUNDS, Findings
from bench.report import TARGET_HEADS, Rows, judged, markdown

_PREFACE = """# Performance of the ledger

Written by `make bench-ledger`; do not edit. `make bench-ledger SECONDS=2 POSTINGS=10000` takes a shorter
run.

A raw transaction is one insert and two increments of accounts, all or nothing, by 8 pymongo clients without
the ledger, on the same server and in the same round; those that collide with another do not count. Postings
by HTTP go to the points service over 8 connections: each has three legs, a key for ever and an event, and
is in statements and in the lists of its areas. *Many pools* are such postings that do not share the issuer or
anything else; *one fund* is what all of a community's spending at the same moment would be: every posting
takes from the same account, which is held to its floor (ADR 34). Events of claimed issues make one posting
each, those of confirmed issues two: in lots of 32 by the service's own code in one thread; what counts are
postings. A balance is read by one client: *in the service* is the query that its route
calls, and the raw find is of the very document that it is shown from; *bare* is a bare Flask application
under gunicorn, which alone takes longer than a find. All of this, and the proofs, while no worker runs: as
nothing follows from a raw transaction. *Workers at work* is the same while all that follows from a posting
is done beside it, its event, messages, rankings and seals, on the same cores; *by the worker* is a backlog
that the killed worker comes back to. A posting is sealed by the worker, beside all its other work: what is
told is the longest of the rounds, from the moment that it was written. A proof reads a ledger of so many
sealed postings, as `verify-ledger` does; the bound is 60 s for a million.
"""
SPEED_HEADS = ("what", "per second", "p50 ms", "p99 ms")
PROOF_HEADS = ("postings", "filled in s", "proved in s", "a second", "faults", "an edited posting")


def speeds(found: Findings) -> Rows:
    """Each measurement's medians."""
    rows = []
    for name in found.rounds:
        one = found.median(name)
        rows.append([name, f"{one.per_second:,.0f}", f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}"])
    return rows


def proofs(found: Findings) -> Rows:
    """The proofs of whole ledgers."""
    return [
        [
            f"{one.postings:,}",
            f"{one.filled_seconds:.0f}",
            f"{one.seconds:.1f}",
            f"{one.postings / one.seconds:,.0f}",
            f"{one.faults}",
            "named" if one.found else "NOT NAMED",
        ]
        for one in found.proofs
    ]


def show(found: Findings, console: Console) -> None:
    """Print the tables."""
    for title, heads, rows in (
        (f"The ledger (median of {ROUNDS} rounds)", SPEED_HEADS, speeds(found)),
        ("Proofs", PROOF_HEADS, proofs(found)),
        ("Targets", TARGET_HEADS, judged(found.targets())),
    ):
        table = Table(*heads, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def document(found: Findings, facts: Mapping[str, str]) -> str:
    """The contents of docs/performance-ledger.md."""
    method = f"{found.seconds:g} s a measurement, {ROUNDS} rounds, medians; ratios pair one round"
    machine = [["Date", f"{datetime.now(UTC):%Y-%m-%d}"], ["Method", method], *map(list, facts.items())]
    parts = [
        _PREFACE,
        "## Machine\n",
        markdown(("fact", "value"), machine),
        "## Targets\n",
        markdown(TARGET_HEADS, judged(found.targets())),
        "## Speeds\n",
        markdown(SPEED_HEADS, speeds(found)),
        "## Proofs\n",
        markdown(PROOF_HEADS, proofs(found)),
    ]
    return "\n".join(parts)
