"""Training as its people live it, through the gateway: from the course to the points and the message."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chassis.clock import rfc3339, utc_now
from demo.client import Api, Person, Refused
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, SUBDISTRICT, District, grids, stewards_of
from infra.local.deployment import wait_until
from tests.e2e.people import GRID, PATIENCE, STEWARDS, balance, gains, hears

HOUR = timedelta(hours=1)
CHAIR, SOCIAL_WORKER = "13900000004", "13900000006"
OTHER_GRID = grids(COMMUNITY_A)[2]
OTHERS = [phone for phone, grid in stewards_of(COMMUNITY_A).items() if grid == OTHER_GRID]
SESSIONS = "/v1/training-sessions"


@pytest.fixture(scope="module")
def course(district: District) -> str:
    """First aid, as the Red Cross gives it."""
    body = {"title": "急救入门", "category": "first_aid", "minutes": 120, "description": "区红十字会授课"}
    return str(district.person(SOCIAL_WORKER).post("/v1/courses", body)["id"])


def held(by: Person, course: Any, begins: Any, **more: Any) -> Any:
    """A session of two hours that begins so long from now."""
    starts = utc_now() + begins
    times = {"starts_at": rfc3339(starts), "ends_at": rfc3339(starts + 2 * HOUR)}
    body = {"course": course, "area": GRID, "place": "居委会二楼", "seats": 5, **times, **more}
    return by.post(SESSIONS, body)


def refused(status: int, person: Person, path: str, body: Any = None) -> dict[str, Any]:
    with pytest.raises(Refused) as raised:
        person.post(path, body)
    assert raised.value.status == status, raised.value.problem
    return raised.value.problem


def test_a_steward_who_attends_gets_points_and_a_message_and_no_service_minutes(
    district: District, course: str
) -> None:
    chair, steward = district.person(CHAIR), district.person(STEWARDS[0])
    points, before = balance(steward), steward.get(f"/v1/accounts/{steward.id}")
    session = held(chair, course, -HOUR)
    path = f"{SESSIONS}/{session['id']}"
    assert steward.post(f"{path}/signups")["seats_left"] == 4
    came = {"member": steward.id, "attended": True}
    refused(403, steward, f"{path}/attendances", came)
    (mine,) = chair.post(f"{path}/attendances", came)["attendances"]
    assert (mine["status"], mine["minutes"]) == ("attended", 120)
    assert chair.post(f"{path}/attendances", came)["attendances"] == [mine]
    problem = refused(409, district.admin, f"{path}/attendances", {"member": steward.id, "attended": False})
    assert (problem["status_now"], problem["allowed"]) == ("attended", [])

    gains(steward, points, 2)
    hears(steward, "training.completed.v1", mine["id"])
    after = steward.get(f"/v1/accounts/{steward.id}")
    assert after["minutes"] == before["minutes"]
    assert after["lifetime_minutes"] == before["lifetime_minutes"]
    paid = [
        one for one in steward.pages(f"/v1/accounts/{steward.id}/statement") if one["cause"] == mine["id"]
    ]
    assert [(one["rule"], one["rule_version"]) for one in paid] == [("training.completed", 1)]


def test_who_came_without_signing_up_is_recorded_while_there_are_seats(
    district: District, course: str
) -> None:
    staff, walks_in, late = (
        district.community_staff,
        district.person(STEWARDS[1]),
        district.person(STEWARDS[2]),
    )
    points = balance(walks_in)
    path = f"{SESSIONS}/{held(staff, course, -3 * HOUR, seats=1)['id']}/attendances"
    resident = district.person(RESIDENTS_OF_A[20])
    problem = refused(422, staff, path, {"member": resident.id, "attended": True})
    assert list(problem["errors"]) == ["member"]
    staff.post(path, {"member": walks_in.id, "attended": True, "minutes": 60})
    problem = refused(409, staff, path, {"member": late.id, "attended": True})
    assert (problem["status_now"], problem["allowed"]) == ("not_signed_up", [])
    gains(walks_in, points, 2)


def test_of_all_who_sign_up_at_once_no_more_get_a_seat_than_there_are(
    district: District, course: str
) -> None:
    path = f"{SESSIONS}/{held(district.community_staff, course, HOUR, area=COMMUNITY_A, seats=2)['id']}"
    people = district.people([*STEWARDS[:3], *OTHERS[:2]])

    def join(person: Person) -> int:
        while (status := person.send("POST", f"{path}/signups").status_code) == 409:
            if not district.admin.get(path)["seats_left"]:
                break
        return status

    with ThreadPoolExecutor(5) as pool:
        answers = sorted(pool.map(join, people))
    assert answers == [201, 201, 409, 409, 409]
    session = district.admin.get(path)
    assert (session["seats_left"], len(session["attendances"])) == (0, 2)
    seated = {one["member"] for one in session["attendances"]}
    for person in people:
        shown = person.get(path)["attendances"]
        assert [one["member"] for one in shown] == [person.id] * (person.id in seated)
    (leaves, *_) = [person for person in people if person.id in seated]
    for _ in range(2):
        assert leaves.send("DELETE", f"{path}/signups/me").status_code == 204
    assert district.admin.get(path)["seats_left"] == 1
    assert path.rsplit("/", 1)[1] not in [one["id"] for one in leaves.pages(SESSIONS, member="me")]


def test_sessions_are_entered_where_one_works_and_a_day_after_they_ended_at_the_latest(
    district: District, course: str
) -> None:
    staff = district.community_staff
    yesterday = held(staff, course, -25 * HOUR)
    assert yesterday["id"] in [one["id"] for one in staff.pages(SESSIONS, area=GRID)]
    wrongs: tuple[tuple[dict[str, Any], int], ...] = (
        ({"begins": -27 * HOUR}, 422),
        ({"begins": HOUR, "area": SUBDISTRICT}, 403),
        ({"begins": HOUR, "area": f"{COMMUNITY_A}999"}, 422),
        ({"begins": HOUR, "course": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, 422),
    )
    for wrong, status in wrongs:
        with pytest.raises(Refused) as raised:
            held(staff, **{"course": course, **wrong})
        assert raised.value.status == status
    refused(403, district.person(STEWARDS[0]), SESSIONS, {})


def test_who_is_erased_keeps_no_seat_and_what_they_completed_stays(
    district: District, api: Api, course: str
) -> None:
    admin, phone = district.admin, "13900009101"
    entered = {"phone": phone, "name": "赵师傅", "roles": [{"role": "steward", "area": GRID}]}
    admin.post("/v1/members", entered)
    leaving = api.sign_in(phone)
    to_come, begun = (held(admin, course, begins)["id"] for begins in (HOUR, -HOUR))
    for session in (to_come, begun):
        leaving.post(f"{SESSIONS}/{session}/signups")
    came = {"member": leaving.id, "attended": True, "reason": "赵师傅补签"}
    admin.post(f"{SESSIONS}/{begun}/attendances", came)
    wait_until(lambda: balance(leaving) == 2, PATIENCE, "the points for the training")
    assert {one["session"]: one["status"] for one in leaving.get("/v1/me/export")["trainings"]} == {
        to_come: "signed_up",
        begun: "attended",
    }
    leaving.post("/v1/me/erasure", {"confirm": True})
    assert admin.get(f"{SESSIONS}/{to_come}")["attendances"] == []
    (kept,) = admin.get(f"{SESSIONS}/{begun}")["attendances"]
    assert (kept["member"], kept["status"], kept["reason"]) == (leaving.id, "attended", None)
