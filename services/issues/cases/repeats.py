"""No request acts on an issue twice: it leaves its identifier there for as long as it may be repeated."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from chassis.clock import ulid_at
from services.issues.cases.issue import Change, Issue

REPEATED_WITHIN = timedelta(hours=25)
"""For how long a request may come again: an hour more than its `Idempotency-Key` is kept."""
Decide = Callable[[Issue, datetime], Change | None]


def once(request_id: str, decide: Decide) -> Decide:
    """A decision for a request: None where that very request was carried out on the issue before.

    `request_id` is the identifier that the request's key reserves: a repeat brings the same one.
    """

    def decide_once(issue: Issue, now: datetime) -> Change | None:
        if request_id in issue.requests:
            return None
        change = decide(issue, now)
        if change is None:
            return None
        oldest = ulid_at(now - REPEATED_WITHIN)
        known = tuple(one for one in issue.requests if one >= oldest)
        return replace(change, issue=replace(change.issue, requests=(*known, request_id)))

    return decide_once
