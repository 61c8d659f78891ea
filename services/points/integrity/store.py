"""The chain's pages ↔ documents, and the whole ledger as the proof reads it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from bson.codec_options import CodecOptions
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from chassis import outbox
from chassis.errors import missing
from chassis.mongo import Document, Mongo
from services.points import bounds, stripe_store, stripes
from services.points.bounds import FROZEN, OPEN
from services.points.domain import NEVER, UNITS, debt, is_member, keeps_balance
from services.points.gathered.domain import Carried
from services.points.gathered.store import GatheredStore
from services.points.integrity.books import Balance, Held, added, is_outside, shown
from services.points.integrity.domain import Entry, Head, Page, digest_of
from services.points.lots.domain import AT_ONCE
from services.points.store import JournalStore

PROOFS = "proofs"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_HASH_BYTES = 32
_BATCH = 2000


class SealStore:
    """The chain, the nightly proofs, and what of the ledger they rest on. The only writer of `seals`."""

    def __init__(self, mongo: Mongo, journal: JournalStore, district: str) -> None:
        self._mongo = mongo
        self._journal = journal
        self._district = district
        self._gathered = GatheredStore(mongo, district)

    def ensure_indexes(self) -> None:
        """For the relay."""
        outbox.ensure_indexes(self._mongo[PROOFS])

    def page(self, number: int) -> Page | None:
        """A page of the chain."""
        found = self._mongo["seals"].find_one({"_id": number})
        return _page(found) if found else None

    def last_page(self) -> Page | None:
        """The page that is being filled: found by leaps, since no page is ever missing before it."""
        reach = 1
        while self._is_there(reach):
            reach *= 2
        low = reach // 2
        while reach - low > 1:
            middle = (low + reach) // 2
            low, reach = (middle, reach) if self._is_there(middle) else (low, middle)
        return self.page(low)

    def put_page(self, page: Page, grown_from: int) -> bool:
        """Write a new page, or one that had `grown_from` entries before; false when somebody was first."""
        document = _document(page)
        if grown_from:
            number = document.pop("_id")
            found = {"_id": number, "count": grown_from}
            return bool(self._mongo["seals"].update_one(found, {"$set": document}).matched_count)
        try:
            self._mongo["seals"].insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    def entries(self, since: str, until: str) -> list[tuple[str, Entry]]:
        """Postings with their places in the journal's order, from `since` to before `until`, in order."""
        match = {"lists": self._district, "order": {"$gte": since, "$lt": until}}
        found = [(str(one["order"]), _entry(one)) for one in self._mongo["journal"].find(match)]
        return sorted(found, key=lambda one: one[0])

    def first_place(self) -> str | None:
        """Where the journal's order begins; it looks through the whole journal."""
        found = self._mongo["journal"].find_one({}, {"order": 1}, sort=[("order", 1)])
        return str(found["order"]) if found else None

    def pages(self) -> Iterator[Page]:
        """The whole chain."""
        found = self._mongo["seals"].find(sort=[("_id", 1)], batch_size=_BATCH)
        return (_page(one) for one in found)

    def postings(self) -> Iterator[Document]:
        """The whole journal as it is stored, its moments in UTC without saying so, which is read faster.

        The next batch is fetched while one is being looked at.
        """
        plainly: CodecOptions[Document] = CodecOptions(tz_aware=False)
        journal = self._mongo["journal"].with_options(plainly)
        cursor = iter(journal.find(batch_size=_BATCH))

        def batch() -> list[Document]:
            return list(islice(cursor, _BATCH))

        with ThreadPoolExecutor(1) as ahead:
            waiting = ahead.submit(batch)
            while documents := waiting.result():
                waiting = ahead.submit(batch)
                yield from documents

    def has_posting(self, posting_id: str) -> bool:
        """Whether the journal has a posting."""
        return self._mongo["journal"].find_one({"_id": posting_id}, {"_id": 1}) is not None

    def accounts(self) -> dict[str, Document]:
        """All stored balances."""
        return stripes.wholes(self._mongo["accounts"].find())

    def heads(self) -> list[Head]:
        """The heads that nightly proofs have noted."""
        return [Head(int(one["entries"]), bytes.fromhex(one["head"])) for one in self._mongo[PROOFS].find()]

    def _is_there(self, number: int) -> bool:
        return self._mongo["seals"].find_one({"_id": number}, {"_id": 1}) is not None

    def put_proof(self, night: str, proof: Mapping[str, Any], envelopes: list[dict[str, Any]]) -> bool:
        """Note a night's proof with its event; false when there is one."""
        document = {"_id": night, "version": 1, **proof}
        return outbox.insert(self._mongo[PROOFS], document, envelopes)

    def held(self) -> Held:
        """(account, unit) → what open holds have set aside, by lots."""
        return _held(self._mongo["holds"].find({"open_until": {"$gte": LONG_AGO}}))

    def carried(self) -> Carried:
        """The carried sums of the accounts that only gather."""
        return self._gathered.carried()

    def drifted(self, account: str) -> bool:
        """Whether an account differs from its postings and holds at one and the same moment."""
        found: list[bool] = []

        def look(session: ClientSession) -> None:
            stored = stripe_store.read_account(self._mongo, account, session)
            found.append(shown(stored) != self._due(account, session))

        self._journal.transact(look, lambda: False)
        return found[-1]

    def is_outside(self, account: str) -> bool:
        """Whether an account is outside its bounds, all of it read at one and the same moment."""
        return is_outside(account, stripe_store.read_account(self._mongo, account))

    def freeze(self, account: str) -> None:
        """Let nothing be taken from an account until somebody has looked into it."""
        change: Document = {"$set": {"status": FROZEN}}
        if keeps_balance(account):
            change["$setOnInsert"] = bounds.usual(account).as_stored()
        self._mongo["accounts"].update_one({"_id": account}, change, upsert=True)

    def restore(self, account: str, restoration: Document) -> None:
        """Store what its postings and holds make an account's balance, note who did so, and open it.

        Raises NotFound.
        """
        if not keeps_balance(account):
            self._restore_sum(account, restoration)
            return

        def write(session: ClientSession) -> None:
            change = _restored(self._due(account, session))
            change |= {"$inc": {"version": 1}, "$push": {"restorations": restoration}}
            accounts, (first, *others) = self._mongo["accounts"], stripes.keys(account)
            if not accounts.update_one({"_id": first}, change, session=session).matched_count:
                raise missing("账户", "account")
            if others:
                accounts.delete_many({"_id": {"$in": others}}, session=session)

        self._journal.transact(write, lambda: False)

    def _restore_sum(self, account: str, restoration: Document) -> None:
        carried, error = self._gathered.error(account)
        if account not in carried.sums and not any(error[account].values()):
            raise missing("账户", "account")

        def write(session: ClientSession) -> None:
            self._gathered.restore(carried, error, session)
            change = {
                "$set": {"status": OPEN},
                "$inc": {"version": 1},
                "$push": {"restorations": restoration},
            }
            self._mongo["accounts"].update_one({"_id": account}, change, upsert=True, session=session)

        self._journal.transact(write, lambda: False)

    def _due(self, account: str, session: ClientSession) -> Balance:
        own = [account, debt(account)] if is_member(account) else [account]
        journal = self._mongo["journal"]
        found = {one["_id"]: one for name in own for one in journal.find({"lists": name}, session=session)}
        holds = self._mongo["holds"].find({"account": account}, session=session)
        return added(found.values()).balance(account, _held(one for one in holds if "open_until" in one))


def _restored(due: Balance) -> Document:
    """The update that stores a balance as it must be; its lots are looked at by the next sweep."""
    lots = {unit: days for unit in UNITS if (days := due.pop(f"lots.{unit}"))}
    if not lots:
        return {"$set": {**due, "status": OPEN}, "$unset": {"lots": "", "lots_due": ""}}
    return {"$set": {**due, "status": OPEN, "lots": lots, "lots_due": AT_ONCE}}


def _held(holds: Iterable[Document]) -> Held:
    held: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in holds:
        held[one["account"], one["unit"]].update(one.get("lots") or {NEVER: one["amount"]})
    return held


def _entry(document: Document) -> Entry:
    return Entry(str(document["_id"]), digest_of(document))


def _document(page: Page) -> Document:
    """A page as it is stored: its entries packed, since there are hundreds of them."""
    return {
        "_id": page.number,
        "before": page.before,
        "count": len(page.entries),
        "postings": " ".join(one.posting for one in page.entries),
        "digests": b"".join(one.digest for one in page.entries),
        "head": page.head,
        "through": page.through,
        "sealed_at": page.sealed_at,
    }


def _page(document: Document) -> Page:
    names, digests = str(document["postings"]).split(), bytes(document["digests"])
    cut = [digests[place : place + _HASH_BYTES] for place in range(0, len(digests), _HASH_BYTES)]
    return Page(
        number=int(document["_id"]),
        before=bytes(document["before"]),
        # A page whose parts do not fit together leads to another head and is found out by it.
        entries=tuple(Entry(*one) for one in zip(names, cut, strict=False)),
        head=bytes(document["head"]),
        through=str(document["through"]),
        sealed_at=document["sealed_at"],
    )
