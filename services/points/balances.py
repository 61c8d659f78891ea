"""Stored balances: conditional writes within a transaction, so that no bound is ever passed."""

from collections.abc import Mapping
from dataclasses import dataclass

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from chassis.mongo import Document, Mongo
from services.points import bounds, domain, stripe_store, stripes
from services.points.bounds import FROZEN, OPEN, amount_of
from services.points.domain import Change, Changes, Frozen, Lots, Overdrawn
from services.points.lots import domain as lots
from services.points.lots.domain import Wallet

OWES = "owes"
_AT_ONCE = 1000
_UNBOUND = {"$or": [{"floor": {"$exists": False}}, {"ceiling": {"$exists": False}}]}
_NEW = {"version": {"$exists": False}}
_DIVIDED = {"lots": 1, **{f"{unit}.available": 1 for unit in domain.UNITS}}


class Divided(Exception):
    """A wallet has lots, and was to be taken from without a look at them."""


@dataclass(frozen=True)
class _Step:
    """What is done to an account: changes by unit, the lots that must be there, and the update."""

    account: str
    changes: Mapping[str, Change]
    lots: Document
    update: Document

    def found(self, stored: Document | None = None) -> Document:
        """The filter by which it is written: within the bounds that were read, or within the usual ones.

        The account's own fields are asked for in either case. They are compared with constants, since a
        filter that compares two fields (`$expr`) is not looked up by the key on every server.
        """
        held_to = bounds.stored(self.account, stored or {})
        found: Document = {"_id": self.account, **self.lots}
        for unit, change in self.changes.items():
            if bounds.lowers(change):
                found["floor"] = {"$not": {"$gt": held_to.floor}}
                found[f"{unit}.available"] = bounds.at_least(held_to.floor - change.available)
            if bounds.raises(change):
                found["ceiling"] = {"$not": {"$lt": held_to.ceiling}}
                found[f"{unit}.posted"] = bounds.at_most(held_to.ceiling - change.posted)
        return found


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
        """Change balances within a transaction: first what is taken, in the order of the accounts' names.

        Whoever only gains is written after, in one command: what is missing is found out early. A member's
        wallet says from the first debt on that there may be one: nobody else's debts are looked for.
        Raises Overdrawn, AboveCeiling, Frozen, and Divided.
        """
        by_account: dict[str, dict[str, Change]] = {}
        for (account, unit), change in changes.items():
            by_account.setdefault(account, {})[unit] = change
        owing = {one.removeprefix(domain.debt("")) for one in by_account if domain.is_debt(one)}
        gains: dict[str, _Step] = {}
        for account in sorted(owing | by_account.keys()):
            if stripes.is_striped(account):
                stripe_store.change(self._mongo, account, by_account[account], session)
                continue
            step = _step(account, by_account.get(account, {}))
            if account in owing:
                step.update["$set"] = {OWES: True}
            if step.lots or bounds.takes(account, step.changes):
                self._take(step, session)
            else:
                gains[account] = step
        if gains:
            self._give(gains, session)

    def ensure_bounds(self) -> None:
        """Give accounts of earlier releases, which lack a bound of their own, that of their kind."""
        accounts = self._mongo["accounts"]
        bound = [
            UpdateOne({"_id": one["_id"]}, {"$set": bounds.stored(one["_id"], one).as_stored()})
            for one in list(accounts.find(_UNBOUND, {"floor": 1, "ceiling": 1}))
            if domain.keeps_balance(one["_id"]) and one["_id"] == stripes.account_of(one["_id"])
        ]
        for start in range(0, len(bound), _AT_ONCE):
            accounts.bulk_write(bound[start : start + _AT_ONCE])

    def _take(self, step: _Step, session: ClientSession) -> None:
        """One conditional write: the bounds hold, or nothing is done.

        It asks for the usual bounds; where these are not met, for those that the account has.
        """
        accounts = self._mongo["accounts"]
        rest: Document = {"status": {"$ne": FROZEN}}
        if not self.looks:
            rest["lots"] = {"$exists": False}
        if accounts.update_one(step.found() | rest, step.update, session=session).matched_count:
            return
        found = accounts.find_one({"_id": step.account}, session=session) or {}
        if "lots" in found and not self.looks:
            raise Divided
        if found.get("status") == FROZEN:
            raise Frozen(step.account)
        refusal = bounds.passed(step.account, found, step.changes)
        if refusal is not None:
            raise refusal
        own = step.found(found) | rest
        if not accounts.update_one(own, step.update, session=session).matched_count:
            raise Overdrawn(step.account)  # a lot of it, or there is no such account

    def _give(self, gains: Mapping[str, _Step], session: ClientSession) -> None:
        """Write what accounts gain, in one command where all are there and have the usual bounds.

        The others are written by a second one: within their own bounds, or as new accounts. A key that
        another transaction makes at the same time makes this one begin anew.
        """
        accounts = self._mongo["accounts"]
        usual = [UpdateOne(one.found(), one.update) for one in gains.values()]
        matched = accounts.bulk_write(usual, session=session).matched_count
        if matched == len(gains):
            return
        there = {
            str(one["_id"]): one for one in accounts.find({"_id": {"$in": list(gains)}}, session=session)
        }
        bound = [gains[name] for name, one in there.items() if gains[name].found(one) != gains[name].found()]
        new = [step for name, step in gains.items() if name not in there]
        are_usual = matched + len(bound) + len(new) < len(gains)  # somebody has come to the usual bounds
        late = list(gains.values()) if are_usual else [*bound, *new]
        refusals = (bounds.passed(one.account, there.get(one.account, {}), one.changes) for one in late)
        refusal = next(filter(None, refusals), None)
        if refusal is not None:
            raise refusal
        if not are_usual:
            own = [UpdateOne(step.found(there[step.account]), step.update) for step in bound]
            written = accounts.bulk_write([*own, *(_made(step) for step in new)], session=session)
            if written.matched_count + written.upserted_count == len(late):
                return
        raise RuntimeError("no account is at its bounds, and yet one was not written")


def _made(step: _Step) -> UpdateOne:
    """A new account, with the bounds of its kind."""
    fields = {**bounds.usual(step.account).as_stored(), "status": OPEN}
    return UpdateOne({"_id": step.account, **_NEW}, {**step.update, "$setOnInsert": fields}, upsert=True)


def _step(account: str, changes: Mapping[str, Change]) -> _Step:
    """The update that makes changes to an account, and which lots must be there for it."""
    steps: dict[str, int] = {"version": 1}
    there: Document = {}
    looks: list[str] = []
    for unit, change in changes.items():
        parts = {"posted": change.posted, "held": change.held, "available": change.available}
        steps |= {f"{unit}.{name}": amount for name, amount in parts.items()}
        if change.lifetime:
            steps[f"lifetime.{unit}"] = change.lifetime
        if domain.is_debt(account):
            steps["due"] = steps.get("due", 0) - change.posted
        moved = {day: amount for day, amount in change.lots.items() if amount}
        steps |= {f"lots.{unit}.{day}": amount for day, amount in moved.items()}
        there |= {f"lots.{unit}.{day}": {"$gte": -amount} for day, amount in moved.items() if amount < 0}
        looks += [lots.first_look(day) for day, amount in moved.items() if amount > 0]
    update: Document = {"$inc": steps}
    if looks:
        update["$min"] = {"lots_due": min(looks)}
    return _Step(account, changes, there, update)
