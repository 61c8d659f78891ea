"""Several reports of one problem, and several problems in one report: supporting, merging, splitting."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from chassis.errors import Conflict
from chassis.identity import Actor
from services.issues.cases import events
from services.issues.cases.domain import check_kept, transition
from services.issues.cases.issue import (
    OPEN,
    SYSTEM,
    Adopted,
    Change,
    Details,
    Issue,
    Part,
    Status,
    entry,
    fact,
)
from services.issues.categories.domain import Policy

MOST_SUPPORTERS = 5000
FOLLOWED = OPEN | {Status.RESOLVED}
"""While an issue has one of these, there is something left to tell: residents may join, others be merged."""
_INSTEAD = {
    Status.MERGED: ("请并入它所并入的问题。", "merge into the issue that it was merged into."),
    Status.NO_ANSWER: (
        "请先重新打开，或并入仍在处理的问题。",
        "reopen it first, or merge into one that is still handled.",
    ),
}
_ALL_DONE = Details(note="各子问题均已办结。")
_WHOLE_CONFIRMED = Details(note="主问题已确认解决。")


def support(issue: Issue, actor: Actor, at: datetime) -> Change | None:
    """Say "me too"; None for whose problem it is already.

    Raises Conflict for issues that are closed or have no room for more.
    """
    if actor.member_id in issue.residents:
        return None
    if issue.status not in FOLLOWED:
        raise Conflict(
            "not-open", zh="该问题已结束。", en=f"The issue is {issue.status}.", status_now=issue.status
        )
    if len(issue.supporters) >= MOST_SUPPORTERS:
        raise Conflict("enough-support", zh="支持人数已达上限。", en="No more supporters can be entered.")
    joined = replace(issue, supporters=(*issue.supporters, actor.member_id), version=issue.version + 1)
    event = fact(events.IssueSupported, joined, actor.member_id, supporters=len(joined.supporters))
    return Change(joined, (entry("support", joined, actor, at),), (event,))


def adopt(parent: Issue, child: Issue, actor: Actor, at: datetime) -> Change | None:
    """Let an older issue speak for a newer one; None when it does so already, for the same followers.

    Raises Conflict for an older one that is closed, and so has nothing to tell any more, or a part, or the
    whole of this one.
    """
    check_kept(parent)
    if parent.status not in FOLLOWED:
        raise _closed(parent)
    if parent.part_of is not None:
        raise Conflict(
            "merge-target-part",
            zh="目标是子问题，请并入其主问题。",
            en="The target is a part, for which its whole speaks: merge into the whole.",
            into=parent.part_of,
        )
    if child.part_of == parent.id:
        raise Conflict(
            "merge-target-whole",
            zh="子问题不能并入其主问题。",
            en="The target was split into this one and others: handle the part by itself.",
        )
    return _speak_for(parent, child, actor, at)


def speak_for_merged(parent: Issue, child: Issue, actor: Actor, at: datetime) -> Change | None:
    """Let an issue speak for one that was merged into it, also a closed one; None when it does so already.

    None also where one of them is kept for its figures alone: there is nobody left in it to speak for or to.
    """
    if child.merged_into != parent.id or parent.anonymised_at is not None or child.anonymised_at is not None:
        return None
    return _speak_for(parent, child, actor, at)


def _speak_for(parent: Issue, child: Issue, actor: Actor, at: datetime) -> Change | None:
    new = Adopted(child.id, child.residents)
    if new in parent.adopted:
        return None
    others = tuple(one for one in parent.adopted if one.id != child.id)
    adopting = replace(parent, adopted=(*others, new), version=parent.version + 1)
    line = entry("adopt", adopting, actor, at, Details(note=child.number))
    return Change(adopting, (line,), ())


def _closed(parent: Issue) -> Conflict:
    zh, en = _INSTEAD.get(parent.status, ("请并入仍在处理的问题。", "merge into one that is still handled."))
    into = {"into": parent.merged_into} if parent.merged_into is not None else {}
    return Conflict(
        "merge-target-closed",
        zh=f"目标问题已结束（{parent.status}），{zh}",
        en=f"The target is {parent.status}: {en}",
        status_now=parent.status,
        **into,
    )


def disown(parent: Issue, child_id: str, actor: Actor, at: datetime) -> Change | None:
    """Take an issue out again; None when it is not in."""
    others = tuple(one for one in parent.adopted if one.id != child_id)
    if others == parent.adopted:
        return None
    freed = replace(parent, adopted=others, version=parent.version + 1)
    return Change(freed, (entry("disown", freed, actor, at),), ())


def speak_for_fewer(parent: Issue, child: Issue, actor: Actor, at: datetime) -> Change | None:
    """Speak no more for those who do not follow a merged issue any more; None when that is so already."""
    followers = child.residents
    adopted = tuple(
        replace(one, followers=tuple(who for who in one.followers if who in followers))
        if one.id == child.id
        else one
        for one in parent.adopted
    )
    if adopted == parent.adopted:
        return None
    freed = replace(parent, adopted=adopted, version=parent.version + 1)
    return Change(freed, (entry("disown", freed, actor, at),), ())


def split(
    issue: Issue, actor: Actor, parts: Sequence[Issue], note: str, at: datetime, policy: Policy
) -> Change:
    """The issue waiting for its parts; see `domain.transition` for what it raises."""
    change = transition(issue, "split", actor, Details(note=note), at, policy)
    waiting = replace(change.issue, parts=tuple(Part(one.id) for one in parts))
    return replace(change, issue=waiting)


def parts_counted(whole: Issue, present: Sequence[Issue], at: datetime, policy: Policy) -> Change | None:
    """Mark which parts are done as they are now; with the last one the whole is resolved. None without news.

    A whole that was reopened waits for something that was done since. One that is solved or closed stays so
    where a part is reopened: only its mark is taken back, and the part goes on by itself.
    """
    done = {one.id for one in present if one.status not in OPEN}
    parts = tuple(replace(one, done=one.id in done) for one in whole.parts)
    counted = replace(whole, parts=parts)
    if whole.status in OPEN and all(one.done for one in parts) and _is_news(whole, present):
        # Wherever it was put meanwhile, be it another area: there is nothing left to do.
        ready = replace(counted, status=Status.IN_PROGRESS)
        return transition(ready, "resolve", SYSTEM, _ALL_DONE, at, _without_photo(policy))
    changed = [one for one in parts if one not in whole.parts]
    if not changed:
        return None
    counted = replace(counted, version=whole.version + 1)
    actions = ("part_done" if one.done else "part_reopened" for one in changed)
    return Change(counted, tuple(entry(action, counted, SYSTEM, at) for action in actions), ())


def _is_news(whole: Issue, done: Iterable[Issue]) -> bool:
    """Whether any part was solved, or closed otherwise, since the whole was reopened, if it ever was."""
    ended = (one.resolved_at or one.closed_at for one in done)
    again = whole.reopened_at
    return again is None or any(moment is not None and moment > again for moment in ended)


def whole_confirmed(part: Issue, whole: Issue, by: str, at: datetime, policy: Policy) -> Change | None:
    """Confirm a part whose whole was confirmed `by` somebody, so that its steward is paid; None else.

    They spoke of the solutions that were there then: not of what was reopened since, be it the whole or the
    part. Of a part that they solved themselves their word is none: that waits for somebody else's.
    """
    if part.status is not Status.RESOLVED or whole.status is not Status.CONFIRMED or part.resolver == by:
        return None
    if part.resolved_at is None or whole.closed_at is None or part.resolved_at > whole.closed_at:
        return None
    return transition(part, "confirm", SYSTEM, _WHOLE_CONFIRMED, at, policy)


def _without_photo(policy: Policy) -> Policy:
    """The parts have their photos; the whole needs none of its own."""
    return replace(policy, category=replace(policy.category, after_photo=False))
