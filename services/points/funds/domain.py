"""Communities' funds in fen: deposits, allocations to projects, and the return of what is left.

A fund (`fund:<community>`) is fed by deposits; an approved proposal is allocated its budget on an account of
its own (`project:<proposal>`); what it does not spend returns. Neither account can fall below zero.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.events import Event
from chassis.identity import Actor
from services.points.domain import Leg, Posting, check_balanced, issuer
from services.points.donations.effects import ALLOCATED as DONATED
from services.points.funds.events import FundAllocated, FundRefused, FundReturned, FundSupplemented

STAFF_ROLES = frozenset({"community_staff", "subdistrict_staff", "district_admin"})
MAX_DEPOSIT = 10**12
COMMUNITY_LENGTH = 12
INSUFFICIENT, FROZEN, ABOVE_CEILING = "insufficient", "frozen", "above-ceiling"
"""Why a fund does not pay."""
DEPOSITED, ALLOCATED, RETURNED = "fund.deposited", "fund.allocated", "fund.returned"
"""The rules by which a fund posts."""
KINDS = {DEPOSITED: "deposited", DONATED: "donated", ALLOCATED: "allocated", RETURNED: "returned"}
OTHER = "other"
"""What moves a fund, by rule; other is what was posted by hand, and what was taken back."""


class Standing(StrEnum):
    """What became of a proposal's requests. `barred`: it ended unfunded, and nothing may follow."""

    ALLOCATED = "allocated"
    REFUSED = "refused"
    RETURNED = "returned"
    BARRED = "barred"


@dataclass(frozen=True)
class Ask:
    """A request for money: the `attempt`-th of a proposal, for `amount` fen."""

    proposal: str
    area: str
    community: str
    amount: int
    attempt: int


@dataclass(frozen=True)
class Allocation:
    """All that the ledger knows of a proposal: its last decided request, and what came back.

    `donated` is what donations added to what the fund gave.
    """

    proposal: str
    area: str
    community: str
    standing: Standing
    amount: int
    attempt: int
    returned: int
    at: datetime
    donated: int = 0
    version: int = 1


@dataclass(frozen=True)
class Decision:
    """An allocation after a decision, the posting it needs, and the fact to publish."""

    allocation: Allocation
    posting: Posting | None = None
    event: Event | None = None


def fund(community: str) -> str:
    """The account of a community's fund."""
    return f"fund:{community}"


def project(proposal: str) -> str:
    """The account of a proposal's allocation."""
    return f"project:{proposal}"


def deposit(
    community: str, amount: int, memo: str, actor: Actor, *, key: str, posting_id: str, at: datetime
) -> Posting:
    """Money from outside into a fund. Raises NotAllowed, and Invalid for what is no community."""
    if len(community) != COMMUNITY_LENGTH:
        raise Invalid("community", zh="须为 12 位社区代码。", en="A fund is a community's: 12 digits.")
    if not actor.has_any(STAFF_ROLES, community):
        raise NotAllowed(
            "not-your-fund", zh="您不管理此社区的资金。", en="Only staff of the community feed its fund."
        )
    return _move(
        issuer(community),
        fund(community),
        amount,
        rule=DEPOSITED,
        key=f"{DEPOSITED}:{community}:{actor.member_id}:{key}",
        cause=community,
        area=community,
        posting_id=posting_id,
        at=at,
        memo=memo,
        by=actor.member_id,
    )


def grant(known: Allocation | None, ask: Ask, *, posting_id: str, at: datetime) -> Decision | None:
    """Pay what is asked, if the fund has it. None when this request was decided, or overtaken, before."""
    if not _is_new(known, ask):
        return None
    allocation = _allocation(known, ask, Standing.ALLOCATED, at)
    posting = _move(
        fund(ask.community),
        project(ask.proposal),
        ask.amount,
        rule=ALLOCATED,
        key=f"{ALLOCATED}:{ask.proposal}",
        cause=ask.proposal,
        area=ask.area,
        posting_id=posting_id,
        at=at,
    )
    return Decision(allocation, posting, FundAllocated(ask.community, ask.amount, ask.attempt))


def refuse(known: Allocation | None, ask: Ask, reason: str, at: datetime) -> Decision:
    """Refuse what the fund does not have, or may not give."""
    allocation = _allocation(known, ask, Standing.REFUSED, at)
    return Decision(allocation, event=FundRefused(ask.community, ask.amount, ask.attempt, reason))


def release(
    known: Allocation | None, ask: Ask, spent: int, *, posting_id: str, at: datetime
) -> Decision | None:
    """Take back what a finished or cancelled project did not spend.

    Where nothing was allocated, nothing ever will be: a request that arrives later is not heard. None when
    this was done before.
    """
    if known is None or known.standing is Standing.REFUSED:
        return Decision(_allocation(known, ask, Standing.BARRED, at))
    if known.standing is not Standing.ALLOCATED:
        return None
    rest = max(0, known.amount + known.donated - spent)
    returned = replace(known, standing=Standing.RETURNED, returned=rest, at=at, version=known.version + 1)
    fact = FundReturned(known.community, rest)
    if not rest:
        return Decision(returned, event=fact)
    posting = _move(
        project(known.proposal),
        fund(known.community),
        rest,
        rule=RETURNED,
        key=f"{RETURNED}:{known.proposal}",
        cause=known.proposal,
        area=known.area,
        posting_id=posting_id,
        at=at,
    )
    return Decision(returned, posting, fact)


def supplement(known: Allocation | None, amount: int, at: datetime) -> Decision:
    """Note that a donation adds to what a project has. Raises Conflict unless the project is under way."""
    if known is None or known.standing is not Standing.ALLOCATED:
        raise Conflict(
            "project-over",
            zh="该项目未在实施，不能接受拨付。",
            en="The project is not under way: choose another, or the community's fund.",
        )
    more = replace(known, donated=known.donated + amount, at=at, version=known.version + 1)
    return Decision(more, event=FundSupplemented(known.community, more.donated))


def _is_new(known: Allocation | None, ask: Ask) -> bool:
    return known is None or (known.standing is Standing.REFUSED and known.attempt < ask.attempt)


def _allocation(known: Allocation | None, ask: Ask, standing: Standing, at: datetime) -> Allocation:
    return Allocation(
        proposal=ask.proposal,
        area=ask.area,
        community=ask.community,
        standing=standing,
        amount=ask.amount,
        attempt=ask.attempt,
        returned=0,
        at=at,
        version=known.version + 1 if known else 1,
    )


def _move(
    source: str,
    target: str,
    amount: int,
    *,
    rule: str,
    key: str,
    cause: str,
    area: str,
    posting_id: str,
    at: datetime,
    memo: str | None = None,
    by: str | None = None,
) -> Posting:
    posting = Posting(
        id=posting_id,
        key=key,
        rule=rule,
        rule_version=1,
        cause=cause,
        area=area,
        legs=(Leg(source, "fen", -amount), Leg(target, "fen", amount)),
        posted_at=at,
        memo=memo,
        by=by,
    )
    check_balanced(posting)
    return posting
