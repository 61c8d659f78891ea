"""The main job, as its people live it, through the gateway, with real processes behind."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image

from demo.client import Person, Refused
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, District, centre
from infra.local.deployment import wait_until
from tests.e2e.people import GRID, PATIENCE, STEWARDS, balance, gains, hears, photo, report


def test_an_issue_goes_from_report_to_confirmation_and_pays_the_steward(district: District) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[0]), district.person(STEWARDS[0])
    before, before_resident = balance(steward), balance(resident)

    media = resident.upload(photo())
    shown = district.api.send("GET", media["url"])
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert Image.open(BytesIO(shown.content)).size == (640, 480)

    issue = report(resident, media=[media["id"]])
    assert (issue["status"], issue["area"], issue["reporter"]) == ("reported", GRID, resident.id)
    for phone in STEWARDS:
        hears(district.person(phone), "issue.reported.v1", issue["id"])

    steward.act(issue["id"], "claim")
    hears(resident, "issue.claimed.v1", issue["id"])
    resolved = steward.act(issue["id"], "resolve", note="已联系物业清运")
    assert resolved["status"] == "resolved"
    hears(resident, "issue.resolved.v1", issue["id"])

    assert resident.act(issue["id"], "confirm")["status"] == "confirmed"
    rated = resident.post(f"/v1/issues/{issue['id']}/ratings", {"satisfied": True, "score": 5})
    assert rated["rating"]["score"] == 5
    gains(steward, before, 1 + 3 + 5)
    gains(resident, before_resident, 2)
    hears(steward, "issue.confirmed.v1", issue["id"])
    wait_until(
        lambda: any(one["kind"] == "points.posted.v1" for one in steward.pages("/v1/inbox")),
        20,
        "points told",
    )
    history = [line["action"] for line in steward.get(f"/v1/issues/{issue['id']}/history")["items"]]
    assert history == ["report", "claim", "resolve", "confirm", "rate"]


def test_of_all_stewards_who_claim_at_once_exactly_one_gets_the_issue(district: District) -> None:
    issue = report(district.person(RESIDENTS_OF_A[1]))
    stewards = district.people(STEWARDS)

    def claim(steward: Person) -> int:
        return steward.send(
            "POST", f"/v1/issues/{issue['id']}/transitions", json={"action": "claim"}
        ).status_code

    with ThreadPoolExecutor(12) as pool:
        answers = sorted(pool.map(claim, stewards * 4))
    assert answers == [200] + [409] * 11


def test_a_reporter_who_is_not_content_reopens_and_the_steward_hears_of_it(district: District) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[2]), district.person(STEWARDS[1])
    issue = report(resident)
    steward.act(issue["id"], "claim")
    steward.act(issue["id"], "resolve", note="已处理")
    reopened = resident.act(issue["id"], "reopen", note="垃圾还在")
    assert (reopened["status"], reopened["reopened"]) == ("reopened", 1)
    hears(steward, "issue.reopened.v1", issue["id"])
    steward.act(issue["id"], "resolve", note="再次清运")
    assert resident.act(issue["id"], "confirm")["status"] == "confirmed"


def test_a_confirmation_that_is_contradicted_is_taken_back_and_the_next_one_pays_again(
    district: District,
) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[4]), district.person(STEWARDS[2])
    media = resident.send("POST", "/v1/media", files={"file": ("a.jpg", photo())}).json()["id"]
    before, before_resident = balance(steward), balance(resident)
    issue = report(resident, media=[media])
    steward.act(issue["id"], "claim")
    steward.act(issue["id"], "resolve", note="已清运")
    resident.act(issue["id"], "confirm")
    gains(steward, before, 1 + 3 + 5)
    gains(resident, before_resident, 2)
    reopened = district.community_staff.act(issue["id"], "reopen", note="又堆满了")
    assert (reopened["status"], reopened["closed_at"], reopened["confirmations"]) == ("reopened", None, 1)
    gains(steward, before, 1)
    gains(resident, before_resident, 0)
    hears(steward, "issue.reopened.v1", issue["id"])
    hears(resident, "issue.reopened.v1", issue["id"])
    steward.act(issue["id"], "resolve", note="再次清运")
    assert resident.act(issue["id"], "confirm")["confirmations"] == 2
    gains(steward, before, 1 + 3 + 5)
    gains(resident, before_resident, 2)


def test_what_a_steward_cannot_solve_goes_up_to_the_community_and_the_subdistrict(district: District) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[3]), district.person(STEWARDS[2])
    community, subdistrict = district.community_staff, district.subdistrict_staff
    issue = report(resident, category="safety", description="电线裸露")
    steward.act(issue["id"], "claim")
    up = steward.act(issue["id"], "escalate", note="需要专业人员")
    assert (up["status"], up["level"]) == ("escalated", "community")
    hears(community, "issue.escalated.v1", issue["id"])
    hears(resident, "issue.escalated.v1", issue["id"])

    down = community.act(issue["id"], "return", note="请先联系物业")
    assert (down["level"], down["assignee"]) == ("steward", steward.id)
    hears(steward, "issue.returned.v1", issue["id"])
    steward.act(issue["id"], "escalate", note="物业无法处理")

    up = community.act(issue["id"], "escalate", note="涉及市政线路")
    assert up["level"] == "subdistrict"
    hears(subdistrict, "issue.escalated.v1", issue["id"])
    with pytest.raises(Refused) as refused:
        community.act(issue["id"], "resolve", note="不归我管了")
    assert refused.value.status == 403
    subdistrict.act(issue["id"], "resolve", note="供电公司已修复")
    hears(resident, "issue.resolved.v1", issue["id"])
    assert resident.act(issue["id"], "confirm")["status"] == "confirmed"


def test_a_verified_activity_earns_points_and_service_minutes(district: District) -> None:
    steward, community = district.person(STEWARDS[0]), district.community_staff
    points, minutes = balance(steward), balance(steward, "minutes")
    media = steward.upload(photo())
    activity = steward.post(
        "/v1/activities",
        {
            "category": "outreach",
            "area": GRID,
            "summary": "入户宣传消防",
            "minutes": 90,
            "media": [media["id"]],
        },
    )
    hears(community, "activity.submitted.v1", activity["id"])
    with pytest.raises(Refused):
        steward.post(f"/v1/activities/{activity['id']}/verifications", {"decision": "approve"})
    verified = community.post(f"/v1/activities/{activity['id']}/verifications", {"decision": "approve"})
    assert verified["status"] == "verified"
    gains(steward, points, 2)
    gains(steward, minutes, 90, "minutes")
    hears(steward, "activity.verified.v1", activity["id"])


def test_usage_counts_issues_and_activities_by_the_categories_of_the_study(district: District) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[4]), district.person(STEWARDS[0])

    def counts() -> dict[str, int]:
        usage = resident.get("/v1/stats/usage", area=COMMUNITY_A)
        assert usage["total"] == sum(row["count"] for row in usage["rows"])
        return {row["category"]: row["count"] for row in usage["rows"]}

    before = counts()
    assert list(before) == ["environment", "resident_info", "safety", "outreach", "ad_hoc"]
    report(resident, category="resident_info")
    steward.post("/v1/activities", {"category": "ad_hoc", "area": GRID, "summary": "协助核酸登记"})

    def grown(category: str) -> bool:
        return counts()[category] == before[category] + 1  # the others may still take in what was done before

    wait_until(lambda: grown("resident_info") and grown("ad_hoc"), PATIENCE, "both records in the figures")


def test_the_same_request_again_gets_the_first_answer_and_acts_once(district: District) -> None:
    resident = district.person(RESIDENTS_OF_A[5])
    body = {"category": "ad_hoc", "description": "路灯不亮", "location": centre(GRID)}
    first = resident.post("/v1/issues", body, key="lamp-1")
    assert resident.post("/v1/issues", body, key="lamp-1") == first
    with pytest.raises(Refused) as refused:
        resident.post("/v1/issues", {**body, "description": "别的"}, key="lamp-1")
    assert refused.value.status == 422
    mine = resident.pages("/v1/issues", reporter="me")
    assert [one["id"] for one in mine] == [first["id"]]


def test_the_ledger_proves_itself_after_all_this(district: District) -> None:
    proof = district.admin.get("/v1/ledger/verification")
    assert proof["sound"]
    assert proof["sums"] == {"points": 0, "minutes": 0, "fen": 0}
