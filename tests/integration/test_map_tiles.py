"""What tiles of the map show close by, where each open issue is shown by itself."""

import random
from datetime import UTC, datetime

from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from chassis.tiles import Tile, tile_at
from services.issues.cases import domain as workflow
from services.issues.cases.issue import Details
from services.issues.categories.domain import ROOTS, Policy
from services.issues.finding.domain import CELL_ZOOM
from services.issues.finding.queries import Finder
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
            policy = Policy(ROOTS[issue.category], CALENDAR)
            why = Details(note="不属于本区职责")
            lives.cases.save(workflow.transition(issue, "reject", STAFF, why, AT, policy))
        else:
            places[issue.id] = place
    shown = _shown(mongo, cell)
    assert set(shown) == _within(places, shown, cell)
    assert 0 < len(shown) < len(places)
    deeper = [tile_at(one["lng"], one["lat"], DEEPER) for one in places.values()]
    for tile in deeper:
        assert set(_shown(mongo, tile)) == _within(places, shown, tile)


def _shown(mongo: Mongo, tile: Tile) -> dict[str, Document]:
    finder = Finder(mongo, lambda documents, _: list(documents))
    return {str(one["id"]): one for one in finder.tile(tile, Actor("stranger"))["items"]}


def _within(places: dict[str, dict[str, float]], shown: dict[str, Document], tile: Tile) -> set[str]:
    """By where a stranger sees them: sensitive issues lie on their lattice."""
    spots = {**places, **{key: one["location"] for key, one in shown.items()}}
    return {key for key, at in spots.items() if tile_at(at["lng"], at["lat"], tile.z) == tile}
