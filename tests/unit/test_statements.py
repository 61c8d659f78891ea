"""Statements: every line's balance follows from the lines before, in spreadsheets too."""

import csv
import zipfile
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from chassis.errors import NotAllowed
from chassis.identity import Actor, Grant
from chassis.spreadsheets import csv_lines, xlsx
from services.points.domain import UNITS, Leg, Posting, debt
from services.points.queries import check_reader
from services.points.statements.domain import COLUMNS, lines, rows
from services.points.statements.schemas import StatementQuery

AT = datetime(2026, 11, 25, 16, 30, tzinfo=UTC)
MEMBER, OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "shop:120199"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def posting(number: int, *legs: Leg, memo: str | None = None) -> Posting:
    return Posting(str(number), str(number), "rule", 1, "cause", "120199", legs, AT, memo=memo)


def moved(*amounts: tuple[str, int]) -> list[Posting]:
    return [
        posting(number, Leg(MEMBER, unit, amount), Leg(OTHER, unit, -amount))
        for number, (unit, amount) in enumerate(amounts)
    ]


def sheets(pieces: bytes) -> list[list[list[str]]]:
    """The texts of all cells of a workbook, read as a spreadsheet would."""
    with zipfile.ZipFile(BytesIO(pieces)) as book:
        names = sorted(name for name in book.namelist() if name.startswith("xl/worksheets/sheet"))
        roots = [ElementTree.fromstring(book.read(name)) for name in names]  # noqa: S314 - our own file
    assert all(not list(root.iter(f"{_MAIN}f")) for root in roots), "a formula"
    return [
        [["".join(cell.itertext()) for cell in row.iter(f"{_MAIN}c")] for row in root.iter(f"{_MAIN}row")]
        for root in roots
    ]


@given(st.lists(st.tuples(st.sampled_from(UNITS), st.integers(-1000, 1000).filter(bool))))
def test_the_closing_balance_is_the_opening_balance_and_all_lines(amounts: list[tuple[str, int]]) -> None:
    opening = {"points": 7, "minutes": -3, "fen": 0}
    told = list(rows(MEMBER, opening, moved(*amounts), "en"))
    assert [row[7] for row in told[:3]] == list(opening.values())
    assert len(told) == len(amounts) + 6
    for place, unit in enumerate(UNITS):
        closing = opening[unit] + sum(amount for one, amount in amounts if one == unit)
        assert told[-3 + place][4:] == ("closing balance", unit, None, closing)
        of_unit = [row for row in told[3:-3] if row[5] == unit]
        assert not of_unit or of_unit[-1][7] == closing


def test_a_posting_in_two_units_has_a_line_in_each_and_the_legs_of_one_unit_are_summed() -> None:
    one = posting(
        1,
        Leg(MEMBER, "points", 5),
        Leg(MEMBER, "points", -2),
        Leg(MEMBER, "minutes", 9),
        Leg(OTHER, "fen", 1),
    )
    told = list(lines(MEMBER, dict.fromkeys(UNITS, 10), [one]))
    assert [(line.unit, line.amount, line.balance) for line in told] == [
        ("points", 3, 13),
        ("minutes", 9, 19),
    ]


def printed(memo: str, language: str = "zh") -> Any:
    one = posting(1, Leg(MEMBER, "points", -5), Leg(OTHER, "points", 5), memo=memo)
    return rows(MEMBER, {"points": 5, "minutes": 0, "fen": 0}, [one], language)


def test_a_csv_opens_in_excel_and_runs_no_formula() -> None:
    told = b"".join(csv_lines(COLUMNS["zh"], printed("=HYPERLINK(1)")))
    assert told.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(StringIO(told.decode("utf-8-sig"))))
    assert tuple(read[0]) == COLUMNS["zh"]
    assert read[4] == ["2026-11-26 00:30:00", "1", "rule", "cause", "'=HYPERLINK(1)", "积分", "-5", "0"]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_whatever_a_spreadsheet_takes_for_a_formula_is_text(begins: str) -> None:
    told = b"".join(csv_lines(COLUMNS["zh"], printed(f"{begins}1+1"))).decode("utf-8-sig")
    assert list(csv.reader(StringIO(told, newline="")))[4][4] == f"'{begins}1+1"


def test_a_period_does_not_end_before_it_begins() -> None:
    moment = {"since": "2026-11-25T00:00:00Z", "until": "2026-11-25T00:00:00Z"}
    StatementQuery().load(moment)
    with pytest.raises(ValidationError) as caught:
        StatementQuery().load({**moment, "until": "2026-11-24T23:59:59Z"})
    assert caught.value.messages == {"until": ["Not before since."]}


def test_members_read_their_own_account_and_what_they_owe_and_nobody_elses() -> None:
    other = "01ARZ3NDEKTSV4RRFFQ69G5FAW"
    for account in (MEMBER, debt(MEMBER)):
        check_reader(account, Actor(MEMBER, (Grant("steward", "120199001001001"),)))
        check_reader(account, Actor(other, (Grant("community_staff", "120199001001"),)))
        with pytest.raises(NotAllowed):
            check_reader(account, Actor(other, (Grant("steward", "120199001001001"),)))


def test_a_workbook_holds_texts_as_texts_and_amounts_as_numbers() -> None:
    (sheet,) = sheets(b"".join(xlsx(COLUMNS["en"], printed("=1+1", "en"))))
    assert tuple(sheet[0]) == COLUMNS["en"]
    assert sheet[4][1:] == ["1", "rule", "cause", "=1+1", "points", "-5", "0"]
    assert len(sheet) == 8


def test_a_workbook_goes_on_in_the_next_sheet_when_one_is_full() -> None:
    told = sheets(b"".join(xlsx(("n",), ([number] for number in range(5)), rows_of_a_sheet=3)))
    assert told == [[["n"], ["0"], ["1"]], [["n"], ["2"], ["3"]], [["n"], ["4"]]]
    assert sheets(b"".join(xlsx(("n",), []))) == [[["n"]]]
