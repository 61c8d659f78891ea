"""The lists an issue appears in: each is a key in its `lists`, and one index over them serves them all.

Every index has to be kept at every change of an issue, and an issue changes often: a list more costs an entry
in an index that is there already, no index of its own. The list of an area and all areas below it goes by the
area's code; the others are named here.
"""

from chassis.identity import ancestors
from services.issues.cases.issue import OPEN, Issue

CLOSED = "closed"
"""The closed issues that are not anonymous yet."""
NOBODYS = "nobodys"
"""Those of them whose reporter is gone: they need not wait to become anonymous."""


def with_status(status: str) -> str:
    """The issues that have a status."""
    return f"status:{status}"


def reported_by(member_id: str) -> str:
    """The issues that a member reported."""
    return f"reporter:{member_id}"


def handled_by(member_id: str) -> str:
    """The issues that are a member's to solve."""
    return f"assignee:{member_id}"


def speaking_for(issue_id: str) -> str:
    """The issue that another one was merged into."""
    return f"adopted:{issue_id}"


def open_in(cell: str) -> str:
    """The open issues that the map shows in one of its cells."""
    return f"open:{cell}"


def naming(member_id: str) -> tuple[str, ...]:
    """The lists that together hold every issue in which anything of a member is kept."""
    return (reported_by(member_id), handled_by(member_id), _named(member_id))


def lists_of(issue: Issue, cell: str | None) -> list[str]:
    """All lists that an issue appears in; people are listed once. `cell` is where the map shows it."""
    keys = [*ancestors(issue.area), with_status(issue.status.value)]
    if issue.reporter:
        keys.append(reported_by(issue.reporter))
    if issue.assignee:
        keys.append(handled_by(issue.assignee))
    if issue.closed_at is not None and issue.anonymised_at is None:
        keys.append(CLOSED if issue.reporter else NOBODYS)
    if cell is not None and issue.status in OPEN:
        keys.append(open_in(cell))
    others = (one for one in issue.people if one not in (issue.reporter, issue.assignee))
    return [*keys, *map(speaking_for, (one.id for one in issue.adopted)), *map(_named, others)]


def _named(member_id: str) -> str:
    return f"person:{member_id}"
