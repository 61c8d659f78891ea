"""Photos: who may see one, what staff may do to it, and when one counts as unused."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.issues.cases.issue import STAFF_ROLES, Change, Details, Issue, entry

UNUSED_TIME = timedelta(hours=24)
"""How long a photo is kept that nothing refers to."""
WORK_TIME = timedelta(minutes=5)
"""Within which files are written; whoever has not finished by then has died."""
NOBODY = "nobody"
"""The owner of a photo whose owner was erased."""
MOST_BOXES = 50
UNITS = ("pixels", "fractions")
ACTIVITY_READERS = STAFF_ROLES | {"steward", "council_chair", "council_member"}
"""Who reads the activity reports of an area beside their author."""


class Moderation(StrEnum):
    """Whether staff have looked at a photo, and what they said. OPEN: nobody has to."""

    OPEN = "open"
    AWAITING = "awaiting"
    APPROVED = "approved"
    REJECTED = "rejected"


class UseKind(StrEnum):
    """What refers to photos."""

    ISSUE = "issue"
    ACTIVITY = "activity"
    RECEIPT = "receipt"
    SHOP = "shop"


@dataclass(frozen=True)
class Use:
    """What refers to a photo: an issue, an expense of a proposal, an activity report or an item of the shop.

    The latter two say their area with it.
    """

    kind: UseKind
    id: str
    area: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a photo is shown: the area, who works there, and which roles of the area may read it (None: all).

    `issue` is the issue that shows it, None for an activity report; `concerned` may read it beside the roles.
    """

    area: str
    issue: str | None = None
    assignee: str | None = None
    readers: frozenset[str] | None = None
    concerned: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rectangle:
    """A part of a photo, in pixels from its upper left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, upper, right and lower."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    def covers(self, other: "Rectangle") -> bool:
        """Whether the other lies wholly within this one."""
        left, upper, right, lower = self.edges
        others_left, others_upper, others_right, others_lower = other.edges
        return (
            left <= others_left and upper <= others_upper and right >= others_right and lower >= others_lower
        )


@dataclass(frozen=True)
class Act:
    """Something that staff did to a photo and that the history of its issues tells."""

    id: str
    action: str
    actor: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True)
class Photo:
    """A stored photo.

    `file` is where its pixels are now, None while it is being stored or removed; `leftovers` are files to be
    removed, or being written by whoever works on it until `busy_until`; `unlogged` is what the histories do
    not tell yet; `unused_until` is when it goes unless something refers to it by then, None once something
    does; `check_at` is when the sweep looks at it next. `waiting_in` are the areas, and all above them,
    where a photo that awaits moderation is put before the staff.
    """

    id: str
    owner: str
    at: datetime
    content_type: str
    size: int
    width: int
    height: int
    file: str | None = None
    moderation: Moderation = Moderation.OPEN
    waiting_in: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    redactions: tuple[Rectangle, ...] = ()
    unlogged: tuple[Act, ...] = ()
    leftovers: tuple[str, ...] = ()
    busy_until: datetime | None = None
    unused_until: datetime | None = None
    check_at: datetime | None = None
    version: int = 1


def may_see(owner: str, moderation: Moderation, actor: Actor, place: Place) -> bool:
    """Whether the actor may see a photo at a place: before moderation its owner, staff and the assignee."""
    if actor.member_id == owner or actor.has_any(STAFF_ROLES, place.area):
        return True
    if moderation is Moderation.REJECTED:
        return False
    if moderation is Moderation.AWAITING:
        return actor.member_id == place.assignee
    if place.readers is None or actor.member_id in place.concerned:
        return True
    return actor.has_any(place.readers, place.area)


def check_staff(actor: Actor, places: Sequence[Place]) -> None:
    """Raises NotAllowed unless the actor is of the staff of an area where the photo is used."""
    if not any(actor.has_any(STAFF_ROLES, place.area) for place in places):
        raise NotAllowed(
            "not-your-area",
            zh="您不管理此照片所在的区域。",
            en="Only staff of the area where the photo is used may do this.",
        )


def area_of_staff(actor: Actor, area: str | None) -> str:
    """The area whose waiting photos the actor is shown: without a wish, the widest they are staff of.

    Raises NotAllowed for others than staff of the area.
    """
    own = sorted((one.area for one in actor.grants if one.role in STAFF_ROLES), key=len)
    wanted = area or next(iter(own), None)
    if wanted is None or not actor.has_any(STAFF_ROLES, wanted):
        raise NotAllowed(
            "not-your-area",
            zh="您不管理此区域，请指定您管理的区域。",
            en="Only staff of the area see which photos wait there: name an area of yours.",
        )
    return wanted


def not_yet_black(photo: Photo, boxes: Sequence[Rectangle]) -> tuple[Rectangle, ...]:
    """Those of the boxes that are not within an older one, each once."""
    return tuple(dict.fromkeys(one for one in boxes if not any(old.covers(one) for old in photo.redactions)))


def is_busy(photo: Photo, at: datetime) -> bool:
    """Whether somebody paints on the photo."""
    return photo.busy_until is not None and photo.busy_until > at


def check_idle(photo: Photo, at: datetime) -> None:
    """Raises Conflict while somebody paints on the photo."""
    if is_busy(photo, at):
        raise Conflict(
            "busy-photo",
            zh="此照片正在被处理，请稍后重试。",
            en="Somebody works on this photo right now: try again in a moment.",
            retry_after=5,
        )


def moderate(
    photo: Photo, *, approved: bool, reason: str | None, actor: Actor, at: datetime, act_id: str
) -> Photo | None:
    """The photo with the decision; None where it was decided so already. Raises Invalid without a reason."""
    if not approved and not reason:
        raise Invalid("reason", zh="请填写不通过的原因。", en="Say why it is not accepted.")
    decision = Moderation.APPROVED if approved else Moderation.REJECTED
    if photo.moderation is decision:
        return None
    act = Act(act_id, "approve_photo" if approved else "reject_photo", actor.member_id, at, reason)
    return replace(photo, moderation=decision, waiting_in=(), unlogged=(*photo.unlogged, act))


def told(issue: Issue, photo_id: str, act: Act) -> Change | None:
    """The issue with a line about a photo in its history; None where it has that line already."""
    if act.id in issue.photo_acts:
        return None
    seen = replace(issue, photo_acts=(*issue.photo_acts, act.id), version=issue.version + 1)
    said = Details(note=act.reason, media=(photo_id,))
    return Change(seen, (entry(act.action, seen, Actor(act.actor), act.at, said),), ())


def rectangles(photo: Photo, boxes: Sequence[Mapping[str, float]], unit: str | None) -> list[Rectangle]:
    """Boxes in whole pixels of the photo, rounded outwards and cut at its edges.

    Fractions are shares of the width or height. Where no unit is said, numbers are pixels if all of them are
    whole, and fractions else. Raises Invalid for a box that is empty or outside, and for fractions above 1.
    """
    whole = all(float(number).is_integer() for box in boxes for number in box.values())
    fractions = unit == "fractions" or (unit is None and not whole)
    wide, high = (photo.width, photo.height) if fractions else (1, 1)
    found = []
    for place, box in enumerate(boxes):
        if fractions and max(box.values()) > 1:
            raise Invalid(
                f"boxes.{place}",
                zh="按比例给出时，各数不能超过 1。",
                en="As fractions of the photo, numbers are at most 1.",
            )
        left, upper = max(0, math.floor(box["x"] * wide)), max(0, math.floor(box["y"] * high))
        right = min(photo.width, math.ceil((box["x"] + box["width"]) * wide))
        lower = min(photo.height, math.ceil((box["y"] + box["height"]) * high))
        if left >= right or upper >= lower:
            raise Invalid(
                f"boxes.{place}",
                zh=f"此框为空或不在照片内（{photo.width} × {photo.height} 像素）。",
                en=f"This box is empty, or outside the photo of {photo.width} × {photo.height} pixels.",
            )
        found.append(Rectangle(left, upper, right - left, lower - upper))
    return found


def tended(photo: Photo, unused_until: datetime | None, at: datetime) -> Photo:
    """The photo with nothing left to be done now, to be looked at again when there may be."""
    told = replace(photo, unlogged=(), unused_until=unused_until)
    if is_busy(photo, at):
        return replace(told, check_at=photo.busy_until)
    return replace(told, leftovers=(), busy_until=None, check_at=unused_until)
