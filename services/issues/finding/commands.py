"""What can be done with many issues at once, and with saved filters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chassis.clock import Clock
from chassis.errors import Conflict, Refusal, missing
from chassis.identity import Actor
from services.issues.cases.issue import Issue

MOST_SAVED = 50


class SavedFilters(Protocol):
    """Where saved filters are kept."""

    def of(self, member: str) -> list[dict[str, Any]]: ...
    def put(
        self, filter_id: str, member: str, name: str, query: dict[str, str], at: datetime
    ) -> dict[str, Any]: ...
    def remove(self, filter_id: str, member: str) -> bool: ...


@dataclass(frozen=True)
class Outcome:
    """What became of one issue of many: its new state, or why it was refused."""

    id: str
    issue: Issue | None
    refusal: Refusal | None


def act_on_many(ids: Sequence[str], act: Callable[[str], Issue]) -> list[Outcome]:
    """Carry out one action on each issue by itself; a refusal of one leaves the others be."""
    outcomes = []
    for issue_id in dict.fromkeys(ids):
        try:
            outcomes.append(Outcome(issue_id, act(issue_id), None))
        except Refusal as refusal:
            outcomes.append(Outcome(issue_id, None, refusal))
    return outcomes


def save_filter(
    filters: SavedFilters, clock: Clock, actor: Actor, *, filter_id: str, name: str, query: dict[str, str]
) -> dict[str, Any]:
    """Save a filter under a name. Raises Conflict when the member has too many."""
    if len(filters.of(actor.member_id)) >= MOST_SAVED:
        raise Conflict(
            "too-many-filters",
            zh=f"最多保存 {MOST_SAVED} 个筛选条件。",
            en=f"At most {MOST_SAVED} filters can be saved: remove one.",
        )
    return filters.put(filter_id, actor.member_id, name, query, clock())


def remove_filter(filters: SavedFilters, actor: Actor, *, filter_id: str) -> None:
    """Remove one's own filter. Raises NotFound."""
    if not filters.remove(filter_id, actor.member_id):
        raise missing("筛选条件", "saved filter")
