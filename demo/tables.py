"""What a person sees of a replay: tables and sentences on the terminal."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from rich.console import Console
from rich.table import Table

from demo import study
from demo.district import COMMUNITIES, COMMUNITY_A, SUBDISTRICT
from demo.month import PARTS
from demo.municipal import STATUSES
from demo.municipal_export import Defect, Export
from demo.proof import Finding
from demo.records import Record
from demo.replay import Outcome

CATEGORIES = {
    "environment": "环境监督 environment",
    "resident_info": "居民信息 resident information",
    "safety": "安全排查 safety",
    "outreach": "宣传入户 publicity and visits",
    "ad_hoc": "临时任务 ad-hoc tasks",
}
_SECONDS_AN_HOUR = 3600


def usage(row_of_a: Record, whole: Record, others: Counter[str]) -> Table:
    """Usage by category: the study's row against the figures of community A, and those of all others."""
    table = Table(title="使用情况 Usage by category", title_justify="left")
    for heading in ("Category", "Study", "社区A", "", "社区B–F、街道"):
        table.add_column(heading, justify="left" if heading == "Category" else "right")
    in_a, in_all = _counts(row_of_a), _counts(whole)
    for category, name in CATEGORIES.items():
        wanted = study.RECORDS[category] + others[category]
        mark = _mark(in_a[category] == wanted)
        shown = f"{in_a[category]}" + (f" ({others[category]} of others)" if others[category] else "")
        rest = in_all[category] - in_a[category]
        table.add_row(name, f"{study.RECORDS[category]}", shown, mark, f"{rest:,}")
    table.add_section()
    total = sum(study.RECORDS.values())
    mark = _mark(row_of_a["total"] == total + others.total())
    table.add_row(
        "Total", f"{total}", f"{row_of_a['total']}", mark, f"{whole['total'] - row_of_a['total']:,}"
    )
    return table


def statuses(figures: dict[str, Record]) -> Table:
    """Issues by status in each area of `figures` (area code → /v1/stats/issues)."""
    table = Table(title="问题状态 Issues by status", title_justify="left")
    table.add_column("Status")
    for area in figures:
        table.add_column(_name(area), justify="right")
    found = {status for one in figures.values() for status in one["all"]["by_status"]}
    for status in sorted(found, key=_order):
        counts = [one["all"]["by_status"].get(status, 0) for one in figures.values()]
        table.add_row(status, *(f"{count:,}" if count else "·" for count in counts))
    table.add_section()
    table.add_row("Total", *(f"{one['all']['count']:,}" for one in figures.values()))
    return table


def times(figures: dict[str, Record]) -> Table:
    """Rates, and how long answers and solutions took in the replay."""
    table = Table(
        title="响应与解决 Response and resolution (as replayed: a report is solved within seconds)",
        title_justify="left",
    )
    table.add_column("Area")
    for heading in (
        "响应率\nresponse",
        "解决率\nresolution",
        "满意率\nsatisfaction",
        "to response\nmedian / p90 s",
        "to resolution\nmedian / p90 s",
    ):
        table.add_column(heading, justify="right")
    for area, one in figures.items():
        row = one["all"]
        rates = (_rate(row[f"{name}_rate"]) for name in ("response", "resolution", "satisfaction"))
        spans = (_span(row[f"hours_to_{name}"]) for name in ("response", "resolution"))
        table.add_row(_name(area), *rates, *spans)
    return table


def rows(export: Export, standing: dict[str, str]) -> Table:
    """The export's statuses, what became of their rows; `standing`: request number → status now."""
    table = Table(title="市政热线 311 rows by status", title_justify="left")
    for heading in ("Status in the export", "Rows", "Refused", "Replayed", "Status here", ""):
        table.add_column(heading, justify="right" if heading in ("Rows", "Refused", "Replayed") else "left")
    replayed = Counter(one.status for one in export.requests if one.number in standing)
    right = Counter(one.status for one in export.requests if standing.get(one.number) == STATUSES[one.status])
    for status, count in export.statuses.most_common():
        done = replayed[status]
        usable = sum(one.status == status for one in export.requests)
        mark = _mark(right[status] == usable) if usable else ""
        table.add_row(status, f"{count}", f"{count - usable}", f"{done}", STATUSES.get(status, "—"), mark)
    table.add_section()
    done = replayed.total()
    table.add_row("Total", f"{export.rows}", f"{export.refused}", f"{done}", "", "")
    return table


def defects(found: Iterable[Defect], *, refused: bool) -> Table:
    """Why rows were refused, or what was repaired, with the lines of all of them."""
    title = "Rows refused 未采用的行" if refused else "Rows repaired and replayed 修正后采用的行"
    table = Table(title=title, title_justify="left")
    table.add_column("Reason", max_width=44)
    table.add_column("Rows", justify="right")
    table.add_column("Lines of the file")
    lines: dict[str, list[int]] = {}
    for one in found:
        if one.refused == refused:
            lines.setdefault(one.reason, []).append(one.line)
    for reason, places in sorted(lines.items(), key=lambda item: -len(item[1])):
        table.add_row(reason, f"{len(places)}", ", ".join(map(str, places)))
    return table


def outcomes(done: dict[str, Counter[Outcome]]) -> Table:
    """How much of each source was new in this run."""
    table = Table(title="本次回放 This run", title_justify="left")
    table.add_column("Records")
    for outcome in Outcome:
        table.add_column(outcome.value, justify="right")
    for source, counts in done.items():
        table.add_row(source, *(f"{counts[outcome]:,}" if counts[outcome] else "·" for outcome in Outcome))
    return table


def month(records: Mapping[str, Record]) -> Table:
    """The parts of the month that stand as planned (name → record), and what came of each."""
    table = Table(title="社区A的一个月 A month in community A", title_justify="left")
    for heading in ("Part", "What came of it"):
        table.add_column(heading)
    for name, (_, what) in PARTS.items():
        if name in records:
            table.add_row(what, _RESULTS[name](records[name]))
    return table


def findings(console: Console, found: Iterable[Finding]) -> None:
    """The proofs, one line each, and what speaks against those that fail."""
    console.print("\n[bold]核对 Proofs[/bold]")
    for one in found:
        console.print(f" {_mark(one.holds)} {one.text}", highlight=False)
        for line in one.against:
            console.print(f"     {line}", style="red", markup=False, highlight=False)


def _counts(figures: Record) -> dict[str, int]:
    return {row["category"]: row["count"] for row in figures["rows"]}


def _mark(holds: bool) -> str:
    return "[green]✓[/green]" if holds else "[bold red]✗[/bold red]"


def _lines(record: Record) -> str:
    """How members stand on the list of a shift or a session, and for how many minutes."""
    lines = record.get("duties") or record["attendances"]
    return ", ".join(f"{one['status']}, {one['minutes'] or 0} minutes" for one in lines)


def _minutes(one: Record) -> str:
    return f"{one['status']}, {one['settlement']['paid']} minutes"


def _votes(one: Record) -> str:
    votes = ":".join(str(one["tally"][choice]) for choice in ("yes", "no", "abstain"))
    return f"{one['status']}, {one['asked'] / 100:.2f} yuan, votes {votes}"


_RESULTS: dict[str, Callable[[Record], str]] = {
    "duty": _lines,
    "yesterday": _lines,
    "today": _lines,
    "help": _minutes,
    "offered": lambda one: f"accepted, worth {one['value'] / 100:.2f} yuan",
    "order": lambda one: f"{one['status']}, {one['amount']} points",
    "sold": lambda one: f"{one['status']} to the community's fund",
    "project": _votes,
    "commendation": lambda one: str(one["status"]),
}


def _name(area: str) -> str:
    if area == COMMUNITY_A:
        return f"{COMMUNITIES[area]}\n(study)"
    return "all" if area == SUBDISTRICT else COMMUNITIES[area]


def _order(status: str) -> int:
    order = [
        "reported",
        "claimed",
        "in_progress",
        "escalated",
        "reopened",
        "resolved",
        "confirmed",
        "referred",
        "merged",
        "rejected",
        "withdrawn",
    ]
    return order.index(status) if status in order else len(order)


def _rate(rate: Record) -> str:
    return "·" if rate["rate"] is None else f"{rate['rate']:.1%}"


def _span(hours: Record) -> str:
    if not hours["n"]:
        return "·"
    return " / ".join(f"{hours[name] * _SECONDS_AN_HOUR:.1f}" for name in ("median", "p90"))
