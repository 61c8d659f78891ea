"""Communities' funds as everybody may see them."""

from datetime import datetime

from chassis import paging
from chassis.errors import missing
from chassis.mongo import Document, Mongo
from services.points import stripe_store
from services.points.bounds import amount_of
from services.points.funds.domain import COMMUNITY_LENGTH, KINDS, OTHER, Standing, fund
from services.points.statements.queries import StatementQueries

_LATEST = 20


class FundQueries:
    """Reads funds."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def page(self, limit: int, after: str | None) -> paging.Page:
        """The funds of the district's communities with their balances, in the order of their codes."""
        known = {str(one["_id"]): one["name"] for one in self._mongo["areas"].find({}, {"name": 1})}
        codes = sorted(code for code in known if len(code) == COMMUNITY_LENGTH and code > (after or ""))
        shown = codes[:limit]
        items = [{"community": one, "name": known[one], "balance": self._balance(one)} for one in shown]
        return paging.Page(items, shown[-1] if len(codes) > limit else None)

    def one(self, community: str) -> Document:
        """A fund's balance and its latest allocations. Raises NotFound for what is no community."""
        self._check_known(community)
        return {
            "community": community,
            "balance": self._balance(community),
            "allocations": self.allocations(community, _LATEST, None).items,
        }

    def allocations(self, community: str, limit: int, cursor: str | None) -> paging.Page:
        """What the fund gave or refused, by the newest proposals first. Raises NotFound."""
        page = paging.newest_first(
            self._mongo["allocations"],
            {"community": community},
            where={"standing": {"$ne": Standing.BARRED.value}},
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0},
        )
        if not page.items:
            self._check_known(community)
        return paging.Page([{**one, "proposal": one["_id"]} for one in page.items], page.next)

    def statement(
        self,
        community: str,
        *,
        limit: int,
        cursor: str | None,
        since: datetime | None,
        until: datetime | None,
    ) -> Document:
        """What came into a fund and what went out of it, newest first, without a word of who said or did it.

        Raises Invalid for a bad cursor, NotFound.
        """
        found = StatementQueries(self._mongo).lines(
            fund(community), limit=limit, cursor=cursor, since=since, until=until
        )
        self._check_known(community)
        return {
            "community": community,
            "opening": found["opening"] and found["opening"]["fen"],
            "closing": found["closing"] and found["closing"]["fen"],
            "items": [_line(one) for one in found["items"]],
            "next": found["next"],
        }

    def _balance(self, community: str) -> int:
        return amount_of(stripe_store.read_account(self._mongo, fund(community)), "fen", "posted")

    def _check_known(self, community: str) -> None:
        area = self._mongo["areas"].find_one({"_id": community}, {"_id": 1})
        if area is None or len(community) != COMMUNITY_LENGTH:
            raise missing("社区", "community")


def _line(one: Document) -> Document:
    return {
        "posting": one["id"],
        "kind": KINDS.get(one["rule"], OTHER),
        "cause": one["cause"] if one["rule"] in KINDS else None,
        "amount": sum(leg["amount"] for leg in one["legs"] if leg["unit"] == "fen"),
        "balance": one["balances"] and one["balances"]["fen"],
        "at": one["posted_at"],
    }
