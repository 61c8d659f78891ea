"""This service's own events by which words are found and the counts on the map kept up to date."""

from typing import Any

from chassis.events import Envelope
from chassis.subscriptions import FactSchema, Subscription
from services.issues.cases import events
from services.issues.finding.store import CellStore, WordStore
from services.issues.privacy.events import IssueAnonymised

_MOVES = (
    events.IssueResolved,
    events.IssueReopened,
    events.IssueReferred,
    events.IssueRejected,
    events.IssueMerged,
    events.IssueUnmerged,
    events.IssueWithdrawn,
)
"""What opens or closes an issue that is there already."""


class AnyFact(FactSchema):
    """Nothing is read of these events but which issue they are of."""


def subscriptions(cells: CellStore, words: WordStore) -> dict[str, Subscription]:
    """Type → schema and function."""

    def moved(event: Envelope, _: dict[str, Any]) -> None:
        cells.mark_of(event.subject)

    def reported(event: Envelope, _: dict[str, Any]) -> None:
        words.reported(event.subject, event.time)

    def anonymised(event: Envelope, _: dict[str, Any]) -> None:
        words.forget(event.subject)

    return {
        **{kind.type: Subscription(AnyFact, moved) for kind in _MOVES},
        events.IssueReported.type: Subscription(AnyFact, reported),
        IssueAnonymised.type: Subscription(AnyFact, anonymised),
    }
