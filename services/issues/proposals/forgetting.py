"""What is forgotten of a proposal when a person asks to be: the name, and what was never put before others.

A proposal is made in office, for the public: what the council or the residents dealt with stays on record,
and so do votes and expenses, all without the name. A draft, and what its author took back, goes with its
words.
"""

from dataclasses import replace
from datetime import datetime

from services.issues.proposals import events
from services.issues.proposals.events import ProposalFact
from services.issues.proposals.proposal import SYSTEM, Entry, Expense, Proposal, Record, Status, fact

_TAKEN_BACK = frozenset({Status.DRAFT, Status.WITHDRAWN})


def erase(record: Record, member: str, at: datetime) -> tuple[Record, tuple[ProposalFact, ...]] | None:
    """Forget a person, and what is to be told of it; None where nothing of them is kept.

    Whoever voted openly cannot vote again: an erased member has no home in the area. The voters of a secret
    ballot are hashes that go when the voting ends.
    """
    gone = record.proposal.author == member and record.proposal.status in _TAKEN_BACK
    proposal = _without(record.proposal, member)
    without = Record(
        proposal=_emptied(proposal, at) if gone else proposal,
        lines=tuple(_line(one, member, words=not gone) for one in record.lines),
        ballots=tuple(replace(one, member=None) if one.member == member else one for one in record.ballots),
        voters=tuple(one for one in record.voters if one != member),
    )
    if without == record:
        return None
    saved = replace(without.proposal, version=record.proposal.version + 1)
    line = Entry("erase", SYSTEM.member_id, at, saved.status)
    ended = saved.status is not record.proposal.status
    told = (fact(events.ProposalWithdrawn, saved, SYSTEM.member_id),) if ended else ()
    return replace(without, proposal=saved, lines=(*without.lines, line)), told


def _without(proposal: Proposal, member: str) -> Proposal:
    return replace(
        proposal,
        author=None if proposal.author == member else proposal.author,
        expenses=tuple(_expense(one, member) for one in proposal.expenses),
    )


def _expense(expense: Expense, member: str) -> Expense:
    void = expense.void
    return replace(
        expense,
        by=None if expense.by == member else expense.by,
        void=replace(void, by=None) if void is not None and void.by == member else void,
    )


def _emptied(proposal: Proposal, at: datetime) -> Proposal:
    """Without its words, and over: nobody is left to work on it."""
    budget = tuple(replace(one, purpose="") for one in proposal.budget)
    return replace(
        proposal,
        title="",
        text="",
        budget=budget,
        status=Status.WITHDRAWN,
        closed_at=proposal.closed_at or at,
    )


def _line(line: Entry, member: str, *, words: bool) -> Entry:
    if line.actor != member:
        return line
    return replace(line, actor=None, note=line.note if words else None)
