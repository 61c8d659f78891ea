"""The case workflow: one table says who may do what to an issue, when, and what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.issues.cases import events
from services.issues.cases.domain import (
    LEVELS,
    Change,
    Details,
    Entry,
    Issue,
    Level,
    Party,
    Status,
    fact,
    parties,
)
from services.issues.cases.events import IssueFact


@dataclass(frozen=True)
class Transition:
    """One row of the workflow: from `sources` to `target`, by one of `parties`, at one of `levels`."""

    sources: frozenset[Status]
    target: Status
    parties: frozenset[Party]
    event: type[IssueFact]
    levels: frozenset[Level] = frozenset(LEVELS)
    needs_note: bool = False


def _row(
    sources: str,
    target: Status,
    parties: str,
    event: type[IssueFact],
    *,
    levels: str = "steward community subdistrict",
    needs_note: bool = False,
) -> Transition:
    return Transition(
        frozenset(Status(one) for one in sources.split()),
        target,
        frozenset(Party(one) for one in parties.split()),
        event,
        frozenset(Level(one) for one in levels.split()),
        needs_note,
    )


WORKFLOW: dict[str, Transition] = {
    "claim": _row("reported reopened", Status.CLAIMED, "grid_steward", events.IssueClaimed, levels="steward"),
    "assign": _row(
        "reported claimed in_progress escalated reopened",
        Status.CLAIMED,
        "level_staff",
        events.IssueAssigned,
    ),
    "release": _row(
        "claimed in_progress", Status.REPORTED, "assignee", events.IssueReleased, levels="steward"
    ),
    "start": _row(
        "claimed escalated reopened", Status.IN_PROGRESS, "assignee level_staff", events.IssueStarted
    ),
    "resolve": _row(
        "claimed in_progress escalated reopened",
        Status.RESOLVED,
        "assignee level_staff",
        events.IssueResolved,
        needs_note=True,
    ),
    "escalate": _row(
        "reported claimed in_progress escalated reopened",
        Status.ESCALATED,
        "assignee level_staff",
        events.IssueEscalated,
        levels="steward community",
        needs_note=True,
    ),
    "return": _row(
        "escalated in_progress reopened",
        Status.ESCALATED,
        "level_staff",
        events.IssueReturned,
        levels="community subdistrict",
        needs_note=True,
    ),
    "refer": _row(
        "reported claimed in_progress escalated reopened",
        Status.REFERRED,
        "level_staff staff",
        events.IssueReferred,
        needs_note=True,
    ),
    "reject": _row(
        "reported claimed in_progress escalated reopened",
        Status.REJECTED,
        "level_staff staff",
        events.IssueRejected,
        needs_note=True,
    ),
    "merge": _row(
        "reported claimed in_progress escalated reopened",
        Status.MERGED,
        "assignee level_staff staff",
        events.IssueMerged,
    ),
    "confirm": _row("resolved", Status.CONFIRMED, "reporter staff", events.IssueConfirmed),
    "reopen": _row("resolved", Status.REOPENED, "reporter staff", events.IssueReopened, needs_note=True),
    "withdraw": _row("reported claimed", Status.WITHDRAWN, "reporter", events.IssueWithdrawn),
}


def allowed_actions(issue: Issue, actor: Actor) -> list[str]:
    """The actions that the actor may take now."""
    held = parties(issue, actor)
    return [name for name, row in WORKFLOW.items() if _applies(row, issue) and row.parties & held]


def _applies(row: Transition, issue: Issue) -> bool:
    return issue.status in row.sources and issue.level in row.levels


def transition(issue: Issue, action: str, actor: Actor, details: Details, at: datetime) -> Change:
    """Carry out one action of the workflow.

    Raises NotAllowed for an actor without the right, Conflict (with the allowed actions) where the state
    does not allow it, Invalid where something that the action needs is missing.
    """
    row = WORKFLOW[action]
    held = parties(issue, actor)
    if not held & row.parties:
        raise NotAllowed(
            "not-your-issue",
            zh="您与此问题的关系不允许此操作。",
            en=f"Only {', '.join(sorted(row.parties))} of this issue may {action} it.",
        )
    if not _applies(row, issue):
        raise Conflict(
            "action-not-possible",
            zh=f"问题当前状态（{issue.status}）不能进行此操作。",
            en=f"An issue that is {issue.status} at the level {issue.level} cannot be acted on so: {action}.",
            status_now=issue.status,
            allowed=allowed_actions(issue, actor),
        )
    if row.needs_note and not details.note:
        raise Invalid("note", zh="请填写说明。", en="Say in a note what was done or why.")
    if action == "confirm" and actor.member_id == issue.resolver:
        raise NotAllowed(
            "own-work",
            zh="不能确认自己解决的问题。",
            en="Whoever resolved an issue cannot confirm it: somebody else must verify.",
        )
    moved = replace(
        _EFFECTS[action](issue, actor, details, at),
        version=issue.version + 1,
    )
    entry = Entry(action, actor.member_id, at, moved.status, moved.level, details.note, details.media)
    return Change(moved, entry, fact(row.event, moved, actor.member_id))


def _claim(issue: Issue, actor: Actor, _: Details, at: datetime) -> Issue:
    return replace(
        issue, status=Status.CLAIMED, assignee=actor.member_id, steward=actor.member_id, claimed_at=at
    )


def _assign(issue: Issue, _: Actor, details: Details, at: datetime) -> Issue:
    if not details.assignee:
        raise Invalid("assignee", zh="请选择小巷管家。", en="Name the steward to assign.")
    return replace(
        issue,
        status=Status.CLAIMED,
        level=Level.STEWARD,
        assignee=details.assignee,
        steward=details.assignee,
        claimed_at=at,
    )


def _release(issue: Issue, _: Actor, __: Details, ___: datetime) -> Issue:
    return replace(issue, status=Status.REPORTED, assignee=None, steward=None)


def _start(issue: Issue, _: Actor, __: Details, ___: datetime) -> Issue:
    return replace(issue, status=Status.IN_PROGRESS)


def _resolve(issue: Issue, actor: Actor, _: Details, at: datetime) -> Issue:
    return replace(issue, status=Status.RESOLVED, resolver=actor.member_id, resolved_at=at)


def _escalate(issue: Issue, _: Actor, __: Details, ___: datetime) -> Issue:
    above = LEVELS[LEVELS.index(issue.level) + 1]
    return replace(issue, status=Status.ESCALATED, level=above, assignee=None)


def _return(issue: Issue, _: Actor, __: Details, ___: datetime) -> Issue:
    below = LEVELS[LEVELS.index(issue.level) - 1]
    if below is not Level.STEWARD:
        return replace(issue, status=Status.ESCALATED, level=below, assignee=None)
    status = Status.CLAIMED if issue.steward else Status.REPORTED
    return replace(issue, status=status, level=below, assignee=issue.steward)


def _refer(issue: Issue, _: Actor, details: Details, at: datetime) -> Issue:
    if not details.agency:
        raise Invalid("agency", zh="请填写转办单位。", en="Name the agency it is handed to.")
    return replace(issue, status=Status.REFERRED, referred_to=details.agency, closed_at=at)


def _reject(issue: Issue, _: Actor, __: Details, at: datetime) -> Issue:
    return replace(issue, status=Status.REJECTED, closed_at=at)


def _merge(issue: Issue, _: Actor, details: Details, at: datetime) -> Issue:
    if not details.into:
        raise Invalid("into", zh="请选择要并入的问题。", en="Name the issue that this one is merged into.")
    if details.into >= issue.id:
        # Newer into older only: so no circle of merges can ever be closed, whatever races.
        raise Invalid(
            "into",
            zh="只能并入更早的问题，且不能并入自身。",
            en="Merge into an older issue: the newer one goes on as part of it.",
        )
    return replace(issue, status=Status.MERGED, merged_into=details.into, closed_at=at)


def _confirm(issue: Issue, _: Actor, __: Details, at: datetime) -> Issue:
    return replace(issue, status=Status.CONFIRMED, closed_at=at)


def _reopen(issue: Issue, _: Actor, __: Details, ___: datetime) -> Issue:
    return replace(issue, status=Status.REOPENED, resolved_at=None, reopened=issue.reopened + 1)


def _withdraw(issue: Issue, _: Actor, __: Details, at: datetime) -> Issue:
    return replace(issue, status=Status.WITHDRAWN, closed_at=at)


_EFFECTS: dict[str, Callable[[Issue, Actor, Details, datetime], Issue]] = {
    "claim": _claim,
    "assign": _assign,
    "release": _release,
    "start": _start,
    "resolve": _resolve,
    "escalate": _escalate,
    "return": _return,
    "refer": _refer,
    "reject": _reject,
    "merge": _merge,
    "confirm": _confirm,
    "reopen": _reopen,
    "withdraw": _withdraw,
}
