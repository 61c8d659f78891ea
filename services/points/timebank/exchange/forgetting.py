"""What is forgotten of help when a person asks to be: words, and what the two had yet to do.

Who gave and received what stays, as in the ledger: an identifier that belongs to nobody.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.points.timebank.exchange.domain import transition
from services.points.timebank.exchange.effects import Details, Surroundings
from services.points.timebank.exchange.help import SYSTEM, Change, Entry, Help, Status


def end(one: Help, member: str, around: Surroundings) -> Change | None:
    """End what a member had yet to do; None where there is nothing.

    What they have served stays to be confirmed, by the other or by the clock; what is disputed, by staff.
    """
    action = _ending(one, member)
    return transition(one, action, SYSTEM, Details(), around) if action else None


def without_words(one: Help, lines: Sequence[Entry], member: str) -> tuple[Help, tuple[Entry, ...]] | None:
    """Help and its history without a member's words; None where there are none."""
    left = tuple(replace(line, note=None) if line.actor == member else line for line in lines)
    contacts = {other: words for other, words in one.contacts.items() if other != member}
    emptied = replace(one, text="" if one.author == member else one.text, contacts=contacts)
    if (emptied, left) == (one, tuple(lines)):
        return None
    return replace(emptied, version=one.version + 1), left


def _ending(one: Help, member: str) -> str | None:
    if member not in (one.author, one.partner):
        return None
    if one.author == member and one.status in (Status.OPEN, Status.MATCHED):
        return "withdraw"
    ends = {Status.MATCHED: "decline", Status.ACCEPTED: "cancel", Status.CHECKED_IN: "stall"}
    return ends.get(one.status)
