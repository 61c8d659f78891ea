"""The kinds of requests that are measured, each with the commands that the service issues for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from urllib.parse import urlencode

from bench import load
from bench.issues.commands import Raw, Recorder, again
from bench.issues.lives import GRIDS, PROBLEMS
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from chassis.tiles import tile_at
from demo.client import Person
from demo.district import DISTRICT, spot_in
from services.issues.duplicates.queries import Nearby, Sought
from services.issues.finding.domain import Filters, sought_words
from services.issues.finding.queries import Finder

LIMIT = 20
WIDE_ZOOM, NEAR_ZOOM = 12, 16
_STATUSES = ("confirmed", "escalated", "rejected", "withdrawn")
_NEARBY_LIMIT = 10


@dataclass(frozen=True)
class Block:
    """Requests to the service, as many within it, and for each the same commands without the service."""

    requests: Sequence[str]
    within: Sequence[str]
    raw: Sequence[Raw]


Kind = Callable[[int], Block]
"""Makes a block of so many requests, just before it is measured."""


class Reads:
    """The kinds that change nothing, asked by the district's admin."""

    def __init__(self, mongo: Mongo, recorder: Recorder, admin: Person, stewards: Sequence[str]) -> None:
        self._mongo, self._recorder, self._admin = mongo, recorder, admin
        self._actor = Actor(admin.id, (Grant("district_admin", DISTRICT),))
        self._stewards = stewards
        self._chance = Random(20)
        self.finder = Finder(recorder.mongo, lambda documents, _: list(documents))
        self._nearby = Nearby(recorder.mongo)

    def kinds(self) -> dict[str, Kind]:
        """All of them by name."""
        pick = self._chance.choice
        return {
            "list a grid": self._lists(lambda: {"area": pick(GRIDS)}),
            "list the district": self._lists(lambda: {"area": DISTRICT}),
            "list by status": self._lists(lambda: {"status": pick(_STATUSES)}),
            "list by assignee": self._lists(lambda: {"assignee": pick(self._stewards)}),
            "list by words": self._lists(lambda: {"q": pick(PROBLEMS)}),
            "a wide tile": self._tiles(WIDE_ZOOM),
            "a near tile": self._tiles(NEAR_ZOOM),
            "nearby": self._block(self._near),
        }

    def export(self) -> tuple[str, Callable[[], Raw]]:
        """The path of an export of all there is, and what makes its commands."""

        def rows() -> int:
            return sum(1 for _ in self.finder.rows(Filters(DISTRICT), self._actor))

        return f"/v1/issues/export?area={DISTRICT}", lambda: self._again(rows)

    def _block(self, one: Callable[[], tuple[str, Raw]]) -> Kind:
        def make(count: int) -> Block:
            token = str(self._admin.tokens["access_token"])
            pairs = [one() for _ in range(count)]
            requests = [load.http("GET", path, token) for path, _ in pairs]
            return Block(requests, requests, [raw for _, raw in pairs])

        return make

    def _lists(self, chosen: Callable[[], dict[str, str]]) -> Kind:
        def one() -> tuple[str, Raw]:
            query = chosen()
            filters = Filters(
                query.get("area", DISTRICT),
                frozenset({query["status"]}) if "status" in query else frozenset(),
                assignee=query.get("assignee"),
                words=sought_words(query["q"]) if "q" in query else (),
            )
            path = f"/v1/issues?{urlencode({**query, 'limit': LIMIT})}"
            return path, self._again(lambda: self.finder.page(filters, self._actor, LIMIT, None))

        return self._block(one)

    def _tiles(self, zoom: int) -> Kind:
        def one() -> tuple[str, Raw]:
            at = self._spot()
            tile = tile_at(at["lng"], at["lat"], zoom)
            path = f"/v1/issues/tiles/{tile.z}/{tile.x}/{tile.y}"
            return path, self._again(lambda: self.finder.tile(tile, self._actor))

        return self._block(one)

    def _near(self) -> tuple[str, Raw]:
        at, problem = self._spot(), self._chance.choice(PROBLEMS)
        sought = Sought(at["lng"], at["lat"], "environment", problem)
        query = urlencode({**at, "category": "environment", "description": problem})
        raw = self._again(lambda: self._nearby.candidates(sought, self._actor, _NEARBY_LIMIT))
        return f"/v1/issues/nearby?{query}", raw

    def _spot(self) -> dict[str, float]:
        return spot_in(self._chance.choice(GRIDS), str(self._chance.random()))

    def _again(self, ask: Callable[[], object]) -> Raw:
        """The commands of the second time: a list that was asked for a moment ago knows where to look."""
        ask()
        return again(self._mongo.database, self._recorder.commands_of(ask))
