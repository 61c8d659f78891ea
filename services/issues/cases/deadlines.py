"""What happens to an issue by the clock: reminders, escalation at the end, decisions by silence."""

from dataclasses import replace
from datetime import datetime

from services.issues.cases import events
from services.issues.cases.domain import transition
from services.issues.cases.issue import OPEN, SYSTEM, Change, Details, Issue, Status, entry, fact
from services.issues.cases.responsibility import level_above, settle
from services.issues.categories.domain import Policy

_TIME_OVER = Details(note="时限已到，自动上报。")
_NOT_DECIDED = Details(note="未在时限内裁定，维持原分派。")


def tick(issue: Issue, at: datetime, policy: Policy) -> Change | None:
    """The one thing that is due for an issue now, or None. Call again until it answers None.

    An objection that nobody decided in time is denied: the unit that received the issue stays responsible.
    A solution that nobody answered for is closed without an answer. Each reminder is part of the state, so it
    is sent once, whatever is restarted; with the last one the issue goes one level up.
    """
    if issue.next_check_at is None or issue.next_check_at > at:
        return None
    if issue.status is Status.RESOLVED:
        return transition(issue, "lapse", SYSTEM, Details(), at, policy)
    if issue.status not in OPEN:
        return None
    objection = issue.objection
    if objection is not None and objection.decision is None and objection.decide_by <= at:
        return transition(issue, "deny_objection", SYSTEM, _NOT_DECIDED, at, policy)
    reminder = issue.countdown.next_reminder(policy.calendar)
    if reminder is None or reminder[1] > at:
        return None
    return _remind(issue, reminder[0], at, policy)


def _remind(issue: Issue, percent: int, at: datetime, policy: Policy) -> Change:
    counted = replace(issue.countdown, reminded=(*issue.countdown.reminded, percent))
    reminded = settle(replace(issue, countdown=counted, version=issue.version + 1), policy.calendar)
    line = entry("remind", reminded, SYSTEM, at, Details(note=f"{percent} %"))
    event = fact(events.IssueReminded, reminded, SYSTEM.member_id, percent=percent)
    if percent < 100 or level_above(issue, policy.category) is None:
        return Change(reminded, (line,), (event,))
    up = transition(replace(reminded, version=issue.version), "escalate", SYSTEM, _TIME_OVER, at, policy)
    return Change(up.issue, (line, *up.entries), (event, *up.events))
