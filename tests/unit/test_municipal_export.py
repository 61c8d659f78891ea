"""Reading a municipal export: what is mapped, repaired and refused, and on which line."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from demo import municipal, municipal_export
from demo.__main__ import EXTRACT
from demo.district import COMMUNITY_A, SUBDISTRICT, SUBDISTRICT_STAFF, square, stewards_of
from demo.municipal_export import COLUMNS, Defect, Export, Unreadable

GOOD = {
    "ServiceRequestNum": "18-1",
    "SRType": "SW-Dirty Alley",
    "MethodReceived": "Phone",
    "CreatedDate": "04/16/2018 05:30:13 AM",
    "SRStatus": "Closed",
    "DueDate": "04/23/2018 05:30:13 AM",
    "CloseDate": "04/20/2018 06:25:34 AM",
    "Agency": "Solid Waste",
    "Address": "12 S STOCKTON ST",
    "Neighborhood": "Hollins Market",
    "Latitude": "39.28",
    "Longitude": "-76.63",
}
Read = Callable[..., Export]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads rows given as what differs from a good one; a text stands for a whole line."""

    def reading(*rows: dict[str, str] | str, most: int | None = None) -> Export:
        lines = [",".join(COLUMNS)]
        for row in rows:
            cells = row if isinstance(row, str) else ",".join(f'"{cell}"' for cell in (GOOD | row).values())
            lines.append(cells)
        path = tmp_path / "export.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return municipal_export.read(path, most)

    return reading


def refusals(export: Export) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in export.defects if one.refused]


@pytest.mark.parametrize(
    ("status", "ends", "actions"),
    [
        ("New", "reported", []),
        ("Open", "claimed", ["claim"]),
        ("In Progress", "in_progress", ["claim", "start"]),
        ("Pending", "escalated", ["claim", "escalate"]),
        ("Closed", "confirmed", ["claim", "resolve", "confirm"]),
        ("Closed (Duplicate)", "merged", ["merge"]),
        ("Open (Duplicate)", "merged", ["merge"]),
        ("Closed (Transferred)", "referred", ["refer"]),
    ],
)
def test_each_status_becomes_a_way_through_the_workflow(
    read: Read, status: str, ends: str, actions: list[str]
) -> None:
    story = read({"SRStatus": "Open"}, {"ServiceRequestNum": "18-2", "SRStatus": status}).stories[1]
    assert story.ends == ends
    assert [step.action for step in story.steps] == actions


@pytest.mark.parametrize(
    ("request_type", "category"),
    [
        ("SW-Dirty Alley", "environment"),
        ("WW-Water Leak (Exterior)", "environment"),
        ("HLTH-Animal Dead Animal Pickup-Wildlife or Stray", "environment"),
        ("HLTH-Animal Aggressive Animal", "safety"),
        ("BGE-StLight(s) Out", "safety"),
        ("TRM-Pothole Repair", "safety"),
        ("FIR-Fire Code Inspection Request", "safety"),
        ("FIR-Fire Smoke Alarm Installation Request", "outreach"),
        ("SW-Community Pitch-In", "outreach"),
        ("ECC-Information Request", "resident_info"),
        ("FCPF-Trial Request-Parking", "resident_info"),
        ("TRS-Parking Complaint", "ad_hoc"),
    ],
)
def test_each_request_type_has_a_category(read: Read, request_type: str, category: str) -> None:
    export = read({"SRType": request_type})
    assert export.stories[0].category == category
    assert export.defects == []


def test_an_unknown_request_type_is_filed_under_ad_hoc_and_reported(read: Read) -> None:
    export = read({"SRType": "ZZ-New Service"})
    assert export.stories[0].category == "ad_hoc"
    assert export.defects == [
        Defect(2, "unknown request type 'ZZ-New Service': filed under ad_hoc", refused=False)
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"ServiceRequestNum": ""}, "no request number"),
        ({"SRType": " "}, "no request type"),
        ({"SRStatus": "Vanished"}, "unknown status 'Vanished'"),
        ({"SRStatus": ""}, "no status"),
        ({"CreatedDate": ""}, "no created date"),
        ({"CreatedDate": "16.04.2018"}, "created date '16.04.2018' is no time"),
        ({"SRStatus": "Closed (Transferred)", "Agency": ""}, "transferred, but no agency is named"),
        ({"SRStatus": "Closed (Duplicate)"}, "a duplicate, but of no open request above it"),
        ({"Address": "12 S STOCKTON \N{REPLACEMENT CHARACTER}"}, "Address is not UTF-8"),
        ("18-1,SW-Dirty Alley", "2 cells, where the header has 12"),
        ("", "0 cells, where the header has 12"),
    ],
)
def test_an_unusable_row_is_refused_with_its_line_and_reason(
    read: Read, row: dict[str, str] | str, reason: str
) -> None:
    export = read(row, {"ServiceRequestNum": "18-9"})
    assert refusals(export) == [(2, reason)]
    assert (export.rows, len(export.stories), export.refused) == (2, 1, 1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            {"Latitude": "39", "Longitude": "-77"},
            "placeholder coordinates 39,-77: a place in the neighbourhood's grid",
        ),
        ({"Latitude": "", "Longitude": ""}, "no coordinates: a place in the neighbourhood's grid"),
        ({"Latitude": "north"}, "coordinates are no numbers: a place in the neighbourhood's grid"),
        ({"Latitude": "nan"}, "coordinates far from the city: a place in the neighbourhood's grid"),
        ({"Latitude": "3.28"}, "coordinates far from the city: a place in the neighbourhood's grid"),
        ({"Neighborhood": ""}, "no neighbourhood: grid by coordinates"),
        ({"DueDate": ""}, "no readable due date: due by the category's hours"),
        (
            {"CloseDate": ""},
            "closed, but without a readable closing date after the creation: left out",
        ),
        (
            {"CloseDate": "04/15/2018 06:25:34 AM"},
            "closed, but without a readable closing date after the creation: left out",
        ),
        ({"Address": "12 S \N{RIGHT-TO-LEFT OVERRIDE}STOCKTON"}, "control characters in Address: removed"),
        ({"Address": "S" * 101}, "Address is longer than 100 characters: cut"),
    ],
)
def test_a_defect_that_can_be_repaired_is_reported_and_its_row_replayed(
    read: Read, row: dict[str, str], reason: str
) -> None:
    export = read(row)
    assert export.defects == [Defect(2, reason, refused=False)]
    assert (len(export.stories), export.refused) == (1, 0)
    grid, place = municipal.grid_of(export.requests[0]), export.stories[0].location
    assert grid is not None
    assert place is not None
    west, south, east, north = square(grid)
    assert west < place["lng"] < east
    assert south < place["lat"] < north


PLACELESS = {"Neighborhood": "", "Latitude": "", "Longitude": ""}


@pytest.mark.parametrize(
    ("row", "doubts"),
    [
        (PLACELESS, "no coordinates"),
        (PLACELESS | {"Latitude": "39", "Longitude": "-77"}, "placeholder coordinates 39,-77"),
        (PLACELESS | {"Latitude": "3.28", "Longitude": "-76.63"}, "coordinates far from the city"),
    ],
)
def test_a_row_without_any_place_is_reported_to_the_subdistrict(
    read: Read, row: dict[str, str], doubts: str
) -> None:
    export = read(row)
    reason = f"no neighbourhood, {doubts}: reported without a place, to the subdistrict"
    assert export.defects == [Defect(2, reason, refused=False)]
    assert (export.stories[0].location, export.stories[0].area) == (None, SUBDISTRICT)


@pytest.mark.parametrize(
    ("status", "ends", "actions"),
    [
        ("New", "reported", []),
        ("Open", "claimed", ["route", "claim"]),
        ("In Progress", "in_progress", ["start"]),
        ("Pending", "escalated", ["route", "claim", "escalate"]),
        ("Closed", "confirmed", ["start", "resolve", "confirm"]),
        ("Closed (Duplicate)", "merged", ["merge"]),
        ("Open (Duplicate)", "merged", ["merge"]),
        ("Closed (Transferred)", "referred", ["refer"]),
    ],
)
def test_staff_of_the_subdistrict_see_to_a_row_without_a_place_and_stewards_to_what_they_are_given(
    read: Read, status: str, ends: str, actions: list[str]
) -> None:
    row = PLACELESS | {"ServiceRequestNum": "18-2", "SRStatus": status}
    story = read({"SRStatus": "Open"}, row).stories[1]
    assert story.ends == ends
    assert [step.action for step in story.steps] == actions
    staff = {"route", "start", "resolve", "refer", "merge"}
    assert all(step.phone == SUBDISTRICT_STAFF for step in story.steps if step.action in staff)
    routed = {step.area for step in story.steps if step.area}
    theirs = [step.phone for step in story.steps if step.action in ("claim", "escalate")]
    assert {stewards_of(str(grid)[:12]).get(phone) for grid in routed for phone in theirs} == routed


def test_a_request_number_is_taken_once_and_the_repeat_names_the_first_line(read: Read) -> None:
    export = read({}, {"SRStatus": "Open"}, {"ServiceRequestNum": "18-3"})
    assert refusals(export) == [(3, "request number 18-1 is on line 2 already")]
    assert [one.ends for one in export.stories] == ["confirmed", "confirmed"]


def test_lines_are_those_of_the_file_also_after_a_cell_with_a_line_break(read: Read) -> None:
    export = read({"Address": "first line\nsecond line"}, {"ServiceRequestNum": ""})
    assert [one.line for one in export.defects] == [2, 4]


def test_a_duplicate_goes_into_the_nearest_open_row_above_of_its_type_and_neighbourhood(read: Read) -> None:
    export = read(
        {"ServiceRequestNum": "18-1", "SRStatus": "New"},
        {"ServiceRequestNum": "18-2", "SRStatus": "Open"},
        {"ServiceRequestNum": "18-3", "SRStatus": "Pending", "SRType": "SW-Graffiti Removal"},
        {"ServiceRequestNum": "18-4", "SRStatus": "Closed (Duplicate)"},
        {"ServiceRequestNum": "18-5", "SRStatus": "Open (Duplicate)"},
        {"ServiceRequestNum": "18-6"},
    )
    assert [one.older for one in export.stories] == [
        *(None,) * 3,
        municipal.reference("18-2"),
        municipal.reference("18-2"),
        None,
    ]


@pytest.mark.parametrize(
    ("kind", "older"), [("SW-Dirty Alley", "18-1"), ("SW-Graffiti Removal", "18-2"), ("SW-HGW", "18-2")]
)
def test_a_duplicate_of_nothing_open_nearby_goes_into_one_of_its_type_elsewhere_else_into_any(
    read: Read, kind: str, older: str
) -> None:
    export = read(
        {"ServiceRequestNum": "18-1", "SRStatus": "New"},
        {"ServiceRequestNum": "18-2", "SRStatus": "Open", "SRType": "SW-Graffiti Removal"},
        {"ServiceRequestNum": "18-3"},
        PLACELESS | {"ServiceRequestNum": "18-4", "SRStatus": "Closed (Duplicate)", "SRType": kind},
    )
    assert export.stories[3].older == municipal.reference(older)


def test_reading_fewer_rows_leaves_the_stories_of_those_rows_as_they_are() -> None:
    whole, part = municipal_export.read(EXTRACT), municipal_export.read(EXTRACT, 30)
    assert part.rows == 30
    assert part.stories == whole.stories[: len(part.stories)]
    assert part.defects == [one for one in whole.defects if one.line <= 31]


def test_every_row_of_the_extract_is_replayed_and_every_status_occurs() -> None:
    export = municipal_export.read(EXTRACT)
    assert export.rows == 60
    assert export.rows == len(export.stories) + export.refused
    assert export.statuses.total() == export.rows
    assert export.statuses.keys() == municipal.STATUSES.keys()
    assert refusals(export) == []
    placeless = {one.line for one in export.requests if municipal.grid_of(one) is None}
    assert placeless == {8, 13, 20, 30, 33, 35, 59, 60}
    ends = Counter(municipal.STATUSES[one.status] for one in export.requests)
    assert Counter(one.ends for one in export.stories) == ends


def test_no_request_is_replayed_in_the_community_of_the_study() -> None:
    export = municipal_export.read(EXTRACT)
    grids = {municipal.grid_of(one) for one in export.requests}
    grids |= {step.area for story in export.stories for step in story.steps if step.area}
    assert len(grids) > 1
    assert not any(grid.startswith(COMMUNITY_A) for grid in grids if grid)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read"), (b"a,b\n1,2\n", "has no column ServiceRequestNum"), (b"", "no 311 export")],
)
def test_a_file_that_is_no_export_is_refused_as_a_whole(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "export.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unreadable, match=reason):
        municipal_export.read(path)
