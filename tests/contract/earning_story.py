"""A rule of earning from its draft to its end, for the answers that are held against the document."""

from collections.abc import Callable
from datetime import timedelta

import requests

from chassis.clock import rfc3339, utc_now
from demo.client import Person

ONE = "/v1/earning-rules/{rule_id}"
DRAFT = {
    "code": "issue.claimed.contract",
    "zh": "认领合同类问题",
    "en": "an issue claimed that there is none of",
    "event": "issue.claimed",
    "worker_points": 1,
    "conditions": {"categories": ["ad_hoc.contract"], "roles": ["steward"]},
    "caps": {"points": {"day": 10}},
}


def earning_rules(call: Callable[..., requests.Response], admin: Person, steward: Person) -> None:
    """Drafted, changed, simulated, in force for a moment, and listed."""
    rule = call(admin, "POST", "/v1/earning-rules", json=DRAFT).json()["id"]
    changed = call(admin, "PUT", ONE, rule, json={**DRAFT, "worker_points": 2}, headers={"If-Match": '"1"'})
    assert (changed.json()["worker_points"], changed.headers["ETag"]) == (2, '"2"')
    period = {"from": rfc3339(utc_now() - timedelta(days=1)), "to": rfc3339(utc_now())}
    told = call(admin, "POST", "/v1/earning-rules/simulations", json={"rule": rule, **period}).json()
    assert (told["events"] > 0, told["would"]["postings"]) == (True, 0)
    own = {**DRAFT, "conditions": {}, "worker_points": 3}
    call(admin, "PUT", ONE, rule, json=own)
    told = call(admin, "POST", "/v1/earning-rules/simulations", json={"rule": rule, **period}).json()
    assert told["would"]["points"] >= 3
    assert told["items"][0]["legs"][0]["amount"] == 3
    call(admin, "PUT", ONE, rule, json=DRAFT)
    assert call(steward, "GET", ONE, rule).status_code == 404
    for action, status in (("activate", "active"), ("retire", "retired")):
        done = call(admin, "POST", f"{ONE}/transitions", rule, json={"action": action}).json()
        assert done["status"] == status
        assert (call(steward, "GET", ONE, rule).status_code == 200) == (status == "active")
    listed = call(steward, "GET", "/v1/earning-rules").json()["items"]
    assert {one["status"] for one in listed} == {"active"}
    assert {one["code"] for one in listed} >= {"issue.claimed", "issue.confirmed", "activity.verified"}
    call(admin, "GET", "/v1/postings", params={"rule": "issue.claimed"})
