"""Taking roles away: who may, once, at once or after a last day, and never the last admin."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chassis.errors import Conflict, Invalid, NotAllowed, NotFound
from chassis.identity import Actor, Grant
from services.volunteer.people.commands import ensure_admin, revoke, turn_terms
from services.volunteer.people.domain import REVOKED, Member, erase
from services.volunteer.people.events import EndSet, MemberChanged, Role, RoleRevoked, TermEnded
from tests.unit.registers import (
    ADMIN,
    COMMUNITY,
    DISTRICT,
    GRID,
    NOW,
    RESIDENT,
    STAFF,
    Register,
    day,
    lived,
    member,
    name_of,
    steward,
)


def taken(
    people: Register,
    actor: Actor = STAFF,
    member_id: str = "M",
    role: str = "steward",
    area: str = GRID,
    after: int | None = None,
) -> Member:
    """Take a role: at once, or after so many days."""
    return revoke(
        people,
        name_of,
        lambda: NOW,
        actor,
        member_id=member_id,
        role=role,
        area=area,
        reason="已搬离",
        until=None if after is None else day(after),
        district=DISTRICT,
    )


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


def test_a_role_can_be_taken_after_a_last_day_and_the_calendar_does_it() -> None:
    people = Register(member(steward(since=9), steward(), steward(since=0, until=1)))
    after = taken(people, after=3)
    assert after.roles == (RESIDENT, steward(until=3), steward(since=0, until=1))
    assert {(line.action, line.reason) for line in after.record} == {(REVOKED, "已搬离")}
    assert [line.grant for line in after.record] == [steward(until=3), steward(since=9)]
    changed_to, told = people.told
    assert isinstance(changed_to, MemberChanged)
    assert Role("steward", GRID) in changed_to.roles
    assert told == EndSet("M", "steward", GRID, f"area {GRID}", "C", str(day(3)))
    assert taken(people, after=3) == taken(people, after=5) == after
    _, ended = lived(after)
    assert [type(one) for one in ended] == [TermEnded]


def test_a_role_cannot_be_taken_after_a_day_that_is_past() -> None:
    with pytest.raises(Invalid):
        taken(Register(member(steward())), after=-1)


def test_the_last_admin_is_not_given_an_end_either() -> None:
    people = admins(office(), office(until=300))
    with pytest.raises(Conflict):
        taken(people, ADMIN, "A0", "district_admin", DISTRICT, after=300)


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
