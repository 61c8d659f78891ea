"""A part of a large posting waits for a second administrator, however small the part is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chassis.errors import Conflict, Invalid, KeyReused
from chassis.identity import Actor, Grant
from services.points import reversal
from services.points.adjustments import commands
from services.points.adjustments.domain import Adjustment, Change
from services.points.domain import Leg, Posting
from services.points.reversal import Free

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
ANNE, BO = (Actor(name, (Grant("district_admin", "120199"),)) for name in ("A", "B"))
LIMITS = {"points": 100, "minutes": 100, "fen": 100}
PART = [Leg("M", "points", 10), Leg("issuer:120199", "points", -10)]


class Books:
    """A journal and the adjustments beside it, with one posting of 500 points."""

    def __init__(self) -> None:
        legs = (Leg("M", "points", 500), Leg("issuer:120199", "points", -500))
        original = Posting("P", "key", "posted.by-hand", 1, "P", "120199", legs, NOW, memo="补发", by="A")
        self.postings = {"P": original}
        self.adjustments: dict[str, Adjustment] = {}

    def get_posting(self, posting_id: str) -> Posting:
        takes = [one.takes for one in self.postings.values() if one.reverses == posting_id]
        return reversal.with_taken(self.postings[posting_id], takes)

    def stored(self, key: str) -> Posting | None:
        return next((one for one in self.postings.values() if one.key == key), None)

    def of_key(self, key: str) -> Adjustment | None:
        return next((one for one in self.adjustments.values() if one.key == key), None)

    def get(self, adjustment_id: str) -> Adjustment:
        return self.adjustments[adjustment_id]

    def add(self, change: Change) -> Adjustment:
        return self.adjustments.setdefault(change.adjustment.id, change.adjustment)

    def save(self, change: Change) -> None:
        self.adjustments[change.adjustment.id] = change.adjustment

    def take_back(self, change: Change, decide: Callable[[Free], Posting]) -> bool:
        posting = decide(lambda *_: 1000)
        if self.stored(posting.key) is not None:
            return False
        self.postings[posting.id] = posting
        self.save(change)
        return True


class _Journal:
    def __init__(self, books: Books) -> None:
        self.get, self.stored = books.get_posting, books.stored


@pytest.fixture
def books() -> Books:
    return Books()


def ask(books: Books, key: str = "k", legs: list[Leg] = PART, number: str = "X") -> Posting | Adjustment:
    return commands.reverse_part(
        books,  # type: ignore[arg-type]  # what it needs of the store
        _Journal(books),  # type: ignore[arg-type]  # and of the journal
        lambda: NOW,
        ANNE,
        posting_id="P",
        new_id=number,
        reason="多发",
        legs=legs,
        key=key,
        limits=LIMITS,
    )


def approve(books: Books, number: str = "X") -> Adjustment:
    return commands.approve(
        books,  # type: ignore[arg-type]  # what it needs of the store
        _Journal(books),  # type: ignore[arg-type]  # and of the journal
        lambda: NOW,
        BO,
        adjustment_id=number,
        posting_id=f"R{number}",
        note=None,
    )


def test_a_small_part_of_a_large_posting_waits_and_takes_back_just_that(books: Books) -> None:
    waiting = ask(books)
    assert isinstance(waiting, Adjustment)
    assert set(books.postings) == {"P"}
    approve(books)
    assert books.postings["RX"].legs == (Leg("M", "points", -10), Leg("issuer:120199", "points", 10))
    assert reversal.left(books.get_posting("P")) == [490, 490]


def test_the_same_order_again_is_the_same_and_after_the_approval_its_posting(books: Books) -> None:
    assert ask(books) == ask(books, number="Y")
    approve(books)
    assert ask(books, number="Z") == books.get_posting("RX")
    assert set(books.adjustments) == {"X"}


def test_the_key_with_other_legs_is_refused(books: Books) -> None:
    ask(books)
    with pytest.raises(KeyReused):
        ask(books, legs=[replace(PART[0], amount=11), replace(PART[1], amount=-11)])


@pytest.mark.parametrize(
    ("legs", "refusal"),
    [
        ([Leg("M", "points", 10)], Invalid),
        ([Leg("N", "points", 10), Leg("issuer:120199", "points", -10)], Invalid),
        ([Leg("M", "points", 501), Leg("issuer:120199", "points", -501)], Conflict),
    ],
)
def test_what_cannot_be_taken_back_does_not_wait(
    books: Books, legs: list[Leg], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        ask(books, legs=legs)
    assert books.adjustments == {}


def test_what_is_no_longer_there_when_it_is_approved_is_refused_then(books: Books) -> None:
    most = [Leg("M", "points", 300), Leg("issuer:120199", "points", -300)]
    ask(books, "one", most, "X")
    ask(books, "two", most, "Y")
    approve(books, "X")
    with pytest.raises(Conflict) as caught:
        approve(books, "Y")
    assert caught.value.code == "more-than-left"
