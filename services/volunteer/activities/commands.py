"""What can be done with activity reports."""

from typing import Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict, Invalid
from chassis.identity import Actor
from services.volunteer.activities import domain
from services.volunteer.activities.domain import Activity
from services.volunteer.activities.events import ActivityFact

_TRIES = 5


class Activities(Protocol):
    """Where activities are kept. `add` gives back the stored one when its id is known already."""

    def get(self, activity_id: str) -> Activity: ...
    def add(self, activity: Activity, event: ActivityFact) -> Activity: ...
    def save(self, activity: Activity, event: ActivityFact) -> None: ...


class Areas(Protocol):
    """The district's areas."""

    def known(self, code: str) -> bool: ...


def submit_activity(
    activities: Activities,
    areas: Areas,
    clock: Clock,
    actor: Actor,
    *,
    activity_id: str,
    category: str,
    area: str,
    summary: str,
    minutes: int,
    media: list[str],
) -> Activity:
    """File an activity report. Raises Invalid for an unknown area, NotAllowed."""
    if not areas.known(area):
        raise Invalid("area", zh="没有这个区域。", en="There is no area with this code.")
    activity = Activity(
        id=activity_id,
        member=actor.member_id,
        category=category,
        area=area,
        summary=summary,
        minutes=minutes,
        media=tuple(media),
        created_at=clock(),
    )
    return activities.add(*domain.submit(activity, actor))


def verify_activity(
    activities: Activities,
    clock: Clock,
    actor: Actor,
    *,
    activity_id: str,
    approved: bool,
    reason: str | None,
) -> Activity:
    """Accept or reject a report; see `domain.verify`."""
    for _ in range(_TRIES):
        decided, event = domain.verify(
            activities.get(activity_id), actor, approved=approved, reason=reason, at=clock()
        )
        try:
            activities.save(decided, event)
        except ConcurrentUpdate:
            continue
        return decided
    raise Conflict("busy-activity", zh="请重试。", en="Too many act on it at once: try again.")
