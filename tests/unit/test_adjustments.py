"""Large postings by hand: one administrator asks, another one posts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import new_ulid
from chassis.errors import Conflict, NotAllowed
from chassis.identity import Actor, Grant
from services.points.adjustments import domain
from services.points.adjustments.domain import OPEN_FOR, Adjustment, Standing
from services.points.bodies import ordered
from services.points.commands import by_hand
from services.points.domain import Leg, Posting, debt

AT = datetime(2026, 11, 25, tzinfo=UTC)
LIMITS = {"points": 100, "minutes": 60, "fen": 1000}
AUTHOR, SECOND = (Actor(new_ulid(), (Grant("district_admin", "120199"),)) for _ in range(2))
MEMBER, ISSUER = new_ulid(), "issuer:120199"


def waiting(account: str = MEMBER) -> Adjustment:
    legs = [Leg(account, "points", 500), Leg(ISSUER, "points", -500)]
    order = by_hand(
        lambda: AT, AUTHOR, district="120199", key="k", posting_id=new_ulid(), memo="补记", legs=legs
    )
    return domain.asked(order).adjustment


@given(st.lists(st.tuples(st.sampled_from(sorted(LIMITS)), st.integers(1, 300)), min_size=1, max_size=9))
def test_a_posting_is_as_large_as_what_it_takes_from_somewhere_in_a_unit(
    moves: list[tuple[str, int]],
) -> None:
    legs = [leg for unit, amount in moves for leg in (Leg("a", unit, amount), Leg("b", unit, -amount))]
    sums = {unit: sum(amount for one, amount in moves if one == unit) for unit, _ in moves}
    assert domain.size(legs) == sums
    large = any(sums[unit] > LIMITS[unit] for unit in sums)
    assert domain.needs_second(legs, LIMITS, AUTHOR.member_id) is large


def test_one_that_is_just_within_the_limit_is_posted_by_one_administrator() -> None:
    for amount, needed in ((100, False), (101, True)):
        legs = [Leg("a", "points", amount), Leg("b", "points", -amount)]
        assert domain.needs_second(legs, LIMITS, AUTHOR.member_id) is needed


def alone(points: int, at: datetime = AT, author: Actor = AUTHOR, unit: str = "points") -> Posting:
    legs = [Leg(MEMBER, unit, points), Leg(ISSUER, unit, -points)]
    return by_hand(
        lambda: at, author, district="120199", key="k", posting_id=new_ulid(), memo="补记", legs=legs
    )


def test_pieces_of_one_author_and_day_that_are_large_together_are_noticed() -> None:
    approved = domain.posting(domain.approved(waiting(), SECOND, AT, "P", None).adjustment)
    midnight = datetime(2026, 11, 25, 16, tzinfo=UTC)  # in Shanghai
    within = [alone(60), alone(40), alone(60, unit="minutes"), approved]
    assert domain.split(within, LIMITS) == {}
    assert domain.split([*within, alone(1, author=SECOND), alone(1, at=midnight)], LIMITS) == {}
    last = midnight - timedelta(milliseconds=1)
    whose = (AUTHOR.member_id, "2026-11-25")
    assert domain.split([*within, alone(1, at=last), alone(1)], LIMITS) == {whose: last}
    assert domain.split([*within, alone(1, unit="minutes")], LIMITS) == {whose: AT}
    earned = replace(alone(500), rule="issue.confirmed", verified=True)
    assert domain.split([earned], LIMITS) == {}


def test_what_the_second_administrator_approves_is_posted_as_its_author_ordered_it() -> None:
    change = domain.approved(waiting(), SECOND, AT, "P", "属实")
    done = change.adjustment
    posting = domain.posting(done)
    assert (done.standing, done.decided_by, done.note) == (Standing.APPROVED, SECOND.member_id, "属实")
    assert (posting.id, posting.by, posting.cause) == ("P", AUTHOR.member_id, done.id)
    assert ordered(posting)[:2] == (done.legs, "补记")


def test_neither_the_author_nor_whoever_gains_approves() -> None:
    with pytest.raises(NotAllowed) as caught:
        domain.approved(waiting(), AUTHOR, AT, "P", None)
    assert caught.value.code == "own-adjustment"
    for gains in (SECOND.member_id, debt(SECOND.member_id)):
        with pytest.raises(NotAllowed) as caught:
            domain.approved(waiting(gains), SECOND, AT, "P", None)
        assert caught.value.code == "own-gain"


@pytest.mark.parametrize("own", [AUTHOR.member_id, debt(AUTHOR.member_id)], ids=["wallet", "debt"])
def test_what_its_author_gains_by_needs_a_second_however_small_and_what_they_give_does_not(own: str) -> None:
    for amount, needed in ((1, True), (-1, False)):
        legs = [Leg(own, "points", amount), Leg(ISSUER, "points", -amount)]
        assert domain.needs_second(legs, LIMITS, AUTHOR.member_id) is needed
        assert not domain.needs_second(legs, LIMITS, SECOND.member_id)


def test_an_adjustment_is_decided_once_and_within_its_time() -> None:
    one = waiting()
    for done in (
        domain.approved(one, SECOND, AT, "P", None),
        domain.refused(one, AUTHOR, AT, "误记"),
    ):
        assert domain.expired(done.adjustment, AT + OPEN_FOR) is None
        with pytest.raises(Conflict):
            domain.approved(done.adjustment, SECOND, AT, "Q", None)
        with pytest.raises(Conflict):
            domain.refused(done.adjustment, SECOND, AT, "不同意")
    last = AT + OPEN_FOR - timedelta(milliseconds=1)
    assert domain.expired(one, last) is None
    assert domain.approved(one, SECOND, last, "P", None).adjustment.posting == "P"
    over = domain.expired(one, AT + OPEN_FOR)
    assert over is not None
    assert over.adjustment.standing is Standing.EXPIRED
    with pytest.raises(Conflict) as caught:
        domain.approved(one, SECOND, AT + OPEN_FOR, "P", None)
    assert caught.value.extra["standing"] == "expired"
