"""What each action does to a donation, to its account, and to the shop's shelf."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chassis.identity import Actor
from services.points.domain import Leg, Posting, check_balanced, issuer
from services.points.donations import events
from services.points.donations.donation import Change, Details, Donation, Kind, Receipt
from services.points.shop.item import Item

RECEIVED, SOLD, COST, ALLOCATED = (
    "donation.received",
    "donation.sold",
    "donation.cost",
    "donation.allocated",
)
RULES = {"accept": RECEIVED, "sell": SOLD, "record_cost": COST, "allocate": ALLOCATED}
"""Action → the rule by which it posts. Income, cost and use are postings of their own, never netted."""


def posting_key(action: str, donation: Donation, actor: Actor, key: str) -> str:
    """What makes sure that one order is posted once."""
    return f"{RULES[action]}:{donation.id}:{actor.member_id}:{key}"


def posting(
    action: str, donation: Donation, actor: Actor, details: Details, at: datetime, posting_id: str, key: str
) -> Posting:
    """Money in from outside, out for a cost, or on to its purpose."""
    outside, own, amount = issuer(donation.area), donation.account, details.amount or 0
    source, target = {
        RECEIVED: (outside, own),
        SOLD: (outside, own),
        COST: (own, outside),
        ALLOCATED: (own, details.target.account if details.target else ""),
    }[RULES[action]]
    made = Posting(
        id=posting_id,
        key=posting_key(action, donation, actor, key),
        rule=RULES[action],
        rule_version=1,
        cause=donation.id,
        area=donation.area,
        legs=(Leg(source, "fen", -amount), Leg(target, "fen", amount)),
        posted_at=at,
        memo=details.note,
        by=actor.member_id,
    )
    check_balanced(made)
    return made


def _inspect(change: Change, _a: Actor, details: Details, _at: datetime, _n: str, _k: str) -> Change:
    donation = change.donation
    return replace(change, donation=replace(donation, value=details.value or donation.value))


def _accept(change: Change, actor: Actor, details: Details, at: datetime, new_id: str, key: str) -> Change:
    """The receipt is of what was found to be there, not of what was promised."""
    value = details.value or 0
    receipt = Receipt(f"R{change.donation.number[1:]}", at, change.donation.what, value)
    donation = replace(change.donation, value=value, receipt=receipt)
    told = events.DonationAccepted(donation.number, donation.donor.member, actor.member_id, receipt.number)
    paid = replace(details, amount=value)
    return replace(
        change,
        donation=donation,
        event=told,
        posting=posting("accept", donation, actor, paid, at, new_id, key)
        if donation.kind is Kind.MONEY
        else None,
    )


def _decline(change: Change, actor: Actor, *_: object) -> Change:
    donation = change.donation
    told = events.DonationDeclined(donation.number, donation.donor.member, actor.member_id)
    return replace(change, event=told)


def _list(change: Change, _a: Actor, details: Details, at: datetime, new_id: str, _k: str) -> Change:
    if details.listing is None:
        return change
    listed = Item(
        id=new_id,
        area=change.donation.area,
        created_at=at,
        donation=change.donation.id,
        **vars(details.listing),
    )
    return replace(change, donation=replace(change.donation, item=new_id), listed=listed)


def _sell(change: Change, actor: Actor, details: Details, at: datetime, new_id: str, key: str) -> Change:
    """At the counter, for money: what is listed is taken off the shelf with it."""
    donation = change.donation
    return replace(
        change,
        posting=posting("sell", donation, actor, details, at, new_id, key),
        taken=(details.quantity or 1) if donation.item else 0,
    )


def _record_cost(
    change: Change, actor: Actor, details: Details, at: datetime, new_id: str, key: str
) -> Change:
    return replace(change, posting=posting("record_cost", change.donation, actor, details, at, new_id, key))


def _give(change: Change, *_: object) -> Change:
    return replace(change, cleared=change.donation.item is not None)


def _allocate(change: Change, actor: Actor, details: Details, at: datetime, new_id: str, key: str) -> Change:
    donation, target = change.donation, details.target
    if target is None:
        return change
    told = events.DonationAllocated(
        donation.number,
        donation.donor.member,
        actor.member_id,
        details.amount or 0,
        target.purpose,
        target.place,
    )
    made = posting("allocate", donation, actor, details, at, new_id, key)
    return replace(change, event=told, posting=made)


_Effect = Callable[[Change, Actor, Details, datetime, str, str], Change]
EFFECTS: dict[str, _Effect] = {
    "inspect": _inspect,
    "accept": _accept,
    "decline": _decline,
    "list": _list,
    "sell": _sell,
    "record_cost": _record_cost,
    "give": _give,
    "allocate": _allocate,
}
