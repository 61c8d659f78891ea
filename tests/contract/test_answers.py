"""Real answers through the gateway, held against the OpenAPI document that the gateway publishes."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import jsonschema
import pytest
import requests
from PIL import Image

from chassis.clock import rfc3339, utc_now
from demo.client import Api, Person
from demo.district import (
    COMMUNITIES,
    COMMUNITY_A,
    DISTRICT,
    RESIDENTS_OF_A,
    District,
    centre,
    grids,
    staff_of,
    stewards_of,
)
from infra.local.deployment import Deployment, wait_until
from tests.contract.duty_story import duty
from tests.contract.earning_story import earning_rules
from tests.contract.honours import honours
from tests.contract.people_story import people_and_areas
from tests.contract.shop_story import charity_shop, donations
from tests.contract.time_bank_story import time_bank
from tests.contract.training_story import training
from tests.e2e.votings import end_voting

GRID = grids(COMMUNITY_A)[1]
SHOP_KEEPER = "13900000005"
COMMUNITY_E = list(COMMUNITIES)[4]
STEWARD = next(phone for phone, grid in stewards_of(COMMUNITY_A).items() if grid == GRID)


class Documented:
    """Sends requests and fails where an answer is not as documented."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.document: dict[str, Any] = api.call("GET", "/openapi.json")
        self.checked: set[tuple[str, str, int]] = set()

    def call(
        self, person: Person | None, method: str, path: str, *identifiers: str, **options: Any
    ) -> requests.Response:
        """Call an operation by its documented path; `identifiers` fill its parameters."""
        target = path
        for one in identifiers:
            before, _, after = target.partition("{")
            target = before + one + after.partition("}")[2]
        send = person.send if person else self.api.send
        answer = send(method, target, **options)
        responses = self.document["paths"][path][method.lower()]["responses"]
        documented = self._resolved(responses.get(str(answer.status_code), responses["default"]))
        assert not answer.ok or str(answer.status_code) in responses, f"{answer.status_code}: {answer.text}"
        content = documented.get("content", {})
        if not content:
            assert answer.content == b""
        else:
            kind = answer.headers["Content-Type"].split(";")[0]
            assert kind in content, f"{method} {path}: {kind} is not among {sorted(content)}"
            if "json" in kind:
                self._check(content[kind]["schema"], answer.json())
        self.checked.add((method, path, answer.status_code))
        return answer

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def _check(self, schema: dict[str, Any], value: Any) -> None:
        whole = {**schema, "components": self.document["components"]}
        checker = jsonschema.FormatChecker(["date-time"])
        jsonschema.Draft202012Validator(whole, format_checker=checker).validate(value)


@pytest.fixture(scope="module")
def documented(api: Api, district: District) -> Documented:
    return Documented(api)


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (32, 32), "red").save(out, "JPEG")
    return out.getvalue()


def ledger(documented: Documented, district: District, member: str) -> None:
    """Postings by hand, taken back; holds, captured and released."""
    call, admin, keeper = documented.call, district.admin, district.person(SHOP_KEEPER)

    def legs(points: int) -> list[dict[str, Any]]:
        issuer = f"issuer:{DISTRICT}"
        return [
            {"account": account, "unit": "points", "amount": amount}
            for account, amount in ((member, points), (issuer, -points))
        ]

    order, once = {"memo": "补记", "legs": legs(5)}, {"headers": {"Idempotency-Key": "answers"}}
    posting = call(admin, "POST", "/v1/postings", json=order, **once).json()["id"]
    hold = {"account": member, "unit": "points", "amount": 2, "memo": "兑换"}
    for end in ("captures", "releases"):
        key = {"headers": {"Idempotency-Key": end}}
        held = call(keeper, "POST", "/v1/holds", json=hold, **key).json()["id"]
        call(keeper, "GET", "/v1/holds/{hold_id}", held)
        call(keeper, "POST", f"/v1/holds/{{hold_id}}/{end}", held, json={})
    call(keeper, "GET", "/v1/holds", params={"account": member})
    take_back = "/v1/postings/{posting_id}/reversals"
    part = {"reason": "多记", "legs": legs(1)}
    call(admin, "POST", take_back, posting, json=part, headers={"Idempotency-Key": "a part"})
    call(admin, "POST", take_back, posting, json={"reason": "误记"})
    then = {"known_at": rfc3339(utc_now())}
    call(admin, "GET", "/v1/accounts/{account}", member, params=then)


def main_job(documented: Documented, district: District) -> None:
    """From the photo to the rating, the activity and the points."""
    resident, steward, staff = (
        district.person(RESIDENTS_OF_A[9]),
        district.person(STEWARD),
        district.community_staff,
    )
    call = documented.call
    media = call(resident, "POST", "/v1/media", files={"file": ("a.jpg", picture())}).json()
    call(None, "GET", "/v1/media/{media_id}", media["id"], params=_query(media["url"]))
    call(resident, "GET", "/v1/media/{media_id}/links", media["id"])
    body = {"category": "safety", "description": "井盖松动", "location": centre(GRID), "media": [media["id"]]}
    issue = call(resident, "POST", "/v1/issues", json=body).json()["id"]
    call(resident, "GET", "/v1/issues/{issue_id}", issue)
    boxes = {"boxes": [{"x": 0, "y": 0, "width": 8, "height": 8}]}
    call(staff, "POST", "/v1/media/{media_id}/redactions", media["id"], json=boxes)
    call(staff, "POST", "/v1/media/{media_id}/moderations", media["id"], json={"decision": "approve"})
    call(steward, "GET", "/v1/issues", params={"area": GRID, "status": "reported"})
    act = "/v1/issues/{issue_id}/transitions"
    call(steward, "POST", act, issue, json={"action": "claim"})
    call(steward, "POST", "/v1/issues/{issue_id}/comments", issue, json={"text": "已联系"})
    call(steward, "POST", act, issue, json={"action": "resolve", "note": "已更换"})
    call(resident, "POST", act, issue, json={"action": "confirm"})
    call(resident, "POST", "/v1/issues/{issue_id}/ratings", issue, json={"satisfied": True, "score": 5})
    call(resident, "GET", "/v1/issues/{issue_id}/history", issue)
    call(resident, "GET", "/v1/issues/{issue_id}/history/verification", issue, params={"known": "0" * 64})
    stranger = district.person(RESIDENTS_OF_A[13])
    call(stranger, "GET", "/v1/issues/{issue_id}", issue)
    call(stranger, "POST", "/v1/issues/{issue_id}/flags", issue, json={"reason": "广告"})
    decision = {"decision": "show", "reason": "内容属实"}
    call(staff, "POST", "/v1/issues/{issue_id}/reviews", issue, json=decision)
    call(staff, "GET", "/v1/issues/{issue_id}", issue)
    report = {"category": "outreach", "area": GRID, "summary": "入户", "minutes": 30}
    activity = call(steward, "POST", "/v1/activities", json=report).json()["id"]
    call(steward, "GET", "/v1/activities", params={"member": "me"})
    verdict = {"decision": "reject", "reason": "重复"}
    call(staff, "POST", "/v1/activities/{activity_id}/verifications", activity, json=verdict)
    call(steward, "GET", "/v1/activities/{activity_id}", activity)
    wait_until(lambda: bool(steward.pages("/v1/inbox")), 20, "a message for the steward")
    inbox = call(steward, "GET", "/v1/inbox", params={"unread": "true"}).json()["items"]
    call(steward, "POST", "/v1/inbox/{message_id}/read", inbox[0]["id"])
    call(steward, "GET", "/v1/inbox/unread-count")
    call(steward, "POST", "/v1/inbox/read-all")
    wait_until(lambda: bool(steward.pages(f"/v1/accounts/{steward.id}/statement")), 20, "a posting")
    call(steward, "GET", "/v1/accounts/{account}", steward.id)
    call(steward, "GET", "/v1/accounts/{account}/statement", steward.id)
    call(district.admin, "GET", "/v1/postings")
    call(district.admin, "GET", "/v1/ledger/verification", params={"known": "0" * 64})
    reason = {"reason": "年度核对"}
    call(district.admin, "PUT", "/v1/ledger/restorations/{account}", steward.id, json=reason)
    ledger(documented, district, steward.id)
    earning_rules(call, district.admin, resident, steward, GRID)
    call(resident, "GET", "/v1/stats/usage", params={"area": COMMUNITY_A})
    call(resident, "GET", "/v1/stats/issues", params={"group_by": "month"})
    call(resident, "GET", "/v1/stats/rankings", params={"by": "resolution_rate"})


def suggestions(documented: Documented, district: District) -> None:
    """A resident's wish, supported and answered."""
    resident, steward, staff = (
        district.person(RESIDENTS_OF_A[9]),
        district.person(STEWARD),
        district.community_staff,
    )
    call, one = documented.call, "/v1/suggestions/{suggestion_id}"
    wish = {"kind": "parking", "area": COMMUNITY_A, "title": "停车位", "text": "北门可增设停车位"}
    suggestion = call(resident, "POST", "/v1/suggestions", json=wish).json()["id"]
    call(steward, "POST", f"{one}/support", suggestion)
    answer = {"action": "answer", "decision": "planned", "text": "列入计划"}
    call(staff, "POST", f"{one}/transitions", suggestion, json=answer)
    call(resident, "GET", one, suggestion)
    call(resident, "GET", "/v1/suggestions", params={"mine": "true"})
    call(None, "GET", "/v1/suggestions/kinds")
    kind = {"zh": "停车管理", "en": "parking"}
    call(district.admin, "PUT", "/v1/suggestions/kinds/{code}", "parking", json=kind)
    call(resident, "GET", "/v1/stats/suggestions", params={"area": COMMUNITY_A})


def proposals(documented: Documented, district: District, deployment: Deployment) -> None:
    """A plan, voted on openly, paid by the fund, begun and cancelled; its author lives there."""
    author = district.person(next(iter(stewards_of(COMMUNITY_E))))
    staff = district.person(staff_of(COMMUNITY_E))
    call, one, fund = documented.call, "/v1/proposals/{proposal_id}", "/v1/funds/{community}"
    money, key = {"amount": 100, "memo": "街道拨款"}, {"Idempotency-Key": "contract"}
    call(staff, "POST", f"{fund}/deposits", COMMUNITY_E, json=money, headers=key)
    plan = {
        "area": COMMUNITY_E,
        "title": "楼道照明",
        "text": "更换楼道灯",
        "budget": [{"purpose": "灯具", "amount": 100}],
        "terms": {"quorum": 1, "secret": False},
    }
    proposal = call(author, "POST", "/v1/proposals", json=plan).json()["id"]
    call(author, "PATCH", one, proposal, json={"title": "三号楼照明"})
    call(author, "GET", "/v1/proposals", params={"mine": "true"})
    call(author, "POST", f"{one}/transitions", proposal, json={"action": "submit"})
    call(staff, "POST", f"{one}/transitions", proposal, json={"action": "deliberate"})
    opening = {"action": "open_voting", "closes_at": rfc3339(utc_now() + timedelta(hours=1))}
    call(staff, "POST", f"{one}/transitions", proposal, json=opening)
    call(author, "POST", f"{one}/votes", proposal, json={"choice": "yes"})
    end_voting(deployment, proposal)
    shown = f"/v1/proposals/{proposal}"
    wait_until(lambda: author.get(shown)["status"] == "funded", 60, "the money for the project")
    call(author, "GET", one, proposal)
    call(author, "GET", f"{one}/votes", proposal)
    call(author, "POST", f"{one}/transitions", proposal, json={"action": "start"})
    photo = call(author, "POST", "/v1/media", files={"file": ("r.jpg", picture())}).json()["id"]
    expense = {"purpose": "灯具", "amount": 1, "receipts": [photo]}
    spent = call(author, "POST", f"{one}/expenses", proposal, json=expense).json()["expenses"][0]["id"]
    why = {"reason": "重复登记"}
    call(author, "POST", f"{one}/expenses/{{expense_id}}/voids", proposal, spent, json=why)
    call(staff, "POST", f"{one}/transitions", proposal, json={"action": "cancel", "note": "另有安排"})
    call(author, "GET", f"{one}/history", proposal)
    call(None, "GET", f"{one}/account", proposal)
    call(None, "GET", fund, COMMUNITY_E)
    call(None, "GET", f"{fund}/allocations", COMMUNITY_E)


def case_work(documented: Documented, district: District) -> None:
    """Feedback, duplicates, finding, categories and the calendar."""
    resident, steward, staff = (
        district.person(RESIDENTS_OF_A[12]),
        district.person(STEWARD),
        district.community_staff,
    )
    call, act = documented.call, "/v1/issues/{issue_id}/transitions"
    body = {"category": "safety", "description": "楼道灯不亮", "location": centre(GRID)}
    one, other = (call(resident, "POST", "/v1/issues", json=body).json()["id"] for _ in range(2))
    call(resident, "GET", "/v1/issues/nearby", params={**centre(GRID), "description": "灯不亮"})
    call(district.person(RESIDENTS_OF_A[13]), "POST", "/v1/issues/{issue_id}/support", one)
    parts = [{"category": "safety", "description": text} for text in ("灯", "线")]
    call(staff, "POST", "/v1/issues/{issue_id}/splits", other, json={"note": "两件", "parts": parts})
    yes = {"contacted": True, "resolved": "yes", "satisfied": True}
    no = {**yes, "resolved": "no", "satisfied": False, "reason": "还不亮"}
    call(steward, "POST", "/v1/bulk-transitions", json={"ids": [one], "action": "claim"})
    call(steward, "POST", act, one, json={"action": "resolve", "note": "已换灯"})
    call(resident, "POST", "/v1/issues/{issue_id}/feedback", one, json=no)
    call(steward, "POST", act, one, json={"action": "resolve", "note": "已换线"})
    link = resident.get(f"/v1/issues/{one}")["feedback_url"]
    signature = link.rsplit("/", 1)[1]
    call(None, "POST", "/v1/feedback/{issue_id}/{signature}", one, signature, json=yes)
    call(staff, "GET", "/v1/issues/export", params={"area": GRID})
    call(staff, "GET", "/v1/issues/tiles/{z}/{x}/{y}", "3", "6", "3")
    saved = {"name": "待办", "query": {"status": "reported"}}
    kept = call(staff, "POST", "/v1/saved-filters", json=saved).json()["id"]
    call(staff, "GET", "/v1/saved-filters")
    call(staff, "GET", "/v1/media", params={"state": "awaiting_review", "area": COMMUNITY_A})
    call(staff, "DELETE", "/v1/saved-filters/{filter_id}", kept)
    limits = {
        level: {"amount": 3, "unit": "working_days"} for level in ("steward", "community", "subdistrict")
    }
    category = {"code": "safety.lamp", "zh": "路灯", "en": "lamps", "limits": limits, "urgent_limits": limits}
    call(district.admin, "POST", "/v1/categories", json=category)
    call(None, "GET", "/v1/categories")
    call(district.admin, "POST", "/v1/categories/{code}/retirement", "safety.lamp")
    day = {"working": True, "note": "调休"}
    call(district.admin, "PUT", "/v1/calendar/{day}", "2026-12-26", json=day)
    call(None, "GET", "/v1/calendar", params={"from": "2026-12-01", "to": "2026-12-31"})


def test_every_operation_answers_as_documented(
    documented: Documented, district: District, deployment: Deployment
) -> None:
    main_job(documented, district)
    duty(documented.call, district.community_staff, district.person(STEWARD), GRID)
    people_and_areas(documented.call, documented.api, district)
    suggestions(documented, district)
    proposals(documented, district, deployment)
    case_work(documented, district)
    charity_shop(documented.call, district)
    donations(documented.call, district)
    time_bank(documented.call, district)
    training(documented.call, district.admin, district.person(STEWARD), GRID)
    honours(documented.call, district, deployment, district.person(STEWARD))
    operations = {
        (method.upper(), path)
        for path, methods in documented.document["paths"].items()
        for method in methods
        if method != "parameters"
    }
    successes = {(method, path) for method, path, status in documented.checked if status < 400}
    assert operations == successes, "a new operation belongs into one of the stories above"


def test_refusals_are_as_documented(documented: Documented, district: District) -> None:
    resident, call = district.person(RESIDENTS_OF_A[11]), documented.call
    unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    statuses = [
        call(None, "GET", "/v1/me").status_code,
        call(resident, "GET", "/v1/issues/{issue_id}", unknown).status_code,
        call(resident, "POST", "/v1/issues", json={"category": "x"}).status_code,
        call(
            resident, "POST", "/v1/issues", data=b"{", headers={"Content-Type": "application/json"}
        ).status_code,
        call(resident, "POST", "/v1/issues", data=b"{}", headers={"Content-Type": "text/plain"}).status_code,
        call(resident, "GET", "/v1/postings").status_code,
        call(resident, "GET", "/v1/issues", params={"limit": 0}).status_code,
        call(district.admin, "POST", "/v1/areas", json={"code": "120199", "name": "x" * 61}).status_code,
    ]
    assert statuses == [401, 404, 422, 400, 415, 403, 422, 422]


def _query(url: str) -> dict[str, str]:
    return dict(one.split("=") for one in url.split("?")[1].split("&"))
