"""The stories of adjustments, gift circles, rankings and commendations."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from pymongo import MongoClient

from chassis.clock import new_ulid, rfc3339, utc_now
from chassis.mongo import Mongo
from chassis.spreadsheets import CSV, XLSX
from demo.client import Person
from demo.district import COMMUNITY_A, DISTRICT, RESIDENTS_OF_A, District
from infra.local.deployment import Deployment, wait_until
from services.points.circles import domain as circles
from services.points.circles.domain import Flag, Share
from services.points.circles.store import FlagStore

Call = Callable[..., requests.Response]
SECOND_ADMIN = "13900008890"


def second_admin(call: Call, district: District) -> Person:
    """Another administrator: one alone approves nothing."""
    entered = {
        "phone": SECOND_ADMIN,
        "name": "周主任",
        "roles": [{"role": "district_admin", "area": DISTRICT}],
    }
    call(district.admin, "POST", "/v1/members", json=entered)
    return district.api.sign_in(SECOND_ADMIN)


def adjustments(call: Call, district: District, member: str) -> None:
    """A large posting, and one that is refused; the statement shows what was posted."""
    second, one = second_admin(call, district), "/v1/adjustments/{adjustment_id}"
    asked = []
    for key in ("large", "refused"):
        legs = [
            {"account": member, "unit": "points", "amount": 20_000},
            {"account": f"issuer:{DISTRICT}", "unit": "points", "amount": -20_000},
        ]
        order = {"memo": "年度奖励", "legs": legs}
        once = {"Idempotency-Key": key}
        answer = call(district.admin, "POST", "/v1/postings", json=order, headers=once)
        assert answer.status_code == 202
        asked.append(answer.json()["id"])
    own = call(district.admin, "POST", f"{one}/approvals", asked[0], json={})
    assert own.status_code == 403
    posted = call(second, "POST", f"{one}/approvals", asked[0], json={"note": "属实"}).json()["posting"]
    call(second, "POST", f"{one}/refusals", asked[1], json={"note": "重复"})
    call(second, "GET", "/v1/adjustments", params={"standing": "approved"})
    back = call(
        district.admin, "POST", "/v1/postings/{posting_id}/reversals", posted, json={"reason": "撤回"}
    )
    assert back.status_code == 202
    call(second, "POST", f"{one}/approvals", back.json()["id"], json={})
    since = {"since": rfc3339(utc_now() - timedelta(days=1))}
    statement, whole = "/v1/accounts/{account}/statement", {}
    for kind in ("application/json", CSV, XLSX):
        whole[kind] = call(
            district.admin, "GET", statement, member, params=since, headers={"Accept": kind}
        ).content
    assert whole[CSV].count(b"\r\n") > 8
    assert whole[XLSX].startswith(b"PK")


def gift_circles(call: Call, district: District, deployment: Deployment, member: str) -> None:
    """A flag as the nightly pass raises it, and what staff make of it."""
    mongo, now = Mongo(deployment.mongo_url, "points"), utc_now()
    share = Share(10, 8, (new_ulid(),))
    flag = Flag(new_ulid(), member, "minutes", DISTRICT, share, now - circles.WINDOW, now)
    FlagStore(mongo, DISTRICT).raise_flag(circles.raised(flag), None)
    mongo.close()
    call(district.admin, "GET", "/v1/ledger/flags", params={"verdict": "open"})
    verdict = {"verdict": "dismissed", "reason": "邻里互助"}
    call(district.admin, "POST", "/v1/ledger/flags/{flag_id}/decisions", flag.id, json=verdict)


def end_publicity(deployment: Deployment, commendation: str) -> None:
    """Let the time of a publicity be over now; the clock does the rest."""
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        now = utc_now()
        over = {"$set": {"closes_at": now, "award_at": now}}
        client["points"]["commendations"].update_one({"_id": commendation}, over)


def commendations(call: Call, district: District, deployment: Deployment, member: str) -> None:
    """From the nomination over an objection to the certificate and its check."""
    one, staff, admin = "/v1/commendations/{commendation_id}", district.community_staff, district.admin
    nomination = {
        "member": member,
        "name": "王秀英",
        "area": COMMUNITY_A,
        "period": "all",
        "title": "热心管家",
        "grounds": "常年巡查楼道",
    }
    made = call(staff, "POST", "/v1/commendations", json=nomination).json()["id"]
    agree = {"action": "publicise", "responsible": "李建国", "contact": "022-12345678"}
    call(admin, "POST", f"{one}/transitions", made, json=agree)
    resident = district.person(RESIDENTS_OF_A[14])
    call(resident, "POST", f"{one}/objections", made, json={"reason": "不了解"})
    objection = call(admin, "GET", one, made).json()["objections"][0]["id"]
    answer = {"action": "dismiss_objection", "objection": objection, "note": "已说明"}
    call(admin, "POST", f"{one}/transitions", made, json=answer)
    end_publicity(deployment, made)
    shown = f"/v1/commendations/{made}"
    wait_until(lambda: resident.get(shown)["status"] == "awarded", 20, "the end of the publicity")
    call(resident, "GET", "/v1/commendations", params={"area": COMMUNITY_A})
    page = call(admin, "GET", f"{one}/certificate", made).text
    code = page.split("查验码：")[1].split(">")[1][:10]
    check, number = "/v1/commendations/certificates/{number}", resident.get(shown)["number"]
    valid = call(None, "GET", check, number, params={"code": code}).json()
    assert valid["valid"] is True
    wrong = call(None, "GET", check, number, params={"code": "0" * 10})
    assert wrong.status_code == 404
    call(admin, "POST", f"{one}/transitions", made, json={"action": "revoke", "note": "误授"})
    assert call(None, "GET", check, number, params={"code": code}).json()["valid"] is False


def honours(call: Call, district: District, deployment: Deployment, steward: Person) -> None:
    """All of this, of a steward who has verified work."""
    adjustments(call, district, steward.id)
    gift_circles(call, district, deployment, steward.id)
    commendations(call, district, deployment, steward.id)
    call(steward, "GET", "/v1/leaderboards", params={"area": COMMUNITY_A, "period": "2026"})
    call(steward, "PUT", "/v1/leaderboards/me", json={"hidden": True})
    call(steward, "GET", "/v1/leaderboards/me")
