"""What comes in everywhere: texts, identifiers, area codes, moments."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields

from chassis import fields as own_fields
from chassis.clock import new_ulid, rfc3339, ulid_at
from chassis.fields import AreaCode, DocumentSchema, Identifier, Moment, PageQuery, PastMoment, PlainText

TEXT = PlainText(most=100)


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u202e", "\u202d", "\u2066", "\u200f", "\ufeff", "\ud800"],
)
def test_characters_that_control_or_turn_a_text_around_are_refused_and_named(character: str) -> None:
    with pytest.raises(ValidationError, match=f"U\\+{ord(character):04X}"):
        TEXT.deserialize(f"楼道{character}口")


@pytest.mark.parametrize("text", ["第一行\n第二行", "甲\t乙", "👍🏽", "👨‍👩‍👧", "é", "𠮷野家", "100％"])
def test_what_people_write_is_kept_as_it_is(text: str) -> None:
    assert TEXT.deserialize(text) == text


@given(st.text(max_size=60))
def test_a_text_that_is_accepted_is_printable_and_trimmed_and_reads_the_same_again(text: str) -> None:
    try:
        kept = TEXT.deserialize(text)
    except ValidationError:
        return
    assert kept == kept.strip() != ""
    assert not any(unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t" for one in kept)
    assert TEXT.deserialize(kept) == kept


@pytest.mark.parametrize(
    ("text", "good"), [("", False), ("   ", False), ("字" * 100, True), ("字" * 101, False)]
)
def test_the_length_is_that_of_the_trimmed_text(text: str, good: bool) -> None:
    if good:
        assert TEXT.deserialize(f" {text} ") == text
    else:
        with pytest.raises(ValidationError):
            TEXT.deserialize(text)


@pytest.mark.parametrize("value", [5, True, ["字"], {"字": 1}, None])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        TEXT.deserialize(value)


def test_an_identifier_is_one_of_ours() -> None:
    made = new_ulid()
    assert Identifier().deserialize(made) == made
    for wrong in (made + "\n", made.lower(), made[:-1], made + "0", "", "U" * 26, "8" + made[1:], "０" * 26):
        with pytest.raises(ValidationError):
            Identifier().deserialize(wrong)


@given(st.text("0123456789", max_size=18))
def test_an_area_code_has_six_nine_twelve_or_fifteen_digits(text: str) -> None:
    if len(text) in (6, 9, 12, 15):
        assert AreaCode().deserialize(text) == text
    else:
        with pytest.raises(ValidationError):
            AreaCode().deserialize(text)


@pytest.mark.parametrize("text", ["１２０１９９", "120199\n", "12019a", " 120199", "١٢٠١٩٩"])
def test_an_area_code_is_ascii_digits_alone(text: str) -> None:
    with pytest.raises(ValidationError):
        AreaCode().deserialize(text)


MOMENTS = st.datetimes(datetime(1970, 1, 3), datetime(2199, 12, 29)).map(  # noqa: DTZ001 - zones follow
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, ZONES)
def test_a_moment_is_the_same_moment_in_utc_whatever_zone_it_was_told_in(
    moment: datetime, zone: timezone
) -> None:
    told = moment.replace(tzinfo=zone)
    read = Moment().deserialize(told.isoformat())
    assert read == told
    assert read.utcoffset() == timedelta(0)
    assert Moment().deserialize(rfc3339(told)) == told


NOW, TICK = datetime(2026, 11, 25, 8, tzinfo=UTC), timedelta(milliseconds=1)
OLDEST, NEWEST = NOW - timedelta(days=90), NOW + timedelta(minutes=5)


@pytest.mark.parametrize("seen", [OLDEST, NOW, NEWEST], ids=["ninety days ago", "now", "by a fast clock"])
def test_what_was_seen_within_ninety_days_by_a_clock_five_minutes_wrong_is_taken_as_it_is(
    monkeypatch: pytest.MonkeyPatch, seen: datetime
) -> None:
    monkeypatch.setattr(own_fields, "utc_now", lambda: NOW)
    there = seen.astimezone(timezone(timedelta(hours=8)))
    assert PastMoment().deserialize(there.isoformat()) == seen


@pytest.mark.parametrize("seen", [OLDEST - TICK, NEWEST + TICK], ids=["before that", "still to come"])
def test_what_was_seen_before_that_or_is_still_to_come_is_refused(
    monkeypatch: pytest.MonkeyPatch, seen: datetime
) -> None:
    monkeypatch.setattr(own_fields, "utc_now", lambda: NOW)
    with pytest.raises(ValidationError, match="ninety days"):
        PastMoment().deserialize(seen.isoformat())


@given(MOMENTS)
def test_the_lowest_identifier_of_a_moment_is_below_all_made_then_and_above_all_made_before(
    moment: datetime,
) -> None:
    at = moment.replace(tzinfo=UTC)
    assert len(ulid_at(at)) == 26
    assert ulid_at(at) == ulid_at(at)[:10] + "0" * 16
    assert ulid_at(at - timedelta(milliseconds=1)) < ulid_at(at) < ulid_at(at + timedelta(milliseconds=1))


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "x" * 101}])
def test_a_page_has_one_to_a_hundred_items(query: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PageQuery().load(query)
    assert PageQuery().load({}) == {"limit": 20, "cursor": None}


class Shown(DocumentSchema):
    """Some fields of each sort."""

    name = fields.String(allow_none=True)
    at = Moment()
    items = fields.List(fields.Nested(lambda: Shown(only=("name",))))


DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | st.text(),
        "at": MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
        "items": st.lists(st.fixed_dictionaries({"name": st.text(), "pop": st.text()}), max_size=3),
        "pop": st.text(),
    },
)


@given(st.lists(DOCUMENTS, max_size=3))
def test_documents_are_shown_as_marshmallow_shows_them_and_what_they_lack_is_not(
    documents: list[dict[str, object]],
) -> None:
    schema = Shown()
    for one in documents:
        lacking = {name: value for name, value in one.items() if name != "pop"}
        assert schema.dump(one) == schema.dump(lacking)
        assert set(schema.dump(one)) == set(lacking)
        if "items" in one:  # of a document without it, marshmallow would show the method of that name
            assert schema.dump(one) == Schema.dump(schema, one)
    assert schema.dump(documents, many=True) == [schema.dump(one) for one in documents]


@pytest.mark.parametrize(
    "field",
    [fields.String(attribute="other"), fields.String(data_key="other"), fields.String(dump_default="none")],
    ids=["attribute", "data_key", "dump_default"],
)
def test_a_field_that_shows_something_else_than_the_member_of_its_name_is_refused(
    field: fields.String,
) -> None:
    with pytest.raises(TypeError, match="name shows another member"):
        DocumentSchema.from_dict({"name": field})()


def test_a_moment_is_cut_to_what_the_database_keeps_of_it() -> None:
    said = Moment().deserialize("2026-11-30T09:00:00.123987+08:00")
    assert said == datetime(2026, 11, 30, 1, 0, 0, 123000, UTC)
