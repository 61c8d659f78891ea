"""Duty as its people live it, through the gateway, with real processes behind."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.clock import rfc3339, utc_now
from chassis.datum import wgs84_to_gcj02
from demo.client import Person, Refused
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, District, point_in, stewards_of
from tests.e2e.people import GRID, STEWARDS, balance, gains, hears

HERE = point_in(GRID, 0.6, 0.62)
THERE = dict(zip(("lng", "lat"), wgs84_to_gcj02(**HERE), strict=True))
"""The same place as a phone sees it: half a kilometre off, in another grid."""
CHAIR = "13900000004"


def shift(leader: Person, **more: Any) -> Any:
    """A shift that began four minutes ago, as one that is opened on the spot may."""
    now = utc_now()
    window = {
        "starts_at": rfc3339(now - timedelta(minutes=4)),
        "ends_at": rfc3339(now + timedelta(hours=2)),
    }
    wanted = {"area": GRID, "post": "小区北门", "kind": "patrol", "seats": 1, **window, **more}
    return leader.post("/v1/shifts", wanted)


def newcomer(district: District, phone: str) -> Person:
    """A steward who is on no shift yet."""
    roles = [{"role": "steward", "area": GRID}]
    district.admin.post("/v1/members", {"phone": phone, "name": "新管家", "roles": roles})
    return district.api.sign_in(phone)


def refusal(call: Any, *arguments: Any) -> tuple[int, Any]:
    with pytest.raises(Refused) as refused:
        call(*arguments)
    return refused.value.status, refused.value.problem.get("allowed")


def test_a_shift_is_stood_verified_by_somebody_else_and_paid(district: District) -> None:
    steward, staff, chair = district.person(STEWARDS[0]), district.community_staff, district.person(CHAIR)
    points, minutes = balance(steward), balance(steward, "minutes")
    opened = shift(chair)
    path = f"/v1/shifts/{opened['id']}"
    for outsider in (steward, district.person(RESIDENTS_OF_A[0])):
        assert refusal(shift, outsider)[0] == 403
    assert refusal(district.person(RESIDENTS_OF_A[0]).get, path)[0] == 404
    assert opened["id"] in [one["id"] for one in steward.pages("/v1/shifts", area=COMMUNITY_A)]

    (duty,) = steward.post(f"{path}/signups", key="seat")["duties"]
    assert steward.post(f"{path}/signups", key="again")["duties"] == [duty]
    assert refusal(district.person(STEWARDS[1]).post, f"{path}/signups") == (409, [])
    assert refusal(steward.post, f"{path}/check-outs") == (409, ["check_in"])
    place = {"location": THERE, "accuracy": 8}
    (inside,) = steward.post(f"{path}/check-ins?crs=gcj02", place)["duties"]
    assert (inside["status"], inside["in_area"]) == ("checked_in", True)
    (done,) = steward.post(f"{path}/check-outs")["duties"]
    assert (done["status"], done["minutes"]) == ("checked_out", 0)
    for officer in (staff, chair):
        hears(officer, "duty.checked_out.v1", duty["id"])

    found = staff.get(f"/v1/shifts/{duty['id']}")
    order = {"member": steward.id, "decision": "approve"}
    assert refusal(steward.post, f"{path}/verifications", order)[0] == 403
    assert refusal(staff.post, f"{path}/verifications", {**order, "minutes": 4})[0] == 422
    too_many = {**order, "minutes": 90, "reason": "全程在岗"}
    assert refusal(staff.post, f"{path}/verifications", too_many)[0] == 422
    raised = {**order, "minutes": 4, "reason": "到岗时手机没有信号"}
    (verified,) = staff.post(f"/v1/shifts/{found['id']}/verifications", raised)["duties"]
    assert (verified["status"], verified["minutes"], verified["verified_by"]) == ("verified", 4, staff.id)
    assert refusal(chair.post, f"{path}/verifications", order) == (409, [])
    gains(steward, points, 2)
    gains(steward, minutes, 4, "minutes")
    hears(steward, "duty.verified.v1", duty["id"])
    assert steward.get("/v1/me/export")["duties"][-1]["reason"] == raised["reason"]


def test_a_place_that_is_not_said_to_be_gcj_02_is_in_another_grid(district: District) -> None:
    path = f"/v1/shifts/{shift(district.community_staff)['id']}"
    steward = district.person(STEWARDS[1])
    steward.post(f"{path}/signups")
    (outside,) = steward.post(f"{path}/check-ins", {"location": THERE, "accuracy": 8})["duties"]
    assert outside["in_area"] is False


def test_a_check_in_is_attested_by_a_code_that_the_leader_shows_at_the_post(district: District) -> None:
    steward, staff, chair = (
        newcomer(district, "13900007301"),
        district.community_staff,
        district.person(CHAIR),
    )
    path, other = (f"/v1/shifts/{shift(chair)['id']}" for _ in range(2))
    steward.post(f"{path}/signups")
    assert refusal(steward.post, f"{path}/check-in-tokens")[0] == 403
    shown, foreign = (chair.post(f"{one}/check-in-tokens") for one in (path, other))
    assert rfc3339(utc_now()) < shown["expires_at"] <= rfc3339(utc_now() + timedelta(minutes=10))
    assert refusal(steward.post, f"{path}/check-ins", {"token": foreign["token"]})[0] == 422
    (entry,) = steward.post(f"{path}/check-ins", {"token": shown["token"]})["duties"]
    assert (entry["status"], entry["attested"], entry["in_area"]) == ("checked_in", True, None)
    (seen,) = staff.get(path)["duties"]
    assert (seen["status"], seen["attested"], seen["verified_by"]) == ("checked_in", True, None)


def test_who_was_not_there_is_told_so_and_earns_nothing(district: District) -> None:
    steward, staff = district.person(STEWARDS[2]), district.community_staff
    before = balance(steward)
    path = f"/v1/shifts/{shift(staff)['id']}"
    duty = steward.post(f"{path}/signups")["duties"][0]["id"]
    steward.post(f"{path}/check-ins", {})
    steward.post(f"{path}/check-outs")
    order = {"member": steward.id, "decision": "reject", "reason": "岗位无人"}
    staff.post(f"{path}/verifications", order)
    hears(steward, "duty.rejected.v1", duty)
    assert balance(steward) == before
    colleague = district.person(next(one for one in stewards_of(COMMUNITY_A) if one not in STEWARDS))
    (seen,) = colleague.get(path)["duties"]
    told = {name: value for name, value in seen.items() if value is not None}
    assert told == {"id": duty, "member": steward.id, "status": "rejected"}
    assert steward.get(path)["duties"][0]["reason"] == "岗位无人"


def test_who_is_erased_gives_back_the_seat_of_what_is_to_come(district: District) -> None:
    staff, leaving = district.community_staff, newcomer(district, "13900007300")
    day = utc_now() + timedelta(days=1)
    window = {"starts_at": rfc3339(day), "ends_at": rfc3339(day + timedelta(hours=2))}
    path = f"/v1/shifts/{shift(staff, **window)['id']}"
    leaving.post(f"{path}/signups")
    assert leaving.get("/v1/me/export")["duties"][0]["status"] == "signed_up"
    assert staff.get(path)["taken"] == 1
    leaving.post("/v1/me/erasure", {"confirm": True})
    assert staff.get(path)["taken"] == 0
