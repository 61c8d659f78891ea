"""The story of training for the answers: a course, its sessions, who signs up and who came."""

from collections.abc import Callable
from datetime import timedelta

import requests

from chassis.clock import rfc3339, utc_now
from demo.client import Person

Call = Callable[..., requests.Response]
HOUR = timedelta(hours=1)


def training(call: Call, admin: Person, steward: Person, grid: str) -> None:
    """One session to come, which the steward leaves again, and one that has begun."""
    taught = {"title": "物业法律常识", "category": "law.property", "minutes": 90}
    course = call(admin, "POST", "/v1/courses", json=taught).json()["id"]
    call(steward, "GET", "/v1/courses/{course_id}", course)
    assert course in [one["id"] for one in call(steward, "GET", "/v1/courses").json()["items"]]
    sessions, one = "/v1/training-sessions", "/v1/training-sessions/{session_id}"

    def held(begins: timedelta) -> str:
        starts_at, ends_at = (rfc3339(utc_now() + begins + more) for more in (0 * HOUR, 2 * HOUR))
        body = {"course": course, "area": grid, "place": "居委会二楼", "seats": 2}
        times = {"starts_at": starts_at, "ends_at": ends_at}
        return str(call(admin, "POST", sessions, json={**body, **times}).json()["id"])

    later, begun = held(HOUR), held(-HOUR)
    for session in (later, begun):
        (mine,) = call(steward, "POST", f"{one}/signups", session).json()["attendances"]
        assert (mine["member"], mine["status"]) == (steward.id, "signed_up")
    call(steward, "DELETE", f"{one}/signups/me", later)
    came = {"member": steward.id, "attended": True, "minutes": 60, "reason": "迟到"}
    (line,) = call(admin, "POST", f"{one}/attendances", begun, json=came).json()["attendances"]
    assert (line["status"], line["minutes"], line["recorded_by"]) == ("attended", 60, admin.id)
    call(steward, "GET", one, begun)
    listed = call(steward, "GET", sessions, params={"area": grid, "member": "me"}).json()["items"]
    assert [one["id"] for one in listed] == [begun]
    exported = call(steward, "GET", "/v1/me/export").json()["trainings"]
    assert [(one["session"], one["minutes"]) for one in exported] == [(begun, 60)]
