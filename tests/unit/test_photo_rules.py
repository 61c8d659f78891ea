"""Who may see a photo, and which pixels a box means."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid, NotAllowed
from chassis.identity import Actor, Grant
from services.issues.media.domain import (
    ACTIVITY_READERS,
    Moderation,
    Photo,
    Place,
    Rectangle,
    area_of_staff,
    may_see,
    not_yet_black,
    rectangles,
)

GRID = "120199001001001"
OWNER = Actor("owner")
STAFF = Actor("staff", (Grant("community_staff", GRID[:12]),))
ELSEWHERE = Actor("elsewhere", (Grant("community_staff", "120199001002"),))
ASSIGNEE = Actor("assignee", (Grant("steward", GRID),))
STEWARD = Actor("steward", (Grant("steward", GRID),))
RESIDENT = Actor("resident", (Grant("resident", "120199"),))
PEOPLE = (OWNER, STAFF, ELSEWHERE, ASSIGNEE, STEWARD, RESIDENT)
ISSUE = Place(GRID, "issue", "assignee")
ACTIVITY = Place(GRID, readers=ACTIVITY_READERS)


@pytest.mark.parametrize(
    ("moderation", "place", "seen_by"),
    [
        (Moderation.OPEN, ISSUE, PEOPLE),
        (Moderation.APPROVED, ISSUE, PEOPLE),
        (Moderation.AWAITING, ISSUE, (OWNER, STAFF, ASSIGNEE)),
        (Moderation.REJECTED, ISSUE, (OWNER, STAFF)),
        (Moderation.OPEN, ACTIVITY, (OWNER, STAFF, ASSIGNEE, STEWARD)),
        (Moderation.AWAITING, ACTIVITY, (OWNER, STAFF)),
    ],
)
def test_who_may_see_a_photo(moderation: Moderation, place: Place, seen_by: tuple[Actor, ...]) -> None:
    assert tuple(one for one in PEOPLE if may_see("owner", moderation, one, place)) == seen_by


def photo(width: int, height: int, *redactions: Rectangle) -> Photo:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Photo("a", "owner", at, "image/jpeg", 1, width, height, "file", redactions=redactions)


def box(x: float, y: float, width: float, height: float) -> dict[str, float]:
    return {"x": x, "y": y, "width": width, "height": height}


@pytest.mark.parametrize(
    ("given_box", "unit", "pixels"),
    [
        (box(10, 20, 30, 40), None, (10, 20, 30, 40)),
        (box(0.1, 0.2, 0.25, 0.5), None, (100, 160, 250, 400)),
        (box(0, 0, 1, 1), None, (0, 0, 1, 1)),
        (box(0, 0, 1, 1), "fractions", (0, 0, 1000, 800)),
        (box(10.5, 20.5, 1, 1), "pixels", (10, 20, 2, 2)),
        (box(990, 790, 100, 100), None, (990, 790, 10, 10)),
        (box(0.9, 0.9, 0.5, 0.5), None, (900, 720, 100, 80)),
    ],
)
def test_boxes_are_read_as_pixels_or_fractions(
    given_box: dict[str, float], unit: str | None, pixels: tuple[int, int, int, int]
) -> None:
    assert rectangles(photo(1000, 800), [given_box], unit) == [Rectangle(*pixels)]


@pytest.mark.parametrize(
    ("given_box", "unit"),
    [
        (box(1000, 0, 10, 10), None),
        (box(0, 0, 0, 10), None),
        (box(0.5, 0.5, 1.5, 0.1), None),
        (box(2, 0, 1, 1), "fractions"),
    ],
)
def test_boxes_that_mean_no_part_of_the_photo_are_refused(
    given_box: dict[str, float], unit: str | None
) -> None:
    with pytest.raises(Invalid):
        rectangles(photo(1000, 800), [box(1, 1, 1, 1) if unit is None else box(0, 0, 1, 1), given_box], unit)


@given(
    st.integers(1, 5000),
    st.integers(1, 5000),
    st.lists(st.floats(0, 1, allow_subnormal=False), min_size=4, max_size=4),
)
def test_a_box_in_fractions_never_leaves_the_photo_nor_a_pixel_it_touches(
    width: int, height: int, numbers: list[float]
) -> None:
    x, y, wide, high = numbers
    try:
        [found] = rectangles(photo(width, height), [box(x, y, wide, high)], "fractions")
    except Invalid:
        assert wide * width < 1 or high * height < 1 or x * width > width - 1 or y * height > height - 1
        return
    left, upper, right, lower = found.edges
    assert 0 <= left < right <= width
    assert 0 <= upper < lower <= height
    assert left <= x * width
    assert right >= min(width, (x + wide) * width)
    assert upper <= y * height
    assert lower >= min(height, (y + high) * height)


def test_what_lies_within_an_older_box_is_not_painted_again() -> None:
    old = Rectangle(10, 10, 100, 100)
    inside, beyond = Rectangle(20, 20, 90, 90), Rectangle(20, 20, 91, 90)
    assert not_yet_black(photo(500, 500, old), [old, inside, beyond, beyond]) == (beyond,)


def test_staff_list_what_waits_in_their_areas_and_without_a_wish_in_the_widest() -> None:
    both = Actor("both", (*STAFF.grants, Grant("subdistrict_staff", GRID[:9]), Grant("steward", GRID[:6])))
    assert (area_of_staff(STAFF, None), area_of_staff(both, None)) == (GRID[:12], GRID[:9])
    assert (area_of_staff(STAFF, GRID), area_of_staff(both, "120199001002")) == (GRID, "120199001002")
    for actor, area in ((STAFF, "120199001002"), (STAFF, GRID[:9]), (STEWARD, GRID), (RESIDENT, None)):
        with pytest.raises(NotAllowed):
            area_of_staff(actor, area)
