"""Funds in stripes: several documents, each with a part of what a fund has, so that many can write at once.

The first is the fund's own document, with its bounds and its status; the others have nothing but figures. No
stripe ever has less than nothing available, so that all of them together have not either, whichever are
written: who writes one need not look at the others. What is in one says nothing by itself; their sum does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.points import bounds
from services.points.bounds import FROZEN, amount_of
from services.points.domain import MAX_AMOUNT, UNITS, Change

STRIPES = 8
MOST = MAX_AMOUNT // STRIPES
"""The most that is posted to a stripe: all of them together stay within 2^53."""
_FIGURES = ("posted", "held", "available")

Documents = Mapping[str, Mapping[str, Any]]
"""Stored stripes by their keys."""
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


def may_spread(account: str, own: Mapping[str, Any]) -> bool:
    """Whether an account may be in several stripes, by its own document.

    Where it is frozen or has other bounds than the usual ones, all is in that document, which alone knows.
    """
    return own.get("status") != FROZEN and bounds.stored(account, own) == bounds.usual(account)


@dataclass(frozen=True)
class Plan:
    """Which stripes a change is written to; they share what is in those that are `read` for it."""

    written: list[str]
    read: list[str]


def planned(account: str, found: Documents, first: str, changes: Mapping[str, Change]) -> Plan:
    """What to write for a change by units to an account of which these stripes were found.

    That is `first`, and where it has too little also the fullest others, as few as can be; all of them where
    so much comes in that a stripe would have too much. What may not be spread, or is below zero, is gathered
    in the account's own document.
    """
    whole = wholes(found.values()).get(account, {})
    if not may_spread(account, whole) or any(amount_of(whole, unit, "available") < 0 for unit in UNITS):
        return Plan([account], list(found))
    others = [key for key in found if key != first]
    others.sort(key=lambda key: [amount_of(found[key], unit, "available") for unit in changes], reverse=True)
    for count in range(len(others) + 1):
        chosen = [first, *others[:count]]
        there = [key for key in chosen if key in found]
        if _has_enough([found[key] for key in there], len(chosen), changes):
            return Plan(chosen, there)
    return Plan(keys(account), list(found))


def shared_out(
    documents: Iterable[Mapping[str, Any]], changes: Mapping[str, Change], among: int
) -> list[Figures]:
    """What so many stripes have after changes by unit to these: each as much available as any other.

    What else is posted is kept with the first: what is held, and what somebody wrote there past the ledger,
    which the proof is to find.
    """
    shares: list[Figures] = [{} for _ in range(among)]
    whole = _added(documents)
    for unit in UNITS:
        if unit not in whole and unit not in changes:
            continue
        change = changes.get(unit, Change())
        held = amount_of(whole, unit, "held") + change.held
        left = amount_of(whole, unit, "available") + change.available
        beside = amount_of(whole, unit, "posted") + change.posted - left
        for place, share in enumerate(shares):
            part = left // among + (place < left % among)
            share[unit] = {"posted": part, "held": 0, "available": part}
        shares[0][unit]["posted"] += beside
        shares[0][unit]["held"] += held
    return shares


def _has_enough(documents: Sequence[Mapping[str, Any]], stripes: int, changes: Mapping[str, Change]) -> bool:
    whole = _added(documents)
    return all(
        amount_of(whole, unit, "available") + change.available >= 0
        and amount_of(whole, unit, "posted") + change.posted <= MOST * stripes
        for unit, change in changes.items()
    )


def _added(documents: Iterable[Mapping[str, Any]]) -> Figures:
    whole: Figures = {}
    for one in documents:
        whole = _sum(whole, one)
    return whole


def _sum(account: Mapping[str, Any], stripe: Mapping[str, Any]) -> Figures:
    return {
        unit: {name: amount_of(account, unit, name) + amount_of(stripe, unit, name) for name in _FIGURES}
        for unit in UNITS
        if unit in account or unit in stripe
    }
