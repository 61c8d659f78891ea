"""Fills the database with issues of the last two years, with their words, cells and figures."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from random import Random

from bench.issues.buckets import Buckets
from bench.issues.drafts import Drafts, relayed
from bench.issues.lives import GRIDS, Lives, People
from chassis.clock import utc_now
from chassis.geography import AreaFinder
from chassis.mongo import Document, Mongo
from services.issues.cases.store import CaseStore
from services.issues.categories.queries import Rulebook
from services.issues.categories.store import CategoryStore
from services.issues.finding.store import CellStore, WordStore, cells_of
from services.issues.limits.queries import Calendar
from services.issues.limits.store import DayStore
from services.issues.media.store import PhotoStore

_SPAN = timedelta(days=730)
_SETTLED = timedelta(minutes=1)
"""Nothing is reported so lately: what is newer, the service's own sweeps take in."""
_BATCH = 500


class _Unmarked(CellStore):
    """Marks no cell: all cells of what is filled are counted at the end."""

    def mark(self, *keys: str) -> None:
        """Nothing to be done."""


def lives(mongo: Mongo, drafts: Drafts, chance: Random) -> Lives:
    """Lives written into drafts, by the rules, areas and people that the service knows."""
    return Lives(
        CaseStore(drafts.mongo),
        Rulebook(CategoryStore(mongo), Calendar(DayStore(mongo).all)),
        AreaFinder(lambda: [(str(one["_id"]), one["boundary"]) for one in mongo["areas"].find()]),
        PhotoStore(mongo),
        people(mongo["members"].find()),
        chance,
    )


def people(members: Iterable[Document]) -> People:
    """The residents and stewards among the members that the service knows."""
    residents: list[str] = []
    stewards: dict[str, list[str]] = {grid: [] for grid in GRIDS}
    for one in members:
        grants = [str(grant).split("@") for grant in one["grants"]]
        held = [area for role, area in grants if role == "steward"]
        for grid in held:
            stewards[grid].append(str(one["_id"]))
        if one["home_area"] and not [role for role, _ in grants if role != "resident"]:
            residents.append(str(one["_id"]))
    return People(residents, stewards)


class Filling:
    """Adds issues to the database of a running service."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._chance = Random(20261125)
        self._drafts = Drafts()
        self._lives = lives(mongo, self._drafts, self._chance)
        self._buckets = Buckets(mongo)
        self._words = WordStore(self._drafts.mongo, _Unmarked(mongo), utc_now)

    def add(self, count: int, say: Callable[[int], None]) -> None:
        """Add so many issues; `say` hears how many are there."""
        cells: set[str] = set()
        writing: Future[None] | None = None
        with ThreadPoolExecutor(1) as writer:
            for done in range(0, count, _BATCH):
                batch, words = self._batch(min(_BATCH, count - done))
                if writing is not None:
                    writing.result()
                writing = writer.submit(self._write, batch, words)
                cells |= cells_of(batch)
                for one in batch:
                    self._buckets.count(one)
                say(done + len(batch))
            if writing is not None:
                writing.result()
        self._buckets.write()
        count_cells(self._mongo, cells)

    def _batch(self, count: int) -> tuple[list[Document], list[Document]]:
        until = utc_now() - _SETTLED
        for _ in range(count):
            at = until - self._chance.random() * _SPAN
            at = at.replace(microsecond=at.microsecond // 1000 * 1000)
            issue = self._lives.live(self._chance.choice(GRIDS), at, until)
            self._words.reported(issue.id, at)
        return [relayed(one) for one in self._drafts["issues"].take()], self._drafts["words"].take()

    def _write(self, issues: Sequence[Document], words: Sequence[Document]) -> None:
        self._mongo["issues"].insert_many(issues, ordered=False)
        self._mongo["words"].insert_many(words, ordered=False)


def count_cells(mongo: Mongo, keys: Iterable[str]) -> None:
    """Count cells of the map as the sweep does, which finds these by no event."""
    cells = CellStore(mongo)
    cells.mark(*keys)
    while cells.sweep():
        pass
