"""Incoming events that tell whose accounts there may be."""

from typing import Any

from chassis.events import Envelope
from chassis.subscriptions import Subscription
from services.points.schemas import MemberChangedFact
from services.points.store import JournalStore


def subscriptions(journal: JournalStore) -> dict[str, Subscription]:
    """Type → schema and function."""

    def member_changed(event: Envelope, data: dict[str, Any]) -> None:
        grants = [f"{one['role']}@{one['area']}" for one in data["roles"]]
        journal.put_member(event.subject, event.sequence, grants)

    return {"member.changed.v1": Subscription(MemberChangedFact, member_changed)}
