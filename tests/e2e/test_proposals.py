"""Proposals from draft to closed account through the gateway, with real processes behind."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pymongo import MongoClient

from chassis.clock import rfc3339, utc_now
from demo.client import Person, Refused
from demo.district import COMMUNITIES, COMMUNITY_A, RESIDENTS_OF_A, District, staff_of, stewards_of
from infra.local.deployment import Deployment, wait_until

STEWARD = next(iter(stewards_of(COMMUNITY_A)))
CHAIR = "13900000004"


def draft(
    author: Person, amount: int, *, secret: bool = True, quorum: int = 1, area: str = COMMUNITY_A
) -> Any:
    body = {
        "area": area,
        "title": "楼道照明",
        "text": "更换三号楼楼道灯",
        "budget": [{"purpose": "灯具", "amount": amount - 1}, {"purpose": "人工", "amount": 1}],
        "terms": {"secret": secret, "quorum": quorum},
    }
    return author.post("/v1/proposals", body)


def act(person: Person, proposal: Any, action: str, **details: Any) -> Any:
    return person.post(f"/v1/proposals/{proposal['id']}/transitions", {"action": action, **details})


def open_voting(district: District, proposal: Any, author: Person, seconds: float) -> Any:
    act(author, proposal, "submit")
    act(district.person(CHAIR), proposal, "deliberate")
    closes = rfc3339(utc_now() + timedelta(seconds=seconds))
    return act(district.person(CHAIR), proposal, "open_voting", closes_at=closes)


def vote(person: Person, proposal: Any, choice: str) -> int:
    path = f"/v1/proposals/{proposal['id']}/votes"
    return person.send("POST", path, json={"choice": choice}, headers={"Idempotency-Key": "v"}).status_code


def becomes(person: Person, proposal: Any, status: str) -> Any:
    path = f"/v1/proposals/{proposal['id']}"
    wait_until(lambda: person.get(path)["status"] == status, 60, f"the proposal's being {status}")
    return person.get(path)


def deposit(person: Person, amount: int, key: str, community: str = COMMUNITY_A) -> Any:
    path = f"/v1/funds/{community}/deposits"
    return person.post(path, {"amount": amount, "memo": "街道拨款"}, key=key)


def balance(district: District, community: str = COMMUNITY_A) -> int:
    return int(district.api.call("GET", f"/v1/funds/{community}")["balance"])


def account(district: District, proposal: Any) -> dict[str, Any]:
    shown: dict[str, Any] = district.api.call("GET", f"/v1/proposals/{proposal['id']}/account")
    return shown


def receipt(person: Person) -> str:
    out = BytesIO()
    Image.new("RGB", (60, 80), "white").save(out, "JPEG")
    return str(person.upload(out.getvalue())["id"])


def told(person: Person, kind: str, proposal: Any) -> int:
    inbox = person.pages("/v1/inbox")
    return sum(one["kind"] == kind and one["subject"] == proposal["id"] for one in inbox)


def hears_once(person: Person, kind: str, proposal: Any) -> None:
    wait_until(lambda: told(person, kind, proposal) == 1, 30, f"{kind} told to {person.phone}")


def test_a_proposal_goes_from_draft_to_a_closed_account(district: District) -> None:
    author, staff, chair = district.person(STEWARD), district.community_staff, district.person(CHAIR)
    voters = [district.person(phone) for phone in RESIDENTS_OF_A[:5]]
    made = draft(author, 100_000)
    assert (made["status"], made["asked"]) == ("draft", 100_000)
    assert voters[0].send("GET", f"/v1/proposals/{made['id']}").status_code == 404
    revised = author.api.call(
        "PATCH", f"/v1/proposals/{made['id']}", json={"title": "三号楼照明"}, headers=author.headers()
    )
    assert (revised["title"], revised["version"]) == ("三号楼照明", 2)

    start = balance(district)
    opened = open_voting(district, made, author, seconds=15)
    assert (opened["status"], opened["tally"]) == ("voting", None)
    hears_once(staff, "proposal.submitted.v1", made)
    choices = ("yes", "yes", "yes", "no", "abstain")
    assert [vote(one, made, choice) for one, choice in zip(voters, choices, strict=True)] == [201] * 5
    during = voters[0].get(f"/v1/proposals/{made['id']}")
    assert (during["votes_cast"], during["voted"], during["tally"]) == (5, True, None)
    outsider = district.person(staff_of("120199001002"))
    assert vote(outsider, made, "no") == 403

    # The fund has nothing yet: refused; after a deposit the money is asked for again.
    wait_until(
        lambda: author.get(f"/v1/proposals/{made['id']}")["funding"]["refusal"] == "insufficient",
        60,
        "the refusal for lack of money",
    )
    approved = becomes(author, made, "approved")
    assert approved["tally"] == {"yes": 3, "no": 1, "abstain": 1}
    assert approved["voted"] is False  # the traces of secret voters are gone
    assert voters[0].send("GET", f"/v1/proposals/{made['id']}/votes").status_code == 403
    for person in (author, staff, chair):
        hears_once(person, "proposal.funding_refused.v1", made)

    short = max(0, 150_000 - start)
    posted = deposit(staff, short, f"deposit-{made['id']}")
    assert deposit(staff, short, f"deposit-{made['id']}") == posted
    assert balance(district) == start + short
    act(author, made, "request_funding")
    funded = becomes(author, made, "funded")
    assert funded["funding"] == {"attempt": 2, "refusal": None, "allocated": 100_000, "returned": None}
    assert balance(district) == start + short - 100_000

    act(author, made, "start")
    photo = receipt(author)
    path = f"/v1/proposals/{made['id']}/expenses"
    for _ in range(2):
        author.post(path, {"purpose": "灯具", "amount": 70_000, "receipts": [photo]}, key="lamps")
    with pytest.raises(Refused) as refused:
        author.post(path, {"purpose": "人工", "amount": 30_001, "receipts": [photo]})
    assert list(refused.value.problem["errors"]) == ["amount"]
    with pytest.raises(Refused) as refused:
        staff.post(path, {"purpose": "人工", "amount": 1, "receipts": [photo]})
    assert list(refused.value.problem["errors"]) == ["receipts"]
    act(author, made, "account", note="已完工")
    with pytest.raises(Refused) as refused:
        act(author, made, "close")
    assert refused.value.status == 403
    act(staff, made, "close")
    wait_until(lambda: account(district, made)["returned"] == 30_000, 30, "the rest in the fund")
    shown = account(district, made)
    assert (shown["allocated"], shown["spent"], shown["rest"], shown["status"]) == (
        100_000,
        70_000,
        0,
        "closed",
    )
    assert [(one["purpose"], one["receipts"]) for one in shown["expenses"]] == [("灯具", 1)]
    assert balance(district) == start + short - 70_000
    hears_once(author, "proposal.closed.v1", made)

    history = [line["action"] for line in author.get(f"/v1/proposals/{made['id']}/history")["items"]]
    assert history == [
        "draft",
        "revise",
        "submit",
        "deliberate",
        "open_voting",
        "approve",
        "refuse_funding",
        "request_funding",
        "fund",
        "start",
        "spend",
        "account",
        "close",
        "return_funds",
    ]
    assert district.admin.get("/v1/ledger/verification")["sound"]


def test_of_twenty_votes_of_one_resident_at_once_one_is_counted_and_nothing_says_which(
    district: District, deployment: Deployment
) -> None:
    author, resident = district.person(STEWARD), district.person(RESIDENTS_OF_A[10])
    made = draft(author, 500)
    open_voting(district, made, author, seconds=3600)
    wait_until(lambda: resident.get("/v1/me")["home_area"] is not None, 10, "a home")
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda number: vote(resident, made, ("yes", "no")[number % 2]), range(20)))
    assert sorted(answers) == [201] + [409] * 19
    assert resident.get(f"/v1/proposals/{made['id']}")["votes_cast"] == 1

    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        stored = client["issues"]["proposals"].find_one({"_id": made["id"]})
        assert stored is not None
        assert sum(stored["tally"].values()) == len(stored["voters"]) == 1
        assert stored["ballots"] == []
        assert resident.id not in str(stored)
        keys = client["issues"]["idempotency_keys"].find({"_id": {"$regex": made["id"]}})
        assert not [one["_id"] for one in keys if "/votes" in one["_id"]]
        act(district.community_staff, made, "cancel", note="另有安排")
        ended = client["issues"]["proposals"].find_one({"_id": made["id"]})
        assert ended is not None
        assert ended["voters"] == []


def test_an_open_ballot_shows_who_voted_what_when_it_has_ended(district: District) -> None:
    author, resident = district.person(STEWARD), district.person(RESIDENTS_OF_A[11])
    made = draft(author, 500, secret=False, quorum=2)
    open_voting(district, made, author, seconds=8)
    assert vote(resident, made, "yes") == 201
    assert resident.send("GET", f"/v1/proposals/{made['id']}/votes").status_code == 409
    refused = becomes(author, made, "refused")
    assert refused["tally"] == {"yes": 1, "no": 0, "abstain": 0}
    votes = resident.get(f"/v1/proposals/{made['id']}/votes")["items"]
    assert [(one["member"], one["choice"]) for one in votes] == [(resident.id, "yes")]
    assert vote(district.person(RESIDENTS_OF_A[12]), made, "yes") == 409
    hears_once(author, "proposal.refused.v1", made)


def test_a_cancelled_project_gives_the_money_back_once(district: District) -> None:
    community = list(COMMUNITIES)[1]
    steward = district.person(next(iter(stewards_of(community))))
    staff = district.person(staff_of(community))
    resident = steward  # lives there too
    deposit(staff, 1_000, "b-1", community)
    made = draft(steward, 600, area=community)
    open_voting(district, made, steward, seconds=8)
    assert vote(resident, made, "yes") == 201
    becomes(steward, made, "funded")
    assert balance(district, community) == 400
    act(steward, made, "start")
    steward.post(
        f"/v1/proposals/{made['id']}/expenses",
        {"purpose": "灯具", "amount": 100, "receipts": [receipt(steward)]},
    )
    with ThreadPoolExecutor(5) as pool:
        path = f"/v1/proposals/{made['id']}/transitions"
        body = {"action": "cancel", "note": "施工条件不具备"}
        answers = list(pool.map(lambda _: staff.send("POST", path, json=body).status_code, range(5)))
    assert sorted(answers) == [200, 409, 409, 409, 409]
    wait_until(lambda: balance(district, community) == 900, 30, "the unspent money in the fund")
    (given,) = district.api.call("GET", f"/v1/funds/{community}/allocations")["items"]
    assert (given["standing"], given["amount"], given["returned"]) == ("returned", 600, 500)


def test_deposits_need_a_key_a_right_and_a_community_and_a_key_is_for_one_deposit(district: District) -> None:
    community = list(COMMUNITIES)[2]
    staff = district.person(staff_of(community))

    def answer(person: Person, key: str | None, amount: int, place: str = community) -> int:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"amount": amount, "memo": "拨款"}
        return person.send("POST", f"/v1/funds/{place}/deposits", json=body, headers=headers).status_code

    assert answer(staff, None, 5) == 422
    assert answer(staff, "c-1", 0) == 422
    assert answer(district.person(RESIDENTS_OF_A[0]), "c-2", 5) == 403
    assert answer(district.community_staff, "c-3", 5) == 403
    assert answer(district.admin, "c-4", 5, "120199001099") == 422
    assert balance(district, community) == 0
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: answer(staff, "c-5", 7), range(16)))
    assert set(answers) <= {201, 409}
    assert balance(district, community) == 7
    assert answer(staff, "c-5", 8) == 422
    assert district.api.send("GET", "/v1/funds/120199001099").status_code == 404
