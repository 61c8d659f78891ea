"""Reading a municipal 311 export (CSV) row by row: what can be replayed, what was repaired, what is refused.

A row is refused when it cannot be told apart (no request number, or one that an earlier row has), has no
request type, no readable time of creation, an unknown status, was transferred to nobody, or repeats a
request while no row above it is open. Anything else is repaired and reported as such: its position, closing
time or due time is left out, its text cleaned or cut, its type filed under ad-hoc tasks; without any place
(neither a neighbourhood nor a plausible position) it goes to the subdistrict's staff. Every finding carries
the line of the file on which its row begins.
"""

import csv
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from demo import municipal
from demo.municipal import REGION, STATUSES, Request
from demo.story import IssueStory

COLUMNS = (
    "ServiceRequestNum",
    "SRType",
    "MethodReceived",
    "CreatedDate",
    "SRStatus",
    "DueDate",
    "CloseDate",
    "Agency",
    "Address",
    "Neighborhood",
    "Latitude",
    "Longitude",
)
TIME_FORMAT = "%m/%d/%Y %I:%M:%S %p"
_LONGEST = 100


class Unreadable(Exception):
    """The file as a whole cannot be read as an export; the text says why."""


class _Refused(Exception):
    """A row that cannot be replayed; the text says why."""


@dataclass(frozen=True)
class Defect:
    """What is wrong with the row that begins on a line of the file."""

    line: int
    reason: str
    refused: bool


@dataclass
class Export:
    """What was read: `rows` = len(stories) + refused rows.

    `statuses` counts all rows as exported, `refused_statuses` those of them that were refused.
    """

    rows: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    refused_statuses: Counter[str] = field(default_factory=Counter)
    requests: list[Request] = field(default_factory=list)
    stories: list[IssueStory] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many rows cannot be replayed."""
        return sum(one.refused for one in self.defects)


def read(path: Path, most: int | None = None) -> Export:
    """Read an export, at most so many rows of it. Raises Unreadable."""
    export = Export()
    lines: dict[str, int] = {}
    for line, row in _rows(path):
        if most is not None and export.rows == most:
            break
        export.rows += 1
        status = (row.get("SRStatus", "").strip() if isinstance(row, dict) else "") or "(none)"
        export.statuses[status] += 1
        try:
            request, repairs = _request(line, row, lines)
            original = _original(request, export.requests)
        except _Refused as refused:
            export.defects.append(Defect(line, str(refused), refused=True))
            export.refused_statuses[status] += 1
            continue
        lines[request.number] = line
        export.requests.append(request)
        export.stories.append(municipal.story(request, original))
        export.defects += [Defect(line, reason, refused=False) for reason in repairs]
    return export


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Line and cells of each row; a text in place of the cells says why a row cannot be taken apart."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.reader(file, strict=True)
            header: list[str] = next(reader, [])
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                raise Unreadable(f"{path} is no 311 export: it has no column {', '.join(missing)}.")
            yield from _cells(reader, header, lambda: reader.line_num)
    except (OSError, csv.Error) as error:
        raise Unreadable(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def _cells(
    reader: Iterator[list[str]], header: list[str], lines_read: Callable[[], int]
) -> Iterator[tuple[int, dict[str, str] | str]]:
    while True:
        line = lines_read() + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield line, f"not readable as CSV ({error})"
            continue
        if cells is None:
            return
        if len(cells) != len(header):
            yield line, f"{len(cells)} cells, where the header has {len(header)}"
        else:
            yield line, dict(zip(header, cells, strict=True))


def _request(line: int, row: dict[str, str] | str, lines: dict[str, int]) -> tuple[Request, list[str]]:
    """A usable row and what was repaired in it. Raises _Refused."""
    if isinstance(row, str):
        raise _Refused(row)
    repairs: list[str] = []
    text = {name: _text(name, row[name], repairs) for name in COLUMNS}
    number, status = text["ServiceRequestNum"], text["SRStatus"]
    _check_identity(number, text["SRType"], status, lines)
    if STATUSES[status] == "referred" and not text["Agency"]:
        raise _Refused("transferred, but no agency is named")
    created = _created(text["CreatedDate"])
    position, doubts = _position(text["Latitude"], text["Longitude"])
    request = Request(
        line=line,
        number=number,
        type=text["SRType"],
        status=status,
        method=text["MethodReceived"],
        agency=text["Agency"],
        address=text["Address"],
        neighbourhood=text["Neighborhood"],
        position=position,
        created=created,
        closed=_closed(status, text["CloseDate"], created, repairs),
    )
    repairs += _place(request, doubts)
    if _moment(text["DueDate"]) is None:
        repairs.append("no readable due date: due by the category's hours")
    if municipal.category_of(request.type) is None:
        repairs.append(f"unknown request type {request.type!r}: filed under ad_hoc")
    return request, repairs


def _text(name: str, cell: str, repairs: list[str]) -> str:
    if "\N{REPLACEMENT CHARACTER}" in cell:
        raise _Refused(f"{name} is not UTF-8")
    clean = "".join(one for one in cell if unicodedata.category(one) not in ("Cc", "Cf", "Cs")).strip()
    if clean != cell.strip():
        repairs.append(f"control characters in {name}: removed")
    if len(clean) > _LONGEST:
        repairs.append(f"{name} is longer than {_LONGEST} characters: cut")
    return clean[:_LONGEST].strip()


def _check_identity(number: str, request_type: str, status: str, lines: dict[str, int]) -> None:
    if not number:
        raise _Refused("no request number")
    if "[" in number or "]" in number:
        raise _Refused(f"request number {number!r} is none")
    if number in lines:
        raise _Refused(f"request number {number} is on line {lines[number]} already")
    if not request_type:
        raise _Refused("no request type")
    if status not in STATUSES:
        raise _Refused(f"unknown status {status!r}" if status else "no status")


def _moment(text: str) -> datetime | None:
    """A time of the export, which names no time zone."""
    try:
        return datetime.strptime(text, TIME_FORMAT)  # noqa: DTZ007 - only the day is used, as exported
    except ValueError:
        return None


def _created(text: str) -> date:
    moment = _moment(text)
    if moment is None:
        raise _Refused(f"created date {text!r} is no time" if text else "no created date")
    return moment.date()


def _closed(status: str, text: str, created: date, repairs: list[str]) -> date | None:
    if not status.startswith("Closed"):
        return None
    moment = _moment(text)
    if moment is None or moment.date() < created:
        repairs.append("closed, but without a readable closing date after the creation: left out")
        return None
    return moment.date()


def _position(latitude: str, longitude: str) -> tuple[tuple[float, float] | None, str]:
    """Longitude and latitude; None for unusable ones, with what is wrong with them."""
    if not latitude or not longitude:
        return None, "no coordinates"
    try:
        lat, lng = float(latitude), float(longitude)
    except ValueError:
        return None, "coordinates are no numbers"
    if lat.is_integer() and lng.is_integer():
        return None, f"placeholder coordinates {lat:.0f},{lng:.0f}"
    west, south, east, north = REGION
    if not (west <= lng <= east and south <= lat <= north):
        return None, "coordinates far from the city"
    return (lng, lat), ""


def _place(request: Request, doubts: str) -> list[str]:
    """What was repaired in the place of a request. `doubts`: what is wrong with its coordinates."""
    if not request.neighbourhood and doubts:
        return [f"no neighbourhood, {doubts}: reported without a place, to the subdistrict"]
    if not request.neighbourhood:
        return ["no neighbourhood: grid by coordinates"]
    return [f"{doubts}: a place in the neighbourhood's grid"] if doubts else []


def _original(request: Request, above: list[Request]) -> Request | None:
    if STATUSES[request.status] != "merged":
        return None
    original = municipal.original_of(request, above)
    if original is None:
        raise _Refused("a duplicate, but of no open request above it")
    return original
