"""A municipal service request (311) in the words of this system: category, grid, people, workflow.

Requests are replayed in the communities other than A, whose records are the study's; those that name no
place are reported to the subdistrict, whose staff sort them. The tables are written for the City of
Baltimore's open 311 data.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zlib import crc32

from demo.district import (
    COMMUNITIES,
    COMMUNITY_A,
    SUBDISTRICT,
    SUBDISTRICT_STAFF,
    grids,
    point_in,
    residents_of,
    spot_in,
    staff_of,
    stewards_of,
)
from demo.story import IssueStory, Step

REFERENCE = "baltimore-311"
GRIDS = [grid for community in COMMUNITIES if community != COMMUNITY_A for grid in grids(community)]
REGION = (-76.9, 39.1, -76.3, 39.5)
"""West, south, east and north of the city and the suburbs that it serves, in degrees."""

STATUSES = {
    "New": "reported",
    "Open": "claimed",
    "In Progress": "in_progress",
    "Pending": "escalated",
    "Closed": "confirmed",
    "Closed (Duplicate)": "merged",
    "Open (Duplicate)": "merged",
    "Closed (Transferred)": "referred",
}
"""Status of the export → status in which the replay leaves the issue."""
_OPEN = frozenset({"reported", "claimed", "in_progress", "escalated"})

_CATEGORIES = (
    (r".*Animal (Dead|Unsanitary|Barking)|HLTH-EV|HLTH-Food", "environment"),
    (r"FIR-.*Installation|.*(Pitch-In|Participation|Outreach|Youth Snow)", "outreach"),
    (r"HLTH-Animal|FIR-|BPD-|BCLB-", "safety"),
    (r".*(StLight|Street Light|Traffic Signal|Signal Timing|Pothole|Hydrant|Guardrail|Bridge)", "safety"),
    (r"HCD-(Vacant|Maintenance|Systems|Overcrowding|OECS|CCE|Zoning|Weather)", "safety"),
    (r"FOR-(Fallen|Down|Broken)", "safety"),
    (r"ECC-|FC(CS|PF|DA)-|FIN-|CC-|MOIT-|.*(Information|Inquir|Report Request)", "resident_info"),
    (r"SW-|HCD-|WW-|FOR-|RP-|TRM-(Graffiti|Grass|Illegal|Debris|Alleys)|DPW", "environment"),
    (r"TR[A-Z]*-|TTR-|TEC-|PABC-", "ad_hoc"),
)
"""Beginning of a request type → category; the first that fits counts."""

_FOUND_ON_PATROL = frozenset({"Internal", "System"})


@dataclass(frozen=True)
class Request:
    """A usable row of an export. `position` is longitude and latitude as exported, where plausible."""

    line: int
    number: str
    type: str
    status: str
    method: str
    agency: str
    address: str
    neighbourhood: str
    position: tuple[float, float] | None
    created: date
    closed: date | None


def category_of(request_type: str) -> str | None:
    """The category of a request type, or None for a type that the table does not know."""
    return next((category for start, category in _CATEGORIES if re.match(start, request_type)), None)


def grid_of(request: Request) -> str | None:
    """The grid of a neighbourhood, always the same; of the position where no neighbourhood is named.

    None for a request that names no place at all.
    """
    if request.neighbourhood:
        return GRIDS[crc32(request.neighbourhood.casefold().encode()) % len(GRIDS)]
    if request.position is None:
        return None
    across, _ = _fractions(request.position)
    return GRIDS[min(int(across * len(GRIDS)), len(GRIDS) - 1)]


def original_of(request: Request, above: Sequence[Request]) -> Request | None:
    """The request that a duplicate is merged into: the export does not say which one it repeats.

    The nearest row above it that is still open, of its type and neighbourhood, else of its type and
    community, else of its community, else of its type, else any: nothing can be merged into what is closed.
    Rows below never count, so that more rows of a file change nothing in the earlier ones.
    """
    candidates = [one for one in reversed(above) if STATUSES[one.status] in _OPEN]
    near = [one for one in candidates if _community_of(one) == _community_of(request)]
    alike = [one for one in near if one.type == request.type]
    next_door = [one for one in alike if one.neighbourhood == request.neighbourhood]
    elsewhere = [one for one in candidates if one.type == request.type]
    return next(iter(next_door + alike + near + elsewhere + candidates), None)


def _community_of(request: Request) -> str | None:
    grid = grid_of(request)
    return None if grid is None else grid[:12]


@dataclass(frozen=True)
class _People:
    """Who has to do with a request: `handler` is a steward of `grid`, `staff` handle what no steward does."""

    grid: str
    reporter: str
    handler: str
    staff: str


def _people(request: Request) -> _People:
    """Those of the request's grid; of some grid, always the same, and of the subdistrict when it has none."""
    placed = grid_of(request)
    mark = crc32(request.number.encode())
    grid = placed or GRIDS[mark % len(GRIDS)]
    community = grid[:12]
    stewards = [phone for phone, own in stewards_of(community).items() if own == grid]
    patrol, residents = stewards[(mark + 1) % len(stewards)], residents_of(community)
    return _People(
        grid=grid,
        reporter=patrol if request.method in _FOUND_ON_PATROL else residents[mark % len(residents)],
        handler=stewards[mark % len(stewards)],
        staff=staff_of(community) if placed else SUBDISTRICT_STAFF,
    )


def story(request: Request, original: Request | None) -> IssueStory:
    """How the people of the grid live through a request. A duplicate needs its `original`."""
    grid, people = grid_of(request), _people(request)
    where = ", ".join(part for part in (request.address, request.neighbourhood) if part)
    return IssueStory(
        reference=reference(request.number),
        phone=people.reporter,
        category=category_of(request.type) or "ad_hoc",
        text=f"{request.type}; {where or 'no address'}; {request.created:%Y-%m-%d}",
        location=_location(request, grid) if grid else None,
        area=None if grid else SUBDISTRICT,
        photo=False,
        steps=_steps(request, people, original),
    )


def reference(number: str) -> str:
    """The reference of a request in the issue that replays it."""
    return f"{REFERENCE} {number}"


def _steps(request: Request, people: _People, original: Request | None) -> tuple[Step, ...]:
    """What is done with a request. Staff see to one without a place, or route it to a steward."""
    placed = grid_of(request) is not None
    staff, handler = people.staff, people.handler
    doer = handler if placed else staff
    route = Step(staff, "route", "No place is named: this grid is to look into it", area=people.grid)
    claim = (Step(handler, "claim"),) if placed else (route, Step(handler, "claim"))
    begin = (*claim, Step(handler, "start")) if placed else (Step(staff, "start"),)
    closing = f"Closed by {request.agency or 'the city'}" + (
        f" on {request.closed:%Y-%m-%d}" if request.closed else ""
    )
    ways: dict[str, tuple[Step, ...]] = {
        "reported": (),
        "claimed": claim,
        "in_progress": begin,
        "escalated": (*claim, Step(handler, "escalate", "Pending with the city")),
        "confirmed": (
            *(claim if placed else begin),
            Step(doer, "resolve", closing),
            Step(people.reporter, "confirm"),
        ),
        "referred": (Step(staff, "refer", "Transferred", agency=request.agency),),
        "merged": (Step(staff, "merge", into=reference(original.number)),) if original else (),
    }
    return ways[STATUSES[request.status]]


def _location(request: Request, grid: str) -> dict[str, float]:
    if request.position is None:
        return spot_in(grid, request.number)
    return point_in(grid, *_fractions(request.position))


def _fractions(position: tuple[float, float]) -> tuple[float, float]:
    """How far east and north a position lies in the region, from 0 to 1."""
    west, south, east, north = REGION
    lng, lat = position
    return (lng - west) / (east - west), (lat - south) / (north - south)
