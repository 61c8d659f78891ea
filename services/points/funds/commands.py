"""What can be done with communities' funds."""

from collections.abc import Callable
from typing import Protocol

from chassis.clock import Clock, new_ulid
from chassis.errors import ConcurrentUpdate, Invalid, KeyReused, Unavailable
from chassis.identity import Actor
from services.points.domain import Frozen, Overdrawn, Posting
from services.points.funds import domain
from services.points.funds.domain import FROZEN, INSUFFICIENT, Allocation, Ask, Decision

_TRIES = 8


class Funds(Protocol):
    """Where funds and allocations are kept.

    `save` writes a decision with its posting at once: it raises ConcurrentUpdate when somebody decided
    first, Overdrawn when the account that pays has too little, Frozen when nothing may be taken from it.
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
    if (posted.legs, posted.memo) != (wanted.legs, wanted.memo):
        raise KeyReused
    return posted


def allocate(funds: Funds, clock: Clock, *, ask: Ask) -> None:
    """Decide a request: pay it, or refuse it when the fund has too little or is frozen. Each once."""

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

    _until_decided(attempt)


def release(funds: Funds, clock: Clock, *, ask: Ask, spent: int) -> None:
    """Take back what a project did not spend, once; see `domain.release`.

    Raises Unavailable while the project's account is frozen: nobody can ask again, so this waits.
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
