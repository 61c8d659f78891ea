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
from tests.e2e.votings import end_voting

STEWARD = next(iter(stewards_of(COMMUNITY_A)))
CHAIR = "13900000004"
SHOP_KEEPER = "13900000005"


def draft(author: Person, amount: int, area: str = COMMUNITY_A, **terms: Any) -> Any:
    body = {
        "area": area,
        "title": "楼道照明",
        "text": "更换三号楼楼道灯",
        "budget": [{"purpose": "灯具", "amount": amount - 1}, {"purpose": "人工", "amount": 1}],
        "terms": {"quorum": 1, **terms},
    }
    return author.post("/v1/proposals", body)


def act(person: Person, proposal: Any, action: str, **details: Any) -> Any:
    return person.post(f"/v1/proposals/{proposal['id']}/transitions", {"action": action, **details})


def open_voting(district: District, proposal: Any, author: Person) -> Any:
    act(author, proposal, "submit")
    act(district.person(CHAIR), proposal, "deliberate")
    closes = rfc3339(utc_now() + timedelta(hours=1))
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


def donate(district: District, proposal: Any, amount: int) -> None:
    """Somebody gives money, and the shop's keeper passes it on to a project."""
    given = {"area": proposal["area"], "kind": "money", "what": "现金"}
    keeper = district.person(SHOP_KEEPER)
    act = f"/v1/donations/{district.community_staff.post('/v1/donations', given)['id']}/transitions"
    keeper.post(act, {"action": "inspect", "note": "已点清"})
    keeper.post(act, {"action": "accept", "value": amount})
    target = f"project:{proposal['id']}"
    keeper.post(act, {"action": "allocate", "amount": amount, "target": target}, key="given")


def funded(district: District, deployment: Deployment, community: str, money: int, amount: int) -> Any:
    """A project of a community, its budget paid by the fund, which had `money` before."""
    steward = district.person(next(iter(stewards_of(community))))
    deposit(district.person(staff_of(community)), money, "first", community)
    made = draft(steward, amount, community)
    open_voting(district, made, steward)
    assert vote(steward, made, "yes") == 201
    end_voting(deployment, made["id"])
    becomes(steward, made, "funded")
    assert balance(district, community) == money - amount
    return made


def test_residents_vote_on_a_proposal_and_the_fund_pays_it_at_the_second_try(
    district: District, deployment: Deployment
) -> None:
    author, staff, chair = district.person(STEWARD), district.community_staff, district.person(CHAIR)
    voters = [district.person(phone) for phone in RESIDENTS_OF_A[:5]]
    made = draft(author, 100_000)
    path = f"/v1/proposals/{made['id']}"
    assert (made["status"], made["asked"]) == ("draft", 100_000)
    assert voters[0].send("GET", path).status_code == 404
    assert author.send("PATCH", path, json={"title": "三号楼照明"}).json()["title"] == "三号楼照明"

    opened = open_voting(district, made, author)
    assert (opened["status"], opened["tally"]) == ("voting", None)
    hears_once(staff, "proposal.submitted.v1", made)
    choices = ("yes", "yes", "yes", "no", "abstain")
    assert [vote(one, made, choice) for one, choice in zip(voters, choices, strict=True)] == [201] * 5
    during = voters[0].get(path)
    assert (during["votes_cast"], during["voted"], during["tally"]) == (5, True, None)
    assert vote(district.person(staff_of("120199001002")), made, "no") == 403

    end_voting(deployment, made["id"])
    wait_until(lambda: author.get(path)["funding"]["refusal"] == "insufficient", 60, "the refusal")
    approved = voters[0].get(path)
    assert (approved["status"], approved["tally"]) == ("approved", {"yes": 3, "no": 1, "abstain": 1})
    assert approved["voted"] is False  # the traces of secret voters are gone
    assert voters[0].send("GET", f"{path}/votes").status_code == 403
    for person in (author, staff, chair):
        hears_once(person, "proposal.funding_refused.v1", made)

    posted = deposit(staff, 150_000, "first")
    assert deposit(staff, 150_000, "first") == posted
    assert balance(district) == 150_000
    act(author, made, "request_funding")
    paid = becomes(author, made, "funded")
    given = {"attempt": 2, "refusal": None, "allocated": 100_000, "donated": 0, "returned": None}
    assert paid["funding"] == given
    assert balance(district) == 50_000
    history = " ".join(line["action"] for line in author.get(f"{path}/history")["items"])
    assert history == (
        "draft revise submit deliberate open_voting approve refuse_funding request_funding fund"
    )


def test_a_project_spends_within_its_allocation_accounts_for_it_and_returns_the_rest(
    district: District, deployment: Deployment
) -> None:
    community = list(COMMUNITIES)[3]
    made = funded(district, deployment, community, money=1_000, amount=1_000)
    author = district.person(next(iter(stewards_of(community))))
    staff = district.person(staff_of(community))
    path, photo = f"/v1/proposals/{made['id']}/expenses", receipt(author)

    def refusal(person: Person, amount: int) -> list[Any]:
        with pytest.raises(Refused) as refused:
            person.post(path, {"purpose": "人工", "amount": amount, "receipts": [photo]})
        return list(refused.value.problem.get("errors", [refused.value.status]))

    assert refusal(author, 1) == [409]  # not begun yet
    act(author, made, "start")
    for _ in range(2):
        author.post(path, {"purpose": "灯具", "amount": 700, "receipts": [photo]}, key="lamps")
    assert refusal(author, 301) == ["amount"]
    assert refusal(staff, 1) == ["receipts"]  # somebody else's photo
    donate(district, made, 50)
    wait_until(lambda: account(district, made)["donated"] == 50, 30, "the donation with the project")
    assert refusal(author, 351) == ["amount"]
    mistaken = author.post(path, {"purpose": "灯罩", "amount": 350, "receipts": [photo]})["expenses"][1]
    for _ in range(2):
        staff.post(f"{path}/{mistaken['id']}/voids", {"reason": "重复登记"}, key="mistaken")
    with pytest.raises(Refused) as refused:
        author.post(f"{path}/{mistaken['id']}/voids", {"reason": "重复登记"})
    assert refused.value.status == 409
    assert account(district, made)["rest"] == 350
    act(author, made, "account", note="已完工")
    with pytest.raises(Refused) as refused:
        act(author, made, "close")
    assert refused.value.status == 403
    act(staff, made, "close")
    wait_until(lambda: account(district, made)["returned"] == 350, 30, "the rest in the fund")
    shown = account(district, made)
    assert [shown[name] for name in ("allocated", "spent", "rest", "status")] == [1_000, 700, 0, "closed"]
    why = [(one["purpose"], one["void"] and one["void"]["reason"]) for one in shown["expenses"]]
    assert why == [("灯具", None), ("灯罩", "重复登记")]
    assert "by" not in shown["expenses"][1]["void"]
    assert balance(district, community) == 350
    hears_once(author, "proposal.closed.v1", made)
    assert district.admin.get("/v1/ledger/verification")["sound"]


def test_of_twenty_votes_of_one_resident_at_once_one_is_counted_and_nothing_says_which(
    district: District, deployment: Deployment
) -> None:
    author, resident = district.person(STEWARD), district.person(RESIDENTS_OF_A[10])
    made = draft(author, 500)
    open_voting(district, made, author)
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


def test_an_open_ballot_shows_who_voted_what_when_it_has_ended(
    district: District, deployment: Deployment
) -> None:
    author, resident = district.person(STEWARD), district.person(RESIDENTS_OF_A[11])
    made = draft(author, 500, secret=False, quorum=2)
    open_voting(district, made, author)
    assert vote(resident, made, "yes") == 201
    assert resident.send("GET", f"/v1/proposals/{made['id']}/votes").status_code == 409
    end_voting(deployment, made["id"])
    refused = becomes(author, made, "refused")
    assert refused["tally"] == {"yes": 1, "no": 0, "abstain": 0}
    votes = resident.get(f"/v1/proposals/{made['id']}/votes")["items"]
    assert [(one["member"], one["choice"]) for one in votes] == [(resident.id, "yes")]
    assert vote(district.person(RESIDENTS_OF_A[12]), made, "yes") == 409
    hears_once(author, "proposal.refused.v1", made)


def test_a_cancelled_project_gives_the_money_back_once(district: District, deployment: Deployment) -> None:
    community = list(COMMUNITIES)[1]
    made = funded(district, deployment, community, money=1_000, amount=600)
    steward = district.person(next(iter(stewards_of(community))))
    staff = district.person(staff_of(community))
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
