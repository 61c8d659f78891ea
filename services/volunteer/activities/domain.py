"""Activity reports: filed by stewards, verified by the community's staff."""

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.volunteer.activities.events import (
    ActivityFact,
    ActivityRejected,
    ActivitySubmitted,
    ActivityVerified,
)

CATEGORIES = ("environment", "resident_info", "safety", "outreach", "ad_hoc")
MAX_MINUTES = 12 * 60
_WORKERS = frozenset({"steward", "team_leader", "council_member", "council_chair"})
_VERIFIERS = frozenset({"community_staff", "subdistrict_staff", "district_admin"})
_COMMUNITY_LENGTH = 12


@dataclass(frozen=True)
class Activity:
    """What a steward did, for how long and where."""

    id: str
    member: str
    category: str
    area: str
    summary: str
    minutes: int
    media: tuple[str, ...]
    created_at: datetime
    status: str = "submitted"
    verified_by: str | None = None
    verified_at: datetime | None = None
    reason: str | None = None
    version: int = 1


def submit(activity: Activity, actor: Actor) -> tuple[Activity, ActivityFact]:
    """File a report. Raises NotAllowed for members without a part in the work of that community."""
    community = activity.area[:_COMMUNITY_LENGTH]
    works_there = any(
        one.role in _WORKERS and (one.area.startswith(community) or community.startswith(one.area))
        for one in actor.grants
    )
    if not works_there:
        raise NotAllowed(
            "not-your-area",
            zh="您不在此社区服务。",
            en="Activities are reported by stewards of the community they took place in.",
        )
    return activity, _fact(ActivitySubmitted, activity, actor)


def verify(
    activity: Activity, actor: Actor, *, approved: bool, reason: str | None, at: datetime
) -> tuple[Activity, ActivityFact]:
    """Accept or reject a report. Raises NotAllowed, Conflict, and Invalid for a rejection without reason."""
    if not actor.has_any(_VERIFIERS, activity.area):
        raise NotAllowed(
            "not-your-area", zh="您不管理此区域。", en="Only staff of the area verify activities."
        )
    if actor.member_id == activity.member:
        raise NotAllowed("own-work", zh="不能审核自己的活动。", en="Somebody else must verify your activity.")
    if activity.status != "submitted":
        raise Conflict(
            "already-decided",
            zh="该活动已审核。",
            en=f"This activity is {activity.status} already.",
            status_now=activity.status,
        )
    if not approved and not reason:
        raise Invalid("reason", zh="请填写不通过的原因。", en="Say why it is not accepted.")
    decided = replace(
        activity,
        status="verified" if approved else "rejected",
        verified_by=actor.member_id,
        verified_at=at,
        reason=reason,
        version=activity.version + 1,
    )
    return decided, _fact(ActivityVerified if approved else ActivityRejected, decided, actor)


def _fact(kind: type[ActivityFact], activity: Activity, actor: Actor) -> ActivityFact:
    return kind(
        category=activity.category,
        member=activity.member,
        minutes=activity.minutes,
        photos=len(activity.media),
        media=activity.media,
        actor=actor.member_id,
    )
