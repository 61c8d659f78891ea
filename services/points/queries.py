"""Balances and statements."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chassis import paging
from chassis.clock import ulid_at, utc_now
from chassis.errors import NotAllowed, missing
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from services.points import bounds, stripe_store
from services.points.balances import OWES
from services.points.domain import (
    LADDER,
    UNITS,
    Ladder,
    counts_for_life,
    debt,
    is_account,
    is_member,
    keeps_balance,
)
from services.points.lots.domain import coming

_SUMMED = {"legs": 1, "effective_at": 1, "verified": 1, "reverses": 1}
_FIRST, _MOMENT = "0" * 26, timedelta(milliseconds=1)
_STAFF = frozenset({"community_staff", "subdistrict_staff", "district_admin"})


class LedgerQueries:
    """Reads the ledger."""

    def __init__(self, mongo: Mongo, district: str, ladder: Ladder = LADDER) -> None:
        self._mongo = mongo
        self._district = district
        self._ladder = ladder

    def account(self, account: str, actor: Actor) -> Document:
        """An account's balances; one that nothing was posted to has zeros. Raises NotAllowed."""
        check_reader(account, actor)
        if not keeps_balance(account):
            return self._gathered(account)
        found = stripe_store.read_account(self._mongo, account)
        owed: Document = {}
        if found.get(OWES):
            owed = self._mongo["accounts"].find_one({"_id": debt(account)}) or {}
        lifetime = found.get("lifetime", {})
        return {
            "id": account,
            "status": found.get("status", "open"),
            **bounds.stored(account, found).as_stored(),
            **{unit: _balance(found, unit) for unit in UNITS},
            "lifetime_points": lifetime.get("points", 0),
            "lifetime_minutes": lifetime.get("minutes", 0),
            "recovery_due": _owed(owed),
            "expiring": coming(found.get("lots", {})),
            "stars": self._ladder.stars(lifetime.get("minutes", 0)),
            "tier": self._ladder.tier(lifetime.get("points", 0)),
        }

    def account_then(
        self, account: str, actor: Actor, effective_at: datetime | None, known_at: datetime | None
    ) -> Document:
        """An account's balances as of an effective time, by what was posted up to a time of knowing.

        Raises NotAllowed. Holds are not part of the books: nothing is shown as held.
        """
        check_reader(account, actor)
        now = utc_now()
        return self._rolled_up(account, effective_at or now, known_at or now)

    def _gathered(self, account: str) -> Document:
        """What was carried of an account that only gathers, and what came since; see `gathered/`.

        What is carried meanwhile does no harm: what came since is read from where these sums end.
        """
        wanted = {"through": 1, f"sums.{account}": 1}
        carried = self._mongo["gathered"].find_one({"_id": self._district}, wanted) or {}
        sums = Counter[str](carried.get("sums", {}).get(account, {}))
        since = {"lists": account, "order": {"$gte": carried.get("through", _FIRST)}}
        for one in self._mongo["journal"].find(since, {"legs": 1}):
            for leg in one["legs"]:
                if leg["account"] == account:
                    sums[leg["unit"]] += leg["amount"]
        found = self._mongo["accounts"].find_one({"_id": account}, {"status": 1}) or {}
        return _shown(account, sums, found.get("status", "open"))

    def _rolled_up(self, account: str, effective_at: datetime, known_at: datetime) -> Document:
        sums, lifetime, owed = Counter[str](), Counter[str](), Counter[str]()
        names = [account, debt(account)] if is_member(account) else [account]
        # By when it was written, like a statement's period: what is told of a moment stays so.
        known = {"$gte": _FIRST, "$lt": ulid_at(known_at + _MOMENT)}
        for name in names:
            for one in self._mongo["journal"].find({"lists": name, "order": known}, _SUMMED):
                if one["effective_at"] > effective_at:
                    continue
                for leg in one["legs"]:
                    unit, amount = leg["unit"], leg["amount"]
                    if leg["account"] != name:
                        continue
                    (sums if name == account else owed)[unit] += amount
                    if counts_for_life(name, amount, one["verified"], one.get("reverses")):
                        lifetime[unit] += amount
        shown = _shown(account, sums, "open")
        if not is_member(account):
            return shown
        return shown | {
            "lifetime_points": lifetime["points"],
            "lifetime_minutes": lifetime["minutes"],
            "recovery_due": {unit: -amount for unit, amount in owed.items() if amount},
            "stars": self._ladder.stars(lifetime["minutes"]),
            "tier": self._ladder.tier(lifetime["points"]),
        }

    def postings(
        self, area: str, rule: str | None, actor: Actor, limit: int, cursor: str | None
    ) -> paging.Page:
        """All postings of an area, newest first. Raises NotAllowed."""
        if not actor.has_any(_STAFF, area):
            raise NotAllowed(
                "not-your-area", zh="您不管理此区域。", en="Only staff of the area see its postings."
            )
        where = {"rule": rule} if rule is not None else None
        return self._page({"lists": area}, limit, cursor, where)

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


def check_reader(account: str, actor: Actor) -> None:
    """Raises NotFound for what names no account, NotAllowed for another member's."""
    if not is_account(account):
        raise missing("账户", "account")
    # A wallet carries no area: staff of any area of the district may look, members only at their own, and at
    # what they owe: of a gain that was spent and taken back only that account's statement tells.
    own = (actor.member_id, debt(actor.member_id))
    if account not in own and not actor.roles & _STAFF:
        raise NotAllowed(
            "not-your-account", zh="只能查看自己的账户。", en="You may see your own account only."
        )


def _shown(account: str, sums: Mapping[str, int], status: str) -> Document:
    """An account of which nothing is known but its sums."""
    balances = {unit: sums.get(unit, 0) for unit in UNITS}
    return {
        "id": account,
        "status": status,
        **dict.fromkeys(("floor", "ceiling")),
        **{unit: {"posted": posted, "held": 0, "available": posted} for unit, posted in balances.items()},
        "lifetime_points": 0,
        "lifetime_minutes": 0,
        "recovery_due": {},
        "expiring": [],
        "stars": 0,
        "tier": 0,
    }


def _owed(account: Document) -> dict[str, int]:
    owed = {unit: -_balance(account, unit)["posted"] for unit in UNITS}
    return {unit: amount for unit, amount in owed.items() if amount}


def _balance(document: Document, unit: str) -> dict[str, int]:
    stored = document.get(unit, {})
    return {name: int(stored.get(name, 0)) for name in ("posted", "held", "available")}
