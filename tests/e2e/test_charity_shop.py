"""The charity shop through the gateway: who hears of what, who sees the goods, and where a donation went."""

import pytest

from demo.client import Refused
from demo.district import COMMUNITIES, COMMUNITY_A, DISTRICT, RESIDENTS_OF_A, District, stewards_of
from infra.local.deployment import Deployment, wait_until
from tests.e2e.people import PATIENCE, hears, messages, photo
from tests.e2e.test_proposals import balance, becomes, draft, open_voting, vote
from tests.e2e.votings import end_voting

KEEPER = "13900000005"
COMMUNITY_F = list(COMMUNITIES)[5]


def test_goods_are_ordered_made_ready_and_collected_and_each_hears_their_part(district: District) -> None:
    buyer, keeper = district.person(RESIDENTS_OF_A[24]), district.person(KEEPER)
    legs = [
        {"account": buyer.id, "unit": "points", "amount": 50},
        {"account": f"issuer:{DISTRICT}", "unit": "points", "amount": -50},
    ]
    district.admin.post("/v1/postings", {"memo": "补记", "legs": legs}, key="charity-shop")
    picture = keeper.upload(photo())["id"]
    new = {"area": COMMUNITY_A, "title": "手工布袋", "price": 20, "stock": 1, "media": [picture]}
    item = keeper.post("/v1/shop/items", new)["id"]
    links = f"/v1/media/{picture}/links"
    wait_until(lambda: buyer.send("GET", links).ok, PATIENCE, "the photo of the item for the buyer")

    order = buyer.post("/v1/shop/orders", {"item": item}, key="bag")["id"]
    assert buyer.post("/v1/shop/orders", {"item": item}, key="bag")["id"] == order
    with pytest.raises(Refused) as refused:
        buyer.post("/v1/shop/orders", {"item": item}, key="another")
    assert (refused.value.status, refused.value.problem["left"]) == (409, 0)
    act = f"/v1/shop/orders/{order}/transitions"
    with pytest.raises(Refused) as refused:
        keeper.post(act, {"action": "collect", "code": "ABCD-EFGH-JKMN"})
    assert refused.value.problem["allowed"] == ["cancel"]
    buyer.post(act, {"action": "pay"})
    hears(keeper, "order.paid.v1", order)
    keeper.post(act, {"action": "prepare"})
    hears(buyer, "order.ready.v1", order)
    code = buyer.post(f"/v1/shop/orders/{order}/pickup-codes")["code"]
    assert keeper.post(act, {"action": "collect", "code": code})["status"] == "collected"
    told = [one for one in buyer.pages("/v1/inbox") if one["subject"] == order]
    assert code not in str(told)
    assert messages(buyer, order) == ["order.ready.v1"]


def test_a_donor_gets_a_receipt_and_hears_where_the_money_went_and_others_do_not_learn_who(
    district: District,
) -> None:
    donor, keeper = district.person(RESIDENTS_OF_A[25]), district.person(KEEPER)
    other = district.person(RESIDENTS_OF_A[26])
    given = {"area": COMMUNITY_A, "kind": "money", "what": "现金", "value": 1000}
    donation = donor.post("/v1/donations", given)["id"]
    act = f"/v1/donations/{donation}/transitions"
    keeper.post(act, {"action": "inspect", "note": "已点清"})
    keeper.post(act, {"action": "accept", "value": 1000})
    hears(donor, "donation.accepted.v1", donation)
    part = {"action": "allocate", "amount": 600, "target": f"fund:{COMMUNITY_F}"}
    for _ in range(2):
        keeper.post(act, part, key="part")
    with pytest.raises(Refused) as refused:
        keeper.post(act, part, key="too much")
    assert (refused.value.status, refused.value.problem["type"]) == (409, "/problems/overdrawn")
    hears(donor, "donation.allocated.v1", donation)
    (thanks,) = [one for one in donor.pages("/v1/inbox") if one["kind"] == "donation.allocated.v1"]
    assert "6.00 yuan" in thanks["body"]
    assert donor.get(f"/v1/donations/{donation}")["receipt"]["value"] == 1000
    seen = other.get(f"/v1/donations/{donation}")
    assert (seen["donor"], seen["receipt"]) == (None, None)
    found = other.get(f"/v1/donations/{donation}/trace")
    assert (found["net"], found["allocated"], found["unallocated"]) == (1000, 600, 400)
    assert found["waiting"] == [{"fund": f"fund:{COMMUNITY_F}", "amount": 600}]
    assert donor.id not in str([seen, found])


def test_what_was_given_to_a_fund_is_shown_with_the_project_that_the_fund_then_paid(
    district: District, deployment: Deployment
) -> None:
    donor, keeper = district.person(RESIDENTS_OF_A[27]), district.person(KEEPER)
    given = {"area": COMMUNITY_A, "kind": "money", "what": "现金", "value": 1000}
    donation = donor.post("/v1/donations", given)["id"]
    act, fund = f"/v1/donations/{donation}/transitions", f"fund:{COMMUNITY_F}"
    keeper.post(act, {"action": "inspect", "note": "已点清"})
    keeper.post(act, {"action": "accept", "value": 1000})
    keeper.post(act, {"action": "allocate", "amount": 700, "target": fund}, key="fund")
    steward = district.person(next(iter(stewards_of(COMMUNITY_F))))
    made = draft(steward, balance(district, COMMUNITY_F) - 100, COMMUNITY_F)
    open_voting(district, made, steward)
    assert vote(steward, made, "yes") == 201
    end_voting(deployment, made["id"])
    becomes(steward, made, "funded")
    found = district.api.call("GET", f"/v1/donations/{donation}/trace")
    project = {"target": f"project:{made['id']}", "via": [fund], "amount": 600, "returned": 0}
    assert (found["destinations"], found["elsewhere"]) == ([project], [])
    assert found["waiting"] == [{"fund": fund, "amount": 100}]
    assert found["net"] == found["unallocated"] + 600 + 100
