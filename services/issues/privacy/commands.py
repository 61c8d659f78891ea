"""Forgetting: by the clock, and on a person's request."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate
from services.issues.cases.commands import Kept, Rules, decide_until_saved, policy_of
from services.issues.cases.issue import Change, Issue, Line
from services.issues.privacy import domain

_AT_ONCE = 200
Decide = Callable[[Issue, tuple[Line, ...], datetime], Change | None]


class Archive(Kept, Protocol):
    """Issues with their history."""

    def with_lines(self, issue_id: str) -> tuple[Issue, tuple[Line, ...]]: ...
    def closed_before(self, moment: datetime | None, most: int) -> list[str]: ...
    def of_person(self, member_id: str, most: int) -> list[str]: ...


class Photos(Protocol):
    """The uploaded photos. What is let go is removed once nothing refers to it; again changes nothing."""

    def let_go(self, photo_ids: Sequence[str], at: datetime) -> None: ...


def anonymise_due(archive: Archive, clock: Clock, keep: timedelta | None) -> int:
    """Make issues anonymous that were closed longer than `keep` ago (None: never) or whose reporter is gone.

    Returns how many were, of a bounded number: the clock of other issues must not wait for long. Whoever
    loses the race for an issue leaves it to the other.
    """
    before = None if keep is None else clock() - keep
    return sum(
        _decide_once(archive, clock, issue_id, domain.anonymise)
        for issue_id in archive.closed_before(before, _AT_ONCE)
    )


def forget_member(archive: Archive, rules: Rules, clock: Clock, *, member_id: str) -> int:
    """Forget a person in a bounded number of issues; what is left, or being written to, is for the next time.

    Returns in how many.
    """

    def decide(issue: Issue, lines: tuple[Line, ...], now: datetime) -> Change | None:
        return domain.erase(issue, lines, member_id, now, policy_of(rules, issue))

    return sum(
        _decide_once(archive, clock, issue_id, decide) for issue_id in archive.of_person(member_id, _AT_ONCE)
    )


def let_photos_go(archive: Archive, photos: Photos, clock: Clock, *, issue_id: str) -> None:
    """Let the photos go that an issue has discarded; doing it again changes nothing."""
    photos.let_go(archive.get(issue_id).discarded, clock())
    decide_until_saved(archive, clock, issue_id, lambda issue, _: domain.photos_let_go(issue))


def _decide_once(archive: Archive, clock: Clock, issue_id: str, decide: Decide) -> bool:
    issue, lines = archive.with_lines(issue_id)
    change = decide(issue, lines, clock())
    if change is None:
        return False
    try:
        archive.save(change)
    except ConcurrentUpdate:
        return False
    return True
