"""Funds in stripes: several documents, each with a part of what a fund has, so that many can write at once.

The first is the fund's own document, with its bounds and its status; the others have nothing but figures. No
stripe ever has less than nothing available, so that all of them together have not either, whichever are
written: who writes one need not look at the others. What is in one says nothing by itself; their sum does.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from services.points import bounds
from services.points.bounds import FROZEN, amount_of
from services.points.domain import MAX_AMOUNT, UNITS, Change

STRIPES = 8
MOST = MAX_AMOUNT // STRIPES
"""The most that is posted to a stripe by itself: all of them together stay within 2^53."""
_FIGURES = ("posted", "held", "available")

Figures = dict[str, dict[str, int]]
"""By unit `posted`, `held` and `available`."""


def is_striped(account: str) -> bool:
    """Whether an account is kept in stripes.

    Communities' funds are: they must not fall below zero, and a whole community may be paid from one at once.
    """
    return account.startswith("fund:")


def keys(account: str) -> list[str]:
    """The keys of all documents that an account may be kept in, its own first."""
    return [account, *(f"{account}#{number}" for number in range(1, STRIPES) if is_striped(account))]


def account_of(key: str) -> str:
    """The account that a document is a part of, by its key."""
    return key.partition("#")[0]


def wholes(documents: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Stored documents as accounts by their names: what is in a stripe is added to its account."""
    found: dict[str, dict[str, Any]] = {}
    for one in sorted(documents, key=lambda one: str(one["_id"])):
        account = account_of(str(one["_id"]))
        before = found.get(account, {})
        found[account] = {**one, **before, "_id": account, **_sum(before, one)}
    return found


def is_spread(account: str, whole: Mapping[str, Any]) -> bool:
    """Whether an account has all its stripes: not while it is frozen or has bounds of its own.

    Then all is in its own document, where alone these are known, and no other stripe is there to be written.
    """
    return whole.get("status") != FROZEN and bounds.stored(account, whole) == bounds.usual(account)


def shared_out(whole: Mapping[str, Any], changes: Mapping[str, Change], among: int) -> list[Figures]:
    """What so many stripes of an account have after changes by unit: each as much as any other.

    What is held is kept with the first: how much that is, only the whole knows.
    """
    shares: list[Figures] = [{} for _ in range(among)]
    for unit in UNITS:
        if unit not in whole and unit not in changes:
            continue
        change = changes.get(unit, Change())
        held = amount_of(whole, unit, "held") + change.held
        left = amount_of(whole, unit, "available") + change.available
        for place, share in enumerate(shares):
            part = left // among + (place < left % among)
            aside = 0 if place else held
            share[unit] = {"posted": part + aside, "held": aside, "available": part}
    return shares


def _sum(account: Mapping[str, Any], stripe: Mapping[str, Any]) -> Figures:
    return {
        unit: {name: amount_of(account, unit, name) + amount_of(stripe, unit, name) for name in _FIGURES}
        for unit in UNITS
        if unit in account or unit in stripe
    }
