"""What can be done with photos."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import IO, Protocol

from chassis.camera_notes import Notes
from chassis.clock import Clock, new_ulid
from chassis.errors import ConcurrentUpdate, Conflict, Refusal
from chassis.identity import Actor
from chassis.pictures import Box, Picture
from services.issues.cases.commands import Cases, decide_until_saved
from services.issues.cases.issue import Change, Issue
from services.issues.media import domain
from services.issues.media.domain import Act, Photo, Place, Rectangle

_TRIES = 8
_SWEPT_AT_ONCE = 100


class Photos(Protocol):
    """Where photos are kept. What writes raises ConcurrentUpdate when somebody was faster."""

    def get(self, photo_id: str) -> Photo: ...
    def add(self, photo_id: str, owner: str, picture: Picture, at: datetime) -> Photo: ...
    def save(self, photo: Photo, version: int) -> Photo: ...
    def read(self, photo: Photo) -> bytes: ...
    def announce(self, photo: Photo, at: datetime) -> str: ...
    def repaint(
        self, photo: Photo, name: str, picture: Picture, boxes: Sequence[Rectangle], act: Act
    ) -> Photo: ...
    def abandon(self, photo_id: str, name: str, at: datetime) -> None: ...
    def clear(self, photo: Photo) -> None: ...
    def remove(self, photo: Photo) -> None: ...
    def due(self, at: datetime, most: int) -> list[Photo]: ...


class Desk(Protocol):
    """Where pictures are decoded."""

    def clean(self, stream: IO[bytes]) -> tuple[Picture, Notes]: ...
    def blacken(self, body: bytes, boxes: Sequence[Box]) -> Picture: ...


class Uses(Protocol):
    """What truly refers to a photo."""

    def places(self, photo: Photo) -> list[Place]: ...


def upload(
    photos: Photos, desk: Desk, clock: Clock, actor: Actor, *, photo_id: str, stream: IO[bytes]
) -> tuple[Photo, Notes]:
    """Take a photo in; see `Pictures.clean` for what it raises. What the camera noted is kept nowhere."""
    picture, notes = desk.clean(stream)
    return photos.add(photo_id, actor.member_id, picture, clock()), notes


def redact(
    photos: Photos,
    desk: Desk,
    uses: Uses,
    cases: Cases,
    clock: Clock,
    actor: Actor,
    *,
    photo_id: str,
    boxes: Sequence[Mapping[str, float]],
    unit: str | None,
) -> Photo:
    """Paint over parts of a photo, for good. What is black already is not painted again.

    Raises NotFound, NotAllowed for others than staff, Invalid for a box that is empty or outside, Conflict
    while another paints, and Unavailable when too many pictures are being worked on.
    """
    for _ in range(_TRIES):
        photo = photos.get(photo_id)
        domain.check_staff(actor, uses.places(photo))
        wanted = domain.not_yet_black(photo, domain.rectangles(photo, boxes, unit))
        if not wanted:
            return photo
        domain.check_idle(photo, clock())
        try:
            name = photos.announce(photo, clock())
        except ConcurrentUpdate:
            continue
        painted = _paint(photos, desk, clock, actor, photo, name, wanted)
        _tend_now(photos, uses, cases, clock, painted)
        return painted
    raise _busy()


def _paint(
    photos: Photos,
    desk: Desk,
    clock: Clock,
    actor: Actor,
    photo: Photo,
    name: str,
    wanted: Sequence[Rectangle],
) -> Photo:
    try:
        picture = desk.blacken(photos.read(photo), [one.edges for one in wanted])
        act = Act(new_ulid(), "redact_photo", actor.member_id, clock())
        return photos.repaint(photo, name, picture, wanted, act)
    except ConcurrentUpdate:
        raise _busy() from None
    except Exception:
        photos.abandon(photo.id, name, clock())
        raise


def moderate(
    photos: Photos,
    uses: Uses,
    cases: Cases,
    clock: Clock,
    actor: Actor,
    *,
    photo_id: str,
    approved: bool,
    reason: str | None,
) -> Photo:
    """Decide whether a photo may be shown; deciding so again changes nothing, deciding otherwise does.

    Raises NotFound, NotAllowed for others than staff, and Invalid for a refusal without a reason.
    """
    for _ in range(_TRIES):
        photo = photos.get(photo_id)
        domain.check_staff(actor, uses.places(photo))
        decided = domain.moderate(
            photo, approved=approved, reason=reason, actor=actor, at=clock(), act_id=new_ulid()
        )
        if decided is None:
            return photo
        try:
            saved = photos.save(decided, photo.version)
        except ConcurrentUpdate:
            continue
        _tend_now(photos, uses, cases, clock, saved)
        return saved
    raise _busy()


def _busy() -> Conflict:
    return Conflict("busy-photo", zh="请重试。", en="Too many act on this photo at once: try again.")


def _tend_now(photos: Photos, uses: Uses, cases: Cases, clock: Clock, photo: Photo) -> None:
    try:
        tend(photos, uses, cases, clock, photo)
    except ConcurrentUpdate:
        return  # the sweep completes what is left


def sweep(photos: Photos, uses: Uses, cases: Cases, clock: Clock) -> int:
    """Tend the photos that are due; returns how many. Any number of processes may do so at once."""
    due = photos.due(clock(), _SWEPT_AT_ONCE)
    done = 0
    for photo in due:
        try:
            tend(photos, uses, cases, clock, photo)
        except (ConcurrentUpdate, Refusal):
            continue  # somebody else is at it: the next sweep sees what they left
        done += 1
    return done


def tend(photos: Photos, uses: Uses, cases: Cases, clock: Clock, photo: Photo) -> None:
    """Complete what was begun with a photo, and remove it when nothing refers to it in time.

    Whoever begins to use it meanwhile wins: then ConcurrentUpdate is raised before anything is removed of it.
    """
    if photo.file is None:
        photos.remove(photo)
        return
    now = clock()
    until = photo.unused_until
    places = uses.places(photo)
    if until is not None and until <= now:
        if not places:
            photos.remove(photo)
            return
        until = None
    for place in places:
        if place.issue is not None:
            _log(cases, clock, photo, place.issue)
    if not domain.is_busy(photo, now):
        photos.clear(photo)
    photos.save(domain.tended(photo, until, now), photo.version)


def _log(cases: Cases, clock: Clock, photo: Photo, issue_id: str) -> None:
    """Tell the history of an issue what was done to a photo of it, once each."""
    for act in photo.unlogged:
        decide_until_saved(cases, clock, issue_id, _told(photo.id, act))


def _told(photo_id: str, act: Act) -> Callable[[Issue, datetime], Change | None]:
    return lambda issue, _: domain.told(issue, photo_id, act)
