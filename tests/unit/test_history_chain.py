"""The hash chain of a history: any tampering is named, and forgetting breaks nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.issues.cases.chain import (
    PARTS,
    Fault,
    as_document,
    emptied,
    from_document,
    link,
    verify,
)
from services.issues.cases.issue import Entry, Level, Line, Status

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
UNIT = "120199001001001"
texts = st.text(max_size=12)
entries = st.builds(
    Entry,
    action=st.sampled_from(["report", "claim", "comment", "resolve", "confirm"]),
    actor=st.sampled_from(["R", "S", "C", "system"]),
    at=st.integers(0, 10**9).map(lambda ms: NOW + timedelta(milliseconds=ms)),
    status=st.sampled_from(Status),
    level=st.sampled_from(Level),
    lead_unit=st.just(UNIT),
    note=st.none() | texts,
    media=st.lists(texts, max_size=3).map(tuple),
    observed_at=st.none() | st.just(NOW),
)
histories = st.lists(entries, min_size=1, max_size=8).map(lambda lines: link("", lines))


def head(lines: tuple[Line, ...]) -> str:
    return lines[-1].hash


def stored(lines: tuple[Line, ...]) -> list[dict[str, Any]]:
    return [as_document(line) for line in lines]


def found(documents: list[dict[str, Any]], end: str) -> Fault | None:
    return verify([from_document(one) for one in documents], end)


@given(histories, st.lists(entries, max_size=3))
def test_what_was_written_verifies_also_from_the_database_and_when_it_goes_on(
    lines: tuple[Line, ...], more: list[Entry]
) -> None:
    whole = (*lines, *link(head(lines), more))
    assert found(stored(whole), head(whole)) is None


@given(histories, st.data())
def test_an_edited_line_is_named(lines: tuple[Line, ...], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(lines) - 1))
    name, what, value = data.draw(
        st.sampled_from(
            [
                ("action", "line", "reject"),
                ("at", "line", NOW - timedelta(days=1)),
                ("at", "line", None),
                ("status", "line", "nonsense"),
                ("level", "line", None),
                ("lead_unit", "line", "120199001001002"),
                ("observed_at", "line", NOW - timedelta(days=2)),
                ("hash", "line", "0" * 64),
                ("seals", "line", None),
                ("actor", "actor", "somebody else"),
                ("actor", "actor", None),
                ("note", "note", "别的说明，别的说明"),
                ("note", "note", 7),
                ("media", "media", ["01AAAAAAAAAAAAAAAAAAAAAAAA"]),
                ("media", "media", None),
            ]
        )
    )
    documents = stored(lines)
    documents[place][name] = value
    assert found(documents, head(lines)) == Fault(place + 1, what)


@given(histories, st.data())
def test_a_line_that_was_removed_is_named_by_its_place(lines: tuple[Line, ...], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(lines) - 1))
    documents = stored(lines)
    del documents[place]
    last = place == len(lines) - 1
    assert found(documents, head(lines)) == Fault(place + 1, "end" if last else "line")


@given(st.lists(entries, min_size=2, max_size=8).map(lambda some: link("", some)), st.data())
def test_lines_in_another_order_are_named_by_the_first_of_them(
    lines: tuple[Line, ...], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(lines) - 2))
    second = data.draw(st.integers(first + 1, len(lines) - 1))
    documents = stored(lines)
    documents[first], documents[second] = documents[second], documents[first]
    assert found(documents, head(lines)) == Fault(first + 1, "line")


@given(histories, entries, st.data())
def test_a_line_that_was_slipped_in_is_named(
    lines: tuple[Line, ...], forged: Entry, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(lines)))
    before = lines[place - 1].hash if place else ""
    documents = stored(lines)
    documents[place:place] = stored(link(before, [forged]))
    # A line that goes on from the one before is right by itself: what follows it is not.
    last = place == len(lines)
    assert found(documents, head(lines)) == Fault(place + 2, "end" if last else "line")


@given(histories, st.sampled_from(["anonymise", "erase"]), st.lists(st.sampled_from(PARTS), unique=True))
def test_what_was_forgotten_leaves_the_chain_whole_and_tells_nothing(
    lines: tuple[Line, ...], action: str, parts: list[str]
) -> None:
    forgetting = replace(lines[0].entry, action=action, actor="system", note=None, media=())
    kept = tuple(emptied(line, parts) for line in lines)
    whole = (*kept, *link(head(lines), [forgetting]))
    assert [line.hash for line in kept] == [line.hash for line in lines]
    assert found(stored(whole), head(whole)) is None
    for document in stored(kept):
        for part in parts:
            assert not document[part]
            assert document["seals"][part]["salt"] is None


@given(histories)
def test_a_part_may_be_missing_only_where_it_is_written_that_something_was_forgotten(
    lines: tuple[Line, ...],
) -> None:
    silenced = (emptied(lines[0], ["actor"]), *lines[1:])
    assert found(stored(silenced), head(lines)) == Fault(1, "actor")
    forgetting = link(head(lines), [replace(lines[0].entry, action="erase")])
    late = (*lines, *forgetting, *link(forgetting[-1].hash, [lines[0].entry]))
    silenced = (*late[:-1], emptied(late[-1], ["actor"]))
    assert found(stored(silenced), head(late)) == Fault(len(late), "actor")


def test_equal_lines_have_seals_that_cannot_be_matched() -> None:
    entry = Entry("comment", "R", NOW, Status.CLAIMED, Level.STEWARD, UNIT, "同样的话")
    first, second = link("", [entry, entry])
    for part in PARTS:
        assert first.seals[part].digest != second.seals[part].digest


@pytest.mark.parametrize("end", ["", "0" * 64, None])
def test_a_history_without_its_head_is_not_whole(end: str | None) -> None:
    lines = link("", [Entry("report", "R", NOW, Status.REPORTED, Level.STEWARD, UNIT)])
    assert verify(lines, str(end)) == Fault(2, "end")


def test_a_line_that_was_never_chained_is_named() -> None:
    assert found([{"action": "report", "actor": "R"}], "None") == Fault(1, "line")


@given(st.lists(entries, min_size=1, max_size=4))
def test_every_part_of_every_line_has_a_salt_of_its_own(lines: list[Entry]) -> None:
    salts = [seal.salt for line in link("", lines) for seal in line.seals.values()]
    assert len(set(salts)) == len(lines) * len(PARTS)
    assert {len(bytes.fromhex(str(salt))) for salt in salts} == {16}
