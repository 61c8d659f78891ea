"""Members and their roles: who may give which role where."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, NotAllowed, Refusal
from chassis.identity import Actor, Grant
from services.volunteer.people.commands import ensure_admin
from services.volunteer.people.domain import ROLES, Member, describe, enrol, grant, mask, register
from services.volunteer.people.events import MemberChanged, Role
from tests.unit.registers import Register

DISTRICT = "120199"
ADMIN = Actor("A", (Grant("district_admin", DISTRICT),))
STAFF = Actor("C", (Grant("community_staff", "120199001001"),))
AREAS = st.sampled_from(
    ["120199", "120199001", "120199001001", "120199001001001", "120199001002", "120199002", "120105001001"]
)
NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
ALL_ROLES = st.sampled_from(ROLES)
BY_STAFF = {"steward", "team_leader", "grid_worker"}


def member(*roles: Grant) -> Member:
    return Member("M", "13900000101", "管家", roles or (Grant("resident", DISTRICT),))


def given_to(actor: Actor, role: str, area: str) -> tuple[Member, MemberChanged]:
    return grant(member(), Grant(role, area), actor, DISTRICT, NOW)


@given(
    st.lists(st.builds(Grant, ALL_ROLES, AREAS), max_size=3),
    ALL_ROLES.filter(lambda role: role != "resident"),
    AREAS,
)
def test_a_role_is_given_by_the_admin_or_for_some_roles_by_staff_of_the_area(
    held: list[Grant], role: str, area: str
) -> None:
    actor = Actor("X", tuple(held))
    allowed = area.startswith(DISTRICT) and (
        actor.has("district_admin", area) or (role in BY_STAFF and actor.has("community_staff", area))
    )
    if allowed:
        after, event = given_to(actor, role, area)
        assert Grant(role, area) in after.roles
        assert after.version == 2
        assert event.roles[-1] == Role(role, area)
    else:
        with pytest.raises((NotAllowed, Invalid)):
            given_to(actor, role, area)


@given(st.lists(st.builds(Grant, ALL_ROLES, AREAS), max_size=4))
def test_nobody_without_an_office_can_make_anybody_anything(held: list[Grant]) -> None:
    office = {"district_admin", "community_staff"}
    actor = Actor("X", tuple(one for one in held if one.role not in office))
    for role in ROLES:
        with pytest.raises(NotAllowed):
            given_to(actor, role, "120199001001001")


def test_staff_give_no_role_outside_their_own_community() -> None:
    with pytest.raises(NotAllowed):
        given_to(STAFF, "steward", "120199001002001")
    with pytest.raises(NotAllowed):
        given_to(STAFF, "steward", "120199001")


def test_staff_cannot_make_themselves_or_others_staff() -> None:
    for role in set(ROLES) - BY_STAFF:
        with pytest.raises(NotAllowed):
            given_to(STAFF, role, "120199001001")


def test_a_role_held_already_is_not_given_twice() -> None:
    once, _ = given_to(ADMIN, "steward", "120199001001001")
    with pytest.raises(Conflict):
        grant(once, Grant("steward", "120199001001001"), ADMIN, DISTRICT, NOW)


def test_whoever_signs_in_first_becomes_a_resident_of_the_district() -> None:
    new, event = register("M", "13900000301", DISTRICT)
    assert new.roles == (Grant("resident", DISTRICT),)
    assert event == MemberChanged((Role("resident", DISTRICT),), None)


def test_an_enrolled_member_is_a_resident_too_and_needs_every_role_to_be_allowed() -> None:
    roles = (Grant("steward", "120199001001001"),)
    made, _ = enrol("M", "13900000101", "甲", roles, None, actor=STAFF, district=DISTRICT, at=NOW)
    assert made.roles == (Grant("resident", DISTRICT), *roles)
    mixed = (*roles, Grant("community_staff", "120199001001"))
    with pytest.raises(NotAllowed):
        enrol("M", "13900000101", "甲", mixed, None, actor=STAFF, district=DISTRICT, at=NOW)


def test_a_home_outside_the_district_is_refused() -> None:
    with pytest.raises(Invalid):
        enrol("M", "13900000101", "甲", (), "110101001001", actor=ADMIN, district=DISTRICT, at=NOW)
    with pytest.raises(Invalid):
        describe(member(), None, "110101001001", DISTRICT, NOW)


def test_what_is_not_mentioned_in_a_description_stays() -> None:
    home, _ = describe(member(), None, "120199001001001", DISTRICT, NOW)
    named, event = describe(home, "乙", None, DISTRICT, NOW)
    assert (named.name, named.home_area, named.version) == ("乙", "120199001001001", 3)
    assert event.home_area == "120199001001001"


def test_the_fact_of_a_member_tells_roles_and_area_and_nothing_personal() -> None:
    _, event = enrol("M", "13900000101", "张三", (), "120199001001", actor=ADMIN, district=DISTRICT, at=NOW)
    assert set(vars(event)) == {"roles", "home_area"}


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_masked_phone_shows_seven_digits(phone: str) -> None:
    assert mask(phone) == phone[:3] + "****" + phone[7:]


def started(*known: Member) -> Register:
    people = Register(*known)
    ensure_admin(people, lambda: NOW, phone="13900000001", member_id="FIRST", district=DISTRICT)
    return people


def test_the_first_admin_is_there_after_the_first_start_and_unchanged_by_the_second() -> None:
    people = started()
    assert Grant("district_admin", DISTRICT) in people.members["FIRST"].roles
    ensure_admin(people, lambda: NOW, phone="13900000001", member_id="SECOND", district=DISTRICT)
    assert list(people.members) == ["FIRST"]
    assert len(people.told) == 1


def test_an_admin_who_signed_in_before_the_first_start_becomes_admin_all_the_same() -> None:
    resident, _ = register("EARLY", "13900000001", DISTRICT)
    people = started(resident)
    assert set(people.members["EARLY"].roles) == {
        Grant("resident", DISTRICT),
        Grant("district_admin", DISTRICT),
    }
    assert people.members["EARLY"].version == 2
    told = people.told[-1]
    assert isinstance(told, MemberChanged)
    assert Role("district_admin", DISTRICT) in told.roles


REFUSALS: list[tuple[Callable[[], object], type[Refusal]]] = [
    (lambda: given_to(ADMIN, "steward", "110101001001001"), Invalid),
    (lambda: given_to(STAFF, "steward", "110101001001001"), Invalid),
]


@pytest.mark.parametrize(("attempt", "kind"), REFUSALS)
def test_an_area_of_another_district_is_invalid_whoever_asks(
    attempt: Callable[[], object], kind: type[Refusal]
) -> None:
    with pytest.raises(kind):
        attempt()
