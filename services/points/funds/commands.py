"""What can be done with communities' funds."""

from collections.abc import Callable
from typing import Protocol

from chassis.clock import Clock, new_ulid
from chassis.errors import ConcurrentUpdate, Invalid, KeyReused, Unavailable
from chassis.identity import Actor
from services.points import bodies
from services.points.domain import AboveCeiling, Frozen, Overdrawn, Posting
from services.points.funds import domain
from services.points.funds.domain import ABOVE_CEILING, FROZEN, INSUFFICIENT, Allocation, Ask, Decision

_TRIES = 8


class Funds(Protocol):
    """Where funds and allocations are kept.

    `save` writes a decision with its posting at once: it raises ConcurrentUpdate when somebody decided
    first, Overdrawn when the account that pays has too little, Frozen when nothing may be taken from it,
    AboveCeiling when the account that is paid may not have so much.
    `deposit` answers with what was posted under the key, now or before.
    """

    def known(self, community: str) -> bool: ...
    def allocation(self, proposal: str) -> Allocation | None: ...
    def save(self, decision: Decision) -> None: ...
    def deposit(self, posting: Posting) -> Posting: ...


def deposit(
    funds: Funds,
    clock: Clock,
    actor: Actor,
    *,
    community: str,
    amount: int,
    memo: str,
    key: str,
    posting_id: str,
) -> Posting:
    """Put money into a community's fund, once a key for ever; see `domain.deposit`.

    Raises Invalid for an unknown community, and for a key that was used with another amount or memo.
    """
    wanted = domain.deposit(community, amount, memo, actor, key=key, posting_id=posting_id, at=clock())
    if not funds.known(community):
        raise Invalid("community", zh="没有这个社区。", en="There is no community with this code.")
    posted = funds.deposit(wanted)
    if not bodies.repeats(posted, wanted):
        raise KeyReused
    return posted


def allocate(funds: Funds, clock: Clock, *, ask: Ask) -> None:
    """Decide a request, once: pay it, or refuse it.

    It is refused when the fund has too little or is frozen, or the project's account may not have so much.
    """

    def attempt() -> None:
        known = funds.allocation(ask.proposal)
        decision = domain.grant(known, ask, posting_id=new_ulid(), at=clock())
        if decision is None:
            return
        try:
            funds.save(decision)
        except Overdrawn:
            funds.save(domain.refuse(known, ask, INSUFFICIENT, clock()))
        except Frozen:
            funds.save(domain.refuse(known, ask, FROZEN, clock()))
        except AboveCeiling:
            funds.save(domain.refuse(known, ask, ABOVE_CEILING, clock()))

    _until_decided(attempt)


def release(funds: Funds, clock: Clock, *, ask: Ask, spent: int) -> None:
    """Take back what a project did not spend, once; see `domain.release`.

    Raises Unavailable while the project's account is frozen or the fund may not have so much: nobody can ask
    again, so this waits.
    """

    def attempt() -> None:
        known = funds.allocation(ask.proposal)
        decision = domain.release(known, ask, spent, posting_id=new_ulid(), at=clock())
        if decision is None:
            return
        try:
            funds.save(decision)
        except Frozen:
            raise Unavailable(
                "frozen-project",
                zh="项目账户已冻结，恢复后将自动退回结余。",
                en="The project's account is frozen: what is left goes back once it is restored.",
                retry_after=60,
            ) from None
        except AboveCeiling:
            raise Unavailable(
                "full-fund",
                zh="资金账户已达上限，调整后将自动退回结余。",
                en="The fund is at its ceiling: what is left goes back once that is raised.",
                retry_after=60,
            ) from None

    _until_decided(attempt)


def _until_decided(attempt: Callable[[], None]) -> None:
    for _ in range(_TRIES):
        try:
            attempt()
        except ConcurrentUpdate:
            continue
        return
    raise Unavailable(
        "busy-fund", zh="资金账户繁忙，请稍后重试。", en="The fund is busy: try again.", retry_after=1
    )
