"""Postings and balances ↔ documents: one transaction a posting."""

import random
import time
from collections import Counter
from collections.abc import Callable

from pymongo.client_session import ClientSession
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError

from chassis import outbox
from chassis.errors import Unavailable
from chassis.events import envelope
from chassis.identity import ancestors
from chassis.mongo import Document, Mongo
from services.points import domain
from services.points.domain import Overdrawn, Posting

_TRIES = 6


class JournalStore:
    """The journal and the wallets; the only writer of both.

    The issuer is not written in the transaction: every posting of a district would queue for it. Its
    balance is the negative of what was issued, read from the journal.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def ensure_indexes(self) -> None:
        """One posting a key; statements; lists; the relay."""
        journal = self._mongo["journal"]
        journal.create_index("key", unique=True)
        journal.create_index([("accounts", 1), ("order", 1)])
        journal.create_index([("scopes", 1), ("order", 1)])
        outbox.ensure_indexes(journal)
        # A transaction may not create a collection on every engine that this runs on.
        if "accounts" not in self._mongo.database.list_collection_names():
            self._mongo.database.create_collection("accounts", check_exists=False)

    def post(self, posting: Posting, beside: Callable[[ClientSession], None] | None = None) -> bool:
        """Write a posting and the balances it changes, all or nothing; false when its key is known.

        What `beside` writes in the session belongs to the same transaction. Raises Overdrawn when an account
        with a floor would fall below it, Unavailable when others keep writing to the same accounts,
        ConnectionFailure when the database is away.
        """
        for attempt in range(_TRIES):
            try:
                with self._mongo.client.start_session() as session, session.start_transaction():
                    self._write(posting, session)
                    if beside is not None:
                        beside(session)
            except DuplicateKeyError:
                # Only a stored posting counts as known: the duplicate may also be a wallet that another
                # transaction has just made, or a posting that another has not committed yet.
                if self._mongo["journal"].find_one({"key": posting.key}, {"_id": 1}):
                    return False
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

    def _write(self, posting: Posting, session: ClientSession) -> None:
        self._mongo["journal"].insert_one(_document(posting), session=session)
        gains: dict[str, Counter[str]] = {}
        for leg in posting.legs:
            if domain.is_member(leg.account) or domain.has_floor(leg.account):
                gains.setdefault(leg.account, Counter())[leg.unit] += leg.amount
        for account in sorted(gains):
            self._change_balance(account, gains[account], session)

    def _change_balance(self, account: str, gains: Counter[str], session: ClientSession) -> None:
        """One conditional write: where there is a floor, it holds or nothing is posted."""
        change = {f"{unit}.posted": amount for unit, amount in gains.items()}
        if gains["points"] > 0:
            change["lifetime_points"] = gains["points"]
        losses = {unit: -amount for unit, amount in gains.items() if amount < 0}
        limited = bool(losses) and domain.has_floor(account)
        floor = {f"{unit}.posted": {"$gte": loss} for unit, loss in losses.items()} if limited else {}
        changed = self._mongo["accounts"].update_one(
            {"_id": account, **floor},
            {"$inc": {**change, "version": 1}},
            upsert=not limited,
            session=session,
        )
        if limited and not changed.matched_count:
            raise Overdrawn(account)


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
        "order": posting.id,
        "key": posting.key,
        "rule": posting.rule,
        "rule_version": posting.rule_version,
        "cause": posting.cause,
        "area": posting.area,
        "scopes": ancestors(posting.area),
        "accounts": sorted({leg.account for leg in posting.legs}),
        "legs": [vars(leg) for leg in posting.legs],
        "posted_at": posting.posted_at,
        "memo": posting.memo,
        "by": posting.by,
        "version": 1,
    }
    return outbox.fresh(document, [event])
