"""What can be done with issues."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict, Invalid
from chassis.identity import Actor
from services.issues.cases import domain, workflow
from services.issues.cases.domain import Change, Details, Entry, Issue, Rating

_TRIES = 8


class Cases(Protocol):
    """Where issues are kept. `save` raises ConcurrentUpdate when somebody was faster."""

    def get(self, issue_id: str) -> Issue: ...
    def add(self, change: Change) -> Issue: ...
    def save(self, change: Change) -> None: ...
    def save_entry(self, issue: Issue, entry: Entry) -> None: ...
    def is_steward(self, member_id: str, area: str) -> bool: ...


class Places(Protocol):
    """The district's areas."""

    def known(self, code: str) -> bool: ...
    def locate(self, lng: float, lat: float) -> str | None: ...


class Photos(Protocol):
    """The uploaded photos."""

    def exist(self, media_ids: list[str], owner: str) -> bool: ...


def report_issue(
    cases: Cases,
    places: Places,
    photos: Photos,
    clock: Clock,
    actor: Actor,
    *,
    issue_id: str,
    category: str,
    description: str,
    location: Mapping[str, float] | None = None,
    area: str | None = None,
    media: list[str] | None = None,
    anonymous: bool = False,
    urgency: str = "normal",
) -> Issue:
    """Report a problem. The grid comes from the location; `area` serves where there is none.

    Raises Invalid for a place outside the district's areas, a category that is not known, or photos that
    are not the reporter's own.
    """
    if category not in domain.CATEGORIES:
        raise Invalid("category", zh="没有这个类别。", en=f"Use one of: {', '.join(domain.CATEGORIES)}.")
    grid = _place(places, location, area)
    _check_photos(photos, media, actor)
    now = clock()
    issue = Issue(
        id=issue_id,
        number=f"{now:%Y%m%d}-{issue_id[-6:]}",
        category=category,
        description=description,
        area=grid,
        location=location,
        media=tuple(media or ()),
        anonymous=anonymous,
        urgency=urgency,
        reporter=actor.member_id,
        created_at=now,
        due_at=now,
    )
    return cases.add(domain.report(issue))


def _check_photos(photos: Photos, media: list[str] | None, actor: Actor) -> None:
    if media and not photos.exist(media, actor.member_id):
        raise Invalid(
            "media",
            zh="照片不存在或不是您上传的。",
            en="Upload the photos first (POST /v1/media), as yourself.",
        )


def _place(places: Places, location: Mapping[str, float] | None, area: str | None) -> str:
    if area is not None and not places.known(area):
        raise Invalid("area", zh="没有这个区域。", en="There is no area with this code.")
    if location is not None:
        found = places.locate(location["lng"], location["lat"])
        if found is None:
            raise Invalid(
                "location", zh="该位置不在本区任何网格内。", en="This point lies in no area of the district."
            )
        return found
    if area is None:
        raise Invalid("location", zh="请提供位置或区域代码。", en="Give a location, or the code of an area.")
    return area


def act(
    cases: Cases,
    photos: Photos,
    clock: Clock,
    actor: Actor,
    *,
    issue_id: str,
    action: str,
    details: Details,
    expected_version: int | None = None,
) -> Issue:
    """Carry out one action of the workflow; see `workflow.transition` for what it raises, and Stale."""
    _check_photos(photos, list(details.media), actor)

    def decide(issue: Issue, now: datetime) -> Issue:
        domain.check_version(issue, expected_version)
        change = workflow.transition(issue, action, actor, details, now)
        if action == "assign" and not cases.is_steward(str(details.assignee), issue.area):
            raise Invalid("assignee", zh="该成员不是此网格的小巷管家。", en="No steward of this grid.")
        if action == "merge":
            domain.check_merge_target(cases.get(str(details.into)))
        cases.save(change)
        return change.issue

    return _decide_until_saved(cases, clock, issue_id, decide)


def comment(cases: Cases, clock: Clock, actor: Actor, *, issue_id: str, text: str) -> Issue:
    """Add a remark to an issue's history."""

    def decide(issue: Issue, now: datetime) -> Issue:
        remarked, entry = domain.comment(issue, actor, text, now)
        cases.save_entry(remarked, entry)
        return remarked

    return _decide_until_saved(cases, clock, issue_id, decide)


def rate(cases: Cases, clock: Clock, actor: Actor, *, issue_id: str, rating: Rating) -> Issue:
    """Record the reporter's rating."""

    def decide(issue: Issue, now: datetime) -> Issue:
        change = domain.rate(issue, actor, rating, now)
        cases.save(change)
        return change.issue

    return _decide_until_saved(cases, clock, issue_id, decide)


def _decide_until_saved(
    cases: Cases, clock: Clock, issue_id: str, decide: Callable[[Issue, datetime], Issue]
) -> Issue:
    """Decide on the issue as it is now; where somebody saved first, decide anew on what they left."""
    for _ in range(_TRIES):
        try:
            return decide(cases.get(issue_id), clock())
        except ConcurrentUpdate:
            continue
    raise Conflict(
        "busy-issue", zh="此问题正被多人处理，请稍后重试。", en="Too many act on it at once: try again."
    )
