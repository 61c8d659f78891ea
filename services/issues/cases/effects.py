"""What each action of the workflow changes in an issue. Whether it may be taken, `domain` has seen to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from chassis.errors import Invalid
from chassis.identity import Actor
from services.issues.cases.issue import Details, Issue, Level, Objection, Status
from services.issues.cases.responsibility import first_level, lead, level_above, level_below, vacated
from services.issues.categories.domain import Policy
from services.issues.limits import domain as limits

FEEDBACK_TIME = timedelta(days=14)
OBJECTION_TIME = timedelta(hours=4)
"""Working hours within which an objection is decided."""
REOPENINGS_TO_ESCALATE = 3
Effect = Callable[[Issue, Actor, Details, datetime, Policy], Issue]


def _claim(issue: Issue, actor: Actor, _: Details, at: datetime, __: Policy) -> Issue:
    first = issue.claimed_at or at
    return replace(
        issue, status=Status.CLAIMED, assignee=actor.member_id, steward=actor.member_id, claimed_at=first
    )


def _assign(issue: Issue, _: Actor, details: Details, at: datetime, policy: Policy) -> Issue:
    led = issue if issue.level is Level.STEWARD else lead(issue, Level.STEWARD, policy, at)
    return replace(
        led,
        status=Status.CLAIMED,
        assignee=details.assignee,
        steward=details.assignee,
        claimed_at=issue.claimed_at or at,
    )


def _release(issue: Issue, _: Actor, __: Details, ___: datetime, ____: Policy) -> Issue:
    return replace(issue, status=Status.REPORTED, assignee=None, steward=None)


def _vacate(issue: Issue, _: Actor, __: Details, at: datetime, ___: Policy) -> Issue:
    """To be claimed by another, since its steward has left the grid; no answer is waited for."""
    return replace(
        issue,
        status=vacated(issue.status, in_parts=bool(issue.parts)),
        assignee=None,
        steward=None,
        countdown=limits.resume(issue.countdown, at),
    )


def _start(issue: Issue, _: Actor, __: Details, ___: datetime, ____: Policy) -> Issue:
    return replace(issue, status=Status.IN_PROGRESS)


def _ask(issue: Issue, _: Actor, __: Details, at: datetime, policy: Policy) -> Issue:
    paused = limits.pause(issue.countdown, policy.calendar, at)
    return replace(issue, status=Status.AWAITING_INFO, status_before=issue.status, countdown=paused)


def _hold(issue: Issue, _: Actor, __: Details, ___: datetime, ____: Policy) -> Issue:
    return replace(issue, status=Status.ON_HOLD, status_before=issue.status)


def _resume(issue: Issue, _: Actor, __: Details, at: datetime, ___: Policy) -> Issue:
    running = limits.resume(issue.countdown, at)
    status = issue.status_before or Status.IN_PROGRESS
    return replace(issue, status=status, countdown=running)


def _extend(issue: Issue, _: Actor, __: Details, at: datetime, policy: Policy) -> Issue:
    return replace(issue, countdown=limits.extend(issue.countdown, policy.calendar, at))


def _route(issue: Issue, _: Actor, details: Details, at: datetime, policy: Policy) -> Issue:
    area = str(details.area)
    level = first_level(area, policy.category)
    if (area, level) == (issue.area, issue.level):
        # Its time would begin anew for no reason: `extend` is for that, once.
        raise Invalid("area", zh="该问题已在此区域。", en="It is there already: choose another area.")
    placed = replace(issue, area=area, assignee=None, steward=None, status=Status.REPORTED)
    return lead(placed, level, policy, at)


def _object(issue: Issue, actor: Actor, details: Details, at: datetime, policy: Policy) -> Issue:
    decide_by = policy.calendar.after(at, OBJECTION_TIME, working=True)
    return replace(issue, objection=Objection(actor.member_id, str(details.note), at, decide_by))


def _decided(issue: Issue, decision: str) -> Issue:
    return replace(issue, objection=replace(issue.objection, decision=decision) if issue.objection else None)


def _accept_objection(issue: Issue, _: Actor, __: Details, at: datetime, policy: Policy) -> Issue:
    freed = replace(_decided(issue, "accepted"), assignee=None, steward=None, status=Status.ESCALATED)
    above = level_above(issue, policy.category)
    if above is None:
        # Nobody stands above the subdistrict but the district: its admin leads until it is routed anew.
        return lead(freed, Level.SUBDISTRICT, policy, at, unit=issue.area[:6])
    return lead(freed, above, policy, at)


def _deny_objection(issue: Issue, _: Actor, __: Details, ___: datetime, ____: Policy) -> Issue:
    return _decided(issue, "denied")


def _resolve(issue: Issue, actor: Actor, _: Details, at: datetime, policy: Policy) -> Issue:
    return replace(
        issue,
        status=Status.RESOLVED,
        resolver=actor.member_id,
        resolved_at=at,
        countdown=limits.pause(issue.countdown, policy.calendar, at),
        feedback_until=at + FEEDBACK_TIME,
    )


def _escalate(issue: Issue, _: Actor, __: Details, at: datetime, policy: Policy) -> Issue:
    above = level_above(issue, policy.category) or issue.level
    freed = replace(issue, status=Status.ESCALATED, assignee=None)
    return lead(freed, above, policy, at)


def _return(issue: Issue, _: Actor, __: Details, at: datetime, policy: Policy) -> Issue:
    below = level_below(issue, policy.category) or issue.level
    returned = lead(issue, below, policy, at)
    if below is not Level.STEWARD:
        return replace(returned, status=Status.ESCALATED, assignee=None)
    status = Status.CLAIMED if issue.steward else Status.REPORTED
    return replace(returned, status=status, assignee=issue.steward)


def _refer(issue: Issue, _: Actor, details: Details, at: datetime, __: Policy) -> Issue:
    return replace(issue, status=Status.REFERRED, referred_to=details.agency, closed_at=at)


def _reject(issue: Issue, _: Actor, __: Details, at: datetime, ___: Policy) -> Issue:
    return replace(issue, status=Status.REJECTED, closed_at=at)


def _merge(issue: Issue, _: Actor, details: Details, at: datetime, policy: Policy) -> Issue:
    if str(details.into) >= issue.id:
        # Newer into older only: so no circle of merges can ever be closed, whatever races.
        raise Invalid(
            "into",
            zh="只能并入更早的问题，且不能并入自身。",
            en="Merge into an older issue: the newer one goes on as part of it.",
        )
    return replace(
        issue,
        status=Status.MERGED,
        status_before=issue.status,
        merged_into=details.into,
        closed_at=at,
        countdown=limits.pause(issue.countdown, policy.calendar, at),
    )


def _unmerge(issue: Issue, _: Actor, __: Details, at: datetime, ___: Policy) -> Issue:
    before = issue.status_before or Status.REPORTED
    return replace(
        issue,
        status=Status.IN_PROGRESS if before is Status.AWAITING_INFO else before,
        status_before=Status.IN_PROGRESS,
        merged_into=None,
        closed_at=None,
        countdown=limits.resume(issue.countdown, at),
    )


def _confirm(issue: Issue, _: Actor, __: Details, at: datetime, ___: Policy) -> Issue:
    return replace(
        issue,
        status=Status.CONFIRMED,
        closed_at=at,
        feedback_until=None,
        confirmations=issue.confirmations + 1,
    )


def _lapse(issue: Issue, _: Actor, __: Details, at: datetime, ___: Policy) -> Issue:
    return replace(issue, status=Status.NO_ANSWER, closed_at=at, feedback_until=None)


def _reopen(issue: Issue, _: Actor, __: Details, at: datetime, policy: Policy) -> Issue:
    """Back to the lead unit with half the time; the third time one level up.

    What the reporter said was about the solution that failed: the history keeps it, and the next one is
    theirs to judge anew.
    """
    reopened = replace(
        issue,
        status=Status.REOPENED,
        resolved_at=None,
        closed_at=None,
        feedback_until=None,
        feedback=None,
        rating=None,
        reopened=issue.reopened + 1,
        reopened_at=at,
        # Issues confirmed under an older release do not say how often: it was once.
        confirmations=issue.confirmations or int(issue.status is Status.CONFIRMED),
    )
    above = level_above(issue, policy.category)
    if reopened.reopened >= REOPENINGS_TO_ESCALATE and above is not None:
        return lead(replace(reopened, assignee=None), above, policy, at)
    return lead(reopened, issue.level, policy, at, share=0.5)


def _split(issue: Issue, _: Actor, __: Details, ___: datetime, ____: Policy) -> Issue:
    before = Status.IN_PROGRESS if issue.status is Status.REPORTED else issue.status
    return replace(issue, status=Status.ON_HOLD, status_before=before)


def _withdraw(issue: Issue, _: Actor, __: Details, at: datetime, ___: Policy) -> Issue:
    return replace(issue, status=Status.WITHDRAWN, closed_at=at)


EFFECTS: dict[str, Effect] = {
    "claim": _claim,
    "assign": _assign,
    "release": _release,
    "vacate": _vacate,
    "start": _start,
    "ask": _ask,
    "answer": _resume,
    "hold": _hold,
    "resume": _resume,
    "extend": _extend,
    "route": _route,
    "object": _object,
    "accept_objection": _accept_objection,
    "deny_objection": _deny_objection,
    "resolve": _resolve,
    "escalate": _escalate,
    "return": _return,
    "refer": _refer,
    "reject": _reject,
    "merge": _merge,
    "unmerge": _unmerge,
    "confirm": _confirm,
    "lapse": _lapse,
    "reopen": _reopen,
    "split": _split,
    "withdraw": _withdraw,
}
