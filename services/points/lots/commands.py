"""What is done about lots by the clock."""

from collections.abc import Callable
from typing import Protocol

from chassis.clock import Clock, new_ulid
from chassis.errors import Unavailable
from services.points.domain import Frozen, Overdrawn
from services.points.lots import domain
from services.points.lots.domain import Holding, Step

_AT_ONCE = 200


class Lots(Protocol):
    """Where members' lots are kept, beside the ledger.

    `settle` does what `decide` makes of a member's lots at that moment, in one transaction: posts what
    expired, leaves each notice once and notes when to look again. It raises Frozen, Overdrawn, Unavailable.
    """

    def due(self, day: str, most: int) -> list[str]: ...
    def settle(self, member: str, decide: Callable[[Holding], Step]) -> None: ...


def sweep(lots: Lots, clock: Clock, district: str) -> int:
    """Expire and give notice for the members who are due by now; returns for how many this was done."""
    now, settled = clock(), 0

    def decide(holding: Holding) -> Step:
        return domain.step(holding, district=district, posting_id=new_ulid(), at=now)

    for member in lots.due(domain.day_of(domain.today(now)), _AT_ONCE):
        try:
            lots.settle(member, decide)
        except (Frozen, Overdrawn, Unavailable):
            continue  # frozen, spent or busy meanwhile: the next sweep sees what is left
        settled += 1
    return settled
