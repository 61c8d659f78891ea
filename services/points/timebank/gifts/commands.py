"""Giving minutes away, and converting them."""

from collections.abc import Callable
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import Invalid, KeyReused
from services.points.domain import Posting
from services.points.timebank.gifts import domain
from services.points.timebank.gifts.domain import CONVERTED, GIFTED, Circumstances, Order
from services.points.timebank.policy.domain import Policy


class Gifts(Protocol):
    """The ledger, as far as members move their own minutes.

    `post` writes what `decide` makes of what is so at that moment, and answers with it; with what is stored,
    where its key is known. It raises Overdrawn, Frozen.
    """

    def stored(self, key: str) -> Posting | None: ...
    def knows(self, member: str) -> bool: ...
    def post(
        self, order: Order, policy: Policy, key: str, decide: Callable[[Circumstances], Posting]
    ) -> Posting: ...


def give(gifts: Gifts, policy: Policy, clock: Clock, *, order: Order, posting_id: str) -> Posting:
    """Give minutes to a relative or the pool, once a key for ever; see `domain.gift`.

    Raises Invalid for an unknown member and for a key that was used with another body; Overdrawn, Frozen.
    """
    domain.checked(order)
    if ":" not in order.to and not gifts.knows(order.to):
        raise Invalid("to", zh="没有这个成员。", en="There is no such member.")
    return _once(
        gifts,
        policy,
        order,
        domain.key_of(GIFTED, order),
        lambda so: domain.gift(order, so, posting_id=posting_id, at=clock()),
    )


def convert(gifts: Gifts, policy: Policy, clock: Clock, *, order: Order, posting_id: str) -> Posting:
    """Change minutes into points or back, once a key for ever; see `domain.conversion`.

    Raises Invalid for a key that was used with another body; Overdrawn, Frozen.
    """
    return _once(
        gifts,
        policy,
        order,
        domain.key_of(CONVERTED, order),
        lambda so: domain.conversion(order, so, posting_id=posting_id, at=clock()),
    )


def _once(
    gifts: Gifts, policy: Policy, order: Order, key: str, decide: Callable[[Circumstances], Posting]
) -> Posting:
    # Before anything is checked: a repeat is no second order, whatever the policy says by now.
    posting = gifts.stored(key) or gifts.post(order, policy, key, decide)
    if not domain.is_of(posting, order):
        raise KeyReused
    return posting
