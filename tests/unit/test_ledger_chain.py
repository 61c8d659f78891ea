"""The chain over the journal: whatever is edited, deleted, put in or moved about is named."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain import NEVER, Lots
from services.points.integrity import domain
from services.points.integrity.books import added, shown
from services.points.integrity.domain import ChainProof, Entry, Head, Page, continued, digest_of, genesis

DISTRICT = "120199"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
LATER = "z"


def posting(number: int, amount: int = 5) -> dict[str, Any]:
    return {
        "_id": f"P{number:04}",
        "order": f"P{number:04}",
        "legs": [
            {"account": f"M{number % 3}", "unit": "points", "amount": amount},
            {"account": "issuer:120199", "unit": "points", "amount": -amount},
        ],
        "posted_at": NOW,
        "verified": True,
        "outbox": [],
    }


def entry(document: dict[str, Any]) -> Entry:
    return Entry(document["_id"], digest_of(document))


def chain(journal: Sequence[dict[str, Any]], parts: Sequence[int] = ()) -> list[Page]:
    """The pages after the journal was sealed in parts of these sizes, and then the rest."""
    pages: dict[int, Page] = {}
    rest = [entry(one) for one in journal]
    for size in (*parts, len(rest)):
        now, rest = rest[:size], rest[size:]
        last = pages[max(pages)] if pages else None
        for page in continued(last, now, district=DISTRICT, through="", at=NOW):
            pages[page.number] = page
    return [pages[number] for number in sorted(pages)]


def proof(
    pages: Sequence[Page],
    journal: Sequence[dict[str, Any]],
    heads: Sequence[Head] = (),
    known: bytes | None = None,
) -> ChainProof:
    found = ChainProof(DISTRICT, heads, known)
    for page in pages:
        found.page(page)
    for one in journal:
        found.posting(one["_id"], digest_of(one), one["order"])
    return found


def faults(found: ChainProof) -> dict[str, list[Any]]:
    named: dict[str, list[Any]] = {
        "edited": found.edited,
        "deleted": found.missing,
        "unsealed": found.unsealed(LATER),
        "broken": found.broken,
    }
    return {name: some for name, some in named.items() if some}


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "ENTRIES_A_PAGE", 4)


JOURNAL = [posting(number) for number in range(11)]


@given(st.lists(st.integers(0, 6), max_size=5))
def test_the_head_is_the_same_in_however_many_parts_the_journal_was_sealed(parts: list[int]) -> None:
    pages = chain(JOURNAL, parts)
    assert [len(page.entries) for page in pages] == [4, 4, 3]
    assert pages[-1].head == chain(JOURNAL)[-1].head
    assert faults(proof(pages, JOURNAL)) == {}


@given(st.permutations(JOURNAL))
def test_postings_may_come_by_in_any_order(shuffled: list[dict[str, Any]]) -> None:
    assert faults(proof(chain(JOURNAL), shuffled)) == {}


@given(
    st.integers(0, 10), st.sampled_from([("memo", "x"), ("order", "A"), ("posted_at", NOW.replace(hour=3))])
)
def test_an_edited_posting_is_named(place: int, edit: tuple[str, Any]) -> None:
    journal = [dict(one) for one in JOURNAL]
    journal[place][edit[0]] = edit[1]
    assert faults(proof(chain(JOURNAL), journal)) == {"edited": [f"P{place:04}"]}


def test_what_the_relay_takes_out_is_no_edit() -> None:
    journal = [{**one, "outbox": [{"id": "E"}], "pending": 3} for one in JOURNAL]
    assert faults(proof(chain(JOURNAL), journal)) == {}


@given(st.sets(st.integers(0, 10), min_size=1))
def test_deleted_postings_are_named(places: set[int]) -> None:
    journal = [one for place, one in enumerate(JOURNAL) if place not in places]
    assert faults(proof(chain(JOURNAL), journal)) == {"deleted": [f"P{place:04}" for place in sorted(places)]}


def test_a_posting_put_in_past_the_sealing_is_named_and_one_of_just_now_is_not() -> None:
    found = proof(chain(JOURNAL), [*JOURNAL, posting(50), posting(99)])
    assert found.unsealed("P0060") == ["P0050"]
    assert found.waiting == 2


@pytest.mark.parametrize(
    ("tampered", "page"),
    [
        (lambda pages: [replace(pages[0], entries=pages[0].entries[::-1]), *pages[1:]], 1),
        (lambda pages: [pages[0], replace(pages[1], head=b"\0" * 32), pages[2]], 2),
        (lambda pages: [pages[0], replace(pages[1], before=b"\0" * 32), pages[2]], 2),
        (lambda pages: [pages[1], pages[2]], 2),
        (lambda pages: [pages[0], pages[2]], 3),
        (lambda pages: [pages[0], replace(pages[1], entries=pages[1].entries[1:]), pages[2]], 2),
    ],
)
def test_a_page_that_is_changed_moved_or_dropped_is_named(
    tampered: Callable[[list[Page]], list[Page]], page: int
) -> None:
    assert page in proof(tampered(chain(JOURNAL)), JOURNAL).broken


def test_a_chain_written_anew_from_an_edited_journal_lacks_the_heads_that_were_noted() -> None:
    pages = chain(JOURNAL[:6])
    noted = Head(6, pages[-1].head)
    forged = [{**one, "memo": "forged"} for one in JOURNAL]
    assert faults(proof(chain(JOURNAL), JOURNAL, [noted])) == {}
    assert proof(chain(forged), forged, [noted]).broken == [2]
    assert proof(chain(JOURNAL), JOURNAL, known=noted.hash).contains_known
    assert not proof(chain(forged), forged, known=noted.hash).contains_known


def test_a_chain_cut_off_behind_a_noted_head_is_shortened() -> None:
    noted = Head(11, chain(JOURNAL)[-1].head)
    assert proof(chain(JOURNAL[:6]), JOURNAL[:6], [noted]).shortened
    assert not proof(chain(JOURNAL), JOURNAL, [noted]).shortened
    assert not proof([], [], [Head(0, genesis(DISTRICT))]).shortened


def test_each_district_has_a_chain_of_its_own() -> None:
    assert genesis("120199") != genesis("120198")


def test_the_books_find_the_balance_that_differs() -> None:
    books = added(JOURNAL)
    stored = {
        f"M{one}": {
            "points": {"posted": count * 5, "held": 2, "available": count * 5 - 2},
            "lifetime": {"points": count * 5},
        }
        for one, count in enumerate((4, 4, 3))
    }
    held: dict[tuple[str, str], Lots] = {(name, "points"): {NEVER: 2} for name in stored}
    assert books.differing(stored, held) == []
    assert books.differing(stored, {**held, ("M1", "points"): {NEVER: 3}}) == ["M1"]
    assert books.differing({**stored, "M0": {}}, held) == ["M0"]
    assert books.differing({name: one for name, one in stored.items() if name != "M2"}, held) == ["M2"]
    assert shown({})["points"] == {"posted": 0, "held": 0, "available": 0}


def test_the_books_find_the_lots_that_differ() -> None:
    document = posting(1)
    own = {"account": "M1", "unit": "points", "amount": 5, "lots": {"20271231": 3, NEVER: 2}}
    document["legs"] = [own, {"account": "issuer:120199", "unit": "points", "amount": -5}]
    books = added([document])
    held = {("M1", "points"): {"20271231": 1}}
    balance = {"points": {"posted": 5, "held": 1, "available": 4}, "lifetime": {"points": 5}}
    for lots, differs in (
        ({"20271231": 2, "20261231": 0}, False),
        ({"20271231": 3}, True),
        ({"20270131": 2}, True),
        ({}, True),
    ):
        stored = {"M1": {**balance, "lots": {"points": lots}}}
        assert books.differing(stored, held) == (["M1"] if differs else [])
    assert books.unbalanced == []


@pytest.mark.parametrize("lots", [{"20271231": 3}, {"20271231": 6, NEVER: -1}])
def test_a_leg_whose_lots_are_not_its_amount_is_named(lots: dict[str, int]) -> None:
    document = posting(7)
    document["legs"] = [{**leg, "lots": lots} if leg["amount"] > 0 else leg for leg in document["legs"]]
    assert added([document]).unbalanced == ["P0007"]


def test_a_posting_that_does_not_sum_to_zero_is_named() -> None:
    crooked = posting(7)
    crooked["legs"] = crooked["legs"][:1]
    books = added([*JOURNAL[:3], crooked])
    assert books.unbalanced == ["P0007"]
    assert books.sums["points"] == 5


def test_a_moment_in_utc_has_one_digest_whether_it_says_so_or_not() -> None:
    document = posting(1)
    assert digest_of({**document, "posted_at": NOW.replace(tzinfo=None)}) == digest_of(document)
    assert digest_of({**document, "posted_at": NOW.replace(microsecond=1000)}) != digest_of(document)
