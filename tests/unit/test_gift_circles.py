"""Gift circles, held against every circle there can be."""

import tracemalloc
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import new_ulid
from chassis.errors import Conflict, NotAllowed
from chassis.identity import Actor
from services.points.circles import commands, domain
from services.points.circles.domain import Change, Flag, Gift, Share, Verdict
from services.points.domain import Leg, Posting
from services.points.timebank.exchange.settlement import SETTLED
from services.points.timebank.gifts.domain import GIFTED

AT = datetime(2026, 11, 25, tzinfo=UTC)
MEMBERS = [f"01ARZ3NDEKTSV4RRFFQ69G5FA{letter}" for letter in "ABCDEF"]
A, B, C, D, E, F = MEMBERS
STAFF = Actor(new_ulid())
_NUMBERS = count()
given_gifts = st.lists(
    st.builds(
        Gift,
        st.sampled_from(MEMBERS),
        st.sampled_from(MEMBERS),
        st.sampled_from(["points", "minutes"]),
        st.integers(1, 9),
    ),
    max_size=14,
)


def by_trying(gifts: list[Gift], member: str, unit: str) -> tuple[int, int, tuple[str, ...]]:
    """Received, circular, and who else: by walking along every possible circle of two to four members."""
    edges = [one for one in gifts if one.unit == unit and one.giver != one.receiver]
    pairs = {(one.giver, one.receiver) for one in edges}
    circles = [
        walk
        for length in (2, 3, 4)
        for walk in permutations(MEMBERS, length)
        if walk[-1] == member and pairs.issuperset(zip(walk, (*walk[1:], walk[0]), strict=True))
    ]
    last = {walk[-2] for walk in circles}
    mine = [one for one in edges if one.receiver == member]
    return (
        sum(one.amount for one in mine),
        sum(one.amount for one in mine if one.giver in last),
        tuple(sorted({one for walk in circles for one in walk} - {member})),
    )


@given(given_gifts)
def test_what_came_in_circles_is_what_trying_every_circle_finds(gifts: list[Gift]) -> None:
    found = domain.shares(gifts)
    for unit in ("points", "minutes"):
        for member in MEMBERS:
            received, circular, others = by_trying(gifts, member, unit)
            if received == 0:
                assert (member, unit) not in found
            else:
                share = found[member, unit]
                assert (share.received, share.circular) == (received, circular)
                assert domain.is_circular(share) == (circular / received >= 0.6)
                assert share.others == (others if domain.is_circular(share) else ())


def circle(*members: str, amount: int = 10) -> list[Gift]:
    return [
        Gift(one, other, "points", amount)
        for one, other in zip(members, (*members[1:], members[0]), strict=True)
    ]


def test_a_circle_of_four_counts_and_one_of_five_does_not() -> None:
    assert domain.shares(circle(A, B, C, D))[A, "points"] == Share(10, 10, (B, C, D))
    assert domain.shares(circle(A, B, C, D, E))[A, "points"] == Share(10, 0, ())


def test_one_member_whom_very_many_give_to_and_get_from_takes_little_memory() -> None:
    around = [f"S{number}" for number in range(800)]
    gifts = [gift for one in around for gift in (*circle(A, one), Gift(B, one, "points", 1))]
    tracemalloc.start()
    try:
        found = domain.shares(gifts)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found[A, "points"].others == tuple(sorted(around))
    assert {found[one, "points"].others for one in around} == {(A,)}
    assert most < 5_000_000  # the ways of all of them to all others would be 20 MB


@pytest.mark.parametrize(("from_outside", "flagged"), [(6, True), (7, False)])
def test_six_of_ten_in_circles_are_enough(from_outside: int, flagged: bool) -> None:
    share = domain.shares([*circle(A, B, amount=9), Gift(C, A, "points", from_outside)])[A, "points"]
    assert domain.is_circular(share) is flagged


def posted(rule: str, *legs: Leg, reverses: str | None = None, at: datetime = AT) -> Posting:
    key = f"P{next(_NUMBERS)}"
    return Posting(key, key, rule, 1, "c", "120199", legs, at, reverses=reverses)


def move(giver: str, receiver: str, amount: int = 5, rule: str = GIFTED, at: datetime = AT) -> Posting:
    return posted(rule, Leg(giver, "minutes", -amount), Leg(receiver, "minutes", amount), at=at)


def test_gifts_are_what_goes_from_member_to_member_and_was_not_taken_back() -> None:
    taken_back = move(B, A)
    known = [
        move(A, B),
        move(A, B, rule="posted.by-hand"),
        move(A, B, rule=SETTLED),
        posted("hold.captured", Leg(A, "points", -3), Leg("shop:120199", "points", 3)),
        taken_back,
        posted("posting.reversed", Leg(B, "minutes", 5), Leg(A, "minutes", -5), reverses=taken_back.id),
        posted("posted.by-hand", Leg(A, "fen", -2), Leg(B, "fen", -3), Leg(C, "fen", 4), Leg(D, "fen", 1)),
    ]
    partly = move(D, E, amount=9)
    back = [Leg(D, "minutes", 2), Leg(E, "minutes", -1), Leg("owed:" + E, "minutes", -1)]
    overflow = [Leg(E, "minutes", -7), Leg(F, "minutes", 3), Leg("pool:120199", "minutes", 4)]
    assert domain.gifts(
        [partly, *(posted("posting.reversed", *back, reverses=partly.id) for _ in range(2))]
    ) == [Gift(D, E, "minutes", 5)]
    assert domain.gifts([posted("time-bank.gifted", *overflow)]) == [Gift(E, F, "minutes", 3)]
    assert domain.gifts(known) == [
        Gift(A, B, "minutes", 5),
        Gift(A, B, "minutes", 5),
        Gift(A, C, "fen", 2),
        Gift(B, C, "fen", 2),
        Gift(B, D, "fen", 1),
    ]


@dataclass
class Book:
    """Flags in memory."""

    posted: list[Posting]
    flags: dict[str, Flag] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def postings(self, since: datetime, until: datetime) -> list[Posting]:
        return [one for one in self.posted if since <= one.posted_at < until]

    def last(self, member: str, unit: str) -> Flag | None:
        found = [one for one in self.flags.values() if (one.member, one.unit) == (member, unit)]
        return found[-1] if found else None

    def get(self, flag_id: str) -> Flag:
        return self.flags[flag_id]

    def raise_flag(self, change: Change, after: Flag | None) -> bool:
        assert after == self.last(change.flag.member, change.flag.unit)
        self.save(change)
        return True

    def save(self, change: Change) -> None:
        self.flags[change.flag.id] = change.flag
        if change.event is not None:
            self.told.append(change.event.type)


@pytest.mark.parametrize(("days_apart", "flagged"), [(29, 2), (30, 0)])
def test_a_gift_and_what_came_back_for_it_within_thirty_days_are_a_circle(
    days_apart: int, flagged: int
) -> None:
    later = AT + timedelta(days=days_apart)
    book = Book([move(A, B), move(B, A, at=later)])
    assert commands.watch(book, lambda: later + timedelta(minutes=1), new_ulid, "120199") == flagged


def test_an_open_flag_is_renewed_and_a_decided_one_is_not_raised_again_for_the_same_days() -> None:
    def watched(days: int) -> int:
        return commands.watch(book, lambda: AT + timedelta(days=days), new_ulid, "120199")

    book = Book([move(A, B), move(B, A), move(C, A, amount=1)])
    assert watched(1) == 2
    flag = book.last(A, "minutes")
    assert flag is not None
    assert (flag.share, flag.share.percent) == (Share(6, 5, (B,)), 83)
    book.posted.append(move(B, A))
    assert watched(2) == 0
    assert book.flags[flag.id].share.received == 11
    assert book.told == ["flag.raised.v1"] * 2

    def decide(actor: Actor, reason: str = "邻里互助") -> Flag:
        return commands.decide(
            book, lambda: AT, actor, flag_id=flag.id, verdict=Verdict.DISMISSED, reason=reason
        )

    for own in (A, B):
        with pytest.raises(NotAllowed):
            decide(Actor(own))
    assert decide(STAFF).verdict is Verdict.DISMISSED
    with pytest.raises(Conflict):
        decide(STAFF, "另一说明")
    assert watched(3) == 0
    later = AT + timedelta(days=31)
    book.posted += [move(A, B, at=later), move(B, A, at=later)]
    assert watched(31) == 0
    assert watched(32) == 1  # on A; that on B was never decided and is renewed
    assert book.told.count("flag.decided.v1") == 1
