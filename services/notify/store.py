"""Messages ↔ documents; the only writer of inboxes and of the local copy of members."""

from collections.abc import Sequence
from datetime import datetime

from pymongo.errors import BulkWriteError

from chassis.clock import new_ulid
from chassis.local_copy import put_newer
from chassis.mongo import Mongo
from services.notify.domain import Message, role_keys

_DUPLICATE = 11000


class InboxStore:
    """The members' inboxes."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

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
        try:
            self._mongo["inbox"].insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):
                raise

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
        """The members who hold a role on an area or above it, by the local copy."""
        found = self._mongo["members"].find({"grants": {"$in": role_keys(role, area)}}, {"_id": 1})
        return sorted(str(one["_id"]) for one in found)

    def put_member(self, member_id: str, grants: list[str], sequence: int) -> None:
        """Keep the newest known grants (`role@area`) of a member."""
        put_newer(self._mongo["members"], member_id, {"grants": grants}, sequence)
