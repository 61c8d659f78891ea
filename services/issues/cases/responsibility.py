"""Who an issue concerns, which unit leads, and until when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chassis.identity import Actor
from services.issues.cases.issue import (
    GRID_LENGTH,
    INTERRUPTED,
    OPEN,
    STAFF_ROLES,
    SYSTEM,
    Issue,
    Level,
    Party,
    Status,
    changed,
)
from services.issues.categories.domain import Category, Policy
from services.issues.limits import domain as limits
from services.issues.limits.domain import WorkCalendar

_LEVEL_ROLES = {
    Level.STEWARD: frozenset({"community_staff", "district_admin"}),
    Level.COMMUNITY: frozenset({"community_staff", "district_admin"}),
    Level.SUBDISTRICT: frozenset({"subdistrict_staff", "district_admin"}),
}
_OVERSEER_ROLES = {
    Level.STEWARD: frozenset({"community_staff", "subdistrict_staff", "district_admin"}),
    Level.COMMUNITY: frozenset({"subdistrict_staff", "district_admin"}),
    Level.SUBDISTRICT: frozenset({"district_admin"}),
}
_UNIT_LENGTH = {Level.STEWARD: GRID_LENGTH, Level.COMMUNITY: 12, Level.SUBDISTRICT: 9}


def parties(issue: Issue, actor: Actor) -> frozenset[Party]:
    """What the actor is to the issue."""
    if actor == SYSTEM:
        return frozenset({Party.SYSTEM})
    held = set()
    if actor.member_id == issue.reporter:
        held.add(Party.REPORTER)
    if actor.member_id == issue.assignee:
        held.add(Party.ASSIGNEE)
    if len(issue.area) == GRID_LENGTH and actor.has("steward", issue.area):
        held.add(Party.GRID_STEWARD)
    if actor.has_any(STAFF_ROLES, issue.area):
        held.add(Party.STAFF)
    if actor.has_any(_LEVEL_ROLES[issue.level], issue.area):
        held.add(Party.LEVEL_STAFF)
    if actor.has_any(_OVERSEER_ROLES[issue.level], issue.area):
        held.add(Party.OVERSEER)
    return frozenset(held)


def first_level(area: str, category: Category) -> Level:
    """Where an issue of an area begins: with the grid's stewards; outside any grid, with staff.

    What is not on the duty list never makes a community the main handler.
    """
    if len(area) == GRID_LENGTH:
        return Level.STEWARD
    return Level.COMMUNITY if len(area) >= 12 and category.duty_list else Level.SUBDISTRICT


def level_above(issue: Issue, category: Category) -> Level | None:
    """The level that an issue escalates to; None from the top."""
    if issue.level is Level.SUBDISTRICT:
        return None
    if issue.level is Level.STEWARD and category.duty_list:
        return Level.COMMUNITY
    return Level.SUBDISTRICT


def level_below(issue: Issue, category: Category) -> Level | None:
    """The level that an issue is returned to; None where the area has no such unit."""
    grid = len(issue.area) == GRID_LENGTH
    if issue.level is Level.SUBDISTRICT and category.duty_list and len(issue.area) >= 12:
        return Level.COMMUNITY
    return Level.STEWARD if grid and issue.level is not Level.STEWARD else None


def without_former_stewards(issue: Issue, is_steward: Callable[[str, str], bool]) -> Issue:
    """The issue without those who were stewards of its grid: what comes back comes to those who are.

    `is_steward` answers for a member and an area. See `vacated` for what a merged one is to come back as.
    """

    def kept(member: str | None) -> str | None:
        return member if member is not None and is_steward(member, issue.area) else None

    assignee = kept(issue.assignee) if issue.level is Level.STEWARD else issue.assignee
    before = issue.status_before
    if assignee != issue.assignee and issue.status is Status.MERGED and before is not None:
        before = vacated(before, in_parts=bool(issue.parts))
    return replace(issue, assignee=assignee, steward=kept(issue.steward), status_before=before)


def vacated(status: Status, *, in_parts: bool) -> Status:
    """Where an issue stands once its steward is gone: it waits to be claimed by another.

    What was reopened stays so, and what waits for its parts goes on waiting: it ends when they do.
    """
    stays = status is Status.REOPENED or (in_parts and status is Status.ON_HOLD)
    return status if stays else Status.REPORTED


def lead(
    issue: Issue, level: Level, policy: Policy, at: datetime, *, share: float = 1.0, unit: str | None = None
) -> Issue:
    """The issue with a level in the lead, and that level's time (or a share of it) from now on.

    A unit that extended its time before has had its extension, on whatever way the issue comes back to it.
    """
    lead_unit = unit or issue.area[: _UNIT_LENGTH[level]]
    extended_by = issue.extended_by
    if issue.countdown.extended and issue.lead_unit not in extended_by:
        extended_by = (*extended_by, issue.lead_unit)
    countdown = limits.start(policy.category.limit(level, issue.urgency), policy.calendar, at, share=share)
    return changed(
        issue,
        level=level,
        lead_unit=lead_unit,
        countdown=replace(countdown, extended=True) if lead_unit in extended_by else countdown,
        extended_by=extended_by,
        objection=None,
    )


def settle(issue: Issue, calendar: WorkCalendar) -> Issue:
    """The issue with the date it is due, when its clock must be looked at next, and nothing left over."""
    if issue.status not in INTERRUPTED:
        issue = changed(issue, status_before=None)
    if issue.status in OPEN:
        reminder = issue.countdown.next_reminder(calendar)
        moments = [reminder[1]] if reminder else []
        if issue.objection is not None and issue.objection.decision is None:
            moments.append(issue.objection.decide_by)
        due = None if issue.countdown.paused else issue.countdown.due_at(calendar)
        return changed(issue, due_at=due, next_check_at=min(moments, default=None))
    waits = issue.feedback_until if issue.status is Status.RESOLVED else None
    return changed(issue, next_check_at=waits)
