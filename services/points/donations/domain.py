"""The workflow of donations: one table says what may be done to one, when, and what it then is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.points.domain import SHANGHAI
from services.points.donations.donation import (
    Change,
    Details,
    Donation,
    Donor,
    Entry,
    Kind,
    Party,
    Status,
    parties,
)
from services.points.donations.effects import EFFECTS
from services.points.shop.item import KEEPERS

_ASKS = {
    "note": ("请填写说明。", "Say in a note what was found, or why."),
    "value": ("请填写价值或金额（分）。", "Say what it is worth, or how much money it is, in fen."),
    "amount": ("请填写金额（分）。", "Say how much, in fen."),
    "listing": ("请填写上架信息。", "Say how it is offered: title, price and stock."),
    "target": ("请填写拨付去向。", "Say which fund or project it goes to."),
}


@dataclass(frozen=True)
class Transition:
    """One row of the workflow: for each kind of donation what becomes of which status; by its keeper."""

    moves: Mapping[Kind, Mapping[Status, Status]]
    needs: tuple[str, ...]


def _row(goods: str, money: str = "", needs: str = "") -> Transition:
    """Moves are written `from>to`."""

    def moves(text: str) -> dict[Status, Status]:
        pairs = (one.split(">") for one in text.split())
        return {Status(before): Status(after) for before, after in pairs}

    return Transition({Kind.GOODS: moves(goods), Kind.MONEY: moves(money)}, tuple(needs.split()))


WORKFLOW: dict[str, Transition] = {
    "inspect": _row("offered>inspected", "offered>inspected", "note"),
    "accept": _row("inspected>accepted", "inspected>accepted", "value"),
    "decline": _row("offered>declined inspected>declined", "offered>declined inspected>declined", "note"),
    "list": _row("accepted>listed", needs="listing"),
    "sell": _row("accepted>sold listed>sold sold>sold allocated>allocated", needs="amount"),
    "record_cost": _row("sold>sold allocated>allocated", needs="amount note"),
    "give": _row("accepted>given listed>given", needs="note"),
    "allocate": _row(
        "sold>allocated allocated>allocated", "accepted>allocated allocated>allocated", "amount target"
    ),
}
"""All is done by the keeper of the area. What was given away as it is has brought nothing to allocate."""
DECISIONS = frozenset({"accept", "decline"})
REPEATABLE = frozenset({"sell", "record_cost", "allocate"})
"""What may be done again, so that each time needs a key of its own."""


def offer(
    donation_id: str,
    area: str,
    kind: Kind,
    what: str,
    value: int | None,
    actor: Actor,
    at: datetime,
    *,
    donor_name: str | None,
    anonymous: bool,
) -> Donation:
    """A new donation: one's own, or that of somebody whom the keeper of the area names. Raises NotAllowed."""
    if donor_name is not None and not actor.has_any(KEEPERS, area):
        raise NotAllowed(
            "not-your-shop",
            zh="只有本区域的慈善商店店长可以代他人登记捐赠。",
            en="Only the shop keeper of the area records what others give: leave the name out for your own.",
        )
    return Donation(
        id=donation_id,
        number=f"D{at.astimezone(SHANGHAI):%Y%m%d}-{donation_id[-6:]}",
        area=area,
        kind=kind,
        what=what,
        value=value,
        donor=Donor(None if donor_name else actor.member_id, donor_name, anonymous),
        created_at=at,
        history=(Entry("offer", actor.member_id, at),),
    )


def allowed_actions(donation: Donation, actor: Actor) -> list[str]:
    """The actions that the actor may take now."""
    if Party.KEEPER not in parties(donation, actor):
        return []
    return [name for name, row in WORKFLOW.items() if donation.status in row.moves[donation.kind]]


def check_keeper(donation: Donation, actor: Actor) -> None:
    """Raises NotAllowed for everybody but the keeper of the donation's area."""
    if Party.KEEPER not in parties(donation, actor):
        raise NotAllowed(
            "not-your-shop",
            zh="只有本区域的慈善商店店长可以处理捐赠。",
            en="Only the shop keeper of the area deals with donations.",
        )


def repeats(donation: Donation, action: str, actor: Actor, details: Details) -> bool:
    """Whether a donation was accepted or declined by this very actor before, in the same words."""
    if action not in DECISIONS:
        return False
    accepted = donation.receipt.value if donation.receipt else None
    line = (action, actor.member_id, details.note)
    known = any((one.action, one.actor, one.note) == line for one in donation.history)
    return known and (action != "accept" or details.value == accepted)


def transition(
    donation: Donation,
    action: str,
    actor: Actor,
    details: Details,
    at: datetime,
    *,
    request_id: str,
    key: str,
) -> Change:
    """Carry out one action of the workflow. What it posts or lists takes the identifier of the request.

    Raises NotAllowed for an actor without the right, Conflict (with the allowed actions) where the status
    does not allow it, Invalid where something that the action needs is missing.
    """
    check_keeper(donation, actor)
    row = WORKFLOW[action]
    if donation.status not in row.moves[donation.kind]:
        raise Conflict(
            "action-not-possible",
            zh=f"捐赠当前状态（{donation.status}）不能进行此操作。",
            en=f"Nobody can {action.replace('_', ' ')} {donation.kind} that are {donation.status}.",
            status_now=donation.status,
            allowed=allowed_actions(donation, actor),
        )
    if action == "accept" and Party.DONOR in parties(donation, actor):
        raise NotAllowed(
            "own-donation",
            zh="不能验收自己的捐赠，请由他人办理。",
            en="Nobody accepts what they give themselves: somebody else must.",
        )
    for name in row.needs:
        if not getattr(details, name):
            zh, en = _ASKS[name]
            raise Invalid(name, zh=zh, en=en)
    moved = replace(
        donation,
        status=row.moves[donation.kind][donation.status],
        history=(*donation.history, Entry(action, actor.member_id, at, details.note, request_id)),
        version=donation.version + 1,
    )
    return EFFECTS[action](Change(moved), actor, details, at, request_id, key)
