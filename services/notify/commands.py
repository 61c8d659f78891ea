"""What can be done with messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from chassis.clock import Clock
from chassis.errors import missing
from chassis.identity import Actor
from services.notify import domain
from services.notify.domain import Message


class Inboxes(Protocol):
    """Where messages are kept. `deliver` puts each message in once, however often it is called."""

    def holders(self, role: str, area: str) -> list[str]: ...
    def deliver(
        self, event_id: str, kind: str, subject: str, messages: Sequence[Message], at: datetime
    ) -> None: ...
    def mark_read(self, member: str, message_id: str, at: datetime) -> bool: ...
    def mark_all_read(self, member: str, at: datetime) -> int: ...


def tell(
    inboxes: Inboxes,
    clock: Clock,
    *,
    event_id: str,
    event_type: str,
    subject: str,
    area: str,
    data: Mapping[str, Any],
) -> None:
    """Put the messages that a fact makes due into the inboxes."""
    due = domain.messages(event_type, area, data, inboxes.holders)
    if due:
        inboxes.deliver(event_id, event_type, subject, due, clock())


def read(inboxes: Inboxes, clock: Clock, actor: Actor, *, message_id: str) -> None:
    """Mark one's own message as read; again changes nothing. Raises NotFound."""
    if not inboxes.mark_read(actor.member_id, message_id, clock()):
        raise missing("消息", "message")


def read_all(inboxes: Inboxes, clock: Clock, actor: Actor) -> int:
    """Mark all one's messages as read; returns how many were unread."""
    return inboxes.mark_all_read(actor.member_id, clock())
