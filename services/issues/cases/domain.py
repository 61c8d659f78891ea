"""The case workflow: one table says who may do what to an issue, when, and what it then is."""

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.errors import Conflict, Invalid, NotAllowed, Refusal, Stale
from chassis.identity import Actor
from services.issues.cases import events
from services.issues.cases.effects import EFFECTS
from services.issues.cases.events import IssueFact
from services.issues.cases.guards import GUARDS
from services.issues.cases.issue import (
    OPEN,
    SYSTEM,
    Change,
    Details,
    Issue,
    Level,
    Party,
    Rating,
    Status,
    entry,
    fact,
)
from services.issues.cases.responsibility import first_level, lead, parties, settle
from services.issues.categories.domain import Policy


@dataclass(frozen=True)
class Transition:
    """One row of the workflow: from one of `sources` to one of `targets`, by one of `parties`.

    `needs` names the parts of `Details` that must be given.
    """

    sources: frozenset[Status]
    targets: frozenset[Status]
    parties: frozenset[Party]
    event: type[IssueFact]
    levels: frozenset[Level]
    needs: tuple[str, ...]


_WORKED = "claimed in_progress escalated reopened"
_TO_BEGIN = "reported claimed escalated"  # a unit has it, and has not begun
_ANY_OPEN = " ".join(sorted(OPEN))
_DISPATCHED = " ".join(sorted(OPEN - {Status.REOPENED}))  # what comes back is no longer objected to


def _row(
    sources: str,
    targets: str,
    by: str,
    event: type[IssueFact],
    *,
    levels: str = "steward community subdistrict",
    needs: str = "",
) -> Transition:
    return Transition(
        sources=frozenset(Status(one) for one in sources.split()),
        targets=frozenset(Status(one) for one in targets.split()),
        parties=frozenset(Party(one) for one in by.split()),
        event=event,
        levels=frozenset(Level(one) for one in levels.split()),
        needs=tuple(needs.split()),
    )


WORKFLOW: dict[str, Transition] = {
    "claim": _row("reported reopened", "claimed", "grid_steward", events.IssueClaimed, levels="steward"),
    "assign": _row(
        f"{_WORKED} reported on_hold", "claimed", "level_staff", events.IssueAssigned, needs="assignee"
    ),
    "release": _row("claimed in_progress", "reported", "assignee", events.IssueReleased, levels="steward"),
    "vacate": _row(
        "claimed in_progress awaiting_info on_hold reopened",
        "reported reopened",
        "system",
        events.IssueReleased,
        levels="steward",
    ),
    "start": _row(f"{_TO_BEGIN} reopened", "in_progress", "assignee level_staff", events.IssueStarted),
    "ask": _row(_WORKED, "awaiting_info", "assignee level_staff", events.IssueInfoRequested, needs="note"),
    "answer": _row("awaiting_info", _WORKED, "reporter", events.IssueInfoGiven, needs="note"),
    "hold": _row(_WORKED, "on_hold", "assignee level_staff", events.IssueHeld, needs="note"),
    "resume": _row("on_hold awaiting_info", _WORKED, "assignee level_staff", events.IssueResumed),
    "extend": _row(
        f"{_WORKED} on_hold", f"{_WORKED} on_hold", "assignee level_staff", events.IssueExtended, needs="note"
    ),
    "route": _row(_ANY_OPEN, "reported", "level_staff staff", events.IssueRouted, needs="area note"),
    "object": _row(_TO_BEGIN, _TO_BEGIN, "assignee level_staff", events.IssueObjected, needs="note"),
    "accept_objection": _row(
        _DISPATCHED, "escalated", "overseer", events.IssueObjectionAccepted, needs="note"
    ),
    "deny_objection": _row(
        _DISPATCHED, _DISPATCHED, "overseer system", events.IssueObjectionDenied, needs="note"
    ),
    "resolve": _row(
        f"{_WORKED} on_hold", "resolved", "assignee level_staff system", events.IssueResolved, needs="note"
    ),
    "split": _row(f"{_WORKED} reported", "on_hold", "assignee level_staff", events.IssueSplit, needs="note"),
    "escalate": _row(
        _ANY_OPEN,
        "escalated",
        "assignee level_staff system",
        events.IssueEscalated,
        levels="steward community",
        needs="note",
    ),
    "return": _row(
        "escalated in_progress reopened on_hold",
        "escalated claimed reported",
        "level_staff",
        events.IssueReturned,
        levels="community subdistrict",
        needs="note",
    ),
    "refer": _row(_ANY_OPEN, "referred", "level_staff staff", events.IssueReferred, needs="note agency"),
    "reject": _row(_ANY_OPEN, "rejected", "level_staff staff", events.IssueRejected, needs="note"),
    "merge": _row(_ANY_OPEN, "merged", "assignee level_staff staff", events.IssueMerged, needs="into"),
    "unmerge": _row(
        "merged", f"{_WORKED} reported on_hold", "level_staff staff", events.IssueUnmerged, needs="note"
    ),
    "confirm": _row("resolved", "confirmed", "reporter staff system", events.IssueConfirmed),
    "lapse": _row("resolved", "no_answer", "system", events.IssueLapsed),
    "reopen": _row(
        "resolved no_answer confirmed", "reopened", "reporter staff", events.IssueReopened, needs="note"
    ),
    "withdraw": _row("reported claimed", "withdrawn", "reporter", events.IssueWithdrawn),
}
PUBLIC_ACTIONS = tuple(name for name in WORKFLOW if name not in ("lapse", "split", "vacate"))
"""What may be asked for as a transition: lapsing happens by the clock, splitting needs the parts."""

_ASKS = {
    "note": ("请填写说明。", "Say in a note what was done, or why."),
    "assignee": ("请选择小巷管家。", "Name the steward to assign."),
    "into": ("请选择要并入的问题。", "Name the issue that this one is merged into."),
    "agency": ("请填写转办单位。", "Name the agency it is handed to."),
    "area": ("请选择区域。", "Name the area it is put into."),
}


def report(issue: Issue, policy: Policy) -> Change:
    """A new report, led by its grid's stewards; outside any grid by the community or the subdistrict."""
    level = first_level(issue.area, policy.category)
    new = settle(lead(issue, level, policy, issue.created_at), policy.calendar)
    # A part of a whole whose reporter was forgotten meanwhile is nobody's.
    actor = Actor(new.reporter) if new.reporter else SYSTEM
    line = entry("report", new, actor, new.created_at, Details(observed_at=new.observed_at))
    return Change(new, (line,), (fact(events.IssueReported, new, actor.member_id),))


def allowed_actions(issue: Issue, actor: Actor, at: datetime, policy: Policy) -> list[str]:
    """What the actor may ask for at this time: these succeed where what they need is given, no others."""
    return [name for name in PUBLIC_ACTIONS if _refusal(issue, name, actor, at, policy) is None]


def applies(action: str, issue: Issue) -> bool:
    """Whether the status and the level of an issue allow an action, whoever takes it."""
    row = WORKFLOW[action]
    return issue.status in row.sources and issue.level in row.levels and issue.anonymised_at is None


def transition(
    issue: Issue, action: str, actor: Actor, details: Details, at: datetime, policy: Policy
) -> Change:
    """Carry out one action of the workflow.

    Raises NotAllowed for an actor without the right, Conflict (with the allowed actions) where the state
    does not allow it, Invalid where something that the action needs is missing.
    """
    row = WORKFLOW[action]
    _check_right(issue, action, actor, at, policy)
    _check_details(row, action, details, policy)
    moved = EFFECTS[action](issue, actor, details, at, policy)
    moved = settle(replace(moved, version=issue.version + 1), policy.calendar)
    line = entry(action, moved, actor, at, details)
    return Change(moved, (line,), (fact(row.event, moved, actor.member_id),))


def _check_right(issue: Issue, action: str, actor: Actor, at: datetime, policy: Policy) -> None:
    refusal = _refusal(issue, action, actor, at, policy)
    if isinstance(refusal, Conflict):
        allowed = allowed_actions(issue, actor, at, policy)
        raise Conflict(refusal.code, zh=refusal.zh, en=refusal.en, **refusal.extra, allowed=allowed)
    if refusal is not None:
        raise refusal


def _refusal(issue: Issue, action: str, actor: Actor, at: datetime, policy: Policy) -> Refusal | None:
    """Why the actor may not take an action, whatever they give with it; None where they may."""
    row = WORKFLOW[action]
    if not parties(issue, actor) & row.parties:
        return NotAllowed(
            "not-your-issue",
            zh="您与此问题的关系不允许此操作。",
            en=f"Only {', '.join(sorted(row.parties))} of this issue may {action} it.",
        )
    if issue.anonymised_at is not None:
        return _anonymised()
    if not applies(action, issue):
        return Conflict(
            "action-not-possible",
            zh=f"问题当前状态（{issue.status}）不能进行此操作。",
            en=f"An issue that is {issue.status} at the level {issue.level} cannot be acted on so: {action}.",
            status_now=issue.status,
        )
    guard = GUARDS.get(action)
    return guard(issue, actor, at, policy) if guard is not None else None


def _check_details(row: Transition, action: str, details: Details, policy: Policy) -> None:
    for name in row.needs:
        if not getattr(details, name):
            zh, en = _ASKS[name]
            raise Invalid(name, zh=zh, en=en)
    if action == "resolve" and policy.category.after_photo and not details.media:
        raise Invalid(
            "media", zh="此类问题须上传处理后的照片。", en="This category needs a photo of the solution."
        )


def check_kept(issue: Issue) -> None:
    """Raises Conflict for an issue of which nothing personal is kept any more: it is only counted."""
    if issue.anonymised_at is not None:
        raise _anonymised()


def _anonymised() -> Conflict:
    return Conflict(
        "anonymised",
        zh="该问题已匿名化归档。",
        en="This issue was closed long ago and made anonymous: report the problem anew.",
    )


def check_version(issue: Issue, expected: int | None) -> None:
    """Raises Stale when the caller has seen another version than this."""
    if expected is not None and expected != issue.version:
        raise Stale(
            "stale-version",
            zh="内容已更新，请刷新后重试。",
            en=f"The issue is at version {issue.version} now: load it again and decide anew.",
            version=issue.version,
        )


def comment(issue: Issue, actor: Actor, text: str, at: datetime) -> Change:
    """Add a remark to the history. Raises NotAllowed for members the issue does not concern."""
    if not parties(issue, actor) and actor.member_id not in issue.residents:
        raise NotAllowed(
            "not-your-issue", zh="您不能评论此问题。", en="Only those this issue concerns may comment on it."
        )
    check_kept(issue)
    remarked = replace(issue, version=issue.version + 1)
    return Change(remarked, (entry("comment", remarked, actor, at, Details(note=text)),), ())


def rate(issue: Issue, actor: Actor, rating: Rating, at: datetime) -> Change:
    """Record the reporter's rating, once a solution, when the issue is resolved or closed after it."""
    if Party.REPORTER not in parties(issue, actor):
        raise NotAllowed("not-the-reporter", zh="只有报告人可以评价。", en="Only the reporter may rate it.")
    if issue.status not in (Status.RESOLVED, Status.CONFIRMED, Status.NO_ANSWER):
        raise Conflict(
            "not-yet-resolved", zh="问题解决后才能评价。", en="An issue can be rated when it is resolved."
        )
    if issue.rating is not None:
        raise Conflict("already-rated", zh="您已评价过。", en="This solution has been rated already.")
    rated = replace(issue, rating=replace(rating, at=at), version=issue.version + 1)
    event = fact(events.IssueRated, rated, actor.member_id, satisfied=rating.satisfied, score=rating.score)
    return Change(rated, (entry("rate", rated, actor, at, Details(note=_words(rating))),), (event,))


def _words(rating: Rating) -> str:
    """A rating as the history tells it, also after a reopening has set it aside."""
    return f"{'满意' if rating.satisfied else '不满意'}，{rating.score} 分。{rating.comment}"
