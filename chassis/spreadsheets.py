"""Tables for spreadsheets, row by row: CSV that opens in Excel as it is, and XLSX.

What begins like a formula is text there and nothing else: whoever opens the file runs no stranger's formula.
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from typing import IO, Any

import xlsxwriter

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | float | datetime | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Full-width signs too: spreadsheets set to an East Asian language take them for the others."""
_ROWS_OF_A_SHEET = 1_048_576
_EXACT = 10**15
_CHUNK = 64 * 1024


def csv_lines(header: Sequence[str], rows: Iterable[Iterable[Cell]]) -> Iterator[bytes]:
    """Lines of CSV with a header, as UTF-8 with the mark that spreadsheets look for."""
    yield "\ufeff".encode()
    yield _line(header)
    for row in rows:
        yield _line(map(_text, row))


def xlsx(
    header: Sequence[str], rows: Iterable[Sequence[Cell]], rows_of_a_sheet: int = _ROWS_OF_A_SHEET
) -> Iterator[bytes]:
    """A workbook in pieces. Rows go to disk as they come; what one sheet does not hold is in the next."""
    with tempfile.TemporaryFile() as file:
        _write(file, header, rows, rows_of_a_sheet)
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece


def _write(
    file: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Cell]], rows_of_a_sheet: int
) -> None:
    # In this mode a sheet keeps one row in memory; formulas and links are never made of texts.
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    times, sheet, at = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}), None, 0
    for row in rows:
        if sheet is None or at == rows_of_a_sheet:
            sheet, at = _sheet(book, header), 1
        for column, value in enumerate(row):
            _put(sheet, at, column, value, times)
        at += 1
    if sheet is None:
        _sheet(book, header)
    book.close()


def _sheet(book: Any, header: Sequence[str]) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(header):
        sheet.write_string(0, column, name)
    return sheet


def _put(sheet: Any, at: int, column: int, value: Cell, times: Any) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(at, column, value, times)
    elif isinstance(value, int | float) and abs(value) < _EXACT:
        sheet.write_number(at, column, value)
    elif value is not None:
        sheet.write_string(at, column, str(value))


def _text(value: Cell) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> bytes:
    out = StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()
