"""What can be done with donations."""

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Invalid, KeyReused, Unavailable
from chassis.identity import Actor
from services.points import bodies
from services.points.domain import Posting
from services.points.donations import domain
from services.points.donations.donation import Change, Details, Donation, Kind, Target
from services.points.donations.effects import posting, posting_key
from services.points.shop.item import check_version

_TRIES = 8


class Donations(Protocol):
    """Where donations are kept, beside the ledger and the shop's shelf.

    `add` gives back the stored one when its id is known already. `target` is None for what cannot be given
    to. `save` writes a change in one transaction: it raises ConcurrentUpdate when somebody was first,
    Overdrawn above what a donation has left, OutOfStock, and Conflict for a project that is over.
    """

    def add(self, donation: Donation) -> Donation: ...
    def get(self, donation_id: str) -> Donation: ...
    def posted(self, key: str) -> Posting | None: ...
    def target(self, account: str) -> Target | None: ...
    def knows_area(self, area: str) -> bool: ...
    def save(self, change: Change, actor: str, at: datetime) -> None: ...


def offer(
    donations: Donations,
    clock: Clock,
    actor: Actor,
    *,
    donation_id: str,
    area: str,
    kind: Kind,
    what: str,
    value: int | None,
    donor_name: str | None,
    anonymous: bool,
) -> Donation:
    """Offer something to the shop of an area; see `domain.offer`. Raises Invalid for an unknown area."""
    if not donations.knows_area(area):
        raise Invalid("area", zh="没有这个区域。", en="There is no area with this code.")
    offered = domain.offer(
        donation_id, area, kind, what, value, actor, clock(), donor_name=donor_name, anonymous=anonymous
    )
    return donations.add(offered)


def act(
    donations: Donations,
    clock: Clock,
    actor: Actor,
    *,
    donation_id: str,
    action: str,
    details: Details,
    target: str | None,
    expected_version: int | None,
    request_id: str,
    key: str,
) -> Donation:
    """Carry out one action of the workflow, once a request, and where it posts once a key for ever.

    To accept or decline in the same words again changes nothing.
    Raises what `domain.transition` and `Donations.save` do, Stale, Invalid for a target that there is not,
    and for a key that was used with another body.
    """
    donation = donations.get(donation_id)
    domain.check_keeper(donation, actor)
    if donation.met(request_id):
        return donation
    if target is not None:
        details = replace(details, target=Target(target, place=""))
        if _is_done(donations, donation, action, actor, details, key):
            return donation  # a repeat may come when the project is over
        found = donations.target(target)
        if found is None:
            raise Invalid(
                "target",
                zh="没有此资金账户，或项目未在实施。",
                en="No fund of a community of this district, and no project under way.",
            )
        details = replace(details, target=found)
    for _ in range(_TRIES):
        donation, now = donations.get(donation_id), clock()
        if _is_done(donations, donation, action, actor, details, key):
            return donation
        if domain.repeats(donation, action, actor, details):
            return donation  # whose answer was lost
        check_version(donation.version, expected_version)
        change = domain.transition(donation, action, actor, details, now, request_id=request_id, key=key)
        try:
            donations.save(change, actor.member_id, now)
        except ConcurrentUpdate:
            continue
        return change.donation
    raise Unavailable(
        "busy-donation", zh="请稍后重试。", en="Too many act on it at once: try again.", retry_after=1
    )


def _is_done(
    donations: Donations, donation: Donation, action: str, actor: Actor, details: Details, key: str
) -> bool:
    """Whether this very order was posted before. Raises KeyReused where its key was used for another."""
    if action not in domain.REPEATABLE:
        return False
    stored = donations.posted(posting_key(action, donation, actor, key))
    if stored is None:
        return False
    wanted = posting(action, donation, actor, details, stored.posted_at, stored.id, key)
    if not bodies.repeats(stored, wanted):
        raise KeyReused
    return True
