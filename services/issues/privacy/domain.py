"""What is forgotten of an issue: everything personal some time after it is closed, and a person on request.

What the figures count (category, area, moments, statuses, answers) stays, and so does the hash chain.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.issues.cases.chain import PARTS, emptied
from services.issues.cases.events import IssueFact, IssueReleased, IssueResumed
from services.issues.cases.issue import OPEN, SYSTEM, Change, Issue, Line, Status, entry, fact
from services.issues.cases.responsibility import settle, vacated
from services.issues.categories.domain import Policy
from services.issues.limits import domain as limits
from services.issues.privacy.events import IssueAnonymised


def anonymise(issue: Issue, lines: Sequence[Line], at: datetime) -> Change | None:
    """Forget the residents of a closed issue, their words, its place and photos; None where it is done.

    Who handled it stays: that is the record of their work, until they are erased themselves.
    """
    if issue.closed_at is None or issue.anonymised_at is not None:
        return None
    residents = {*issue.residents, *(one.member for one in issue.flags)}
    handlers = {issue.assignee, issue.steward, issue.resolver}
    photos = (*issue.media, *(photo for line in lines for photo in line.entry.media))
    bare = replace(
        issue,
        reporter=None,
        supporters=(),
        adopted=tuple(replace(one, followers=()) for one in issue.adopted),
        flags=(),
        description="",
        answers={},
        location=None,
        media=(),
        objection=None,
        rating=replace(issue.rating, comment="") if issue.rating else None,
        feedback=replace(issue.feedback, reason=None) if issue.feedback else None,
        discarded=tuple(dict.fromkeys(photos)),
        people=tuple(one for one in issue.people if one not in residents or one in handlers),
        anonymised_at=at,
        version=issue.version + 1,
    )
    kept = tuple(_without_words(line, residents) for line in lines)
    line = entry("anonymise", bare, SYSTEM, at)
    return Change(bare, (line,), (fact(IssueAnonymised, bare, SYSTEM.member_id),), kept)


def _without_words(line: Line, members: set[str]) -> Line:
    by_resident = line.entry.actor in members
    return emptied(line, PARTS if by_resident else ("media", "note"))


def photos_let_go(issue: Issue) -> Change | None:
    """The issue once its photos were let go; None where none were left."""
    if not issue.discarded:
        return None
    return Change(replace(issue, discarded=(), version=issue.version + 1), (), ())


def erase(issue: Issue, lines: Sequence[Line], member: str, at: datetime, policy: Policy) -> Change | None:
    """Forget a person; None where nothing of them is kept. An open issue goes on without them.

    As residents they take their words along; of what they did in office only the name goes. What was theirs
    to handle goes back to the grid, but what waits for its parts goes on so. What they described, and where,
    stays until the problem is dealt with.
    """
    if member not in issue.people:
        return None
    freed, events = _freed(issue, member, at, policy)
    gone = ("actor", "note") if member in issue.residents else ("actor",)
    without = replace(_as_resident(_as_handler(freed, member), member), version=issue.version + 1)
    kept = tuple(emptied(line, gone) if line.entry.actor == member else line for line in lines)
    line = entry("erase", without, SYSTEM, at)
    return Change(without, (line,), tuple(fact(kind, without, SYSTEM.member_id) for kind in events), kept)


def _freed(
    issue: Issue, member: str, at: datetime, policy: Policy
) -> tuple[Issue, tuple[type[IssueFact], ...]]:
    """The issue no longer waiting for this member: to be claimed anew, or going on where they were asked."""
    running = replace(issue, countdown=limits.resume(issue.countdown, at))
    if issue.assignee == member and issue.status in OPEN:
        return _handed_back(running, policy)
    if issue.assignee == member and issue.status is Status.MERGED:
        before = vacated(issue.status_before or Status.REPORTED, in_parts=bool(issue.parts))
        return replace(issue, status_before=before), ()
    if issue.reporter == member and issue.status is Status.AWAITING_INFO:
        on = replace(running, status=issue.status_before or Status.IN_PROGRESS)
        return settle(on, policy.calendar), (IssueResumed,)
    return issue, ()


def _handed_back(issue: Issue, policy: Policy) -> tuple[Issue, tuple[type[IssueFact], ...]]:
    """The issue without its assignee, as where a steward has left the grid; see `vacated`."""
    status = vacated(issue.status, in_parts=bool(issue.parts))
    if status is Status.ON_HOLD:
        # It ends with its parts. Should it be taken up before, nobody has claimed it any more.
        before = Status.IN_PROGRESS if issue.status_before is Status.CLAIMED else issue.status_before
        return replace(issue, status_before=before, assignee=None), ()
    back = replace(issue, status=status, assignee=None)
    return settle(back, policy.calendar), (IssueReleased,)


def _as_handler(issue: Issue, member: str) -> Issue:
    objection = issue.objection
    return replace(
        issue,
        assignee=_other(issue.assignee, member),
        steward=_other(issue.steward, member),
        resolver=_other(issue.resolver, member),
        objection=replace(objection, by=_other(objection.by, member)) if objection else None,
    )


def _as_resident(issue: Issue, member: str) -> Issue:
    answered = issue.reporter == member
    return replace(
        issue,
        reporter=_other(issue.reporter, member),
        supporters=tuple(one for one in issue.supporters if one != member),
        adopted=tuple(
            replace(one, followers=tuple(who for who in one.followers if who != member))
            for one in issue.adopted
        ),
        flags=tuple(one for one in issue.flags if one.member != member),
        rating=replace(issue.rating, comment="") if issue.rating and answered else issue.rating,
        feedback=replace(issue.feedback, reason=None) if issue.feedback and answered else issue.feedback,
        people=tuple(one for one in issue.people if one != member),
    )


def _other(held: str | None, member: str) -> str | None:
    return None if held == member else held
