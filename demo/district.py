"""The demonstration district: its areas, staff, stewards and residents, set up through the public API."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from demo.client import Api, Person, Refused

DISTRICT = "120199"
SUBDISTRICT = "120199001"
COMMUNITIES = {
    "120199001001": "社区A",
    "120199001002": "社区B",
    "120199001003": "社区C",
    "120199001004": "社区D",
    "120199001005": "社区E",
    "120199001006": "社区F",
}
COMMUNITY_A = "120199001001"
GRIDS_EACH = 4
ADMIN = "13900000001"
SUBDISTRICT_STAFF = "13900000002"
STAFF = {
    SUBDISTRICT_STAFF: ("街道工作人员", "subdistrict_staff", SUBDISTRICT),
    "13900000003": ("社区A工作人员", "community_staff", COMMUNITY_A),
    "13900000004": ("理事长", "council_chair", SUBDISTRICT),
    "13900000005": ("慈善商店店长", "shop_keeper", DISTRICT),
    "13900000006": ("社工", "social_worker", SUBDISTRICT),
}
STEWARDS_EACH_GRID = 3
RESIDENTS_OF_A = [f"139000002{number:02d}" for number in range(1, 41)]
RESIDENTS_OF_OTHERS = 8
_WEST, _SOUTH = 117.20, 39.12
_GRID_DEGREES = 0.01
_COLUMNS = 3


def grids(community: str) -> list[str]:
    """The codes of a community's grids."""
    return [f"{community}{number:03d}" for number in range(1, GRIDS_EACH + 1)]


def stewards_of(community: str) -> dict[str, str]:
    """Phone → grid of a community's stewards, three a grid; those of community A as documented."""
    number = list(COMMUNITIES).index(community)
    first = 101 if number == 0 else 300 + 20 * number
    return {
        f"13900000{first + place}": grids(community)[place // STEWARDS_EACH_GRID]
        for place in range(GRIDS_EACH * STEWARDS_EACH_GRID)
    }


def residents_of(community: str) -> list[str]:
    """The phones of a community's residents: 40 in community A, as documented, 8 in each other."""
    number = list(COMMUNITIES).index(community)
    if number == 0:
        return RESIDENTS_OF_A
    return [f"13900000{500 + 20 * number + place}" for place in range(1, RESIDENTS_OF_OTHERS + 1)]


def staff_of(community: str) -> str:
    """The phone of a community's staff member."""
    number = list(COMMUNITIES).index(community)
    return "13900000003" if number == 0 else f"139000000{10 + number}"


def square(code: str) -> tuple[float, float, float, float]:
    """West, south, east and north of an area: communities in a 3-wide lattice, four grids to each."""
    if len(code) < 12:
        rows = -(-len(COMMUNITIES) // _COLUMNS)
        return (
            _WEST,
            _SOUTH,
            _WEST + _COLUMNS * 2 * _GRID_DEGREES,
            _SOUTH + rows * 2 * _GRID_DEGREES,
        )
    number = int(code[9:12]) - 1
    west = _WEST + number % _COLUMNS * 2 * _GRID_DEGREES
    south = _SOUTH + number // _COLUMNS * 2 * _GRID_DEGREES
    if len(code) == 12:
        return west, south, west + 2 * _GRID_DEGREES, south + 2 * _GRID_DEGREES
    place = int(code[12:15]) - 1
    west, south = west + place % 2 * _GRID_DEGREES, south + place // 2 * _GRID_DEGREES
    return west, south, west + _GRID_DEGREES, south + _GRID_DEGREES


def centre(code: str) -> dict[str, float]:
    """The middle of an area."""
    west, south, east, north = square(code)
    return {"lng": round((west + east) / 2, 6), "lat": round((south + north) / 2, 6)}


def point_in(code: str, across: float, up: float) -> dict[str, float]:
    """A point well within an area: `across` and `up` are fractions from its south-western corner."""
    west, south, east, north = square(code)
    return {
        "lng": round(west + (east - west) * (0.05 + 0.9 * across), 6),
        "lat": round(south + (north - south) * (0.05 + 0.9 * up), 6),
    }


def spot_in(code: str, name: str) -> dict[str, float]:
    """Some point within an area, always the same for the same name."""
    chance = Random(name)
    return point_in(code, chance.random(), chance.random())


def boundary(code: str) -> dict[str, Any]:
    """An area's outline as GeoJSON."""
    west, south, east, north = (round(value, 6) for value in square(code))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def areas() -> Iterator[tuple[str, str]]:
    """Code and name of every area, each after the one it lies in."""
    yield DISTRICT, "示范区"
    yield SUBDISTRICT, "示范街道"
    for community, name in COMMUNITIES.items():
        yield community, name
        for number, grid in enumerate(grids(community), 1):
            yield grid, f"{name}第{number}网格"


@dataclass
class District:
    """The people of the demonstration district, signed in when first needed."""

    api: Api

    def __post_init__(self) -> None:
        self._people: dict[str, Person] = {}

    @cached_property
    def admin(self) -> Person:
        """The district's admin."""
        return self.person(ADMIN)

    @property
    def community_staff(self) -> Person:
        """Community A's staff."""
        return self.person("13900000003")

    @property
    def subdistrict_staff(self) -> Person:
        """The subdistrict's staff."""
        return self.person(SUBDISTRICT_STAFF)

    def person(self, phone: str) -> Person:
        """Whoever has this phone."""
        if phone not in self._people:
            self._people[phone] = self.api.sign_in(phone)
        return self._people[phone]

    def people(self, phones: list[str], done: Callable[[], None] = lambda: None) -> list[Person]:
        """Several people, signed in side by side. `done` counts them."""

        def one(phone: str) -> Person:
            person = self.person(phone)
            done()
            return person

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(one, phones))

    def set_up(self, done: Callable[[], None] = lambda: None) -> None:
        """Define the areas and enter the members; what is there already stays. `done` counts steps."""
        for code, name in areas():
            self._unless_known("/v1/areas", {"code": code, "name": name, "boundary": boundary(code)})
            done()
        with ThreadPoolExecutor(8) as pool:
            for _ in pool.map(lambda body: self._unless_known("/v1/members", body), members()):
                done()

    def _unless_known(self, path: str, body: dict[str, Any]) -> None:
        try:
            self.admin.post(path, body)
        except Refused as refused:
            if refused.status != 409:
                raise


def members() -> list[dict[str, Any]]:
    """The bodies that enter every member but the admin, who is there from the start."""
    bodies = [
        _member(phone, name, [(role, area)], area if len(area) > 6 else None)
        for phone, (name, role, area) in STAFF.items()
    ]
    for community, name in COMMUNITIES.items():
        if community != COMMUNITY_A:
            bodies.append(
                _member(staff_of(community), f"{name}工作人员", [("community_staff", community)], community)
            )
        for number, (phone, grid) in enumerate(stewards_of(community).items(), 1):
            bodies.append(_member(phone, f"{name}管家{number}", [("steward", grid)], grid))
        prefix = "" if community == COMMUNITY_A else name
        for number, phone in enumerate(residents_of(community)):
            bodies.append(_member(phone, f"{prefix}居民{number + 1}", [], home_of(community, number)))
    return bodies


def home_of(community: str, number: int) -> str:
    """The grid in which the resident with this number (from 0) of a community lives."""
    return grids(community)[number % GRIDS_EACH]


def _member(phone: str, name: str, roles: list[tuple[str, str]], home: str | None) -> dict[str, Any]:
    held = [{"role": role, "area": area} for role, area in roles]
    return {"phone": phone, "name": name, "roles": held, "home_area": home}
