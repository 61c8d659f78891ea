"""The carried sums of what only gathers: exact however the journal is cut, and held against it at night."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import ulid_at
from services.points.gathered import commands, domain
from services.points.gathered.domain import BEGINNING, Carried, Step, reach
from services.points.integrity.books import Books
from services.points.integrity.domain import ALLOWED, Page, genesis

AT = datetime(2026, 11, 25, tzinfo=UTC)
ISSUER, SHOP, FUND = "issuer:120199", "shop:120199", "fund:120199001001"


def posting(number: int, amount: int, account: str = SHOP) -> dict[str, Any]:
    other = {"account": account, "unit": "points", "amount": amount}
    return {
        "_id": f"P{number:04}",
        "order": f"{number:026}",
        "legs": [other, {"account": ISSUER, "unit": "points", "amount": -amount}],
        "verified": False,
    }


def sums(postings: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for one in postings:
        domain.add(found, one["legs"])
    return {account: dict(units) for account, units in found.items()}


class Shelf:
    """The sums in memory, and the journal that they are carried over."""

    def __init__(self, journal: list[dict[str, Any]]) -> None:
        self.journal, self.kept = journal, Carried()
        self.interrupts: list[Step] = []

    def carried(self) -> Carried:
        return self.kept

    def postings(self, since: str, until: str) -> list[dict[str, Any]]:
        return [one for one in self.journal if since[:10] + "0" * 16 <= one["order"] < until]

    def put(self, before: str, step: Step) -> bool:
        if self.interrupts:
            self.write(self.interrupts.pop())
        if self.kept.through != before:
            return False
        self.write(step)
        return True

    def write(self, step: Step) -> None:
        total = {account: Counter(units) for account, units in self.kept.sums.items()}
        for account, units in step.moved.items():
            total.setdefault(account, Counter()).update(units)
        self.kept = replace(self.kept, through=step.through, sums=total)


class Sealed:
    """A chain whose last page lets sums be carried to a place."""

    def __init__(self, until: datetime) -> None:
        self.until = until

    def last_page(self) -> Page | None:
        return Page(1, b"", (), b"", ulid_at(self.until + ALLOWED), self.until)


@given(st.lists(st.integers(-9, 9).filter(bool), max_size=12), st.integers(1, 4))
def test_sums_are_those_of_what_lies_before_their_place_at_however_many_postings_a_step(
    amounts: list[int], at_once: int
) -> None:
    journal = [{**posting(number, one), "order": f"01{number:024}"} for number, one in enumerate(amounts)]
    shelf = Shelf(journal)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(domain, "AT_ONCE", at_once)
        steps = commands.carry(shelf, Sealed(AT))
    assert steps == max(1, -(-len(amounts) // at_once))
    assert (shelf.kept.through, shelf.kept.sums) == (ulid_at(AT), sums(journal))
    assert commands.carry(shelf, Sealed(AT)) == 0


def test_sums_stay_behind_what_may_still_be_committed_and_never_go_back() -> None:
    assert reach(None) == BEGINNING
    assert reach(Page(1, genesis("120199"), (), b"", ulid_at(AT), AT)) == ulid_at(AT - ALLOWED)
    shelf = Shelf([posting(1, 5)])
    commands.carry(shelf, Sealed(AT))
    before = shelf.kept
    assert commands.carry(shelf, Sealed(AT.replace(year=2025))) == 0
    assert shelf.kept == before


def test_who_is_overtaken_writes_nothing() -> None:
    shelf = Shelf([posting(1, 5)])
    shelf.interrupts = [Step(ulid_at(AT), sums(shelf.journal))]
    assert commands.carry(shelf, Sealed(AT)) == 0
    assert shelf.kept.sums == sums(shelf.journal)


def test_what_has_a_balance_of_its_own_is_not_summed() -> None:
    assert sums([posting(1, 5, FUND)]) == {ISSUER: {"points": -5}}


def test_the_books_name_a_sum_that_is_not_what_the_journal_makes_it() -> None:
    journal = [posting(number, 2) for number in range(5)]
    for through, changed, named in (
        (3, {}, []),
        (3, {SHOP: {"points": 7}}, [SHOP]),
        (3, {"pool:120199": {"minutes": 1}}, ["pool:120199"]),
        (3, {"pool:120199": {"minutes": 0}}, []),
        (0, {}, []),
    ):
        books = Books(carried=Carried(f"{through:026}", {**sums(journal[:through]), **changed}))
        for one in journal:
            books.add(one)
        assert books.miscarried() == named
    lacking = Books(carried=Carried(f"{3:026}", {ISSUER: {"points": -6}}))
    for one in journal:
        lacking.add(one)
    assert lacking.miscarried() == [SHOP]
