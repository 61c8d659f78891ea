"""Members, one-time codes and sessions ↔ documents. Phone numbers are encrypted; a keyed hash finds them."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from chassis import outbox
from chassis.clock import Clock, new_ulid
from chassis.errors import ConcurrentUpdate, missing
from chassis.events import Event, envelope
from chassis.field_cipher import FieldCipher
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from services.volunteer.people.commands import (
    CODE_ATTEMPTS,
    CODE_VALID,
    CODE_WINDOW,
    SESSION_VALID,
    Allow,
)
from services.volunteer.people.documents import entry_document, grant_document, grants_of, record_of
from services.volunteer.people.domain import Member
from services.volunteer.people.events import MemberChanged

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFICE = "district_admin"


class MemberStore:
    """The members of the district; the only writer of them."""

    def __init__(self, mongo: Mongo, cipher: FieldCipher, clock: Clock) -> None:
        self._mongo = mongo
        self._cipher = cipher
        self._clock = clock

    def ensure_indexes(self) -> None:
        """One member a phone; lists by area; who holds an office; whose term is due; the relay."""
        members = self._mongo["members"]
        members.create_index("phone_hash", unique=True)
        members.create_index([("scopes", 1), ("order", 1)])
        members.create_index("roles.role")
        members.create_index("due")
        outbox.ensure_indexes(members)
        self._mongo["sessions"].create_index("expires_at", expireAfterSeconds=0)
        self._mongo["sessions"].create_index("member")
        self._mongo["codes"].create_index("expires_at", expireAfterSeconds=3600)

    def get(self, member_id: str) -> Member:
        """Raises NotFound, also for members who were erased."""
        document = self._mongo["members"].find_one({"_id": member_id})
        if document is None or document["phone"] is None:
            raise missing("成员", "member")
        return self._member(document)

    def by_phone(self, phone: str) -> Member | None:
        """The member with this phone, if there is one."""
        document = self._mongo["members"].find_one({"phone_hash": self._cipher.fingerprint(phone)})
        return self._member(document) if document else None

    def add(self, member: Member, event: MemberChanged) -> Member:
        """Insert a member; where the phone is known already, the stored member is the answer."""
        document = {
            "_id": member.id,
            "order": member.id,
            "phone": self._cipher.encrypt(str(member.phone)),
            "phone_hash": self._cipher.fingerprint(str(member.phone)),
            "created_at": self._clock(),
            **_fields(member),
        }
        if outbox.insert(self._mongo["members"], document, [self._envelope(member, event)]):
            return member
        return self.by_phone(str(member.phone)) or self.get(member.id)

    def save(self, member: Member, *events: Event, allow: Allow | None = None) -> None:
        """Write the new state and its events. Raises ConcurrentUpdate, and what `allow` raises.

        `allow` is shown the other admins, and nobody takes one of them away before the write is done.
        """
        self._save(member, [self._envelope(member, one) for one in events], _fields(member), allow)

    def erase(
        self, member: Member, events: Sequence[Event], district: str, allow: Allow | None = None
    ) -> None:
        """Write a member of whom nothing is kept any more; see `save`."""
        envelopes = [self._enveloped(member, one, district) for one in events]
        # No phone has this fingerprint: signing in with the number registers somebody new.
        nothing = {"phone": None, "phone_hash": f"erased {member.id}", "erased_at": self._clock()}
        self._save(member, envelopes, {**_fields(member), **nothing}, allow)

    def due(self, at: datetime, most: int) -> list[Member]:
        """Members of whom a term has begun or ended by `at`, and nobody has dealt with it."""
        found = self._mongo["members"].find({"due": {"$gte": _EPOCH, "$lte": at}})
        return [self._member(one) for one in found.limit(most)]

    def admins(self, session: ClientSession | None = None) -> list[Member]:
        """Members who are, were lately or will be an admin of the district or a part of it."""
        found = self._mongo["members"].find({"roles.role": _OFFICE}, session=session)
        return [self._member(one) for one in found]

    def _save(
        self, member: Member, envelopes: Sequence[Document], fields: Document, allow: Allow | None
    ) -> None:
        members = self._mongo["members"]
        if allow is None:
            outbox.save(members, member.id, member.version, envelopes, set_fields=fields)
            return

        def write(session: ClientSession) -> None:
            # Whoever takes an admin away writes here first: of two at once, one begins anew and sees what the
            # other left.
            offices.update_one({"_id": _OFFICE}, {"$inc": {"changes": 1}}, session=session)
            allow([one for one in self.admins(session) if one.id != member.id])
            change = outbox.change(member.id, envelopes, set_fields=fields)
            if not members.update_one(before, change, session=session).matched_count:
                raise ConcurrentUpdate(member.id)

        offices, before = self._mongo["offices"], {"_id": member.id, "version": member.version - 1}
        offices.update_one({"_id": _OFFICE}, {"$setOnInsert": {"changes": 0}}, upsert=True)
        with self._mongo.client.start_session() as session:
            session.with_transaction(write)

    def _envelope(self, member: Member, event: Event) -> Document:
        return self._enveloped(member, event, member.home_area or member.roles[0].area)

    def _enveloped(self, member: Member, event: Event, area: str) -> Document:
        return envelope(
            event,
            source="volunteer",
            subject=member.id,
            sequence=member.version,
            area=area,
            at=self._clock(),
        )

    def _member(self, document: Document) -> Member:
        return Member(
            id=str(document["_id"]),
            phone=self._cipher.decrypt(document["phone"]),
            name=document["name"],
            roles=grants_of(document["roles"]),
            home_area=document["home_area"],
            due=document.get("due"),
            record=record_of(document.get("record", ())),
            version=document["version"],
        )


class CodeStore:
    """One-time codes: only a keyed hash is stored, good for five minutes, five tries and one use."""

    def __init__(self, mongo: Mongo, cipher: FieldCipher, clock: Clock) -> None:
        self._mongo = mongo
        self._cipher = cipher
        self._clock = clock

    def put(self, phone: str, code: str, *, most: int) -> bool:
        """Keep a code; false when `most` were asked for in the last ten minutes."""
        key, now, codes = self._cipher.fingerprint(phone), self._clock(), self._mongo["codes"]
        fields: Document = {
            "code_hash": self._cipher.fingerprint(f"{phone} {code}"),
            "expires_at": now + CODE_VALID,
            "attempts": 0,
        }
        # Whoever is overtaken looks again: so often at most, for each who overtook was sent one.
        for _ in range(most + 1):
            known = codes.find_one({"_id": key})
            before = known["sent"] if known else []
            sent = [at for at in before if at > now - CODE_WINDOW]
            if len(sent) >= most:
                return False
            change = {**fields, "sent": [*sent, now]}
            try:
                if known is None:
                    codes.insert_one({"_id": key, **change})
                    return True
                if codes.update_one({"_id": key, "sent": before}, {"$set": change}).matched_count:
                    return True
            except DuplicateKeyError:
                continue
        return False

    def use(self, phone: str, code: str) -> bool:
        """Whether the code was right and unused; it is used now.

        A try counts before the code is looked at: of many made at once, too, only so many are.
        """
        key, codes = self._cipher.fingerprint(phone), self._mongo["codes"]
        tried = codes.update_one(
            {"_id": key, "expires_at": {"$gt": self._clock()}, "attempts": {"$lt": CODE_ATTEMPTS}},
            {"$inc": {"attempts": 1}},
        )
        if not tried.matched_count:
            return False
        right = {"_id": key, "code_hash": self._cipher.fingerprint(f"{phone} {code}")}
        return bool(codes.update_one(right, {"$set": {"code_hash": ""}}).matched_count)


class SessionStore:
    """Sessions: the hash of the one refresh token that is good now."""

    def __init__(self, mongo: Mongo, clock: Clock) -> None:
        self._mongo = mongo
        self._clock = clock

    def open(self, member_id: str) -> str:
        """Begin a session; returns its first refresh token."""
        session_id, secret = new_ulid(), secrets.token_urlsafe(24)
        self._mongo["sessions"].insert_one(
            {
                "_id": session_id,
                "member": member_id,
                "secret": _digest(secret),
                "expires_at": self._clock() + SESSION_VALID,
            }
        )
        return f"{session_id}.{secret}"

    def end_all(self, member_id: str) -> None:
        """End every session of a member."""
        self._mongo["sessions"].delete_many({"member": member_id})

    def rotate(self, token: str) -> tuple[str, str] | None:
        """The member and the next token; None, and no session any more, for a token that is not good now."""
        session_id, _, secret = token.partition(".")
        following = secrets.token_urlsafe(24)
        rotated = self._mongo["sessions"].update_one(
            {"_id": session_id, "secret": _digest(secret), "expires_at": {"$gt": self._clock()}},
            {"$set": {"secret": _digest(following), "expires_at": self._clock() + SESSION_VALID}},
        )
        session = self._mongo["sessions"].find_one({"_id": session_id})
        if not rotated.matched_count or session is None:
            self._mongo["sessions"].delete_one({"_id": session_id})
            return None
        return str(session["member"]), f"{session_id}.{following}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _fields(member: Member) -> Document:
    places = [one.area for one in member.roles] + ([member.home_area] if member.home_area else [])
    return {
        "name": member.name,
        "roles": [grant_document(one) for one in member.roles],
        "home_area": member.home_area,
        "due": member.due,
        "record": [entry_document(one) for one in member.record],
        "scopes": sorted({code for place in places for code in ancestors(place)}),
        "version": member.version,
    }
