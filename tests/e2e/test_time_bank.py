"""The time bank through the gateway, with real processes behind: who hears of what, and the clock."""

from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from chassis.clock import rfc3339, utc_now
from demo.client import Api, Person, Refused
from demo.district import COMMUNITY_A, DISTRICT, RESIDENTS_OF_A, District
from infra.local.deployment import Deployment, wait_until
from tests.e2e.people import PATIENCE, balance, gains, hears, messages

PATH = "/v1/time-bank/requests"


def with_minutes(district: District, person: Person, minutes: int) -> None:
    legs = [
        {"account": person.id, "unit": "minutes", "amount": minutes},
        {"account": f"issuer:{DISTRICT}", "unit": "minutes", "amount": -minutes},
    ]
    once = {"Idempotency-Key": f"minutes for {person.id}"}
    answer = district.admin.send("POST", "/v1/postings", json={"memo": "x", "legs": legs}, headers=once)
    assert answer.status_code == 201


def ask(person: Person, kind: str = "request", **more: Any) -> Any:
    now = utc_now()
    wanted = {"kind": kind, "area": COMMUNITY_A, "skills": ["haircut"], "minutes": 30, "text": "上门理发"}
    window = {"starts_at": rfc3339(now), "ends_at": rfc3339(now + timedelta(hours=3))}
    return person.post(PATH, {**wanted, **window, **more})


def act(person: Person, one: Any, action: str, **details: Any) -> Any:
    return person.post(f"{PATH}/{one['id']}/transitions", {"action": action, **details})


def let_time_pass(deployment: Deployment, one: Any) -> None:
    """What the clock waits for is over, and an hour was served."""
    with MongoClient[dict[str, Any]](deployment.mongo_url, tz_aware=True) as client:
        changed = {"next_check_at": utc_now(), "checked_in_at": utc_now() - timedelta(hours=1)}
        client["points"]["help_requests"].update_one({"_id": one["id"]}, {"$set": changed})


def test_silence_confirms_once_and_everybody_hears_once_of_what_concerns_them(
    district: District, deployment: Deployment
) -> None:
    receiver, giver, other = (district.person(RESIDENTS_OF_A[number]) for number in (20, 21, 22))
    with_minutes(district, receiver, 100)
    had, spent = balance(giver, "minutes"), balance(receiver, "minutes")
    offer = ask(giver, "offer")
    one = ask(receiver)
    hears(giver, "help.candidates_found.v1", one["id"])
    assert [found["id"] for found in receiver.get(f"{PATH}/{one['id']}/matches")["items"]] == [offer["id"]]
    act(receiver, one, "invite", candidate=offer["id"])
    with pytest.raises(Refused) as refused:
        other.get(f"{PATH}/{one['id']}")
    assert refused.value.status == 404
    agreed = act(giver, one, "accept")
    assert agreed["allowed"] == ["cancel", "check_in"]
    act(giver, one, "check_in")
    act(giver, one, "check_out")
    let_time_pass(deployment, one)
    gains(giver, had, 30, "minutes")  # an hour was served, half an hour was agreed
    assert balance(receiver, "minutes") == spent - 30
    settled = receiver.get(f"{PATH}/{one['id']}")
    assert (settled["status"], settled["history"][-1]["actor"]) == ("settled", "system")
    for person in (giver, receiver):
        hears(person, "help.auto_confirmed.v1", one["id"])
    assert messages(giver, one["id"]) == [
        "help.candidates_found.v1",
        "help.matched.v1",
        "help.auto_confirmed.v1",
    ]
    assert sorted(messages(receiver, one["id"])) == [
        "help.accepted.v1",
        "help.auto_confirmed.v1",
        "help.checked_out.v1",
    ]
    posting = giver.pages(f"/v1/accounts/{giver.id}/statement")[0]
    assert (posting["rule"], posting["cause"]) == ("time-bank.settled", one["id"])
    assert messages(giver, posting["id"]) == []  # settled help is told once, by its own event


def test_who_is_erased_asks_for_nothing_any_more(
    api: Api, district: District, deployment: Deployment
) -> None:
    person, other = api.sign_in("13900007711"), district.person(RESIDENTS_OF_A[23])
    one = ask(person, skills=["tutoring"])
    act(other, one, "respond")
    assert person.send("POST", "/v1/me/erasure", json={"confirm": True}).status_code == 204
    hears(other, "help.cancelled.v1", one["id"])
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        helps = client["points"]["help_requests"]

        def words() -> str:
            return str((helps.find_one({"_id": one["id"]}) or {})["text"])

        wait_until(lambda: words() == "", PATIENCE, "the words of who was erased to go")
    assert other.get(f"{PATH}/{one['id']}")["status"] == "cancelled"
