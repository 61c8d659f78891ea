"""Fills the ledger with postings of the last two years, sealed, so that there is something to prove."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random

from pymongo import UpdateOne

from chassis.clock import new_ulid, ulid_at, utc_now
from chassis.mongo import Document, Mongo
from services.points.documents import document_of
from services.points.domain import Leg, Posting, issuer
from services.points.gathered.domain import Step
from services.points.gathered.store import GatheredStore
from services.points.integrity import domain
from services.points.integrity.books import Books
from services.points.integrity.domain import Entry, Page
from services.points.integrity.store import SealStore
from services.points.store import JournalStore

_SPAN = timedelta(days=730)
_BEFORE_NOW = timedelta(days=1)
_MEMBERS = 2000
_BATCH = 1000
_COUNTED = ("posted", "held", "available")


class Filling:
    """Writes postings as the journal's store forms them, relayed long since, with balances and pages."""

    def __init__(self, mongo: Mongo, district: str) -> None:
        self._mongo, self._district = mongo, district
        self._seals = SealStore(mongo, JournalStore(mongo), district)
        self._gathered = GatheredStore(mongo, district)
        self._chance = Random(1)
        self._members = [new_ulid() for _ in range(_MEMBERS)]

    def add(self, count: int, say: Callable[[int], None]) -> None:
        """Add so many postings. What was posted before is sealed by the worker, and stays where it is.

        The journal's indexes go: a proof reads by none of them, and keeping them takes four times as long.
        """
        last, books = self._seals.last_page(), Books(carried=self._gathered.carried())
        self._mongo["journal"].drop_indexes()
        for done in range(0, count, _BATCH):
            documents = list(self._documents(done, min(_BATCH, count - done), count))
            self._mongo["journal"].insert_many(documents, ordered=False)
            for one in documents:
                books.add(one)
            last = self._seal(documents, last)
            say(done + len(documents))
        self._credit(books)

    def _documents(self, done: int, count: int, of: int) -> Iterator[Document]:
        start = utc_now() - _SPAN
        for number in range(done, done + count):
            yield self._document(start + (_SPAN - _BEFORE_NOW) * number / of)

    def _document(self, at: datetime) -> Document:
        moment = at.replace(microsecond=at.microsecond // 1000 * 1000)
        name = ulid_at(moment)[:10] + new_ulid()[10:]
        points = self._chance.randint(1, 9)
        member = self._chance.choice(self._members)
        posting = Posting(
            id=name,
            key=f"issue.confirmed:{name}",
            rule="issue.confirmed",
            rule_version=1,
            cause=name,
            area=f"{self._district}001001001",
            legs=(Leg(member, "points", points), Leg(issuer(self._district), "points", -points)),
            posted_at=moment,
            verified=True,
        )
        document = document_of(posting)
        document.pop("pending")
        return {**document, "order": name, "outbox": []}

    def _credit(self, books: Books) -> None:
        changes = []
        for account in books.posted:
            balance = books.balance(account, {})
            steps = {f"points.{name}": balance["points"][name] for name in _COUNTED}
            steps["lifetime.points"] = balance["lifetime"]["points"]
            changes.append(UpdateOne({"_id": account}, {"$inc": steps}, upsert=True))
        self._mongo["accounts"].bulk_write(changes)
        through = books.carried.through
        if books.gathered and not self._gathered.put(through, Step(through, books.gathered)):
            raise RuntimeError("somebody carried the sums meanwhile: no worker may run while this fills")

    def _seal(self, documents: list[Document], last: Page | None) -> Page | None:
        entries = [Entry(str(one["_id"]), domain.digest_of(one)) for one in documents]
        through = ulid_at(utc_now() - domain.LAG)
        for page in domain.continued(last, entries, district=self._district, through=through, at=utc_now()):
            grown_from = len(last.entries) if last and last.number == page.number else 0
            if not self._seals.put_page(page, grown_from):
                raise RuntimeError("somebody else sealed meanwhile: nothing may be posted while this fills")
            last = page
        return last
