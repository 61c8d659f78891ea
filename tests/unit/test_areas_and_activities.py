"""Areas and activity reports: who may define, report and verify what."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor, Grant
from services.volunteer.activities import domain as activities
from services.volunteer.activities.domain import Activity
from services.volunteer.areas import domain as areas
from services.volunteer.areas.domain import Area

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
DISTRICT, GRID = "120199", "120199001001001"
ADMIN = Actor("A", (Grant("district_admin", DISTRICT),))
STEWARD = Actor("S", (Grant("steward", GRID),))
STAFF = Actor("C", (Grant("community_staff", GRID[:12]),))
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
WORKERS = ("steward", "team_leader", "council_member", "council_chair")


def define(
    area: Area, existing: Area | None = None, actor: Actor = ADMIN, *, parent_known: bool = True
) -> Any:
    return areas.define(existing, area, actor, district=DISTRICT, parent_known=parent_known)


def test_an_area_is_defined_with_its_name_and_boundary() -> None:
    area, event = define(Area(GRID, "第一网格", SQUARE))
    assert (area.version, area.kind) == (1, "grid")
    assert (event.name, event.boundary) == ("第一网格", SQUARE)


def test_a_new_name_or_boundary_is_the_next_version() -> None:
    known = Area(GRID, "第一网格", SQUARE, 3)
    for wanted in (Area(GRID, "新名", SQUARE), Area(GRID, "第一网格", None)):
        area, event = define(wanted, known)
        assert area == replace(wanted, version=4)
        assert event.name == wanted.name


def test_an_area_defined_just_so_again_is_a_conflict() -> None:
    with pytest.raises(Conflict):
        define(Area(GRID, "第一网格", SQUARE), Area(GRID, "第一网格", dict(SQUARE), 3))


def test_an_area_needs_the_one_above_it() -> None:
    with pytest.raises(Invalid):
        define(Area(GRID, "第一网格", None), parent_known=False)


@pytest.mark.parametrize(
    "actor", [STAFF, STEWARD, Actor("X"), Actor("Y", (Grant("district_admin", "110101"),))]
)
def test_only_the_admin_of_the_district_defines_areas(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        define(Area(GRID, "第一网格", None), actor=actor)


def test_an_area_of_another_district_is_refused() -> None:
    with pytest.raises(Invalid):
        define(Area("110101001", "外区街道", None))


@given(st.text("0123456789", min_size=15, max_size=15))
def test_the_area_above_is_the_code_without_its_last_part(code: str) -> None:
    chain = [code]
    while (above := areas.parent(chain[-1])) is not None:
        chain.append(above)
    assert [len(one) for one in chain] == [15, 12, 9, 6]
    assert all(code.startswith(one) for one in chain)
    assert [Area(one, "名", None).kind for one in chain] == ["grid", "community", "subdistrict", "district"]


def activity(**changes: Any) -> Activity:
    plain = Activity("1", "S", "outreach", GRID, "入户宣传", 90, ("photo",), NOW)
    return replace(plain, **changes)


def verify(actor: Actor, *, approved: bool = True, reason: str | None = None, **changes: Any) -> Any:
    return activities.verify(activity(**changes), actor, approved=approved, reason=reason, at=NOW)


@given(
    st.lists(
        st.builds(
            Grant,
            st.sampled_from([*WORKERS, "resident", "community_staff", "shop_keeper"]),
            st.sampled_from([DISTRICT, GRID[:9], GRID[:12], GRID, "120199001002", "120199001001002"]),
        ),
        max_size=3,
    )
)
def test_activities_are_reported_by_those_who_work_in_the_community(grants: list[Grant]) -> None:
    works = any(
        one.role in WORKERS and (one.area.startswith(GRID[:12]) or GRID[:12].startswith(one.area))
        for one in grants
    )
    actor = Actor("S", tuple(grants))
    if works:
        filed, event = activities.submit(activity(), actor)
        assert (filed.status, event.member, event.actor) == ("submitted", "S", "S")
    else:
        with pytest.raises(NotAllowed):
            activities.submit(activity(), actor)


@pytest.mark.parametrize("role", ["community_staff", "subdistrict_staff", "district_admin"])
@pytest.mark.parametrize("length", [6, 9, 12])
def test_staff_of_the_area_verify(role: str, length: int) -> None:
    decided, event = verify(Actor("V", (Grant(role, GRID[:length]),)))
    assert (decided.status, decided.verified_by, decided.verified_at) == ("verified", "V", NOW)
    assert decided.version == 2
    assert event.type == "activity.verified.v1"
    assert (event.minutes, event.photos, event.actor) == (90, 1, "V")


def test_a_rejection_says_why() -> None:
    with pytest.raises(Invalid):
        verify(STAFF, approved=False)
    decided, event = verify(STAFF, approved=False, reason="照片与活动不符")
    assert (decided.status, decided.reason, event.type) == (
        "rejected",
        "照片与活动不符",
        "activity.rejected.v1",
    )


@pytest.mark.parametrize(
    "actor", [STEWARD, Actor("X"), Actor("V", (Grant("community_staff", "120199001002"),))]
)
def test_others_do_not_verify(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        verify(actor)


def test_nobody_verifies_their_own_activity_whatever_office_they_hold() -> None:
    both = Actor("S", (Grant("steward", GRID), Grant("community_staff", GRID[:12])))
    with pytest.raises(NotAllowed):
        verify(both)


@pytest.mark.parametrize("status", ["verified", "rejected"])
@pytest.mark.parametrize("approved", [True, False])
def test_a_decision_stands(status: str, approved: bool) -> None:
    with pytest.raises(Conflict) as refused:
        verify(STAFF, approved=approved, reason="理由", status=status)
    assert refused.value.extra["status_now"] == status
