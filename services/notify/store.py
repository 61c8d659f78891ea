"""Messages ↔ documents; the only writer of inboxes and of the local copy of members."""

import time
from collections.abc import Sequence
from datetime import datetime

from chassis.clock import new_ulid
from chassis.joined_inserts import JoinedInserts
from chassis.local_copy import put_newer
from chassis.mongo import Mongo
from chassis.precedence import at_most
from services.notify.domain import Message, role_keys

_HOLDERS_SECONDS = 1.0
_SHARE_OF_TIME = 1 / 2


class InboxStore:
    """The members' inboxes."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._holders: dict[tuple[str, str], tuple[list[str], float]] = {}
        self._state = object()
        self._deliveries = JoinedInserts(lambda: mongo["inbox"])

    def ensure_indexes(self) -> None:
        """For the inboxes and for finding the holders of a role."""
        self._mongo["inbox"].create_index([("member", 1), ("order", 1)])
        self._mongo["inbox"].create_index([("member", 1), ("read_at", 1)])
        self._mongo["members"].create_index("grants")

    def deliver(
        self, event_id: str, kind: str, subject: str, messages: Sequence[Message], at: datetime
    ) -> None:
        """Insert messages keyed by event and member, so that an event told twice changes nothing."""
        documents = [
            {
                "_id": f"{event_id}-{one.member}",
                "order": new_ulid(),
                "member": one.member,
                "kind": kind,
                "subject": subject,
                "template": one.template,
                "params": dict(one.params),
                "created_at": at,
                "read_at": None,
            }
            for one in messages
        ]
        with at_most(_SHARE_OF_TIME):
            self._deliveries.insert(documents)

    def mark_read(self, member: str, message_id: str, at: datetime) -> bool:
        """False when the member has no such message."""
        inbox = self._mongo["inbox"]
        marked = inbox.update_one(
            {"_id": message_id, "member": member, "read_at": None}, {"$set": {"read_at": at}}
        )
        return bool(marked.matched_count) or (
            inbox.find_one({"_id": message_id, "member": member}, {"_id": 1}) is not None
        )

    def mark_all_read(self, member: str, at: datetime) -> int:
        """How many were marked."""
        marked = self._mongo["inbox"].update_many(
            {"member": member, "read_at": None}, {"$set": {"read_at": at}}
        )
        return int(marked.modified_count)

    def forget(self, member: str) -> None:
        """Remove all that a member was told."""
        self._mongo["inbox"].delete_many({"member": member})

    def holders(self, role: str, area: str) -> list[str]:
        """The members who hold a role on an area or above it, by the local copy.

        Remembered for a second: issues come in bursts, and what another worker has just heard of a member
        may reach this one a second late.
        """
        names, until = self._holders.get((role, area), ([], 0.0))
        if until > time.monotonic():
            return names
        state = self._state
        found = self._mongo["members"].find({"grants": {"$in": role_keys(role, area)}}, {"_id": 1})
        names = sorted(str(one["_id"]) for one in found)
        if state is self._state:
            self._holders[role, area] = (names, time.monotonic() + _HOLDERS_SECONDS)
        return names

    def put_member(self, member_id: str, grants: list[str], sequence: int) -> None:
        """Keep the newest known grants (`role@area`) of a member."""
        put_newer(self._mongo["members"], member_id, {"grants": grants}, sequence)
        # In this order: a search that began before the write does not outlive it.
        self._state = object()
        self._holders.clear()
