"""Statements read from the journal: a page of JSON, or the whole of a period."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from chassis import paging
from chassis.clock import ulid_at, utc_now
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from chassis.paging import FLOOR
from services.points.documents import posting_of
from services.points.domain import Posting
from services.points.queries import check_reader
from services.points.statements import domain

_SKEW = timedelta(minutes=5)
_FIRST = "0" * 26


class StatementQueries:
    """Reads what was posted to accounts."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def page(
        self,
        account: str,
        actor: Actor,
        *,
        limit: int,
        cursor: str | None,
        since: datetime | None,
        until: datetime | None,
    ) -> Document:
        """A page of an account's postings; see `lines`. Raises NotAllowed."""
        check_reader(account, actor)
        return self.lines(account, limit=limit, cursor=cursor, since=since, until=until)

    def lines(
        self,
        account: str,
        *,
        limit: int,
        cursor: str | None,
        since: datetime | None,
        until: datetime | None,
    ) -> Document:
        """A page of the postings of an account that the caller may see, newest first.

        Where a period is asked for, every posting shows the balances after it, and the answer those that
        the period began and ended with.
        """
        page = paging.newest_first(
            self._mongo["journal"],
            {"lists": account},
            limit=limit,
            cursor=cursor,
            since=since,
            until=until,
            projection={"outbox": 0},
        )
        found = [{**one, "id": one["_id"], "balances": None} for one in page.items]
        answer: Document = {"items": found, "next": page.next, "opening": None, "closing": None}
        if since is not None or until is not None:
            oldest = found[-1]["order"] if found else _FIRST
            opening, closing, before = self._balances(account, _start(since), _end(until), oldest)
            answer |= {"opening": opening, "closing": closing}
            _add_balances(account, before, found)
        for one in found:
            one["legs"] = [leg for leg in one["legs"] if leg["account"] == account]
        return answer

    def rows(
        self, account: str, actor: Actor, since: datetime | None, until: datetime | None, language: str
    ) -> Iterator[domain.Row]:
        """The rows of a whole period, oldest first; a batch is in memory at a time. Raises NotAllowed."""
        check_reader(account, actor)
        (opening,) = self._balances(account, _start(since))
        return domain.rows(account, opening, self._postings(account, since, until), language)

    def _postings(self, account: str, since: datetime | None, until: datetime | None) -> Iterator[Posting]:
        for one in self._read(account, since or FLOOR, _end(until), {"outbox": 0}):
            yield posting_of(one)

    def _balances(self, account: str, *before: str) -> list[dict[str, int]]:
        """What an account had before each of some places in the journal's order, read in one go."""
        sums = [domain.zeros() for _ in before]
        for one in self._read(account, FLOOR, max(before), {"legs": 1, "order": 1}):
            for leg in one["legs"]:
                if leg["account"] == account:
                    for place, balance in zip(before, sums, strict=True):
                        balance[leg["unit"]] += leg["amount"] if one["order"] < place else 0
        return sums

    def _read(
        self, account: str, since: datetime, high: str, projection: dict[str, int]
    ) -> Iterator[Document]:
        return paging.oldest_first(
            self._mongo["journal"], {"lists": account}, since=since, high=high, projection=projection
        )


def _add_balances(account: str, balance: dict[str, int], newest_first: list[dict[str, Any]]) -> None:
    for one in reversed(newest_first):
        balance = domain.after(balance, account, posting_of(one))
        one["balances"] = balance


def _start(since: datetime | None) -> str:
    return ulid_at(since) if since is not None else _FIRST


def _end(until: datetime | None) -> str:
    latest = utc_now() + _SKEW
    return ulid_at(min(until or latest, latest))
