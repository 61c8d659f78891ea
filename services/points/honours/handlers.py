"""Incoming events that rankings hear of: members who are to be forgotten."""

from typing import Any

from chassis.events import Envelope
from chassis.subscriptions import Subscription
from services.points.honours.schemas import MemberErasedFact
from services.points.honours.store import HonourStore


def subscriptions(store: HonourStore) -> dict[str, Subscription]:
    """Type → schema and function."""

    def member_erased(event: Envelope, _: dict[str, Any]) -> None:
        store.hide(event.subject, hidden=True)

    return {"member.erased.v1": Subscription(MemberErasedFact, member_erased)}
