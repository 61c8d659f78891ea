"""Postings and balances ↔ documents: one transaction a posting."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError

from chassis import outbox
from chassis.clock import new_ulid
from chassis.errors import Unavailable, missing
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.local_copy import put_newer
from chassis.mongo import Document, Mongo
from services.points import domain
from services.points.commands import Debt
from services.points.domain import Change, Changes, Frozen, Leg, Lots, Overdrawn, Posting
from services.points.lots import domain as lots
from services.points.lots.domain import FOREVER, Validity, Wallet
from services.points.reversal import Free, NothingLeft, check_left, with_taken

FROZEN = "frozen"
_TRIES = 6
_DIVIDED = {"lots": 1, **{f"{unit}.available": 1 for unit in domain.UNITS}}


class _Divided(Exception):
    """A wallet has lots, and was to be taken from without a look at them."""


class JournalStore:
    """The journal and the balances; the only writer of both.

    The issuer is not written in the transaction: every posting of a district would queue for it. Its
    balance is the negative of what was issued, read from the journal.

    What a member gives is taken from their lots as these are read in the same transaction. Where nothing
    expires there is nothing to read: until it meets a wallet that has lots, this does without.
    """

    def __init__(self, mongo: Mongo, validity: Validity = FOREVER) -> None:
        self._mongo = mongo
        self._validity = validity
        self._looks = validity != FOREVER

    def ensure_indexes(self) -> None:
        """One posting a key; statements; lists; what reverses what; debts; the relay."""
        journal = self._mongo["journal"]
        journal.create_index("key", unique=True)
        journal.create_index([("accounts", 1), ("order", 1)])
        journal.create_index([("scopes", 1), ("order", 1)])
        journal.create_index("reverses", sparse=True)
        outbox.ensure_indexes(journal)
        # A transaction may not create a collection on every engine that this runs on.
        for name in {"accounts", "reversed"} - set(self._mongo.database.list_collection_names()):
            self._mongo.database.create_collection(name, check_exists=False)
        self._mongo["accounts"].create_index("due", sparse=True)
        self._mongo["accounts"].create_index("lots_due", sparse=True)

    def post(self, posting: Posting, beside: Callable[[ClientSession], None] | None = None) -> bool:
        """Write a posting and the balances it changes, all or nothing; false when its key is known.

        What `beside` writes in the session belongs to the same transaction. Raises Overdrawn, Frozen, and
        what `transact` raises.
        """

        def write(session: ClientSession) -> None:
            self.write(posting, session)
            if beside is not None:
                beside(session)

        # Only a stored posting counts as known: the duplicate may also be a wallet that another transaction
        # has just made, or a posting that another has not committed yet.
        return self.transact(write, lambda: self._is_known(posting.key))

    def transact(self, write: Callable[[ClientSession], None], is_known: Callable[[], bool]) -> bool:
        """Do what `write` does in one transaction, again where another one was in its way.

        False where a key was there already and `is_known` says that it was for this. Raises Unavailable when
        others keep writing to the same accounts, ConnectionFailure when the database is away.
        """
        for attempt in range(_TRIES):
            try:
                with self._mongo.client.start_session() as session, session.start_transaction():
                    write(session)
            except DuplicateKeyError:
                if is_known():
                    return False
            except _Divided:
                self._looks = True
            except ConnectionFailure:
                raise
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
            else:
                return True
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - spreads load, guards nothing
        raise Unavailable(
            "busy-ledger", zh="记账繁忙，请稍后重试。", en="The ledger is busy: try again.", retry_after=1
        )

    def write(self, posting: Posting, session: ClientSession, beside: Changes | None = None) -> None:
        """Write a posting with its balances, and other changes to accounts, within a transaction."""
        others = beside or {}
        original = self.get(posting.reverses, session) if posting.reverses else None
        if original is not None:
            check_left(original, posting)
            # Two that take back the same posting meet here: neither has seen what the other takes.
            met = {"$inc": {"reversals": 1}}
            self._mongo["reversed"].update_one({"_id": original.id}, met, upsert=True, session=session)
        posted = lots.dated(posting, self._wallets(session, others), self._validity, original)
        self._mongo["journal"].insert_one(self.document_of(posted), session=session)
        self.change(domain.merged(domain.changes_of(posted), others), session)

    def drawn(self, account: str, unit: str, amount: int, session: ClientSession) -> Lots:
        """From which lots so much would be taken now."""
        if not domain.is_member(account):
            return {domain.NEVER: amount}
        return lots.drawn(self._wallets(session, {})(account, unit), amount)

    def change(self, changes: Changes, session: ClientSession) -> None:
        """Change balances within a transaction, in the order of the accounts' names."""
        by_account: dict[str, dict[str, Change]] = {}
        for (account, unit), change in changes.items():
            by_account.setdefault(account, {})[unit] = change
        for account in sorted(by_account):
            self._change(account, by_account[account], session)

    def take_back(self, decide: Callable[[Free], Posting]) -> Posting | None:
        """Post what is decided by what accounts have free; None when its key is known or nothing is left.

        Raises Overdrawn, MoreThanLeft, and what `transact` raises.
        """
        decided: list[Posting] = []

        def write(session: ClientSession) -> None:
            def free(account: str, unit: str) -> int:
                found = self._mongo["accounts"].find_one({"_id": account}, session=session) or {}
                return _amount(found, unit, "available")

            decided.append(decide(free))
            self.write(decided[-1], session)

        try:
            posted = self.transact(write, lambda: self._is_known(decided[-1].key))
        except NothingLeft:
            return None
        return decided[-1] if posted else None

    def posted(self, account: str, unit: str, session: ClientSession | None) -> int:
        """An account's balance as a transaction sees it."""
        found = self._mongo["accounts"].find_one({"_id": account}, session=session) or {}
        return _amount(found, unit, "posted")

    def debts(self, most: int) -> list[Debt]:
        """What members owe and have something free to pay it with; `most` of them, or a few more."""
        found: list[Debt] = []
        for one in self._mongo["accounts"].find({"due": {"$gte": 1}}):
            if len(found) >= most:
                break
            member = str(one["_id"]).removeprefix(domain.debt(""))
            wallet = self._mongo["accounts"].find_one({"_id": member}) or {}
            for unit in domain.UNITS:
                owed, free = -_amount(one, unit, "posted"), _amount(wallet, unit, "available")
                if owed > 0 and free > 0:
                    found.append(Debt(member, unit, owed, free, str(one["version"])))
        return found

    def knows(self, account: str) -> bool:
        """Whether an account may be posted to: of a member, project or area that is known here."""
        kind, _, name = account.rpartition(":")
        if kind in ("", "owed"):
            return self._mongo["members"].find_one({"_id": name}, {"_id": 1}) is not None
        if kind == "project":
            return self._mongo["allocations"].find_one({"_id": name}, {"_id": 1}) is not None
        return self._mongo["areas"].find_one({"_id": name}, {"_id": 1}) is not None

    def put_member(self, member_id: str, sequence: int, grants: Sequence[str] = ()) -> None:
        """Keep that there is such a member, and their newest known grants (`role@area`)."""
        put_newer(self._mongo["members"], member_id, {"grants": list(grants)}, sequence)

    def stored(self, key: str) -> Posting | None:
        """The posting that has this key."""
        document = self._mongo["journal"].find_one({"key": key})
        return posting_of(document) if document else None

    def get(self, posting_id: str, session: ClientSession | None = None) -> Posting:
        """A posting, with what was taken back of it. Raises NotFound."""
        document = self._mongo["journal"].find_one({"_id": posting_id}, session=session)
        if document is None:
            raise missing("凭证", "posting")
        found = self._mongo["journal"].find({"reverses": posting_id}, {"takes": 1}, session=session)
        return with_taken(posting_of(document), [one.get("takes") for one in found])

    def document_of(self, posting: Posting) -> Document:
        """A posting as it is stored, with its event."""
        return _document(posting)

    def _is_known(self, key: str) -> bool:
        return self._mongo["journal"].find_one({"key": key}, {"_id": 1}) is not None

    def _wallets(self, session: ClientSession, beside: Changes) -> Wallet:
        """What accounts have available and are given beside, by lots; nothing while none has any."""
        if not self._looks:
            return lambda _account, _unit: {}

        def wallet(account: str, unit: str) -> Lots:
            given = beside.get((account, unit), Change())
            found = self._mongo["accounts"].find_one({"_id": account}, _DIVIDED, session=session) or {}
            there = Change(lots=found.get("lots", {}).get(unit, {})) + Change(lots=given.lots)
            return lots.divided(there.lots, _amount(found, unit, "available") + given.available)

        return wallet

    def _change(self, account: str, changes: dict[str, Change], session: ClientSession) -> None:
        """One conditional write: the floor of zero holds, or nothing is done."""
        steps: dict[str, int] = {"version": 1}
        bounds: dict[str, Any] = {}
        looks: list[str] = []
        for unit, change in changes.items():
            parts = {"posted": change.posted, "held": change.held, "available": change.available}
            steps |= {f"{unit}.{name}": amount for name, amount in parts.items() if amount}
            if change.lifetime:
                steps[f"lifetime.{unit}"] = change.lifetime
            if domain.is_debt(account):
                steps["due"] = steps.get("due", 0) - change.posted
                if change.posted > 0:
                    bounds[f"{unit}.posted"] = {"$lte": -change.posted}
            elif change.available < 0:
                bounds[f"{unit}.available"] = {"$gte": -change.available}
            moved = {day: amount for day, amount in change.lots.items() if amount}
            steps |= {f"lots.{unit}.{day}": amount for day, amount in moved.items()}
            bounds |= {f"lots.{unit}.{day}": {"$gte": -amount} for day, amount in moved.items() if amount < 0}
            looks += [lots.first_look(day) for day, amount in moved.items() if amount > 0]
        update: dict[str, Any] = {"$inc": steps}
        if looks:
            update["$min"] = {"lots_due": min(looks)}
        accounts = self._mongo["accounts"]
        if not bounds:
            accounts.update_one({"_id": account}, update, upsert=True, session=session)
            return
        if not self._looks:
            bounds["lots"] = {"$exists": False}
        taken = {"_id": account, **bounds, "status": {"$ne": FROZEN}}
        if not accounts.update_one(taken, update, session=session).matched_count:
            found = accounts.find_one({"_id": account}, {"status": 1, "lots": 1}, session=session) or {}
            if "lots" in found and not self._looks:
                raise _Divided
            raise Frozen(account) if found.get("status") == FROZEN else Overdrawn(account)


def _amount(account: Document, unit: str, name: str) -> int:
    return int(account.get(unit, {}).get(name, 0))


def posting_of(document: Document) -> Posting:
    """A posting as it was stored."""
    names = ("key", "rule", "rule_version", "cause", "area", "posted_at", "memo", "by", "verified")
    return Posting(
        id=str(document["_id"]),
        legs=tuple(Leg(**one) for one in document["legs"]),
        effective_at=document["effective_at"] if document["dated"] else None,
        reverses=document.get("reverses"),
        takes=tuple(document.get("takes", ())),
        **{name: document[name] for name in names},
    )


def _document(posting: Posting) -> Document:
    event = envelope(
        domain.fact(posting),
        source="points",
        subject=posting.id,
        sequence=1,
        area=posting.area,
        at=posting.posted_at,
    )
    document = {
        "_id": posting.id,
        # Given when it is written, and not when it was ordered: a later look at what came since misses none.
        "order": new_ulid(),
        "key": posting.key,
        "rule": posting.rule,
        "rule_version": posting.rule_version,
        "cause": posting.cause,
        "area": posting.area,
        "scopes": ancestors(posting.area),
        "accounts": sorted({leg.account for leg in posting.legs}),
        "legs": [_leg(leg) for leg in posting.legs],
        "posted_at": posting.posted_at,
        "effective_at": posting.counts_from,
        "dated": posting.effective_at is not None,  # whether somebody said so: part of what was ordered
        "memo": posting.memo,
        "by": posting.by,
        "verified": posting.verified,
        "version": 1,
    }
    if posting.reverses is not None:
        document["reverses"] = posting.reverses  # its index is of reversals only
        document["takes"] = list(posting.takes)
    return outbox.fresh(document, [event])


def _leg(leg: Leg) -> Document:
    document: Document = {"account": leg.account, "unit": leg.unit, "amount": leg.amount}
    if lots.expiring(leg.lots):
        document["lots"] = dict(leg.lots or {})
    return document
