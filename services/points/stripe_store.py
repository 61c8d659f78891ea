"""Stripes ↔ documents: what an account has is read of all of them, and changed in as few as can be."""

import random
from collections.abc import Mapping

from pymongo import DeleteOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import ConnectionFailure
from pymongo.read_concern import ReadConcern

from chassis.mongo import Document, Mongo
from services.points import bounds, stripes
from services.points.bounds import FROZEN, OPEN
from services.points.domain import Change, Frozen
from services.points.stripes import MOST, Figures, Plan

ONE_MOMENT = ReadConcern("snapshot")
_BOUNDS = {"floor": 1, "ceiling": 1, "status": 1}


def read_account(mongo: Mongo, account: str, session: ClientSession | None = None) -> Document:
    """An account as if it were one document, empty where there is none; its stripes are of one moment."""
    if not stripes.is_striped(account):
        return mongo["accounts"].find_one({"_id": account}, session=session) or {}
    if session is None:
        try:
            return _at_one_moment(mongo, account)
        except ConnectionFailure:  # within a transaction the driver does not ask again by itself
            return _at_one_moment(mongo, account)
    return stripes.wholes(_found(mongo, account, session).values()).get(account, {})


def change(mongo: Mongo, account: str, changes: Mapping[str, Change], session: ClientSession) -> None:
    """Change an account that is kept in stripes, by units, within a transaction: any one of them.

    Where that has too little, the fullest of the others share with it, so that nothing is refused that the
    whole could pay. Raises Overdrawn, AboveCeiling, Frozen.
    """
    own = mongo["accounts"].find_one({"_id": account}, _BOUNDS, session=session)
    first = account
    if own is not None and stripes.may_spread(account, own):
        first = random.choice(stripes.keys(account))  # noqa: S311 - spreads load, guards nothing
        if _change_one(mongo, first, changes, session):
            return
    found = _found(mongo, account, session)
    whole = stripes.wholes(found.values()).get(account, {})
    if whole.get("status") == FROZEN and bounds.takes(account, changes):
        raise Frozen(account)
    refusal = bounds.passed(account, whole, changes)
    if refusal is not None:
        raise refusal
    _carry_out(mongo, stripes.planned(account, found, first, changes), found, changes, session)


def _at_one_moment(mongo: Mongo, account: str) -> Document:
    # Left without a commit: nothing is written that others would have to wait for.
    with mongo.client.start_session() as session:
        session.start_transaction(read_concern=ONE_MOMENT)
        return read_account(mongo, account, session)


def _found(mongo: Mongo, account: str, session: ClientSession) -> dict[str, Document]:
    found = mongo["accounts"].find({"_id": {"$in": stripes.keys(account)}}, session=session)
    return {str(one["_id"]): one for one in found}


def _change_one(mongo: Mongo, key: str, changes: Mapping[str, Change], session: ClientSession) -> bool:
    """Change one stripe; false where it is not there, has too little, or would have too much."""
    found: Document = {"_id": key}
    steps = {"version": 1}
    for unit, one in changes.items():
        if bounds.lowers(one):
            found[f"{unit}.available"] = bounds.at_least(max(0, -one.available))
        if bounds.raises(one):
            found[f"{unit}.posted"] = bounds.at_most(MOST - one.posted)
        parts = {"posted": one.posted, "held": one.held, "available": one.available}
        steps |= {f"{unit}.{name}": amount for name, amount in parts.items()}
    return bool(mongo["accounts"].update_one(found, {"$inc": steps}, session=session).matched_count)


def _carry_out(
    mongo: Mongo,
    plan: Plan,
    found: Mapping[str, Document],
    changes: Mapping[str, Change],
    session: ClientSession,
) -> None:
    shares = stripes.shared_out([found[key] for key in plan.read], changes, len(plan.written))
    puts = [_put(key, found.get(key), share) for key, share in zip(plan.written, shares, strict=True)]
    gone = [DeleteOne({"_id": key}) for key in plan.read if key not in plan.written]
    done = mongo["accounts"].bulk_write([*puts, *gone], session=session)
    if done.matched_count + done.upserted_count != len(puts):
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
