"""What becomes of a steward whose role is taken, or whose term is over: in their token, inbox and work."""

from datetime import timedelta
from typing import Any

from pymongo import MongoClient

from chassis.clock import utc_now
from demo.client import Person
from demo.district import RESIDENTS_OF_A, District
from infra.local.deployment import Deployment, wait_until
from services.volunteer.people.terms import day_of
from tests.e2e.people import GRID, PATIENCE, STEWARDS, hears, messages, report


def new_steward(district: District, phone: str, **term: str) -> Person:
    """A steward of the first grid, entered by the staff of its community, who is known everywhere."""
    role = {"role": "steward", "area": GRID, **term}
    district.community_staff.post("/v1/members", {"phone": phone, "name": "新管家", "roles": [role]})
    steward = district.api.sign_in(phone)
    # Whether the others know the new steward already: somebody reports until one report is told to them.
    resident = district.person(RESIDENTS_OF_A[6])
    wait_until(
        lambda: (
            "issue.reported.v1" in messages(steward, report(resident)["id"])
            or bool(steward.pages("/v1/inbox"))
        ),
        PATIENCE,
        "a report in the grid is told to its new steward",
    )
    return steward


def is_steward_no_more(district: District, steward: Person, claimed: str) -> None:
    """Neither by their token, nor for the others: the case is another's to claim, new ones are not told."""
    other, resident = district.person(STEWARDS[0]), district.person(RESIDENTS_OF_A[6])
    steward.renew()
    assert [one["role"] for one in steward.get("/v1/me")["roles"]] == ["resident"]
    refused = steward.send("POST", f"/v1/issues/{claimed}/transitions", json={"action": "claim"})
    assert refused.status_code == 403
    hears(other, "issue.released.v1", claimed)
    shown = other.get(f"/v1/issues/{claimed}")
    assert (shown["status"], shown["assignee"]) == ("reported", None)
    made = report(resident)["id"]
    hears(other, "issue.reported.v1", made)
    assert messages(steward, made) == []


def test_who_is_no_steward_any_more_by_revocation_acts_and_hears_no_more_as_one(district: District) -> None:
    steward = new_steward(district, "13900007201")
    claimed = report(district.person(RESIDENTS_OF_A[6]))["id"]
    steward.act(claimed, "claim")
    taken = {"role": "steward", "area": GRID, "reason": "已搬离本社区"}
    revocations = f"/v1/members/{steward.id}/grants/revocations"
    for _ in range(2):
        left = district.community_staff.post(revocations, taken)
        assert [one["role"] for one in left["roles"]] == ["resident"]
    hears(steward, "member.role_revoked.v1", steward.id)
    is_steward_no_more(district, steward, claimed)
    assert messages(steward, steward.id).count("member.role_revoked.v1") == 1
    last, *_ = steward.get(f"/v1/members/{steward.id}/grants")["items"]
    assert (last["action"], last["reason"]) == ("revoked", "已搬离本社区")


def test_who_is_no_steward_any_more_since_their_term_is_over_is_told_once(
    district: District, deployment: Deployment
) -> None:
    today = day_of(utc_now())
    steward = new_steward(district, "13900007202", until=str(today + timedelta(days=1)))
    claimed = report(district.person(RESIDENTS_OF_A[6]))["id"]
    steward.act(claimed, "claim")
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        # As if two days had passed.
        over = {"roles.1.until": str(today - timedelta(days=1)), "due": utc_now() - timedelta(seconds=1)}
        client["volunteer"]["members"].update_one({"_id": steward.id}, {"$set": over})
    hears(steward, "member.term_ended.v1", steward.id)
    is_steward_no_more(district, steward, claimed)
    assert messages(steward, steward.id).count("member.term_ended.v1") == 1
