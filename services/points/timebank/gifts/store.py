"""Gifts and conversions in the ledger: decided on what is so within the transaction that posts them."""

from collections.abc import Callable

from pymongo.client_session import ClientSession

from services.points.domain import Posting, is_member
from services.points.store import JournalStore
from services.points.timebank.gifts.domain import Circumstances, Order
from services.points.timebank.members.store import RegistryStore
from services.points.timebank.policy.domain import Policy


class GiftStore:
    """Postings that members order of their own minutes."""

    def __init__(self, journal: JournalStore, registry: RegistryStore) -> None:
        self._journal = journal
        self._registry = registry

    def stored(self, key: str) -> Posting | None:
        """The posting that has this key."""
        return self._journal.stored(key)

    def knows(self, member: str) -> bool:
        """Whether there is such a member."""
        return self._registry.knows(member)

    def post(
        self, order: Order, policy: Policy, key: str, decide: Callable[[Circumstances], Posting]
    ) -> Posting:
        """Write what is decided, and answer with it; with what is stored, where the key is known.

        Raises Overdrawn, Frozen, and what `decide` raises.
        """
        decided: list[Posting] = []

        def write(session: ClientSession) -> None:
            decided.append(decide(self._circumstances(order, policy, session)))
            self._journal.write(decided[-1], session)

        if not self._journal.transact(write, lambda: self._journal.stored(key) is not None):
            return self._journal.stored(key) or decided[-1]
        return decided[-1]

    def _circumstances(self, order: Order, policy: Policy, session: ClientSession) -> Circumstances:
        gainer = order.to if is_member(order.to) else order.member
        return Circumstances(
            policy=policy,
            receiver=self._registry.of_member(gainer, session),
            balance=self._journal.posted(gainer, "minutes", session),
            related=self._registry.are_related(order.member, order.to, session),
        )
