"""The charity shop and donations, as a story of requests that are held against the documentation."""

from collections.abc import Callable

import requests

from demo.client import Person
from demo.district import COMMUNITIES, COMMUNITY_A, DISTRICT, RESIDENTS_OF_A, District

Call = Callable[..., requests.Response]
KEEPER = "13900000005"
COMMUNITY_F = list(COMMUNITIES)[5]


def _keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def _with_points(call: Call, district: District, phone: str) -> Person:
    """A person with a hundred points."""
    person = district.person(phone)
    legs = [
        {"account": person.id, "unit": "points", "amount": 100},
        {"account": f"issuer:{DISTRICT}", "unit": "points", "amount": -100},
    ]
    order = {"memo": "补记", "legs": legs}
    call(district.admin, "POST", "/v1/postings", json=order, headers=_keyed(f"shop-{phone}"))
    return person


def charity_shop(call: Call, district: District) -> None:
    """An item, one order given up, and one that is paid, collected and brought back."""
    buyer, keeper = _with_points(call, district, RESIDENTS_OF_A[15]), district.person(KEEPER)
    one, order = "/v1/shop/items/{item_id}", "/v1/shop/orders/{order_id}"
    new = {"area": COMMUNITY_A, "title": "手工布袋", "price": 10, "stock": 5, "monthly_limit": 4}
    item = call(keeper, "POST", "/v1/shop/items", json=new).json()["id"]
    call(buyer, "GET", "/v1/shop/items", params={"area": COMMUNITY_A, "state": "listed"})
    seen = call(buyer, "GET", one, item)
    call(keeper, "PATCH", one, item, json={"price": 12}, headers={"If-Match": seen.headers["ETag"]})
    call(keeper, "POST", f"{one}/supplies", item, json={"quantity": 2})

    def ordered(key: str) -> str:
        wanted = {"item": item, "quantity": 2}
        made = call(buyer, "POST", "/v1/shop/orders", json=wanted, headers=_keyed(key)).json()
        assert (made["status"], made["amount"]) == ("reserved", 24)
        return str(made["id"])

    def act(person: Person, identifier: str, action: str, **details: object) -> str:
        body = {"action": action, **details}
        return str(call(person, "POST", f"{order}/transitions", identifier, json=body).json()["status"])

    assert act(buyer, ordered("shop-1"), "cancel") == "cancelled"
    kept = ordered("shop-2")
    call(buyer, "GET", "/v1/shop/orders")
    assert act(buyer, kept, "pay") == "paid"
    code = call(buyer, "POST", f"{order}/pickup-codes", kept).json()
    assert code["payload"].endswith(code["code"])
    call(keeper, "GET", "/v1/shop/orders", params={"area": DISTRICT, "status": "paid"})
    assert act(keeper, kept, "prepare") == "ready"
    assert act(keeper, kept, "collect", code=code["code"]) == "collected"
    assert act(keeper, kept, "return", note="瑕疵", restock=True) == "returned"
    call(buyer, "GET", order, kept)


def donations(call: Call, district: District) -> None:
    """Goods that are sold, and what they brought in, to a community's fund."""
    donor, keeper = district.person(RESIDENTS_OF_A[16]), district.person(KEEPER)
    one = "/v1/donations/{donation_id}"
    given = {"area": COMMUNITY_A, "kind": "goods", "what": "手工围巾两条"}
    donation = call(donor, "POST", "/v1/donations", json=given).json()["id"]
    listing = {"title": "围巾", "price": 20, "stock": 2}
    for number, step in enumerate(
        (
            {"action": "inspect", "note": "完好"},
            {"action": "accept", "value": 5000},
            {"action": "list", "listing": listing},
            {"action": "sell", "amount": 4000, "quantity": 1, "note": "柜台现金"},
            {"action": "record_cost", "amount": 500, "note": "包装"},
            {"action": "allocate", "amount": 2000, "target": f"fund:{COMMUNITY_F}"},
        )
    ):
        call(keeper, "POST", f"{one}/transitions", donation, json=step, headers=_keyed(f"gift-{number}"))
    call(donor, "GET", one, donation)
    call(donor, "GET", "/v1/donations")
    found = call(None, "GET", f"{one}/trace", donation).json()
    assert (found["net"], found["allocated"], found["unallocated"]) == (3500, 2000, 1500)
    assert sum(one["amount"] for name in ("destinations", "waiting") for one in found[name]) == 2000
    call(None, "GET", "/v1/funds", params={"limit": "1"})
    period = {"since": "2026-01-01T00:00:00Z"}
    told = call(None, "GET", "/v1/funds/{community}/statement", COMMUNITY_F, params=period).json()
    last = told["items"][0]
    assert (last["kind"], last["cause"], last["amount"]) == ("donated", donation, 2000)
    assert last["balance"] == told["closing"]
