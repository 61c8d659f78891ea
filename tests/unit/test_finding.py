"""What issues are found by."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chassis.errors import Invalid
from services.issues.cases.schemas import IssueSchema
from services.issues.finding import exports
from services.issues.finding.domain import MOST_SOUGHT, circle, outline, rectangle, sought_words, words

CHINESE = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
sought_text = st.text(CHINESE, min_size=2, max_size=100)
long_text = st.builds(lambda text, times: text * times, st.text(CHINESE, max_size=700), st.integers(1, 2))
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
ALL_DIFFERENT = "".join(chr(0x4E00 + place) for place in range(1900))


@given(long_text, sought_text, long_text)
@example(ALL_DIFFERENT, "消防通道被堵", "")
@example(ALL_DIFFERENT[:900], "消防通道被堵", ALL_DIFFERENT[900:])
def test_any_part_of_a_chinese_text_is_found_by_its_pairs(before: str, sought: str, after: str) -> None:
    assert set(sought_words(sought)) <= set(words(before + sought + after))


def test_no_more_than_a_handful_of_words_is_searched_for_however_much_is_asked() -> None:
    assert len(sought_words(ALL_DIFFERENT)) == MOST_SOUGHT


def test_latin_words_and_numbers_are_whole_and_case_and_width_do_not_matter() -> None:
    assert words("3号楼 ＷｉＦｉ 坏了") == ["3", "号楼", "wifi", "坏了"]


def test_one_chinese_character_is_too_little_to_search_by() -> None:
    with pytest.raises(Invalid):
        sought_words("灯")


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda text: circle(text, 50), "117.2"),
        (lambda text: circle(text, 50), "117.2,39.1,5,6"),
        (lambda text: circle(text, 50), "abc,def"),
        (lambda text: circle(text, 50), "nan,39"),
        (lambda text: circle(text, 50), "117.2,139.1"),
        (rectangle, "117.3,39.1,117.2,39.2"),
        (rectangle, "117.2,39.1"),
        (outline, "117,39;118,39"),
        (outline, "117,39;118,40;118,39;117,40"),
    ],
)
def test_a_region_that_is_none_is_refused(read, text: str) -> None:  # type: ignore[no-untyped-def]  # three readers
    with pytest.raises(Invalid):
        read(text)


def test_regions_hold_their_borders_and_nothing_beyond() -> None:
    assert rectangle("117,39,118,40").holds(118, 40)
    assert not rectangle("117,39,118,40").holds(118.0001, 40)
    assert outline("117,39;118,39;118,40").holds(118, 39.5)
    assert not outline("117,39;118,39;118,40").holds(117.1, 39.9)
    assert circle("117,39", 1000).holds(117, 39.0089)
    assert not circle("117,39", 1000).holds(117, 39.0091)


def test_an_export_holds_no_cell_that_a_spreadsheet_runs() -> None:
    lines = b"".join(exports.as_csv([{"number": "1", "description": "=HYPERLINK(1)", "location": None}]))
    assert b"'=HYPERLINK(1)" in lines


YES, NO = ({"contacted": True, "resolved": "yes", "satisfied": one, "at": NOON} for one in (True, False))
GOOD, POOR = ({"satisfied": one, "score": 3, "comment": ""} for one in (True, False))
EARLIER, LATER = (NOON + timedelta(hours=hours) for hours in (-1, 1))


@pytest.mark.parametrize(
    ("feedback", "rating", "satisfied"),
    [
        (None, None, None),
        (YES, None, True),
        (NO, None, False),
        (None, {**GOOD, "at": LATER}, True),
        (None, GOOD, True),
        (NO, {**GOOD, "at": LATER}, True),
        (NO, {**GOOD, "at": EARLIER}, False),
        (YES, {**POOR, "at": EARLIER}, True),
        (NO, GOOD, False),
        (NO, {**GOOD, "at": None}, False),
    ],
)
def test_an_export_tells_the_reporters_last_word_as_the_figures_do(
    feedback: dict[str, object] | None, rating: dict[str, object] | None, satisfied: bool | None
) -> None:
    shown = {"number": "1", "location": None, "feedback": feedback, "rating": rating}
    row = IssueSchema().dump(shown)
    lines = b"".join(exports.as_csv([row])).decode("utf-8-sig").splitlines()
    told = {True: "True", False: "False", None: ""}[satisfied]
    assert next(csv.DictReader(lines))["satisfied"] == told
    feature = json.loads(b"".join(exports.as_geojson([row])))["features"][0]
    assert feature["properties"]["satisfied"] is satisfied


def test_a_geojson_export_without_rows_is_whole() -> None:
    assert b"".join(exports.as_geojson([])) == b'{"type":"FeatureCollection","features":[]}'
