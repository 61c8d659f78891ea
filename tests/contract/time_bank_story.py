"""The story of the time bank for the answers: policy, registrations, an hour of help, gifts, conversions."""

from collections.abc import Callable
from datetime import timedelta

import requests

from chassis.clock import rfc3339, utc_now
from demo.district import COMMUNITY_A, DISTRICT, RESIDENTS_OF_A, District

Call = Callable[..., requests.Response]


def time_bank(call: Call, district: District) -> None:
    """From the policy to the minutes that somebody was given for their help."""
    receiver, giver = (district.person(RESIDENTS_OF_A[number]) for number in (14, 15))
    admin, staff = district.admin, district.community_staff
    policy = {"note": "试行", "conversion": {"minutes": 6, "points": 1, "to": ["points"]}}
    version = call(admin, "PUT", "/v1/time-bank/policy", json=policy).json()["version"]
    call(giver, "GET", "/v1/time-bank/policy")
    call(giver, "GET", "/v1/time-bank/policy/versions")
    call(giver, "GET", "/v1/time-bank/policy/versions/{version}", str(version))

    member = "/v1/time-bank/members/{member_id}"
    call(staff, "PUT", member, receiver.id, json={"may_redeem_from": "2020-01-31", "group": False})
    call(receiver, "GET", member, receiver.id)
    pair = {"member": receiver.id, "relative": giver.id}
    relatives = call(staff, "POST", "/v1/time-bank/relatives", json=pair).json()["id"]
    call(giver, "GET", "/v1/time-bank/relatives")

    legs = [
        {"account": receiver.id, "unit": "minutes", "amount": 120},
        {"account": f"issuer:{DISTRICT}", "unit": "minutes", "amount": -120},
    ]
    once = {"Idempotency-Key": "time bank"}
    call(admin, "POST", "/v1/postings", json={"memo": "迁入", "legs": legs}, headers=once)
    now = utc_now()
    wanted = {
        "kind": "request",
        "area": COMMUNITY_A,
        "skills": ["errands"],
        "starts_at": rfc3339(now),
        "ends_at": rfc3339(now + timedelta(hours=2)),
        "minutes": 60,
        "text": "帮忙取药",
    }
    one, paths = "/v1/time-bank/requests/{help_id}", "/v1/time-bank/requests"
    offer = call(giver, "POST", paths, json={**wanted, "kind": "offer"}).json()["id"]
    asked = call(receiver, "POST", paths, json={**wanted, "contact": "3 号楼 201"}).json()
    request, home = asked["id"], asked["contacts"]
    assert call(giver, "GET", one, request).json()["contacts"] == []
    found = call(receiver, "GET", f"{one}/matches", request).json()["items"]
    assert [match["id"] for match in found] == [offer]
    call(giver, "GET", paths, params={"area": COMMUNITY_A, "kind": "request"})
    for person, action in (
        (receiver, {"action": "invite", "candidate": offer}),
        (giver, {"action": "accept"}),
        (giver, {"action": "check_in"}),
        (giver, {"action": "check_out"}),
        (receiver, {"action": "dispute", "note": "未到"}),
        (staff, {"action": "settle", "minutes": 30, "note": "已核实"}),
    ):
        call(person, "POST", f"{one}/transitions", request, json=action)
        if action["action"] == "accept":
            assert call(giver, "GET", one, request).json()["contacts"] == home
    settled = call(giver, "GET", one, request).json()
    assert (settled["settlement"]["given"], settled["contacts"]) == (30, [])
    again = call(giver, "POST", f"{one}/transitions", request, json={"action": "check_out"})
    assert (again.status_code, again.json()["allowed"]) == (409, [])

    gift = {"to": giver.id, "amount": 30, "memo": "谢谢"}
    call(receiver, "POST", "/v1/time-bank/gifts", json=gift, headers=once)
    order = {"unit": "minutes", "amount": 6}
    call(receiver, "POST", "/v1/time-bank/conversions", json=order, headers=once)
    call(staff, "DELETE", "/v1/time-bank/relatives/{relatives_id}", relatives)
