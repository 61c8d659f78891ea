"""The chain over the journal: every posting is sealed with a hash that rests on all before it.

A page of the chain holds the identifiers and the digests of some hundred postings in the order in which they
were sealed. A posting that is edited no longer has its digest, one that is deleted is missed, one that is put
in past the sealing is in no page, and a page that is changed, dropped or moved no longer leads to the next.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from ulid import ULID

ENTRIES_A_PAGE = 500
LAG = timedelta(seconds=3)
"""A posting is sealed when it is this old: by then those that were begun before it have been committed."""
ALLOWED = timedelta(minutes=3)
"""The longest that a transaction may take to commit what it began; what is older must be sealed."""
NAMED = 100
_FORM = orjson.OPT_SORT_KEYS | orjson.OPT_NAIVE_UTC
_MUTABLE = frozenset({"outbox", "pending"})


@dataclass(frozen=True)
class Entry:
    """A posting as it is sealed: SHA-256 of all that was stored of it."""

    posting: str
    digest: bytes


@dataclass(frozen=True)
class Page:
    """Some entries of the chain. `before` is the chain's hash before them, `head` after.

    `through` is the place in the journal's order up to which it was looked through.
    """

    number: int
    before: bytes
    entries: tuple[Entry, ...]
    head: bytes
    through: str
    sealed_at: datetime


@dataclass(frozen=True)
class Head:
    """How long the chain was at some time, and its hash there: whoever keeps it can prove a later rewrite."""

    entries: int
    hash: bytes


def genesis(district: str) -> bytes:
    """The hash that a district's chain begins with."""
    return hashlib.sha256(f"alley steward {district}".encode()).digest()


def moment(place: str) -> datetime:
    """When a place in the journal's order was given."""
    return ULID.from_str(place).datetime


def digest_of(document: Mapping[str, Any]) -> bytes:
    """SHA-256 over a stored posting, but for what the relay takes out of it.

    Moments are in UTC; it is all the same whether they say so or not.
    """
    sealed = {name: value for name, value in document.items() if name not in _MUTABLE}
    return hashlib.sha256(orjson.dumps(sealed, option=_FORM)).digest()


def chained(head: bytes, entry: Entry) -> bytes:
    """The chain's hash after one more entry."""
    return hashlib.sha256(head + entry.posting.encode() + entry.digest).digest()


def continued(
    last: Page | None, entries: Sequence[Entry], *, district: str, through: str, at: datetime
) -> list[Page]:
    """The pages that are written when entries follow `last`: it, grown, and new ones after it."""
    pages: list[Page] = []
    page = last or _empty(1, genesis(district), through, at)
    rest = list(entries)
    while rest:
        room = ENTRIES_A_PAGE - len(page.entries)
        if not room:
            page = _empty(page.number + 1, page.head, through, at)
            continue
        taken, rest = rest[:room], rest[room:]
        head = page.head
        for one in taken:
            head = chained(head, one)
        page = replace(page, entries=(*page.entries, *taken), head=head, through=through, sealed_at=at)
        pages.append(page)
    return pages


@dataclass
class ChainProof:
    """Holds pages and postings against each other as they come by, in whatever order.

    Postings and pages mostly come in the same order, so that only a few wait for their counterpart at a time.
    """

    district: str
    heads: Iterable[Head] = ()
    known: bytes | None = None
    entries: int = 0
    head: bytes = b""
    contains_known: bool = False
    edited: list[str] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    pages: int = 0
    reached: str = ""
    _sealed: dict[str, bytes] = field(default_factory=dict)
    _seen: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.head = genesis(self.district)
        self._heads = {one.entries: one.hash for one in self.heads if one.entries}
        self.contains_known = self.known == self.head

    def page(self, page: Page) -> None:
        """Take in the next page."""
        self.pages += 1
        sound = page.number == self.pages and page.before == self.head
        self.pages, head = page.number, page.before
        for one in page.entries:
            head = chained(head, one)
            self.entries += 1
            self.contains_known = self.contains_known or head == self.known
            if self._heads.pop(self.entries, head) != head:
                sound = False
            self._seal(one)
        if not sound or head != page.head:
            self.broken.append(page.number)
        self.head, self.reached = page.head, page.entries[-1].posting if page.entries else self.reached

    def posting(self, posting: str, digest: bytes, order: str) -> None:
        """Take in a posting of the journal; `order` is its place there."""
        sealed = self._sealed.pop(posting, None)
        if sealed is None:
            self._seen[posting] = (digest, order)
        elif sealed != digest:
            self.edited.append(posting)

    def _seal(self, entry: Entry) -> None:
        seen = self._seen.pop(entry.posting, None)
        if seen is None:
            self._sealed[entry.posting] = entry.digest
        elif seen[0] != entry.digest:
            self.edited.append(entry.posting)

    @property
    def missing(self) -> list[str]:
        """Sealed postings that did not come by."""
        return list(self._sealed)

    def unsealed(self, before: str) -> list[str]:
        """Postings in no page whose place in the journal is before this one."""
        return [posting for posting, (_, order) in self._seen.items() if order < before]

    @property
    def waiting(self) -> int:
        """How many postings are in no page."""
        return len(self._seen)

    @property
    def shortened(self) -> bool:
        """Whether a head that was noted lies beyond the end of the chain."""
        return bool(self._heads)


def _empty(number: int, head: bytes, through: str, at: datetime) -> Page:
    return Page(number, head, (), head, through, at)
