"""Balances, statements and the ledger's own proof."""

from collections import Counter
from typing import Any

from chassis import paging
from chassis.errors import NotAllowed, missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.points.domain import UNITS, has_floor, is_account, is_member, stars

_STAFF = frozenset({"community_staff", "subdistrict_staff", "district_admin"})


class LedgerQueries:
    """Reads the ledger."""

    def __init__(self, mongo: Mongo, district: str) -> None:
        self._mongo = mongo
        self._district = district

    def account(self, account: str, actor: Actor) -> Document:
        """An account's balances; one that nothing was posted to has zeros. Raises NotAllowed."""
        self._check_reader(account, actor)
        if not is_member(account):
            return self._named(account)
        found = self._mongo["accounts"].find_one({"_id": account}) or {}
        minutes = _balance(found, "minutes")
        return {
            "id": account,
            "points": _balance(found, "points"),
            "minutes": minutes,
            "lifetime_points": found.get("lifetime_points", 0),
            "stars": stars(minutes["posted"]),
        }

    def _named(self, account: str) -> Document:
        sums = Counter({"points": 0, "minutes": 0})
        for one in self._mongo["journal"].find({"accounts": account}, {"legs": 1}):
            for leg in one["legs"]:
                if leg["account"] == account:
                    sums[leg["unit"]] += leg["amount"]
        balances = {
            unit: {"posted": sums[unit], "held": 0, "available": sums[unit]} for unit in ("points", "minutes")
        }
        return {"id": account, **balances, "lifetime_points": 0, "stars": 0}

    def statement(self, account: str, actor: Actor, limit: int, cursor: str | None) -> paging.Page:
        """The postings of an account, newest first. Raises NotAllowed."""
        self._check_reader(account, actor)
        page = self._page({"accounts": account}, limit, cursor)
        lines = []
        for one in page.items:
            own = [leg for leg in one["legs"] if leg["account"] == account]
            lines.append({**one, "legs": own})
        return paging.Page(lines, page.next)

    def postings(
        self, area: str, rule: str | None, actor: Actor, limit: int, cursor: str | None
    ) -> paging.Page:
        """All postings of an area, newest first. Raises NotAllowed."""
        if not actor.has_any(_STAFF, area):
            raise NotAllowed(
                "not-your-area", zh="您不管理此区域。", en="Only staff of the area see its postings."
            )
        where = {"rule": rule} if rule is not None else None
        return self._page({"scopes": area}, limit, cursor, where)

    def verification(self) -> Document:
        """Add up the whole journal and hold it against the stored balances."""
        sums: Counter[str] = Counter(dict.fromkeys(UNITS, 0))
        wallets: dict[str, Counter[str]] = {}
        count, unbalanced = 0, []
        for one in self._mongo["journal"].find({"scopes": self._district}, {"legs": 1}):
            count += 1
            of_posting: Counter[str] = Counter()
            for leg in one["legs"]:
                of_posting[leg["unit"]] += leg["amount"]
                wallets.setdefault(leg["account"], Counter())[leg["unit"]] += leg["amount"]
            sums.update(of_posting)
            if any(of_posting.values()):
                unbalanced.append(str(one["_id"]))
        stored = {str(one["_id"]): one for one in self._mongo["accounts"].find()}
        differing = sorted(
            account
            for account in {*stored, *(name for name in wallets if is_member(name) or has_floor(name))}
            if any(
                _balance(stored.get(account, {}), unit)["posted"] != wallets.get(account, Counter())[unit]
                for unit in UNITS
            )
        )
        return {
            "postings": count,
            "sums": dict(sums),
            "accounts": len(stored),
            "unbalanced": unbalanced,
            "differing": differing,
            "sound": not unbalanced and not differing and not any(sums.values()),
        }

    def _page(
        self, match: dict[str, Any], limit: int, cursor: str | None, where: dict[str, Any] | None = None
    ) -> paging.Page:
        page = paging.newest_first(
            self._mongo["journal"],
            match,
            where=where,
            limit=limit,
            cursor=cursor,
            projection={"outbox": 0},
        )
        return paging.Page([{**one, "id": one["_id"]} for one in page.items], page.next)

    def _check_reader(self, account: str, actor: Actor) -> None:
        if not is_account(account):
            raise missing("账户", "account")
        # A wallet carries no area: staff of any area of the district may look, members only at their own.
        if account != actor.member_id and not actor.roles & _STAFF:
            raise NotAllowed(
                "not-your-account", zh="只能查看自己的账户。", en="You may see your own account only."
            )


def _balance(document: Document, unit: str) -> dict[str, int]:
    stored = document.get(unit, {})
    posted, held = int(stored.get("posted", 0)), int(stored.get("held", 0))
    return {"posted": posted, "held": held, "available": posted - held}
