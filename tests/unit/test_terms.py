"""Terms of grants, what the calendar does to them, and taking roles away."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, NotAllowed, NotFound
from chassis.identity import Actor, Grant
from infra.local.secrets import Secrets
from services.notify.domain import messages
from services.notify.role_templates import ROLE_NAMES
from services.notify.templates import render
from services.volunteer.people.commands import ensure_admin, revoke, turn_terms
from services.volunteer.people.domain import (
    ENDED,
    GRANTED,
    REVOKED,
    ROLES,
    Member,
    changed,
    describe,
    enrol,
    erase,
    grant,
    turn,
)
from services.volunteer.people.events import MemberChanged, Role, RoleRevoked, TermEnded
from services.volunteer.people.terms import day_of, in_effect, next_turn, share_a_day, to_come
from services.volunteer.people.tokens import TokenIssuer
from tests.unit.registers import Register

DISTRICT, COMMUNITY, GRID = "120199", "120199001001", "120199001001001"
RESIDENT = Grant("resident", DISTRICT)
ADMIN = Actor("A", (Grant("district_admin", DISTRICT),))
STAFF = Actor("C", (Grant("community_staff", COMMUNITY),))
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 15, 59, tzinfo=UTC)
"""A minute before midnight in Shanghai."""
DAYS = st.none() | st.integers(-5, 5).map(lambda days: TODAY + timedelta(days=days))
GRANTS = st.builds(Grant, st.sampled_from(["steward", "team_leader"]), st.sampled_from([GRID]), DAYS, DAYS)


def name_of(code: str) -> str:
    return f"area {code}"


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


def steward(since: int | None = None, until: int | None = None) -> Grant:
    first, last = (None if days is None else day(days) for days in (since, until))
    return Grant("steward", GRID, first, last)


def member(*roles: Grant) -> Member:
    held = (RESIDENT, *roles)
    return Member("M", "13900000101", "管家", held, due=next_turn(held, NOW))


def taken(people: Register, actor: Actor = STAFF, member_id: str = "M", **changes: str) -> Member:
    values = {"role": "steward", "area": GRID, "reason": "已搬离", **changes}
    return revoke(people, name_of, lambda: NOW, actor, member_id=member_id, district=DISTRICT, **values)


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


def lived(start: Member) -> tuple[Member, list[TermEnded]]:
    """A fortnight of a member, looked at every six hours; at each moment what was told is what is held."""
    ended: list[TermEnded] = []
    told = changed(start, NOW)
    for hours in range(0, 14 * 24, 6):
        at = NOW + timedelta(hours=hours)
        while (change := turn(start, at, name_of)) is not None:
            start, (told, *ends) = change[0], change[1]  # type: ignore[assignment]
            ended += [one for one in ends if isinstance(one, TermEnded)]
        held = in_effect(start.roles, day_of(at))
        assert told.roles == tuple(Role(one.role, one.area) for one in held)
    return start, ended


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


def test_a_role_that_is_taken_is_gone_with_all_its_terms_and_it_is_kept_who_took_it_and_why() -> None:
    other = Grant("team_leader", GRID)
    people = Register(member(steward(until=3), other, steward(since=4)))
    after = taken(people)
    assert after.roles == (RESIDENT, other)
    assert after.due is None
    assert [(line.action, line.by, line.reason) for line in after.record] == [(REVOKED, "C", "已搬离")] * 2
    told = MemberChanged((Role("resident", DISTRICT), Role("team_leader", GRID)), None)
    assert people.told == [told, RoleRevoked("M", "steward", GRID, f"area {GRID}", "C")]


def test_taking_a_role_again_changes_nothing_and_is_no_error() -> None:
    people = Register(member(steward()))
    once = taken(people)
    assert taken(people) == once
    assert len(people.told) == 2


def test_taking_a_role_whose_term_has_just_ended_leaves_it_to_the_calendar() -> None:
    people = Register(member(steward(until=-1)))
    taken(people)
    assert people.told == []
    assert turn_terms(people, name_of, lambda: NOW) == 1
    taken(people)
    assert len(people.told) == 2


def test_a_role_that_was_never_held_cannot_be_taken() -> None:
    with pytest.raises(NotFound):
        taken(Register(member(Grant("steward", COMMUNITY))))


def test_nobody_ceases_to_be_a_resident() -> None:
    with pytest.raises(Invalid):
        taken(Register(member()), ADMIN, role="resident", area=DISTRICT)


def test_a_role_is_taken_by_those_who_may_give_it_there() -> None:
    council = Grant("council_member", COMMUNITY)
    elsewhere = Grant("steward", "120199001002001")
    people = Register(member(council, elsewhere, steward()))
    refused: list[Callable[[], Member]] = [
        lambda: taken(people, role="council_member", area=COMMUNITY),
        lambda: taken(people, area="120199001002001"),
        lambda: taken(people, Actor("S", (Grant("steward", GRID),))),
        lambda: taken(people, Actor("D", (Grant("subdistrict_staff", DISTRICT),))),
    ]
    for attempt in refused:
        with pytest.raises(NotAllowed):
            attempt()
    assert people.told == []
    assert council not in taken(people, ADMIN, role="council_member", area=COMMUNITY).roles


def admins(*grants: Grant) -> Register:
    return Register(*(replace(member(one), id=f"A{number}") for number, one in enumerate(grants)))


def office(since: int | None = None, until: int | None = None, area: str = DISTRICT) -> Grant:
    return replace(steward(since, until), role="district_admin", area=area)


@pytest.mark.parametrize(
    "other", [office(until=300), office(since=1), office(area=COMMUNITY), Grant("operator", DISTRICT)]
)
def test_the_last_admin_without_an_end_stays(other: Grant) -> None:
    people = admins(office(), other)
    with pytest.raises(Conflict):
        taken(people, ADMIN, "A0", role="district_admin", area=DISTRICT)
    assert people.told == []


def test_of_two_admins_one_can_be_taken_away() -> None:
    people = admins(office(), office(since=-3))
    taken(people, ADMIN, "A1", role="district_admin", area=DISTRICT)
    with pytest.raises(Conflict):
        taken(people, ADMIN, "A0", role="district_admin", area=DISTRICT)


def test_an_admin_whose_term_ends_anyway_can_be_taken_away_earlier() -> None:
    people = admins(office(), office(until=300))
    taken(people, ADMIN, "A1", role="district_admin", area=DISTRICT)
    assert office(until=300) not in people.members["A1"].roles


def test_the_first_admin_from_whom_the_role_was_taken_does_not_get_it_back_by_a_restart() -> None:
    people = admins(office(), office())
    taken(people, ADMIN, "A0", role="district_admin", area=DISTRICT)
    told = len(people.told)
    first = people.members["A0"]
    people.members["A0"] = replace(first, phone="13900000001")
    ensure_admin(people, lambda: NOW, phone="13900000001", member_id="X", district=DISTRICT)
    assert len(people.told) == told


def test_of_who_was_erased_it_is_kept_what_they_were_and_not_why_it_was_taken() -> None:
    after = taken(Register(member(steward())))
    erased, _ = erase(after)
    assert [(line.action, line.by, line.reason) for line in erased.record] == [(REVOKED, "C", None)]
    assert (erased.roles, erased.due) == ((), None)


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
