"""The month's money: goods from the donor to the shop's shelf, and what they brought on to a project."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from chassis.clock import rfc3339, utc_now
from demo.client import Person, Refused
from demo.district import COMMUNITY_A, District
from demo.month_work import BUYER, CHAIR, GUARD, NEIGHBOURS, REFERENCE
from demo.records import Record
from demo.replay import patiently
from demo.stage import Part, acting, carrying, sent, until
from demo.story import marked

KEEPER = "13900000005"
DONOR, *VOTERS = NEIGHBOURS[:4]
STOCK, PRICE = 2, 15
"""Pieces on the shelf, and points for one."""
SOLD_FOR, COST, GIVEN, BUDGET = 3000, 200, 2500, 2000
"""In fen: a piece for money, what selling cost, what the fund is given of it, what a project asks for."""
FUND = f"fund:{COMMUNITY_A}"
_VOTING = timedelta(seconds=10)
_QUORUM = 2
_OFFER, _ORDER, _PROJECT = f"{REFERENCE} goods", f"{REFERENCE} order", f"{REFERENCE} project"


def offered(district: District) -> Part:
    """Handmade goods that a resident offers, and the shop's keeper inspects, accepts and lists."""
    listing = {"title": "手工布包", "description": "居民手工缝制", "price": PRICE, "stock": STOCK}
    acts = {
        "offered": _keeper(district, "inspect", note="手工细致，完好"),
        "inspected": _keeper(district, "accept", value=2 * SOLD_FOR),
        "accepted": _keeper(district, "list", listing=listing),
    }
    return _goods(district, acts, ends={"listed", "sold", "allocated"})


def sold(district: District) -> Part:
    """One of them is sold for money, and what that brought, less its cost, goes to the community's fund."""
    allocate = _keeper(district, "allocate", amount=GIVEN, target=FUND)
    cost = _keeper(district, "record_cost", amount=COST, note="包装袋")

    def pass_on(donation: Record) -> None:
        cost(donation)
        allocate(donation)

    acts = {
        "listed": _keeper(district, "sell", amount=SOLD_FOR, quantity=1),
        "sold": pass_on,
    }
    return _goods(district, acts, ends={"allocated"})


def _goods(district: District, acts: Mapping[str, Callable[[Record], object]], ends: set[str]) -> Part:
    donor, keeper = district.person(DONOR), district.person(KEEPER)
    gift = {"area": COMMUNITY_A, "kind": "goods", "what": marked("手工布包两个", _OFFER)}
    return Part(
        reference=_OFFER,
        find=lambda: carrying(donor.pages("/v1/donations"), "what", _OFFER),
        begin=lambda key: sent(donor, "/v1/donations", gift, key),
        read=lambda one: keeper.get(f"/v1/donations/{one}"),
        acts=acts,
        ends=frozenset(ends),
    )


def _keeper(district: District, action: str, **details: object) -> Callable[[Record], Record]:
    to, key = "/v1/donations/{}/transitions", f"{_OFFER} {action}"
    return acting(district.person(KEEPER), to, key, {"action": action, **details})


def ordered(district: District) -> Part:
    """A steward orders one of the goods for points, and collects it with the pick-up code."""
    buyer, keeper, path = district.person(BUYER), district.person(KEEPER), "/v1/shop/orders"
    to = f"{path}/{{}}/transitions"

    def item() -> str | None:
        found = _goods(district, {}, set()).find()
        return str(found[-1]["item"]) if found else None

    def begin(key: str) -> Record:
        until(
            lambda: buyer.get(f"/v1/accounts/{buyer.id}")["points"]["available"],
            lambda points: points >= PRICE,
            "the points of who orders",
        )
        return sent(buyer, path, {"item": item()}, key)

    def collect(order: Record) -> None:
        code = patiently(lambda: buyer.post(f"{path}/{order['id']}/pickup-codes"))["code"]
        acting(keeper, to, f"{_ORDER} {code}", {"action": "collect", "code": code})(order)

    def find() -> list[Record]:
        wanted = item()
        return [one for one in buyer.pages(path) if one["item"] == wanted]

    return Part(
        reference=_ORDER,
        find=find,
        begin=begin,
        read=lambda one: buyer.get(f"{path}/{one}"),
        acts={
            "reserved": acting(buyer, to, f"{_ORDER} pay", {"action": "pay"}),
            "paid": acting(keeper, to, f"{_ORDER} prepare", {"action": "prepare"}),
            "ready": collect,
        },
        ends=frozenset({"collected"}),
        in_vain=lambda order: order["status"] == "expired",
    )


def project(district: District) -> Part:
    """A proposal of the community that residents vote for, and the fund then pays."""
    author, chair, path = district.person(GUARD), district.person(CHAIR), "/v1/proposals"
    draft = {
        "area": COMMUNITY_A,
        "title": "楼道照明",
        "text": marked("更换三号楼楼道灯", _PROJECT),
        "budget": [{"purpose": "灯具", "amount": BUDGET - 500}, {"purpose": "安装", "amount": 500}],
        "terms": {"quorum": _QUORUM},
    }

    def act(person: Person, action: str) -> Callable[[Record], Record]:
        return acting(person, f"{path}/{{}}/transitions", f"{_PROJECT} {action}", {"action": action})

    def read(proposal: str) -> Record:
        shown: Record = author.get(f"{path}/{proposal}")
        return shown

    def open_voting(proposal: Record) -> None:
        closes = rfc3339(utc_now() + _VOTING)
        body = {"action": "open_voting", "closes_at": closes}
        sent(chair, f"{path}/{proposal['id']}/transitions", body, f"{_PROJECT} {closes}")

    def vote(proposal: Record) -> None:
        for phone, choice in zip(VOTERS, ("yes", "yes", "abstain"), strict=True):
            cast = partial(_is_cast, district.person(phone), proposal["id"], choice)
            until(cast, bool, "a resident's vote")
        until(lambda: read(proposal["id"]), lambda now: now["status"] != "voting", "the end of the voting")

    def be_funded(proposal: Record) -> None:
        """The fund is asked by the vote itself; where it had too little then, once more."""

        def is_answered(now: Record) -> bool:
            return now["status"] != "approved" or now["funding"]["refusal"] is not None

        now = until(lambda: read(proposal["id"]), is_answered, "the fund's answer")
        if now["status"] == "approved":
            attempt = f"{_PROJECT} attempt {now['funding']['attempt'] + 1}"
            again = {"action": "request_funding"}
            acting(author, f"{path}/{{}}/transitions", attempt, again)(now)
            until(lambda: read(proposal["id"]), is_answered, "the fund's second answer")

    return Part(
        reference=_PROJECT,
        find=lambda: carrying(author.pages(path, mine="true"), "text", _PROJECT),
        begin=lambda key: sent(author, path, draft, key),
        read=lambda one: {**read(one), "history": author.get(f"{path}/{one}/history")["items"]},
        acts={
            "draft": act(author, "submit"),
            "submitted": act(chair, "deliberate"),
            "deliberation": open_voting,
            "voting": vote,
            "approved": be_funded,
        },
        ends=frozenset({"funded", "running", "accounted", "closed"}),
        in_vain=is_unvoted,
    )


def is_unvoted(proposal: Record) -> bool:
    """Whether a voting ended before enough had voted, as when the run was broken off meanwhile."""
    ended = proposal["status"] == "refused" and proposal["opened_at"] is not None
    return ended and proposal["votes_cast"] < proposal["terms"]["quorum"]


def _is_cast(voter: Person, proposal: str, choice: str) -> bool:
    """Whether a vote is counted, or none is taken any more; not yet where one's home has not spread."""
    try:
        sent(voter, f"/v1/proposals/{proposal}/votes", {"choice": choice}, f"{_PROJECT} vote {proposal}")
    except Refused as refused:
        if refused.status not in (403, 409):
            raise
        return refused.status == 409
    return True
