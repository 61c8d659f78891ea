"""Stored balances: conditional writes within a transaction, so that no bound is ever passed."""

from typing import Any

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from chassis.mongo import Document, Mongo
from services.points import domain
from services.points.domain import Change, Changes, Frozen, Lots, Overdrawn
from services.points.lots import domain as lots
from services.points.lots.domain import Wallet

FROZEN = "frozen"
OWES = "owes"
_DIVIDED = {"lots": 1, **{f"{unit}.available": 1 for unit in domain.UNITS}}


class Divided(Exception):
    """A wallet has lots, and was to be taken from without a look at them."""


class Balances:
    """The only writer of accounts. `looks`: whether wallets are read before anything is taken from them."""

    def __init__(self, mongo: Mongo, *, looks: bool) -> None:
        self._mongo = mongo
        self.looks = looks

    def wallets(self, session: ClientSession, beside: Changes) -> Wallet:
        """What accounts have available and are given beside, by lots; nothing while none has any."""
        if not self.looks:
            return lambda _account, _unit: {}

        def wallet(account: str, unit: str) -> Lots:
            given = beside.get((account, unit), Change())
            found = self._mongo["accounts"].find_one({"_id": account}, _DIVIDED, session=session) or {}
            there = Change(lots=found.get("lots", {}).get(unit, {})) + Change(lots=given.lots)
            return lots.divided(there.lots, amount_of(found, unit, "available") + given.available)

        return wallet

    def change(self, changes: Changes, session: ClientSession) -> None:
        """Change balances within a transaction, in the order of the accounts' names.

        Whoever only gains is written in one command. A member's wallet says from the first debt on that there
        may be one: nobody else's debts are looked for. Raises Overdrawn, Frozen, and Divided.
        """
        by_account: dict[str, dict[str, Change]] = {}
        for (account, unit), change in changes.items():
            by_account.setdefault(account, {})[unit] = change
        owing = {one.removeprefix(domain.debt("")) for one in by_account if domain.is_debt(one)}
        gains: list[UpdateOne] = []
        for account in sorted(owing | by_account.keys()):
            bounds, update = _bounded(account, by_account.get(account, {}))
            if account in owing:
                update["$set"] = {OWES: True}
            if bounds:
                self._take(account, bounds, update, session)
            else:
                gains.append(UpdateOne({"_id": account}, update, upsert=True))
        if gains:
            self._mongo["accounts"].bulk_write(gains, session=session)

    def _take(
        self, account: str, bounds: dict[str, Any], update: dict[str, Any], session: ClientSession
    ) -> None:
        """One conditional write: the bounds hold, or nothing is done."""
        accounts = self._mongo["accounts"]
        if not self.looks:
            bounds["lots"] = {"$exists": False}
        taken = {"_id": account, **bounds, "status": {"$ne": FROZEN}}
        if not accounts.update_one(taken, update, session=session).matched_count:
            found = accounts.find_one({"_id": account}, {"status": 1, "lots": 1}, session=session) or {}
            if "lots" in found and not self.looks:
                raise Divided
            raise Frozen(account) if found.get("status") == FROZEN else Overdrawn(account)


def amount_of(account: Document, unit: str, name: str) -> int:
    """A figure of an account as it is stored: `posted`, `held` or `available`."""
    return int(account.get(unit, {}).get(name, 0))


def _bounded(account: str, changes: dict[str, Change]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What must hold of an account before it is changed, and the change."""
    steps: dict[str, int] = {"version": 1}
    bounds: dict[str, Any] = {}
    looks: list[str] = []
    for unit, change in changes.items():
        parts = {"posted": change.posted, "held": change.held, "available": change.available}
        steps |= {f"{unit}.{name}": amount for name, amount in parts.items() if amount}
        if change.lifetime:
            steps[f"lifetime.{unit}"] = change.lifetime
        if domain.is_debt(account):
            steps["due"] = steps.get("due", 0) - change.posted
            if change.posted > 0:
                bounds[f"{unit}.posted"] = {"$lte": -change.posted}
        elif change.available < 0 or change.posted < 0:
            # What was held before is taken from a frozen account no more than what is free.
            bounds[f"{unit}.available"] = {"$gte": -change.available}
        moved = {day: amount for day, amount in change.lots.items() if amount}
        steps |= {f"lots.{unit}.{day}": amount for day, amount in moved.items()}
        bounds |= {f"lots.{unit}.{day}": {"$gte": -amount} for day, amount in moved.items() if amount < 0}
        looks += [lots.first_look(day) for day, amount in moved.items() if amount > 0]
    update: dict[str, Any] = {"$inc": steps}
    if looks:
        update["$min"] = {"lots_due": min(looks)}
    return bounds, update
