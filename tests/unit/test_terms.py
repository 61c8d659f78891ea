"""Terms of grants, and what the calendar does to them."""

from datetime import date, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid
from chassis.identity import Grant
from infra.local.secrets import Secrets
from services.notify.domain import messages
from services.notify.role_templates import ROLE_NAMES
from services.notify.templates import render
from services.volunteer.people.commands import turn_terms
from services.volunteer.people.domain import (
    ENDED,
    GRANTED,
    ROLES,
    describe,
    enrol,
    grant,
    turn,
)
from services.volunteer.people.events import MemberChanged, Role, TermEnded
from services.volunteer.people.terms import day_of, in_effect, next_turn, share_a_day, to_come
from services.volunteer.people.tokens import TokenIssuer
from tests.unit.registers import (
    ADMIN,
    DISTRICT,
    GRID,
    NOW,
    RESIDENT,
    STAFF,
    TODAY,
    Register,
    day,
    lived,
    member,
    name_of,
    steward,
)

DAYS = st.none() | st.integers(-5, 5).map(lambda days: TODAY + timedelta(days=days))
GRANTS = st.builds(Grant, st.sampled_from(["steward", "team_leader"]), st.sampled_from([GRID]), DAYS, DAYS)


@given(GRANTS, st.integers(-8, 8))
def test_a_role_is_held_from_the_first_to_the_last_day_of_its_term(one: Grant, days: int) -> None:
    held = one in in_effect([one], day(days))
    assert held == ((one.since or date.min) <= day(days) <= (one.until or date.max))


@given(GRANTS, GRANTS)
def test_two_terms_share_a_day_when_a_day_lies_in_both(one: Grant, other: Grant) -> None:
    for both in ([one, other], [other, one]):
        days = [day(days) for days in range(-8, 9) if len(in_effect(both, day(days))) == 2]
        sane = all((each.since or date.min) <= (each.until or date.max) for each in both)
        if sane and one.role == other.role:
            assert share_a_day(*both) == bool(days)


def test_a_term_begins_and_ends_at_midnight_in_shanghai() -> None:
    before, after = NOW, NOW + timedelta(minutes=1)
    assert (day_of(before), day_of(after)) == (TODAY, day(1))
    assert next_turn([steward(since=1)], before) == after
    assert next_turn([steward(until=0)], before) == after
    assert next_turn([steward(since=1)], after) is None
    assert next_turn([steward(until=0)], after) == after, "an end stays due until it is dealt with"


@given(st.lists(GRANTS.filter(lambda one: one.since is None or one.until is None or one.since <= one.until)))
def test_whatever_the_terms_others_hear_of_each_beginning_and_end_and_the_member_of_each_last_day(
    grants: list[Grant],
) -> None:
    after, ended = lived(member(*grants))
    assert after.due is None
    assert set(after.roles) == {RESIDENT, *(one for one in grants if one.until is None)}
    assert [line.action for line in after.record] == [ENDED] * len([one for one in grants if one.until])
    open_ended = {one.role for one in grants if one.until is None and (one.since or TODAY) <= TODAY}
    assert not open_ended & {one.role for one in ended}


def test_who_goes_on_the_day_after_is_not_told_that_a_term_has_ended() -> None:
    _, ended = lived(member(steward(until=1), steward(since=2, until=4)))
    assert ended == [TermEnded("M", "steward", GRID, f"area {GRID}", None)]


def test_a_term_is_turned_once_however_many_look() -> None:
    people = Register(member(steward(until=0)))
    midnight = NOW + timedelta(minutes=1)
    assert turn_terms(people, name_of, lambda: NOW) == 0
    assert [turn_terms(people, name_of, lambda: midnight) for _ in range(3)] == [1, 0, 0]
    assert [type(one) for one in people.told] == [MemberChanged, TermEnded]


def test_a_change_made_after_midnight_tells_of_the_new_day_and_leaves_the_end_to_be_told() -> None:
    after, event = describe(member(steward(until=0)), "乙", None, DISTRICT, NOW + timedelta(minutes=1))
    assert event.roles == (Role("resident", DISTRICT),)
    change = turn(after, NOW + timedelta(minutes=1), name_of)
    assert change is not None
    assert TermEnded("M", "steward", GRID, f"area {GRID}", None) in change[1]


def test_a_token_carries_what_is_held_at_that_moment() -> None:
    key, one = Secrets.new().token_signing_key, member(steward(until=0), Grant("team_leader", GRID, day(1)))

    def roles(at: datetime) -> list[str]:
        token = TokenIssuer(key, "1", lambda: at).issue(one)
        claims = jwt.decode(token, options={"verify_signature": False})
        return [role["role"] for role in claims["roles"]]

    assert roles(NOW) == ["resident", "steward"]
    assert roles(NOW + timedelta(minutes=1)) == ["resident", "team_leader"]


REFUSED: list[tuple[Grant, str]] = [
    (steward(since=2, until=1), "until"),
    (steward(until=-1), "until"),
    (steward(since=-3, until=-1), "until"),
    (Grant("resident", DISTRICT, None, day(9)), "role"),
    (Grant("resident", DISTRICT, day(1)), "role"),
]


@pytest.mark.parametrize(("wanted", "field"), REFUSED)
def test_a_term_that_cannot_be_is_refused_by_its_field(wanted: Grant, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        grant(member(), wanted, ADMIN, DISTRICT, NOW)
    assert list(refused.value.extra["errors"]) == [field]
    with pytest.raises(Invalid) as refused:
        enrol("M", "13900000101", "甲", (wanted,), None, actor=ADMIN, district=DISTRICT, at=NOW)
    assert list(refused.value.extra["errors"]) == [f"roles.0.{field}"]


def test_a_term_of_one_day_is_a_term() -> None:
    after, event = grant(member(), steward(since=0, until=0), STAFF, DISTRICT, NOW)
    assert event.roles[-1] == Role("steward", GRID)
    assert after.due == NOW + timedelta(minutes=1)


def test_the_next_term_is_granted_for_when_the_first_is_over_and_not_before() -> None:
    first, _ = grant(member(), steward(until=5), STAFF, DISTRICT, NOW)
    for wanted in (steward(), steward(until=9), steward(since=5), steward(until=5)):
        with pytest.raises(Conflict):
            grant(first, wanted, STAFF, DISTRICT, NOW)
    second, event = grant(first, steward(since=6), STAFF, DISTRICT, NOW)
    assert event.roles.count(Role("steward", GRID)) == 1
    assert to_come(second.roles, TODAY) == (steward(since=6),)


def test_a_term_that_is_over_and_not_yet_removed_does_not_stand_in_the_way() -> None:
    after, event = grant(member(steward(until=-1)), steward(), STAFF, DISTRICT, NOW)
    assert Role("steward", GRID) in event.roles
    assert after.due is not None


def test_a_member_is_not_entered_with_the_same_role_twice() -> None:
    with pytest.raises(Invalid):
        enrol("M", "1", "甲", (steward(), steward()), None, actor=STAFF, district=DISTRICT, at=NOW)
    terms = (steward(until=3), steward(since=4))
    made, event = enrol("M", "1", "甲", terms, None, actor=STAFF, district=DISTRICT, at=NOW)
    assert event.roles == (Role("resident", DISTRICT), Role("steward", GRID))
    assert [line.action for line in made.record] == [GRANTED, GRANTED]


def test_who_lost_a_role_is_told_which_and_where() -> None:
    fact = {"member": "S1", "role": "steward", "area": GRID, "place": "槐荫里一网格", "actor": "C1"}
    (due,) = messages("member.role_revoked.v1", GRID, fact, lambda *_: [])
    assert render(due.template, due.params, "zh")[1] == (
        "您在槐荫里一网格的小巷管家角色已被撤销，原因可在您的任职记录中查看。"
    )
    assert render(due.template, due.params, "en")[1] == (
        "You are no longer alley steward of 槐荫里一网格. The record of your roles says why."
    )


def test_every_role_has_a_name_in_both_languages() -> None:
    assert set(ROLE_NAMES["zh"]) == set(ROLE_NAMES["en"]) == set(ROLES)
