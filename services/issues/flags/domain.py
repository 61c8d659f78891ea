"""What members may flag, when that hides an issue, and how staff decide on it."""

from dataclasses import replace
from datetime import datetime

from chassis.errors import Conflict, NotAllowed
from chassis.identity import Actor
from services.issues.cases.domain import check_kept
from services.issues.cases.issue import SYSTEM, Change, Details, Flag, Issue, Party, entry, fact
from services.issues.cases.responsibility import parties
from services.issues.flags.events import IssueHidden, IssueReviewed

FLAGS_TO_HIDE = 3
"""So many members who flag an issue have it hidden until staff have looked."""
MOST_FLAGS = 100
_FLAGGED = Details(note="多位居民举报，待审核。")


def flag(issue: Issue, actor: Actor, reason: str, at: datetime) -> Change | None:
    """Take a member's word that an issue should not be shown; None when they said so before.

    Who flagged stands in no line of the history, so that nobody is asked to account for it. Flags that
    staff have decided on hide nothing again. Raises NotAllowed for the reporter, Conflict for an issue that
    was made anonymous or has as many flags as are kept.
    """
    if any(one.member == actor.member_id for one in issue.flags):
        return None
    if Party.REPORTER in parties(issue, actor):
        raise NotAllowed(
            "own-report", zh="不能举报自己上报的问题。", en="You reported it yourself: withdraw it instead."
        )
    check_kept(issue)
    if len(issue.flags) >= MOST_FLAGS:
        raise Conflict("enough-flags", zh="举报已足够，待审核。", en="It was flagged often enough.")
    flags = (*issue.flags, Flag(actor.member_id, reason, at))
    flagged = replace(issue, flags=flags, version=issue.version + 1)
    if flagged.hidden or sum(not one.reviewed for one in flags) < FLAGS_TO_HIDE:
        return Change(flagged, (), ())
    hidden = replace(flagged, hidden=True)
    line = entry("hide", hidden, SYSTEM, at, _FLAGGED)
    return Change(hidden, (line,), (fact(IssueHidden, hidden, SYSTEM.member_id),))


def review(issue: Issue, actor: Actor, *, show: bool, reason: str, at: datetime) -> Change:
    """Decide whether an issue is shown; all flags there are count as dealt with.

    Raises NotAllowed, and Conflict where there is nothing to decide.
    """
    if Party.STAFF not in parties(issue, actor):
        raise NotAllowed(
            "not-your-area", zh="您不管理此区域。", en="Only staff of the area decide what is shown."
        )
    check_kept(issue)
    if issue.hidden != show and all(one.reviewed for one in issue.flags):
        raise Conflict(
            "nothing-to-review",
            zh="没有待审核的举报。",
            en=f"It is {'hidden' if issue.hidden else 'shown'} already, and nobody has flagged it since.",
        )
    flags = tuple(replace(one, reviewed=True) for one in issue.flags)
    reviewed = replace(issue, flags=flags, hidden=not show, version=issue.version + 1)
    line = entry("show" if show else "hide", reviewed, actor, at, Details(note=reason))
    event = fact(IssueReviewed, reviewed, actor.member_id, hidden=not show)
    return Change(reviewed, (line,), (event,))
