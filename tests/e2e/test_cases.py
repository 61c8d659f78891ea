"""The case workflow beyond the main job, through the gateway."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from demo.client import Person, Refused
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, STAFF, District, centre
from infra.local.deployment import Deployment, wait_until
from tests.e2e.people import GRID, PATIENCE, STEWARDS, balance, gains, hears, messages, photo, report


def refused(status: int, call: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
    with pytest.raises(Refused) as problem:
        call(*arguments, **options)
    assert problem.value.status == status, problem.value.problem
    return problem.value.problem


def resolved(district: District, resident: Person, **more: Any) -> Any:
    steward = district.person(STEWARDS[0])
    issue = report(resident, **more)
    steward.act(issue["id"], "claim")
    return steward.act(issue["id"], "resolve", note="已处理")


def test_an_issue_left_alone_reminds_thrice_and_climbs_one_level_exactly_once(
    district: District, deployment: Deployment
) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[10]), district.person(STEWARDS[0])
    issue = report(resident, category="safety", urgency="urgent")
    steward.act(issue["id"], "claim")
    past = datetime.now(UTC) - timedelta(hours=3)  # of the two hours that a steward has for the urgent
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        client["issues"]["issues"].update_one(
            {"_id": issue["id"]}, {"$set": {"countdown.since": past, "next_check_at": past}}
        )
    hears(district.community_staff, "issue.escalated.v1", issue["id"])
    history = steward.get(f"/v1/issues/{issue['id']}/history")["items"]
    assert [(one["action"], one["note"]) for one in history[2:]] == [
        ("remind", "50 %"),
        ("remind", "80 %"),
        ("remind", "100 %"),
        ("escalate", "时限已到，自动上报。"),
    ]
    now = resident.get(f"/v1/issues/{issue['id']}")
    assert (now["level"], now["lead_unit"], now["assignee"]) == ("community", COMMUNITY_A, None)
    assert now["due_at"] > issue["due_at"]
    wait_until(lambda: len(messages(steward, issue["id"])) >= 3, PATIENCE, "the reminders")
    assert messages(steward, issue["id"]).count("issue.reminded.v1") == 3
    assert messages(resident, issue["id"]).count("issue.escalated.v1") == 1


def test_a_reporter_who_is_asked_answers_and_the_time_stands_still_meanwhile(district: District) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[11]), district.person(STEWARDS[1])
    issue = report(resident)
    steward.act(issue["id"], "claim")
    asked = steward.act(issue["id"], "ask", note="在几号楼？")
    assert (asked["status"], asked["due_at"]) == ("awaiting_info", None)
    hears(resident, "issue.info_requested.v1", issue["id"])
    answered = resident.act(issue["id"], "answer", note="三号楼")
    assert answered["status"] == "claimed"
    assert answered["due_at"] >= issue["due_at"]
    hears(steward, "issue.info_given.v1", issue["id"])


def test_half_solved_goes_back_to_the_lead_unit_with_half_the_time(district: District) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[13]), district.person(STEWARDS[0])
    issue = resolved(district, resident)
    answers = {"contacted": True, "resolved": "partly", "satisfied": False, "reason": "只清了一半"}
    back = resident.post(f"/v1/issues/{issue['id']}/feedback", answers)
    assert (back["status"], back["assignee"], back["feedback"]) == ("reopened", steward.id, None)
    said = steward.get(f"/v1/issues/{issue['id']}/history")["items"][-1]
    assert (said["action"], said["note"]) == ("reopen", "部分解决，已联系，不满意。只清了一半")
    hears(steward, "issue.reopened.v1", issue["id"])


def test_a_rating_of_a_solution_that_failed_is_set_aside_and_the_next_solution_is_rated_anew(
    district: District,
) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[13]), district.person(STEWARDS[0])
    issue = resolved(district, resident)
    rate = f"/v1/issues/{issue['id']}/ratings"
    resident.post(rate, {"satisfied": False, "score": 1, "comment": "没有清走"})
    assert resident.act(issue["id"], "reopen", note="还在")["rating"] is None
    steward.act(issue["id"], "resolve", note="已清运")
    resident.act(issue["id"], "confirm")
    assert resident.post(rate, {"satisfied": True, "score": 5})["rating"]["score"] == 5
    refused(409, resident.post, rate, {"satisfied": True, "score": 4})
    history = resident.get(f"/v1/issues/{issue['id']}/history")["items"]
    notes = [line["note"] for line in history if line["action"] == "rate"]
    assert notes == ["不满意，1 分。没有清走", "满意，5 分。"]


def test_nothing_is_earned_for_a_solution_before_somebody_else_has_confirmed_it(district: District) -> None:
    steward = district.person(STEWARDS[2])
    resident = district.person(RESIDENTS_OF_A[14])
    before = balance(steward)
    issue = report(resident)
    steward.act(issue["id"], "claim")
    gains(steward, before, 1)
    steward.act(issue["id"], "resolve", note="已处理")
    hears(resident, "issue.resolved.v1", issue["id"])
    assert balance(steward) == before + 1
    resident.act(issue["id"], "confirm")
    gains(steward, before, 1 + 3 + 5)


def test_merged_reports_are_spoken_for_by_the_older_and_lose_nothing_when_unmerged(
    district: District,
) -> None:
    first, second, third = (district.person(phone) for phone in RESIDENTS_OF_A[15:18])
    steward, staff = district.person(STEWARDS[0]), district.community_staff
    older, newer = report(first), report(second)
    assert third.post(f"/v1/issues/{older['id']}/support")["supporters"] == 1
    assert third.post(f"/v1/issues/{older['id']}/support")["supporters"] == 1

    refused(422, staff.act, newer["id"], "merge", into=newer["id"])
    refused(422, staff.act, older["id"], "merge", into=newer["id"])
    assert staff.act(newer["id"], "merge", into=older["id"])["status"] == "merged"
    refused(409, first.act, older["id"], "withdraw")
    steward.act(older["id"], "claim")
    steward.act(older["id"], "resolve", note="已清运")
    for person in (first, second, third):
        # Events are handled side by side: their messages may come in any order, each once.
        hears(person, "issue.claimed.v1", older["id"])
        hears(person, "issue.resolved.v1", older["id"])
        heard = messages(person, older["id"])
        assert sorted(one for one in heard if one != "issue.supported.v1") == [
            "issue.claimed.v1",
            "issue.resolved.v1",
        ]
    assert messages(second, newer["id"]) == ["issue.merged.v1"]

    again = staff.act(newer["id"], "unmerge", note="不是同一处")
    assert (again["status"], again["merged_into"]) == ("reported", None)
    hears(second, "issue.unmerged.v1", newer["id"])
    first.act(older["id"], "confirm")
    closed = refused(409, staff.act, newer["id"], "merge", into=older["id"])
    assert (closed["type"].rsplit("/", 1)[1], closed["status_now"]) == ("merge-target-closed", "confirmed")
    hears(steward, "issue.confirmed.v1", older["id"])
    hears(third, "issue.confirmed.v1", older["id"])
    history = [line["action"] for line in staff.get(f"/v1/issues/{newer['id']}/history")["items"]]
    assert history == ["report", "merge", "unmerge"]
    joined = [line["action"] for line in staff.get(f"/v1/issues/{older['id']}/history")["items"]]
    assert joined == ["report", "support", "adopt", "claim", "resolve", "disown", "confirm"]


def test_a_report_of_two_problems_is_split_and_its_reporter_hears_once_when_both_are_done(
    district: District,
) -> None:
    resident, staff = district.person(RESIDENTS_OF_A[18]), district.community_staff
    one, other = district.person(STEWARDS[0]), district.person(STEWARDS[1])
    whole = report(resident, description="楼道有垃圾，路灯也坏了")
    parts = [
        {"category": "environment", "description": "楼道有垃圾"},
        {"category": "safety", "description": "路灯坏了"},
    ]
    split = staff.post(f"/v1/issues/{whole['id']}/splits", {"note": "两件事", "parts": parts}, key="split-1")
    assert split == staff.post(
        f"/v1/issues/{whole['id']}/splits", {"note": "两件事", "parts": parts}, key="split-1"
    )
    for steward, part in zip((one, other), split["parts"], strict=True):
        steward.act(part, "claim")
        assert steward.act(part, "resolve", note="已处理")["part_of"] == whole["id"]
    hears(resident, "issue.resolved.v1", whole["id"])
    assert [kind for part in split["parts"] for kind in messages(resident, part)] == []
    before = balance(other)
    resident.act(whole["id"], "confirm")
    gains(other, before, 3 + 5)
    wait_until(
        lambda: all(resident.get(f"/v1/issues/{part}")["status"] == "confirmed" for part in split["parts"]),
        PATIENCE,
        "both parts confirmed",
    )


def test_who_is_about_to_report_sees_what_was_reported_nearby(district: District) -> None:
    resident = district.person(RESIDENTS_OF_A[19])
    here = {"lng": 117.2031, "lat": 39.1229}
    known = report(resident, description="单元门口电动车堵住通道", location=here)
    nearby = {**here, "lat": here["lat"] + 0.0003}  # some 33 m
    found = resident.get(
        "/v1/issues/nearby", **nearby, category="environment", description="电动车堵住单元门口通道"
    )["items"]
    assert found[0]["id"] == known["id"]
    assert 25 < found[0]["distance"] < 40
    assert found[0]["likeness"] > 60
    assert "reporter" not in found[0]
    far = resident.get("/v1/issues/nearby", lng=here["lng"], lat=here["lat"] + 0.001)["items"]
    assert known["id"] not in [one["id"] for one in far]


def test_a_category_below_the_five_asks_its_questions_and_can_be_retired(district: District) -> None:
    resident, admin = district.person(RESIDENTS_OF_A[20]), district.admin
    hours = {
        level: {"amount": 8, "unit": "working_hours"} for level in ("steward", "community", "subdistrict")
    }
    garbage: dict[str, Any] = {
        "code": "environment.garbage",
        "zh": "垃圾堆放",
        "en": "rubbish",
        "limits": hours,
        "urgent_limits": hours,
        "after_photo": True,
        "duty_list": False,
        "points_hint": 5,
        "questions": [
            {
                "code": "volume",
                "zh": "体积",
                "en": "volume",
                "kind": "choice",
                "choices": ["小", "大"],
                "required": True,
            }
        ],
    }
    refused(403, resident.post, "/v1/categories", garbage)
    assert admin.post("/v1/categories", garbage)["version"] == 1
    tree = {one["code"]: one for one in district.api.call("GET", "/v1/categories")["items"]}
    assert {**tree["environment.garbage"], **garbage} == tree["environment.garbage"]
    wait_until(
        lambda: (
            resident.send(
                "POST",
                "/v1/issues",
                json={"category": "environment.garbage", "description": "x", "area": GRID},
            )
            .json()["errors"]
            .get("answers.volume")
            is not None
        ),
        PATIENCE,
        "the new category",
    )
    issue = report(resident, category="environment.garbage", answers={"volume": "大"})
    problem = refused(422, report, resident, category="environment.garbage", answers={"volume": "中"})
    assert "answers.volume" in problem["errors"]

    assert admin.post("/v1/categories", {**garbage, "after_photo": False})["version"] == 2
    steward = district.person(STEWARDS[0])
    steward.act(issue["id"], "claim")
    refused(422, steward.act, issue["id"], "resolve", note="已处理")  # the issue keeps version 1
    media = steward.upload(photo())
    steward.act(issue["id"], "resolve", note="已处理", media=[media["id"]])

    admin.post("/v1/categories/environment.garbage/retirement")
    wait_until(
        lambda: (
            resident.send(
                "POST",
                "/v1/issues",
                json={
                    "category": "environment.garbage",
                    "description": "x",
                    "area": GRID,
                    "answers": {"volume": "大"},
                },
            ).status_code
            == 422
        ),
        PATIENCE,
        "the category retired",
    )


def test_what_lies_in_no_grid_waits_for_staff_to_route_it(district: District) -> None:
    resident, staff = district.person(RESIDENTS_OF_A[21]), district.community_staff
    issue = report(resident, location=None, area=COMMUNITY_A)
    assert (issue["level"], issue["lead_unit"]) == ("community", COMMUNITY_A)
    routed = staff.act(issue["id"], "route", area=GRID, note="属第一网格")
    assert (routed["level"], routed["area"], routed["status"]) == ("steward", GRID, "reported")
    hears(district.person(STEWARDS[0]), "issue.routed.v1", issue["id"])
    refused(422, report, resident, location={"lng": 122.5, "lat": 31.0})  # in the sea


def test_a_unit_objects_to_a_dispatch_and_the_level_above_decides(district: District) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[22]), district.person(STEWARDS[0])
    staff, above = district.community_staff, district.person(next(iter(STAFF)))
    issue = report(resident)
    steward.act(issue["id"], "claim")
    steward.act(issue["id"], "escalate", note="需要社区")
    objected = staff.act(issue["id"], "object", note="不在社区职责清单内")
    assert objected["objection"]["decision"] is None
    hears(above, "issue.objected.v1", issue["id"])
    decided = above.act(issue["id"], "accept_objection", note="由街道办理")
    assert (decided["level"], decided["status"]) == ("subdistrict", "escalated")


def test_fifty_claims_at_once_give_the_issue_to_exactly_one(district: District) -> None:
    issue = report(district.person(RESIDENTS_OF_A[23]))
    stewards = district.people(STEWARDS)
    path = f"/v1/issues/{issue['id']}/transitions"
    with ThreadPoolExecutor(25) as pool:
        answers = sorted(
            pool.map(
                lambda place: stewards[place % 3].send("POST", path, json={"action": "claim"}).status_code,
                range(50),
            )
        )
    assert answers == [200] + [409] * 49
    taken = refused(409, stewards[0].act, issue["id"], "claim")
    assert "claim" not in taken["allowed"]
    assert refused(409, district.community_staff.act, issue["id"], "confirm")["allowed"][:1] == ["assign"]


def test_who_acts_on_an_old_version_is_told_so(district: District) -> None:
    resident, steward = district.person(RESIDENTS_OF_A[24]), district.person(STEWARDS[0])
    issue = report(resident, observed_at=(datetime.now(UTC) - timedelta(hours=5)).isoformat())
    assert issue["observed_at"] < issue["received_at"] == issue["created_at"]
    steward.act(issue["id"], "claim", version=1)
    refused(412, steward.act, issue["id"], "start", version=1)
    answer = steward.send(
        "POST", f"/v1/issues/{issue['id']}/transitions", json={"action": "start"}, headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 412
    assert steward.act(issue["id"], "start", version=2)["version"] == 3
    assert centre(GRID)["lng"] == issue["location"]["lng"]


def test_the_working_calendar_is_public_and_the_district_may_differ(district: District) -> None:
    days = district.api.call("GET", "/v1/calendar?from=2026-10-01&to=2026-10-10")["items"]
    assert (days[0]["working"], days[-1]["working"]) == (
        False,
        True,
    )  # National Day, a Saturday worked for it
    put = district.admin.send("PUT", "/v1/calendar/2026-12-24", json={"working": False, "note": "区内停工"})
    assert put.json()["working"] is False
    answer = district.admin.send("PUT", "/v1/calendar/24.12.2026", json={"working": False, "note": "x"})
    assert answer.status_code == 422
