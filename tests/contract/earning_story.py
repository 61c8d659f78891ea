"""A rule of earning from its draft to its end, for the answers that are held against the document."""

from collections.abc import Callable
from datetime import timedelta

import requests

from chassis.clock import rfc3339, utc_now
from demo.client import Person
from demo.district import centre
from infra.local.deployment import wait_until

ONE = "/v1/earning-rules/{rule_id}"
CODE = "issue.claimed.contract"
DRAFT = {
    "code": CODE,
    "zh": "认领临时任务",
    "en": "an ad-hoc task claimed",
    "event": "issue.claimed",
    "worker_points": 1,
    "conditions": {"categories": ["ad_hoc.none"], "roles": ["steward"]},
    "caps": {"points": {"day": 10}},
}


def earning_rules(
    call: Callable[..., requests.Response], admin: Person, resident: Person, steward: Person, grid: str
) -> None:
    """Drafted, simulated, changed, in force for as long as one event takes, and listed."""
    rule = call(admin, "POST", "/v1/earning-rules", json=DRAFT).json()["id"]
    period = {"from": rfc3339(utc_now() - timedelta(days=1)), "to": rfc3339(utc_now())}
    order = {"rule": rule, **period}
    told = call(admin, "POST", "/v1/earning-rules/simulations", json=order).json()
    assert (told["events"] > 0, told["would"]["postings"]) == (True, 0)
    wanted = {**DRAFT, "worker_points": 3, "conditions": {"area": grid, "roles": ["steward"]}}
    changed = call(admin, "PUT", ONE, rule, json=wanted, headers={"If-Match": '"1"'})
    assert (changed.json()["worker_points"], changed.headers["ETag"]) == (3, '"2"')
    told = call(admin, "POST", "/v1/earning-rules/simulations", json=order).json()
    assert {one["legs"][0]["amount"] for one in told["items"]} == {3}
    assert call(steward, "GET", ONE, rule).status_code == 404
    activate = {"action": "activate"}
    unseen = call(admin, "POST", f"{ONE}/transitions", rule, json=activate, headers={"If-Match": '"1"'})
    assert unseen.status_code == 412
    call(admin, "POST", f"{ONE}/transitions", rule, json=activate, headers={"If-Match": '"2"'})
    _is_paid_from_now_on(call, admin, resident, steward, grid)
    assert call(steward, "GET", ONE, rule).json()["status"] == "active"
    call(admin, "POST", f"{ONE}/transitions", rule, json={"action": "retire"})
    assert call(resident, "GET", ONE, rule).json()["status"] == "retired"  # what one was paid by can be read
    listed = call(resident, "GET", "/v1/earning-rules").json()["items"]
    assert {one["status"] for one in listed} == {"active", "retired"}
    assert {one["code"] for one in listed} >= {"issue.claimed", "issue.confirmed", "activity.verified"}


def _is_paid_from_now_on(
    call: Callable[..., requests.Response], admin: Person, resident: Person, steward: Person, grid: str
) -> None:
    body = {"category": "ad_hoc", "description": "临时搬运", "location": centre(grid)}
    issue = call(resident, "POST", "/v1/issues", json=body).json()["id"]
    call(steward, "POST", "/v1/issues/{issue_id}/transitions", issue, json={"action": "claim"})
    listed: list[dict[str, object]] = []

    def is_posted() -> bool:
        listed[:] = call(admin, "GET", "/v1/postings", params={"rule": CODE}).json()["items"]
        return bool(listed)

    wait_until(is_posted, 20, "a posting by the rule")
    (posting,) = listed
    assert (posting["cause"], posting["rule_version"]) == (issue, 1)
    call(resident, "POST", "/v1/issues/{issue_id}/transitions", issue, json={"action": "withdraw"})
