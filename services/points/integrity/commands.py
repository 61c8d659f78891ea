"""Sealing the journal, proving it, and what follows from a proof that fails."""

import gc
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from prometheus_client import Gauge

from chassis import logs
from chassis.clock import Clock, ulid_at
from chassis.events import envelope
from chassis.identity import Actor
from services.points.gathered.domain import Carried
from services.points.integrity import domain
from services.points.integrity.books import Books, Held, outside
from services.points.integrity.domain import ChainProof, Entry, Head, Page, moment
from services.points.integrity.events import LedgerUnsound

UNSOUND = Gauge(
    "ledger_unsound", "1 when the last nightly proof of the ledger failed", multiprocess_mode="max"
)
_STEP = timedelta(hours=1)
_LOOK_BACK_EVERY = timedelta(seconds=15)
log = logs.get()


class Chain(Protocol):
    """Where the chain is kept; `entries` of the journal by their places in its order."""

    def last_page(self) -> Page | None: ...
    def page(self, number: int) -> Page | None: ...
    def put_page(self, page: Page, grown_from: int) -> bool: ...
    def entries(self, since: str, until: str) -> list[tuple[str, Entry]]: ...
    def first_place(self) -> str | None: ...


class Ledger(Protocol):
    """All of the ledger, as a proof reads it."""

    def pages(self) -> Iterator[Page]: ...
    def postings(self) -> Iterator[dict[str, Any]]: ...
    def has_posting(self, posting_id: str) -> bool: ...
    def accounts(self) -> dict[str, dict[str, Any]]: ...
    def held(self) -> Held: ...
    def carried(self) -> Carried: ...
    def heads(self) -> list[Head]: ...
    def drifted(self, account: str) -> bool: ...
    def is_outside(self, account: str) -> bool: ...
    def freeze(self, account: str) -> None: ...
    def restore(self, account: str, restoration: dict[str, Any]) -> None: ...
    def put_proof(self, night: str, proof: Mapping[str, Any], envelopes: list[dict[str, Any]]) -> bool: ...


@dataclass
class Sealing:
    """Seals what is old enough. Any number of these may run: a page is written by one of them only.

    It remembers what was sealed in the last minutes, and looks back over them every now and then for
    postings whose transactions took longer than others.
    """

    chain: Chain
    clock: Clock
    district: str
    _last: Page | None = None
    _sealed: dict[str, str] = field(default_factory=dict)
    _through: datetime | None = None
    _looked_back: datetime | None = None

    def run(self) -> int:
        """Seal all that is due; returns how many postings this call sealed."""
        sealed = 0
        until = self.clock() - domain.LAG
        if self._through is None:
            self._begin(until)
        while self._through is not None and self._through < until:
            to = min(until, self._through + _STEP)
            written = self._seal(self._since(to), to)
            if written is None:
                return sealed  # another one was first: look anew
            sealed += written
            self._through = to
        return sealed

    def _begin(self, until: datetime) -> None:
        """Find the end of the chain, and where the journal is to be looked at from."""
        self._last, self._sealed = self.chain.last_page(), {}
        if self._last is None:
            first = self.chain.first_place()
            self._through = min(until, moment(first)) if first else until
            return
        self._through = moment(self._last.through)
        page: Page | None = self._last
        while page is not None and moment(page.through) > self._through - 2 * domain.ALLOWED:
            self._sealed |= dict.fromkeys((one.posting for one in page.entries), page.through)
            page = self.chain.page(page.number - 1)

    def _since(self, to: datetime) -> datetime:
        through = self._through or to
        if self._looked_back is not None and to - self._looked_back < _LOOK_BACK_EVERY:
            return through
        self._looked_back = to
        return through - domain.ALLOWED

    def _seal(self, since: datetime, to: datetime) -> int | None:
        found = self.chain.entries(ulid_at(since), ulid_at(to))
        fresh = [entry for _, entry in found if entry.posting not in self._sealed]
        pages = domain.continued(
            self._last, fresh, district=self.district, through=ulid_at(to), at=self.clock()
        )
        for page in pages:
            grown_from = len(self._last.entries) if self._last and self._last.number == page.number else 0
            if not self.chain.put_page(page, grown_from):
                self._through = None
                return None
            self._last = page
        oldest = ulid_at(to - 2 * domain.ALLOWED)
        self._sealed = {posting: place for posting, place in self._sealed.items() if place >= oldest}
        self._sealed |= {entry.posting: place for place, entry in found}
        return len(fresh)


def verify(ledger: Ledger, clock: Clock, district: str, known: bytes | None = None) -> dict[str, Any]:
    """Hold the journal against its chain, and the balances and carried sums against the journal.

    `known` is a head of the chain that somebody has kept. What is written meanwhile does no harm: a balance
    that differs or is out of bounds is looked at again at one moment, and what was committed just now may not
    be sealed yet. Every fault is named; see `told`.
    """
    proof = ChainProof(district, ledger.heads(), known)
    must_be_sealed = ulid_at(clock() - domain.ALLOWED)
    books = Books(carried=ledger.carried())
    with _collector_resting():
        _look_through(ledger, proof, books)
    deleted = [one for one in proof.missing if not ledger.has_posting(one)]
    unsealed = proof.unsealed(must_be_sealed)
    stored = ledger.accounts()
    drifted = [one for one in books.differing(stored, ledger.held()) if ledger.drifted(one)]
    found: dict[str, list[Any]] = {
        "edited": proof.edited,
        "deleted": deleted,
        "unsealed": unsealed,
        "unbalanced": books.unbalanced,
        "differing": [*drifted, *books.miscarried()],
        "out_of_bounds": [one for one in outside(stored) if ledger.is_outside(one)],
        "broken_pages": proof.broken,
    }
    return {
        "postings": books.postings,
        "sums": dict(books.sums),
        "accounts": len(stored),
        "sealed": proof.entries,
        "waiting": proof.waiting - len(unsealed),
        "head": proof.head.hex(),
        "shortened": proof.shortened,
        "contains_known": None if known is None else proof.contains_known,
        **found,
        "faults": sum(map(len, found.values())) + proof.shortened,
        "sound": not any(found.values()) and not proof.shortened,
    }


def told(found: Mapping[str, Any]) -> dict[str, Any]:
    """A proof of which the first hundred of each kind of fault are named, as it is answered and kept."""
    return {
        name: value[: domain.NAMED] if isinstance(value, list) else value for name, value in found.items()
    }


def _look_through(ledger: Ledger, proof: ChainProof, books: Books) -> None:
    pages = ledger.pages()
    for document in ledger.postings():
        books.add(document)
        posting = str(document["_id"])
        while proof.reached < posting and (page := next(pages, None)) is not None:
            proof.page(page)
        proof.posting(posting, domain.digest_of(document), str(document["order"]))
    for page in pages:
        proof.page(page)


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Documents hold no cycles, and looking for these takes a sixth of a proof's time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def prove_night(ledger: Ledger, clock: Clock, district: str, night: str) -> bool:
    """Prove the ledger and note what was found as the proof of a night; false when it has one.

    An account that has drifted from the journal, or is out of its bounds, is frozen, and the district's
    administrators hear of it.
    """
    found = verify(ledger, clock, district)
    for account in _frozen(found):
        ledger.freeze(account)
    UNSOUND.set(not found["sound"])
    if not found["sound"]:
        log.error("ledger.unsound", **_faults(told(found)))
    now = clock()
    proof = {"at": now, "entries": found["sealed"], "head": found["head"], "sound": found["sound"]}
    return ledger.put_proof(night, {**proof, **_faults(told(found))}, _alarm(found, night, district, now))


def restore(ledger: Ledger, clock: Clock, actor: Actor, *, account: str, reason: str) -> None:
    """Set an account's balance to what its postings and holds make it, and open it again.

    Raises NotFound for an account that never had a balance.
    """
    ledger.restore(account, {"by": actor.member_id, "at": clock(), "reason": reason})


def _faults(found: dict[str, Any]) -> dict[str, Any]:
    names = (
        *("edited", "deleted", "unsealed", "unbalanced"),
        *("differing", "out_of_bounds", "broken_pages", "shortened"),
    )
    return {name: found[name] for name in names}


def _frozen(found: dict[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*found["differing"], *found["out_of_bounds"]]))


def _alarm(found: dict[str, Any], day: str, district: str, at: datetime) -> list[dict[str, Any]]:
    if found["sound"]:
        return []
    wrong = Counter({name: len(found[name]) for name in ("edited", "deleted", "unsealed", "unbalanced")})
    fact = LedgerUnsound(
        day=day,
        postings=wrong.total(),
        pages=len(found["broken_pages"]) + bool(found["shortened"]),
        frozen=_frozen(found)[: domain.NAMED],
    )
    return [envelope(fact, source="points", subject=day, sequence=1, area=district, at=at)]
