"""A shift from its opening to the verification of who stood it, for the answers held against the document."""

from collections.abc import Callable
from datetime import timedelta

import requests

from chassis.clock import rfc3339, utc_now
from demo.client import Person
from demo.district import centre

ONE = "/v1/shifts/{shift_id}"


def duty(call: Callable[..., requests.Response], staff: Person, steward: Person, grid: str) -> None:
    """A seat taken, given back and taken again; in, by a code, and out; refused to oneself, then approved."""
    now = utc_now()
    window = {"starts_at": rfc3339(now), "ends_at": rfc3339(now + timedelta(hours=2))}
    later = {
        "starts_at": rfc3339(now + timedelta(hours=3)),
        "ends_at": rfc3339(now + timedelta(hours=5)),
    }
    wanted = {"area": grid, "post": "小区北门", "kind": "patrol", "seats": 1, "skills": ["急救"]}
    coming = call(staff, "POST", "/v1/shifts", json={**wanted, **later}).json()["id"]
    call(steward, "POST", f"{ONE}/signups", coming)
    assert call(steward, "POST", f"{ONE}/check-ins", coming, json={}).json()["allowed"] == ["withdraw"]
    call(steward, "DELETE", f"{ONE}/signups/me", coming)
    shift = call(staff, "POST", "/v1/shifts", json={**wanted, **window}).json()["id"]
    call(steward, "POST", f"{ONE}/signups", shift)
    place = {"location": centre(grid), "accuracy": 12.5}
    (entry,) = call(steward, "POST", f"{ONE}/check-ins", shift, json=place).json()["duties"]
    assert (entry["status"], entry["in_area"]) == ("checked_in", True)
    token = call(staff, "POST", f"{ONE}/check-in-tokens", shift).json()["token"]
    wrong = call(steward, "POST", f"{ONE}/check-ins", shift, json={"token": f"{token[:-2]}00"})
    assert wrong.json()["errors"].keys() == {"token"}
    (entry,) = call(steward, "POST", f"{ONE}/check-ins", shift, json={"token": token}).json()["duties"]
    assert entry["attested"] is True
    call(steward, "POST", f"{ONE}/check-outs", shift)
    verdict = {"member": steward.id, "decision": "approve"}
    assert call(steward, "POST", f"{ONE}/verifications", shift, json=verdict).status_code == 403
    call(staff, "POST", f"{ONE}/verifications", shift, json=verdict)
    assert call(steward, "GET", ONE, entry["id"]).json()["duties"][0]["status"] == "verified"
    listed = call(steward, "GET", "/v1/shifts", params={"member": "me"}).json()["items"]
    assert shift in [one["id"] for one in listed]
    assert coming not in [one["id"] for one in listed]
    assert call(steward, "GET", "/v1/me/export").json()["duties"][-1]["shift"] == shift
