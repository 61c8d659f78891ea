"""`make demo`: on the running system, set up the demonstration district, replay records, prove the result."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from demo import (
    evidence,
    month_evidence,
    month_proof,
    municipal,
    municipal_export,
    proof,
    records,
    study,
    tables,
)
from demo.client import Api, Person, Refused
from demo.district import ADMIN, COMMUNITIES, DISTRICT, SUBDISTRICT, District, areas, members
from demo.evidence import Evidence
from demo.month import PARTS, Month
from demo.month_evidence import Found
from demo.municipal_export import Export
from demo.proof import Finding
from demo.replay import Outcome, Replay
from demo.story import ActivityStory, IssueStory

EXTRACT = Path(__file__).parent / "extract-311.csv"


class WrongSetting(Exception):
    """A setting of the command is wrong; the text names it."""


@dataclass(frozen=True)
class Settings:
    """Where the system is and what to replay. `rows`: how many of the export, all of them when None."""

    gateway_port: int = 8080
    data: Path = EXTRACT
    rows: int | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Settings":
        """Settings from GATEWAY_PORT, DATA and ROWS. Raises WrongSetting."""
        return cls(
            gateway_port=_number(environ, "GATEWAY_PORT") or 8080,
            data=Path(environ.get("DATA") or EXTRACT),
            rows=_number(environ, "ROWS"),
        )


def _number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "")
    if text and not (text.isascii() and text.isdigit() and int(text) > 0):
        raise WrongSetting(f"{name} is wrong: {text!r} is no number above 0.")
    return int(text) if text else None


class Demonstration:
    """One run of the command: the district, the records, the proofs."""

    def __init__(self, district: District, export: Export, console: Console) -> None:
        self.district = district
        self.export = export
        self.console = console
        self.outcomes: dict[str, Counter[Outcome]] = {}
        self._progress = Progress(
            TextColumn("{task.description:<34}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )

    def run(self) -> bool:
        """Do all of it; whether every proof holds."""
        issues, activities = study.issues(), study.activities()
        stories: list[IssueStory | ActivityStory] = [*issues, *activities, *self.export.stories]
        with self._progress:
            people = self._set_up()
            replay = Replay(self.district, records.load(self.district.admin))
            replay.done = self._bar("Study: activities of community A", len(activities))
            self.outcomes["Study, activities"] = replay.activities(activities)
            month = Month(self.district, self._bar("A month in community A", len(PARTS)))
            with ThreadPoolExecutor(1) as beside:  # a voting takes its time, in which others go on
                acted = beside.submit(month.act_out)
                replay.done = self._bar("Study: issues of community A", len(issues))
                self.outcomes["Study, issues"] = replay.issues(issues)
                replay.done = self._bar("311 requests outside community A", len(self.export.stories))
                self.outcomes["311 requests"] = replay.issues(self.export.stories)
                acted.result()
            self.outcomes["A month in community A"] = month.outcomes
            done = self._bar("Reading the histories", len(issues) + len(self.export.stories))
            found = evidence.gather(self.district.admin, people, stories, replay.elsewhere, done)
            scene = month_evidence.gather(month, found.people)
            self._settle(found, scene, people)
        findings = [
            proof.acted_out(replay.failures, len(stories)),
            proof.rows_accounted_for(found, self.export),
            proof.rows_stand_as_exported(found, self.export, replay.elsewhere),
            proof.nothing_doubled(found),
            *proof.follows(found),
            month_proof.acted_out(month),
            *month_proof.follows(scene),
        ]
        self._show(found, findings, tables.month(month.records))
        return all(one.holds for one in findings)

    def _set_up(self) -> list[Person]:
        bodies = members()
        phones = [ADMIN, *(str(one["phone"]) for one in bodies)]
        self.district.set_up(self._bar("Areas and members", len(list(areas())) + len(bodies)))
        return self.district.people(phones, self._bar("Signing in", len(phones)))

    def _settle(self, found: Evidence, scene: Found, people: list[Person]) -> None:
        task = self._progress.add_task("Messages delivered", total=None)
        evidence.settle(
            [found, scene.evidence],
            self.district.admin,
            people,
            lambda: all(one.holds for one in (*proof.follows(found), *month_proof.follows(scene))),
            lambda delivered, due: self._progress.update(task, completed=delivered, total=due),
        )

    def _bar(self, name: str, total: int) -> "_Step":
        return _Step(self._progress, name, total)

    def _show(self, found: Evidence, findings: Iterable[Finding], month: Table) -> None:
        admin, show = self.district.admin, self.console.print
        for refused in (True, False):
            if any(one.refused == refused for one in self.export.defects):
                show(tables.defects(self.export.defects, refused=refused))
        there = found.held.issues_by_reference()
        standing = {
            one.number: there[name][0]["status"]
            for one in self.export.requests
            if (name := municipal.reference(one.number)) in there
        }
        show(tables.rows(self.export, standing))
        show(tables.outcomes(self.outcomes))
        if not any(counts[Outcome.NEW] + counts[Outcome.CONTINUED] for counts in self.outcomes.values()):
            show("Everything was there already from an earlier run: nothing was added.\n")
        show(
            tables.usage(
                found.usage,
                admin.get("/v1/stats/usage", area=SUBDISTRICT),
                proof.entered_by_others(found),
            )
        )
        figures = {area: admin.get("/v1/stats/issues", area=area) for area in (*COMMUNITIES, SUBDISTRICT)}
        show(tables.statuses(figures))
        show(tables.times(figures))
        show(month)
        issued = admin.get(f"/v1/accounts/issuer:{DISTRICT}")
        points, minutes = -issued["points"]["posted"], -issued["minutes"]["posted"]
        inboxes = sum(len(inbox) for inbox in found.inboxes.values())
        show(f"\n积分 Points issued: [bold]{points:,}[/bold], with {minutes:,} minutes of service", end="")
        show(f"; 消息 messages in these people's inboxes: [bold]{inboxes:,}[/bold]")
        tables.findings(self.console, findings)


class _Step:
    """A bar of the progress display, moved on by a call."""

    def __init__(self, progress: Progress, name: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=total)

    def __call__(self) -> None:
        self._progress.advance(self._task)


def main(environ: Mapping[str, str] = os.environ) -> int:
    """0 when every proof holds, 1 when one fails or the system is not there, 2 for a wrong setting."""
    console = Console(highlight=False)
    started = time.monotonic()
    try:
        settings = Settings.of(environ)
        export = municipal_export.read(settings.data, settings.rows)
    except (WrongSetting, municipal_export.Unreadable) as error:
        console.print(f"{error}", markup=False)
        return 2
    at = f"http://127.0.0.1:{settings.gateway_port}"
    source = f"{export.rows:,} rows of {settings.data.name}"
    console.print(f"Replaying {sum(study.RECORDS.values())} records of the study and {source}\non {at} …")
    try:
        district = District(Api(at))
        _ = district.admin  # signs in: a system that is not there is told before any bar is shown
        sound = Demonstration(district, export, console).run()
    except requests.ConnectionError:
        console.print(
            f"The system does not answer at {at}: start it with `make run` (and the same GATEWAY_PORT).",
            markup=False,
        )
        return 1
    except (Refused, requests.Timeout) as error:
        console.print(f"The system refused what the demonstration needs: {error}", markup=False)
        return 1
    seconds = time.monotonic() - started
    if not sound:
        console.print(f"\n[bold red]A proof failed[/bold red]: see the ✗ above. ({seconds:.0f} s)")
        return 1
    console.print(f"\n[green]Everything holds.[/green] ({seconds:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
