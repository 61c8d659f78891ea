"""What can be done about issues that should not be shown."""

from chassis.clock import Clock
from chassis.identity import Actor
from services.issues.cases.commands import Kept, decide_until_saved
from services.issues.cases.issue import Issue
from services.issues.flags import domain


def flag(cases: Kept, clock: Clock, actor: Actor, *, issue_id: str, reason: str) -> Issue:
    """Flag an issue; flagging it again changes nothing. See `domain.flag`."""
    return decide_until_saved(
        cases, clock, issue_id, lambda issue, now: domain.flag(issue, actor, reason, now)
    )


def review(cases: Kept, clock: Clock, actor: Actor, *, issue_id: str, show: bool, reason: str) -> Issue:
    """Decide whether an issue is shown; see `domain.review`."""
    return decide_until_saved(
        cases,
        clock,
        issue_id,
        lambda issue, now: domain.review(issue, actor, show=show, reason=reason, at=now),
    )
