"""Stripes ↔ documents: a fund's balance is changed in one of them, or in all where that does not do."""

import random
from collections.abc import Mapping, Sequence

from pymongo import DeleteOne, UpdateOne
from pymongo.client_session import ClientSession

from chassis.mongo import Document, Mongo
from services.points import bounds, stripes
from services.points.bounds import FROZEN, OPEN
from services.points.domain import Change, Frozen
from services.points.stripes import MOST, STRIPES, Figures

_USUAL = bounds.usual("fund:")
_SPREAD: Document = {
    "floor": {"$not": {"$gt": _USUAL.floor}},
    "ceiling": {"$not": {"$lt": _USUAL.ceiling}},
    "status": {"$ne": FROZEN},
}
"""How an account's own document is found while it is spread; the other stripes have none of these fields."""


def read(mongo: Mongo, account: str, session: ClientSession | None = None) -> Document:
    """An account as if it were one document, empty where there is none; its stripes are of one moment."""
    if not stripes.is_striped(account):
        return mongo["accounts"].find_one({"_id": account}, session=session) or {}
    if session is not None:
        return stripes.wholes(_found(mongo, account, session)).get(account, {})
    with mongo.client.start_session() as own, own.start_transaction():
        return read(mongo, account, own)


def change(mongo: Mongo, account: str, changes: Mapping[str, Change], session: ClientSession) -> None:
    """Change an account that is kept in stripes, by units, within a transaction: any one of them.

    Where that does not do, all that there is is shared out anew: the stripes are read and written together,
    so that nothing is refused that the whole could pay.
    Raises Overdrawn, AboveCeiling, Frozen.
    """
    any_of_them = random.choice(stripes.keys(account))  # noqa: S311 - spreads load, guards nothing
    if _change_one(mongo, any_of_them, changes, session):
        return
    found = _found(mongo, account, session)
    whole = stripes.wholes(found).get(account, {})
    if whole.get("status") == FROZEN and bounds.takes(account, changes):
        raise Frozen(account)
    refusal = bounds.passed(account, whole, changes)
    if refusal is not None:
        raise refusal
    among = STRIPES if stripes.is_spread(account, whole) else 1
    _put_all(mongo, account, found, stripes.shared_out(whole, changes, among), session)


def collect(mongo: Mongo, account: str, session: ClientSession) -> None:
    """Put all that an account has into its own document, within a transaction."""
    found = _found(mongo, account, session)
    whole = stripes.wholes(found).get(account, {})
    _put_all(mongo, account, found, stripes.shared_out(whole, {}, 1), session)


def _found(mongo: Mongo, account: str, session: ClientSession) -> list[Document]:
    return list(mongo["accounts"].find({"_id": {"$in": stripes.keys(account)}}, session=session))


def _change_one(mongo: Mongo, key: str, changes: Mapping[str, Change], session: ClientSession) -> bool:
    """Change one stripe; false where it is not there, has too little, or would have too much."""
    found: Document = {"_id": key, **_SPREAD}
    steps = {"version": 1}
    for unit, one in changes.items():
        if bounds.lowers(one):
            found[f"{unit}.available"] = {"$gte": max(0, -one.available)}
        if bounds.raises(one):
            found[f"{unit}.posted"] = {"$not": {"$gt": MOST - one.posted}}
        parts = {"posted": one.posted, "held": one.held, "available": one.available}
        steps |= {f"{unit}.{name}": amount for name, amount in parts.items()}
    return bool(mongo["accounts"].update_one(found, {"$inc": steps}, session=session).matched_count)


def _put_all(
    mongo: Mongo,
    account: str,
    found: Sequence[Document],
    shares: Sequence[Figures],
    session: ClientSession,
) -> None:
    """Store these shares, and no other stripe beside them, in place of what was found."""
    there = {str(one["_id"]): one for one in found}
    parts = dict(zip(stripes.keys(account), shares, strict=False))
    puts = [_put(key, there.get(key), figures) for key, figures in parts.items()]
    gone = [DeleteOne({"_id": key}) for key in there if key not in parts]
    written = mongo["accounts"].bulk_write([*puts, *gone], session=session)
    if written.matched_count + written.upserted_count != len(puts):
        raise RuntimeError("a transaction finds again what it has read, and yet a stripe was not written")


def _put(key: str, stored: Document | None, figures: Figures) -> UpdateOne:
    """Store a stripe in place of what was read. A key that another one makes meanwhile begins this anew."""
    if stored is not None:
        was = {"_id": key, "version": stored.get("version")}
        return UpdateOne(was, {"$set": figures, "$inc": {"version": 1}})
    fields: Document = {**figures, "version": 1}
    if key == stripes.account_of(key):
        fields |= {**bounds.usual(key).as_stored(), "status": OPEN}
    return UpdateOne({"_id": key, "version": {"$exists": False}}, {"$setOnInsert": fields}, upsert=True)
