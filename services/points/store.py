"""Postings and balances ↔ documents: one transaction a posting."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, PyMongoError

from chassis import outbox, trace
from chassis.errors import Unavailable, missing
from chassis.local_copy import put_newer
from chassis.mongo import Mongo
from chassis.trace import Trace
from services.points import bounds, domain, stripe_store
from services.points.balances import Balances, Divided
from services.points.bounds import FROZEN, amount_of
from services.points.commands import Debt
from services.points.documents import document_of, posting_of, reversals_of
from services.points.domain import Changes, Lots, Posting
from services.points.lots import domain as lots
from services.points.lots.domain import FOREVER, Validity
from services.points.reversal import Free, NothingLeft, check_left, with_taken
from services.points.stripe_store import ONE_MOMENT

_TRIES = 6
_PATIENCE = 2.0
"""Seconds; whoever has not got through by then is told to come again."""
_DUPLICATE = 11000
_TRANSIENT = "TransientTransactionError"
_REMEMBERED = 100_000


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
        self._known: set[str] = set()
        self._turns = threading.Lock()
        self._balances = Balances(mongo, looks=validity != FOREVER)

    def ensure_indexes(self) -> None:
        """One posting a key; lists; debts; the relay. Accounts that have no bounds yet get them."""
        journal = self._mongo["journal"]
        journal.create_index("key", unique=True)
        # The engine pays for each index again at every write: one for all lists.
        journal.create_index([("lists", 1), ("order", 1)])
        outbox.ensure_indexes(journal)
        # A transaction may not create a collection on every engine that this runs on.
        for name in {"accounts", "reversed"} - set(self._mongo.database.list_collection_names()):
            self._mongo.database.create_collection(name, check_exists=False)
        self._mongo["accounts"].create_index("due", sparse=True)
        self._mongo["accounts"].create_index("lots_due", sparse=True)
        self._balances.ensure_bounds()

    def post(self, posting: Posting, beside: Callable[[ClientSession], None] | None = None) -> bool:
        """Write a posting and the balances it changes, all or nothing; false when its key is known.

        What `beside` writes in the session belongs to the same transaction. Raises Overdrawn, AboveCeiling,
        Frozen, and what `transact` raises.
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

        Those of this process that met another one try again one after the other: all at once, they would only
        meet once more.

        False where a key was there already and `is_known` says that it was for this. Raises Unavailable when
        others keep writing to the same accounts, ConnectionFailure when the database is away.
        """
        until = time.monotonic() + _PATIENCE
        with ExitStack() as turn:
            for attempt in range(_TRIES):
                if attempt:
                    _wait(attempt, until)
                left = until - time.monotonic()
                if left <= 0 or (attempt == 1 and not self._takes_turn(turn, left)):
                    break
                try:
                    with (
                        self._mongo.client.start_session() as session,
                        session.start_transaction(read_concern=ONE_MOMENT),
                    ):
                        write(session)
                except (DuplicateKeyError, BulkWriteError) as error:
                    if not _tells_of_duplicate(error):
                        if not error.has_error_label(_TRANSIENT):
                            raise
                    elif is_known():
                        return False
                except Divided:
                    self._balances.looks = True
                except ConnectionFailure:
                    raise
                except PyMongoError as error:
                    if not error.has_error_label(_TRANSIENT):
                        raise
                else:
                    return True
        raise Unavailable(
            "busy-ledger", zh="记账繁忙，请稍后重试。", en="The ledger is busy: try again.", retry_after=1
        )

    def _takes_turn(self, turn: ExitStack, seconds: float) -> bool:
        """Wait for those that try again before, at most so long; `turn` gives way to the next."""
        taken = self._turns.acquire(timeout=seconds)
        if taken:
            turn.callback(self._turns.release)
        return taken

    def write(self, posting: Posting, session: ClientSession, beside: Changes | None = None) -> None:
        """Write a posting with its balances, and other changes to accounts, within a transaction.

        Raises Invalid for legs that do not sum to zero, whoever made them.
        """
        domain.check_balanced(posting)
        others = beside or {}
        original = self.get(posting.reverses, session) if posting.reverses else None
        if original is not None:
            check_left(original, posting)
            # Two that take back the same posting meet here: neither has seen what the other takes.
            met = {"$inc": {"reversals": 1}}
            self._mongo["reversed"].update_one({"_id": original.id}, met, upsert=True, session=session)
        posted = lots.dated(posting, self._balances.wallets(session, others), self._validity, original)
        self._mongo["journal"].insert_one(document_of(posted), session=session)
        self.change(domain.merged(domain.changes_of(posted), others), session)

    def write_all(
        self, postings: Sequence[Posting], session: ClientSession, traces: Sequence[Trace] = ()
    ) -> None:
        """Write several postings within a transaction, each under its trace, in as few commands as can be.

        That is two where nobody loses anything by them; others are written one after the other.
        """
        under = traces or [trace.current()] * len(postings)
        if not all(_only_gives(one) for one in postings):
            for posting, of in zip(postings, under, strict=True):
                trace.resume(of)
                self.write(posting, session)
            return
        documents, parts = [], []
        for posting, of in zip(postings, under, strict=True):
            trace.resume(of)
            domain.check_balanced(posting)
            posted = lots.dated(posting, lambda *_: {}, self._validity)
            documents.append(document_of(posted))
            parts.append(domain.changes_of(posted))
        if documents:
            self._mongo["journal"].insert_many(documents, session=session)
            self.change(domain.merged(*parts), session)

    def drawn(self, account: str, unit: str, amount: int, session: ClientSession) -> Lots:
        """From which lots so much would be taken now."""
        if not domain.is_member(account):
            return {domain.NEVER: amount}
        return lots.drawn(self._balances.wallets(session, {})(account, unit), amount)

    def change(self, changes: Changes, session: ClientSession) -> None:
        """Change balances within a transaction; see `Balances.change`."""
        self._balances.change(changes, session)

    def take_back(
        self, decide: Callable[[Free], Posting], beside: Callable[[ClientSession], None] | None = None
    ) -> Posting | None:
        """Post what is decided by what accounts have free; None when its key is known or nothing is left.

        What `beside` writes belongs to the same transaction, as in `post`. Raises Overdrawn, AboveCeiling,
        MoreThanLeft, and what `transact` raises.
        """
        decided: list[Posting] = []

        def write(session: ClientSession) -> None:
            def free(account: str, unit: str) -> int:
                found = stripe_store.read_account(self._mongo, account, session)
                # Nothing is taken from what is frozen: all of it is owed until somebody has looked into it.
                return 0 if found.get("status") == FROZEN else bounds.spare(account, found, unit)

            decided.append(decide(free))
            self.write(decided[-1], session)
            if beside is not None:
                beside(session)

        try:
            posted = self.transact(write, lambda: self._is_known(decided[-1].key))
        except NothingLeft:
            return None
        return decided[-1] if posted else None

    def posted(self, account: str, unit: str, session: ClientSession | None) -> int:
        """An account's balance as a transaction sees it."""
        return self.posted_and_room(account, unit, session)[0]

    def posted_and_room(self, account: str, unit: str, session: ClientSession | None) -> tuple[int, int]:
        """An account's balance as a transaction sees it, and how much more its ceiling allows."""
        found = stripe_store.read_account(self._mongo, account, session)
        return amount_of(found, unit, "posted"), bounds.room(account, found, unit)

    def debts(self, most: int) -> list[Debt]:
        """What members owe and have something free to pay it with; `most` of them, or a few more."""
        found: list[Debt] = []
        for one in self._mongo["accounts"].find({"due": {"$gte": 1}}):
            if len(found) >= most:
                break
            member = str(one["_id"]).removeprefix(domain.debt(""))
            wallet = self._mongo["accounts"].find_one({"_id": member}) or {}
            for unit in domain.UNITS:
                owed, free = -amount_of(one, unit, "posted"), bounds.spare(member, wallet, unit)
                if owed > 0 and free > 0:
                    found.append(Debt(member, unit, owed, free, str(one["version"])))
        return found

    def knows(self, account: str) -> bool:
        """Whether an account may be posted to by hand: of a member or area that is known here.

        What a project or donation has is moved by that alone: who spends it goes by what the project was
        given. What is known once stays known: it is looked up no more.
        """
        if account in self._known:
            return True
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        if self._looked_up(account):
            self._known.add(account)
        return account in self._known

    def _looked_up(self, account: str) -> bool:
        kind, _, name = account.rpartition(":")
        if kind in ("", "owed"):
            return self._mongo["members"].find_one({"_id": name}, {"_id": 1}) is not None
        return self._mongo["areas"].find_one({"_id": name}, {"_id": 1}) is not None

    def put_member(self, member_id: str, sequence: int, grants: Sequence[str] = ()) -> None:
        """Keep that there is such a member, and their newest known grants (`role@area`)."""
        put_newer(self._mongo["members"], member_id, {"grants": list(grants)}, sequence)

    def put_erased(self, member_id: str) -> None:
        """Keep that a member was erased: what is posted to them is, but nothing new is said of them."""
        erased = {"$set": {"erased": True}, "$setOnInsert": {"version": 0}}
        self._mongo["members"].update_one({"_id": member_id}, erased, upsert=True)

    def is_erased(self, member_id: str) -> bool:
        """Whether a member was erased."""
        found = self._mongo["members"].find_one({"_id": member_id}, {"erased": 1}) or {}
        return bool(found.get("erased"))

    def stored(self, key: str) -> Posting | None:
        """The posting that has this key."""
        document = self._mongo["journal"].find_one({"key": key})
        return posting_of(document) if document else None

    def get(self, posting_id: str, session: ClientSession | None = None) -> Posting:
        """A posting, with what was taken back of it. Raises NotFound."""
        document = self._mongo["journal"].find_one({"_id": posting_id}, session=session)
        if document is None:
            raise missing("凭证", "posting")
        found = self._mongo["journal"].find(
            {"lists": reversals_of(posting_id)}, {"takes": 1}, session=session
        )
        return with_taken(posting_of(document), [one.get("takes") for one in found])

    def _is_known(self, key: str) -> bool:
        return self._mongo["journal"].find_one({"key": key}, {"_id": 1}) is not None


def _wait(attempt: int, until: float) -> None:
    """Let others go first, longer after each try, but not beyond the end of all patience."""
    spread = random.uniform(0, 0.01 * 2**attempt)  # noqa: S311 - spreads load, guards nothing
    time.sleep(max(0.0, min(spread, until - time.monotonic())))


def _only_gives(posting: Posting) -> bool:
    """Whether no account that is held to a bound loses anything by it."""
    taken = (leg.account for leg in posting.legs if leg.amount < 0)
    return posting.reverses is None and not any(map(domain.keeps_balance, taken))


def _tells_of_duplicate(error: DuplicateKeyError | BulkWriteError) -> bool:
    """Whether a key was there already; of several documents that are inserted at once, one's."""
    if isinstance(error, DuplicateKeyError):
        return True
    return any(one["code"] == _DUPLICATE for one in error.details["writeErrors"])
