"""Personal data through the gateway: contacts, forgetting, erasure, the audit trail, flags and limits."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from chassis.clock import ulid_at, utc_now
from chassis.mongo import Mongo
from chassis.tiles import distance
from demo.client import Api, Person, Refused
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, District
from infra.local.deployment import ROOT, Deployment, wait_until
from services.issues.statistics.store import BucketStore
from tests.e2e.people import GRID, PATIENCE, STEWARDS, balance, gains, hears, messages, photo, report

SPOT = {"lng": 117.2071, "lat": 39.1268}


@pytest.fixture(scope="module")
def stored(deployment: Deployment) -> Iterator[Database[dict[str, Any]]]:
    """The database of the issues service."""
    with MongoClient[dict[str, Any]](deployment.mongo_url, tz_aware=True) as client:
        yield client["issues"]


@pytest.fixture
def days(deployment: Deployment) -> Iterator[BucketStore]:
    """What the figures of the issues service are kept in."""
    mongo = Mongo(deployment.mongo_url, "issues")
    yield BucketStore(mongo, utc_now)
    mongo.close()


def refusal(status: int, call: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
    with pytest.raises(Refused) as refused:
        call(*arguments, **options)
    assert refused.value.status == status, refused.value.problem
    return refused.value.problem


def newcomer(api: Api, last: int) -> Person:
    """Somebody who signs in for the first time."""
    return api.sign_in(f"1390000{7000 + last}")


def closed(district: District, resident: Person, **more: Any) -> Any:
    steward = district.person(STEWARDS[0])
    made = report(resident, **more)
    steward.act(made["id"], "claim")
    steward.act(made["id"], "resolve", note="已联系王阿姨处理", media=[steward.upload(photo())["id"]])
    return resident.act(made["id"], "confirm")


def verified(person: Person, issue_id: str, **known: str) -> Any:
    return person.get(f"/v1/issues/{issue_id}/history/verification", **known)


def test_a_sensitive_issue_is_coarse_and_wordless_for_strangers_in_every_list(district: District) -> None:
    resident, stranger, staff = (
        district.person(RESIDENTS_OF_A[0]),
        district.person(RESIDENTS_OF_A[1]),
        district.community_staff,
    )
    made = report(resident, category="resident_info", description="独居老人需要帮扶服务", location=SPOT)
    coarse = stranger.get(f"/v1/issues/{made['id']}")
    place = coarse["location"]
    assert (coarse["view"], coarse["description"]) == ("public", None)
    assert 0 < distance(place["lng"], place["lat"], **{"other_" + name: SPOT[name] for name in SPOT}) < 36
    assert staff.get(f"/v1/issues/{made['id']}")["location"] == SPOT
    stranger.post(f"/v1/issues/{made['id']}/support")
    assert stranger.get(f"/v1/issues/{made['id']}")["description"] is None

    def found_by(person: Person, **query: Any) -> bool:
        return made["id"] in [one["id"] for one in person.pages("/v1/issues", **query)]

    wait_until(lambda: found_by(staff, q="独居老人", area=COMMUNITY_A), PATIENCE, "the words to be taken in")
    assert not found_by(stranger, q="独居老人")
    # Within a metre of where it is: for those who see where that is. The public finds it where it is shown.
    assert found_by(staff, near=f"{SPOT['lng']},{SPOT['lat']}", radius=1, area=COMMUNITY_A)
    assert not found_by(stranger, near=f"{SPOT['lng']},{SPOT['lat']}", radius=1)
    assert found_by(stranger, near=f"{place['lng']},{place['lat']}", radius=1)
    refusal(403, stranger.get, "/v1/issues", assignee=district.person(STEWARDS[0]).id)

    near = stranger.get("/v1/issues/nearby", **SPOT, description="独居老人需要帮扶服务")["items"]
    (candidate,) = [one for one in near if one["id"] == made["id"]]
    assert (candidate["description"], candidate["likeness"]) == (None, 0)
    assert candidate["distance"] > 0


def test_a_phone_is_shown_for_a_reason_and_the_member_sees_who_looked(
    district: District, deployment: Deployment
) -> None:
    resident, staff = district.person(RESIDENTS_OF_A[2]), district.community_staff
    number = report(resident)["number"]
    path = f"/v1/members/{resident.id}/contact-views"
    refusal(422, staff.post, path, {"reason": "x", "subject": number})
    refusal(422, staff.post, path, {"reason": "需要上门核实"})
    refusal(422, staff.post, path, {"reason": "需要上门核实", "subject": "123"})
    body = {"reason": "需要上门核实", "subject": number}
    for other in (district.person(STEWARDS[0]), district.person("13900000011"), resident):
        refusal(403, other.post, path, body)
    seen = staff.post(path, body, key="look-up-1")
    assert seen["phone"] == RESIDENTS_OF_A[2]
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        kept = list(client["volunteer"]["idempotency_keys"].find())
    assert RESIDENTS_OF_A[2] not in str(kept)

    (mine,) = resident.get("/v1/me/contact-views")["items"]
    assert (mine["who"], mine["reason"], mine["subject"]) == (staff.id, "需要上门核实", number)
    assert "phone" not in mine
    listed = district.admin.pages("/v1/contact-views", member=resident.id)
    assert [one["id"] for one in listed] == [mine["id"]]
    refusal(403, staff.get, "/v1/contact-views")


def test_an_issue_closed_long_ago_keeps_nothing_personal_and_counts_on(
    district: District, stored: Database[dict[str, Any]], days: BucketStore
) -> None:
    resident, staff, steward = (
        district.person(RESIDENTS_OF_A[3]),
        district.community_staff,
        district.person(STEWARDS[0]),
    )
    picture = resident.upload(photo())["id"]
    made = closed(district, resident, media=[picture], description="三号楼502门口堆放纸箱")
    resident.post(
        f"/v1/issues/{made['id']}/ratings", {"satisfied": True, "score": 4, "comment": "王阿姨说好"}
    )
    head = verified(staff, made["id"])["head"]
    usage = resident.get("/v1/stats/usage", area=GRID)
    past = datetime.now(UTC) - timedelta(days=366)
    aged = {"created_at": past, "closed_at": past, "order": ulid_at(past)}
    stored["issues"].update_one({"_id": made["id"]}, {"$set": aged})
    wait_until(
        lambda: staff.get(f"/v1/issues/{made['id']}")["anonymised_at"] is not None,
        PATIENCE,
        "the issue made anonymous",
    )

    def document() -> dict[str, Any]:
        return {**(stored["issues"].find_one({"_id": made["id"]}) or {}), "outbox": []}

    wait_until(lambda: document()["discarded"] == [], PATIENCE, "the photos let go")
    kept = document()
    for personal in ("三号楼", "王阿姨", "117.2", resident.id, picture):
        assert [name for name, value in kept.items() if personal in str(value)] == []
    wait_until(lambda: stored["photos"].find_one({"_id": picture}) is None, 4 * PATIENCE, "the photo gone")
    for collection, name in (("media.files", "_id"), ("media.chunks", "files_id")):
        assert not [one for one in stored[collection].find({}, {name: 1}) if picture in str(one[name])]
    seen = staff.get(f"/v1/issues/{made['id']}")
    assert (seen["status"], seen["rating"]["score"], seen["resolver"]) == ("confirmed", 4, steward.id)
    for at in (datetime.fromisoformat(made["created_at"]), past):
        days.mark(GRID, at)  # no event tells that it grew old
    wait_until(lambda: not days.marked(), PATIENCE, "both days counted again")
    assert resident.get("/v1/stats/usage", area=GRID) == usage
    proof = verified(staff, made["id"], known=head)
    assert (proof["sound"], proof["contains_known"]) == (True, True)
    refusal(409, staff.post, f"/v1/issues/{made['id']}/comments", {"text": "还有吗"})
    assert made["id"] not in [one["id"] for one in staff.pages("/v1/issues", q="堆放纸箱", area=COMMUNITY_A)]


def test_who_is_erased_is_forgotten_everywhere_and_signs_in_as_somebody_new(
    district: District, api: Api, stored: Database[dict[str, Any]], deployment: Deployment
) -> None:
    person, steward, staff = newcomer(api, 1), district.person(STEWARDS[1]), district.community_staff
    open_issue, done = report(person, description="路灯不亮"), closed(district, person)
    steward.act(open_issue["id"], "claim")
    hears(person, "issue.claimed.v1", open_issue["id"])
    supported = report(district.person(RESIDENTS_OF_A[4]))
    person.post(f"/v1/issues/{supported['id']}/support")
    wish = {"kind": "parking", "area": COMMUNITY_A, "title": "停车位", "text": "北门可增设停车位"}
    own = person.post("/v1/suggestions", wish)
    others = district.person(RESIDENTS_OF_A[4]).post("/v1/suggestions", wish)
    assert person.post(f"/v1/suggestions/{others['id']}/support")["support_count"] == 1
    assert [one["id"] for one in person.pages("/v1/suggestions", mine="true")] == [own["id"]]
    export = person.get("/v1/me/export")
    assert (export["phone"], export["id"]) == (person.phone, person.id)
    for path in export["elsewhere"].values():
        assert person.send("GET", path).status_code == 200, path
    person_id, headers = person.id, person.headers()

    refusal(422, person.post, "/v1/me/erasure", {"confirm": False})
    assert person.send("POST", "/v1/me/erasure", json={"confirm": True}).status_code == 204
    refusal(401, person.renew)
    assert api.send("GET", "/v1/me", headers=headers).status_code == 404
    again = api.send("POST", "/v1/me/erasure", headers=headers, json={"confirm": True})
    assert again.status_code == 404

    wait_until(
        lambda: not list(stored["issues"].find({"people": person_id})), PATIENCE, "nothing kept in issues"
    )
    wait_until(
        lambda: staff.get(f"/v1/issues/{done['id']}")["anonymised_at"] is not None,
        PATIENCE,
        "the closed one made anonymous",
    )
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        wait_until(
            lambda: not list(client["notify"]["inbox"].find({"member": person_id})), PATIENCE, "no inbox"
        )
        assert person.phone not in str(list(client["volunteer"]["members"].find()))
    wait_until(
        lambda: person_id not in str([{**one, "outbox": []} for one in stored["suggestions"].find()]),
        PATIENCE,
        "nothing kept in suggestions",
    )
    shown = staff.get(f"/v1/suggestions/{own['id']}")
    assert (shown["author"], shown["title"], shown["status"]) == (None, "停车位", "open")
    assert staff.get(f"/v1/suggestions/{others['id']}")["support_count"] == 0
    for kept in stored["issues"].find({"_id": {"$in": [open_issue["id"], done["id"], supported["id"]]}}):
        assert person_id not in str({**kept, "outbox": []})
    now = steward.get(f"/v1/issues/{open_issue['id']}")
    assert (now["status"], now["reporter"], now["description"]) == ("claimed", None, "路灯不亮")
    steward.act(open_issue["id"], "resolve", note="已换灯泡")
    before = balance(steward)
    assert staff.act(open_issue["id"], "confirm", note="已看过")["status"] == "confirmed"
    gains(steward, before, 3 + 5)
    wait_until(
        lambda: staff.get(f"/v1/issues/{open_issue['id']}")["description"] == "", PATIENCE, "words gone too"
    )
    for one in (open_issue, done, supported):
        assert verified(staff, one["id"])["sound"]

    newly = api.sign_in(person.phone)
    assert newly.id != person_id
    assert newly.pages("/v1/issues", reporter="me") == []
    assert district.admin.get("/v1/ledger/verification")["sound"]


def test_an_erased_stewards_work_is_open_to_the_grid_again(
    district: District, stored: Database[dict[str, Any]]
) -> None:
    body = {"phone": "13900007100", "name": "新管家", "roles": [{"role": "steward", "area": GRID}]}
    district.admin.post("/v1/members", body)
    steward = district.api.sign_in("13900007100")
    made = report(district.person(RESIDENTS_OF_A[36]))
    steward.act(made["id"], "claim")
    steward_id = steward.id
    steward.post("/v1/me/erasure", {"confirm": True})
    hears(district.person(STEWARDS[0]), "issue.released.v1", made["id"])
    assert district.person(STEWARDS[0]).act(made["id"], "claim")["status"] == "claimed"
    named = stored["issues"].count_documents
    wait_until(lambda: named({"people": steward_id}) == 0, PATIENCE, "the steward is forgotten")


def test_tampering_with_a_history_is_named_by_the_route_and_by_the_command(
    district: District, deployment: Deployment, stored: Database[dict[str, Any]]
) -> None:
    staff = district.community_staff
    made = closed(district, district.person(RESIDENTS_OF_A[6]))
    untouched = verified(staff, made["id"])
    assert (untouched["sound"], untouched["lines"], untouched["fault"]) == (True, 4, None)
    lines = (stored["issues"].find_one({"_id": made["id"]}) or {})["history"]

    def tampered(history: list[dict[str, Any]]) -> Any:
        stored["issues"].update_one({"_id": made["id"]}, {"$set": {"history": history}})
        return verified(staff, made["id"])["fault"]

    assert tampered([lines[0], {**lines[1], "actor": "somebody"}, *lines[2:]]) == {
        "place": 2,
        "what": "actor",
    }
    assert tampered([*lines[:2], {**lines[2], "note": "没有处理"}, lines[3]]) == {"place": 3, "what": "note"}
    assert tampered([*lines[:2], {**lines[2], "note": None}, lines[3]]) == {"place": 3, "what": "note"}
    assert tampered([{**lines[0], "at": lines[3]["at"]}, *lines[1:]]) == {"place": 1, "what": "line"}
    assert tampered([lines[0], *lines[2:]]) == {"place": 2, "what": "line"}
    assert tampered(lines[:3]) == {"place": 4, "what": "end"}
    assert tampered([lines[0], lines[2], lines[1], lines[3]]) == {"place": 2, "what": "line"}

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services.issues", "verify-history", *arguments],
            env={**deployment.environment(), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    named = command("--all")
    assert named.returncode == 1
    assert named.stderr.splitlines() == [f"{made['id']}: line 2: line"]
    assert tampered(lines) is None
    sound = command("--all")
    assert (sound.returncode, sound.stderr) == (0, ""), "every history of all the stories is as written"
    assert "0 of them not as they were written" in sound.stdout


def test_three_flags_hide_an_issue_until_staff_show_it_and_its_reporter_is_told(district: District) -> None:
    resident, staff = district.person(RESIDENTS_OF_A[7]), district.community_staff
    flaggers = district.people(RESIDENTS_OF_A[8:11])
    made = report(resident, description="广告：低价出售", media=[resident.upload(photo())["id"]])
    path = f"/v1/issues/{made['id']}"
    refusal(403, resident.post, f"{path}/flags", {"reason": "试试"})
    for person in flaggers:
        assert person.get(path)["description"] == "广告：低价出售"
        for _ in range(2):
            person.post(f"{path}/flags", {"reason": "广告"})
    hears(staff, "issue.hidden.v1", made["id"])
    hidden = flaggers[0].get(path)
    assert (hidden["hidden"], hidden["description"], hidden["media"]) == (True, None, [])
    assert resident.get(path)["description"] == "广告：低价出售"
    full = staff.get(path)
    assert [one["member"] for one in full["flags"]] == [one.id for one in flaggers]
    assert made["id"] in [one["id"] for one in staff.pages("/v1/issues", hidden="true", area=COMMUNITY_A)]

    refusal(403, district.person(STEWARDS[0]).post, f"{path}/reviews", {"decision": "show", "reason": "属实"})
    staff.post(f"{path}/reviews", {"decision": "show", "reason": "内容属实"})
    hears(resident, "issue.reviewed.v1", made["id"])
    assert flaggers[0].get(path)["description"] == "广告：低价出售"
    for person in flaggers:
        person.post(f"{path}/flags", {"reason": "还是广告"})
    assert flaggers[0].get(path)["hidden"] is False
    refusal(409, staff.post, f"{path}/reviews", {"decision": "show", "reason": "内容属实"})
    assert messages(staff, made["id"]).count("issue.hidden.v1") == 1
