"""What the map shows: cells with their counts and, close by, each open issue by itself."""

import random
from datetime import UTC, datetime

from chassis.identity import Actor
from chassis.mongo import Mongo
from chassis.tiles import Tile, tile_at
from services.issues.cases import domain as workflow
from services.issues.cases.issue import Details, Issue
from services.issues.categories.domain import ROOTS, Policy
from services.issues.finding.domain import CELL_ZOOM, cell_key
from services.issues.finding.queries import Finder
from services.issues.finding.store import CellStore
from tests.integration.issue_lives import AREAS, CALENDAR, STAFF, Lives

AT = datetime(2026, 9, 1, 9, tzinfo=UTC)
DEEPER = 20


def test_a_near_tile_shows_every_open_issue_in_it_and_no_other(mongo: Mongo) -> None:
    lives, dice = Lives(mongo, random.Random(2)), random.Random(3)
    cell = tile_at(117.205, 39.125, CELL_ZOOM)
    box = cell.box
    places: dict[str, dict[str, float]] = {}
    for number in range(60):
        west, east = (box.west, box.east) if number % 3 else (box.east, 2 * box.east - box.west)
        place = {"lng": dice.uniform(west, east), "lat": dice.uniform(box.south, box.north)}
        issue = lives.begin(AT, AREAS[1], place)
        if number % 2:
            _reject(lives, issue)
        else:
            places[issue.id] = place
    shown = _shown(mongo, cell)
    assert shown == _within(places, cell)
    assert 0 < len(shown) < len(places)
    for tile in {tile_at(one["lng"], one["lat"], DEEPER) for one in places.values()}:
        assert _shown(mongo, tile) == _within(places, tile)


def test_a_cell_counts_its_open_issues_down_to_none(mongo: Mongo) -> None:
    lives, cells = Lives(mongo, random.Random(4)), CellStore(mongo)
    cells.ensure_indexes()
    here, beyond = {"lng": 117.205, "lat": 39.125}, {"lng": 117.225, "lat": 39.125}
    issues = [lives.begin(AT, AREAS[1], place) for place in (here, here, beyond)]
    keys = {cell_key(tile_at(one["lng"], one["lat"], CELL_ZOOM)): one for one in (here, beyond)}
    cells.mark(*keys)
    assert _swept(cells) == 2
    assert {str(one["_id"]): one["open"] for one in mongo["cells"].find()} == dict(
        zip(keys, (2, 1), strict=True)
    )
    for issue in issues:
        _reject(lives, issue)
    cells.mark(*keys)
    assert _swept(cells) == 2
    assert [one["open"] for one in mongo["cells"].find()] == [0, 0]


def _swept(cells: CellStore) -> int:
    return sum(iter(cells.sweep, 0))


def _reject(lives: Lives, issue: Issue) -> None:
    policy = Policy(ROOTS[issue.category], CALENDAR)
    why = Details(note="不属于本区职责")
    lives.cases.save(workflow.transition(issue, "reject", STAFF, why, AT, policy))


def _shown(mongo: Mongo, tile: Tile) -> set[str]:
    finder = Finder(mongo, lambda documents, _: list(documents))
    return {str(one["id"]) for one in finder.tile(tile, Actor("stranger"))["items"]}


def _within(places: dict[str, dict[str, float]], tile: Tile) -> set[str]:
    return {key for key, at in places.items() if tile_at(at["lng"], at["lat"], tile.z) == tile}
