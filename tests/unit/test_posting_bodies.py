"""What is ordered under a key, and by what a repeat of it is known."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from services.points import bodies
from services.points.documents import document_of, posting_of
from services.points.domain import Leg, Posting, issuer
from services.points.integrity.domain import digest_of
from services.points.reversal import repeats, reversal

AT = datetime(2026, 11, 25, tzinfo=UTC)
ANNA, ISSUER = "01ARZ3NDEKTSV4RRFFQ69G5FAV", issuer("120199")
LEGS = (Leg(ISSUER, "points", -5), Leg(ANNA, "points", 5))
ORDER = Posting("P1", "by-hand:A:1", "posted.by-hand", 1, "P1", "120199", LEGS, AT, "补记", "A", AT)


def stored(posting: Posting) -> Posting:
    return posting_of(document_of(posting))


def of_before(posting: Posting) -> Posting:
    """As an earlier release has stored it."""
    document = document_of(posting)
    del document["body_hash"]
    return posting_of(document)


def test_the_journal_keeps_the_hash_of_what_was_ordered_in_canonical_form() -> None:
    form = f'[[["{ISSUER}","points",-5],["{ANNA}","points",5]],"补记","2026-11-25T00:00:00+00:00"]'
    assert document_of(ORDER)["body_hash"] == hashlib.sha256(form.encode()).hexdigest()


def test_the_same_moment_and_other_lots_are_the_same_order() -> None:
    there = AT.astimezone(timezone(timedelta(hours=8)))
    lots = (LEGS[0], replace(LEGS[1], lots={"20271231": 5}))
    again = replace(ORDER, id="P2", legs=lots, effective_at=there, posted_at=AT + timedelta(1))
    assert bodies.repeats(stored(ORDER), again)
    assert bodies.repeats(of_before(ORDER), again)


@pytest.mark.parametrize(
    "other",
    [
        {"legs": (Leg(ISSUER, "points", -6), Leg(ANNA, "points", 6))},
        {"legs": LEGS[::-1]},
        {"memo": "更正"},
        {"memo": None},
        {"effective_at": None},
        {"effective_at": AT + timedelta(milliseconds=1)},
    ],
    ids=["amounts", "order of legs", "memo", "no memo", "no time", "time"],
)
def test_anything_else_is_another_order(other: dict[str, Any]) -> None:
    assert not bodies.repeats(stored(ORDER), replace(ORDER, **other))
    assert not bodies.repeats(of_before(ORDER), replace(ORDER, **other))


def test_a_stored_posting_is_known_by_its_hash_and_not_by_what_its_legs_say() -> None:
    document = document_of(ORDER)
    document["body_hash"] = bodies.hash_of(("another",))
    assert not bodies.repeats(posting_of(document), ORDER)


def test_a_part_of_a_reversal_is_known_by_what_was_ordered_whatever_was_left_of_it() -> None:
    part = (Leg(ANNA, "points", 3), Leg(ISSUER, "points", -3))

    def taken(free: int) -> Posting:
        return reversal(
            ORDER, lambda *_: free, posting_id="R1", at=AT, reason="误发", by="A", part=part, key="K"
        )

    assert taken(0).legs != taken(5).legs
    for one in (stored(taken(0)), stored(taken(5)), of_before(taken(0))):
        assert repeats(ORDER, one, part, "误发")
        assert repeats(ORDER, one, part[::-1], "误发")
        assert not repeats(ORDER, one, part, "重复")
        assert not repeats(ORDER, one, (Leg(ANNA, "points", 2), Leg(ISSUER, "points", -2)), "误发")


def test_the_chain_covers_the_hash_where_there_is_one_and_postings_of_before_keep_their_digests() -> None:
    document = document_of(ORDER)
    forged = {**document, "body_hash": bodies.hash_of(("another",))}
    before = {name: value for name, value in document.items() if name != "body_hash"}
    assert len({digest_of(document), digest_of(forged), digest_of(before)}) == 3
    sealed = {name: value for name, value in before.items() if name not in ("outbox", "pending")}
    assert digest_of(before) == digest_of(sealed)
