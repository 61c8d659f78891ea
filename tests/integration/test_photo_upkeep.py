"""Photos on the real database: what is kept, what is removed when, and what survives a death half-way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import bson
import pytest
from PIL import Image

from chassis.clock import new_ulid
from chassis.errors import ConcurrentUpdate, Conflict, Invalid, NotAllowed, NotFound
from chassis.geography import AreaFinder
from chassis.identity import Actor, Grant
from chassis.media import Links
from chassis.mongo import Mongo
from chassis.pictures import Limits, Pictures
from services.issues.cases import commands as case_commands
from services.issues.cases.issue import Details, Issue
from services.issues.cases.store import CaseStore
from services.issues.categories.queries import Rulebook
from services.issues.categories.store import CategoryStore
from services.issues.limits.queries import Calendar
from services.issues.limits.store import DayStore
from services.issues.media import commands
from services.issues.media.domain import Act, Photo, Use, UseKind
from services.issues.media.queries import PhotoQueries
from services.issues.media.store import PhotoStore
from tests.e2e import photos as files

GRID = "120199001001001"
DAY = timedelta(hours=24)
RESIDENT = Actor("resident", (Grant("resident", "120199"),))
STEWARD = Actor("steward", (Grant("steward", GRID),))
STAFF = Actor("staff", (Grant("community_staff", GRID[:12]),))
ELSEWHERE = Actor("elsewhere", (Grant("community_staff", "120199001002"),))
BOX = {"x": 0, "y": 0, "width": 32, "height": 48}


class Scene:
    """The photos and issues of an empty district, and a clock that is set by hand."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.photos = PhotoStore(mongo)
        self.photos.ensure_indexes()
        self.cases = CaseStore(mongo)
        self.cases.ensure_indexes()
        self.uses = PhotoQueries(mongo, Links("key").url)
        self.desk = Pictures(Limits())
        self.rules = Rulebook(CategoryStore(mongo), Calendar(DayStore(mongo).all))
        self.places = AreaFinder(lambda: [("120199", None), (GRID, None)])

    def clock(self) -> datetime:
        return self.now

    def upload(self, photo_id: str, owner: Actor = RESIDENT) -> Photo:
        stream = BytesIO(files.with_everything("JPEG"))
        return commands.upload(self.photos, self.desk, self.clock, owner, photo_id=photo_id, stream=stream)[0]

    def report(self, issue_id: str, *media: str) -> Issue:
        return case_commands.report_issue(
            self.cases,
            self.rules,
            self.places,
            self.photos,
            self.clock,
            RESIDENT,
            issue_id=issue_id,
            category="environment",
            description="楼道口有垃圾",
            area=GRID,
            media=list(media),
        )

    def act(self, issue_id: str, action: str, actor: Actor, **details: Any) -> Issue:
        return case_commands.act(
            self.cases,
            self.rules,
            self.places,
            self.photos,
            self.clock,
            actor,
            issue_id=issue_id,
            action=action,
            details=Details(**details),
            request_id=new_ulid(),
        )

    def redact(self, photo_id: str, actor: Actor = STAFF, box: dict[str, float] | None = None) -> Photo:
        return commands.redact(
            self.photos,
            self.desk,
            self.uses,
            self.cases,
            self.clock,
            actor,
            photo_id=photo_id,
            boxes=[box or BOX],
            unit=None,
        )

    def moderate(self, photo_id: str, *, approved: bool, reason: str | None = None) -> Photo:
        return commands.moderate(
            self.photos,
            self.uses,
            self.cases,
            self.clock,
            STAFF,
            photo_id=photo_id,
            approved=approved,
            reason=reason,
        )

    def sweep(self) -> None:
        while commands.sweep(self.photos, self.uses, self.cases, self.clock):
            pass

    def later(self, time: timedelta) -> None:
        self.now += time
        self.sweep()

    def files(self) -> set[str]:
        """The photos of which any byte is stored."""
        chunks = (str(one["files_id"]) for one in self.mongo["media.chunks"].find({}, {"files_id": 1}))
        named = (str(one["_id"]) for one in self.mongo["media.files"].find({}, {"_id": 1}))
        return {one.split(".")[0] for one in (*chunks, *named)}

    def history(self, issue_id: str) -> list[tuple[str, str, str | None]]:
        document = self.mongo["issues"].find_one({"_id": issue_id}) or {}
        return [(line["action"], line["actor"], line["note"]) for line in document["history"]]

    def image(self, photo_id: str) -> Image.Image:
        return Image.open(BytesIO(self.photos.read(self.photos.get(photo_id)))).convert("RGB")


@pytest.fixture
def scene(mongo: Mongo) -> Scene:
    return Scene(mongo)


def everything(mongo: Mongo) -> Iterator[bytes]:
    """Every document that is stored, byte by byte."""
    for name in mongo.database.list_collection_names():
        for one in mongo[name].find():
            yield bson.encode(one)


def test_nothing_of_what_the_camera_noted_is_stored_anywhere(scene: Scene) -> None:
    scene.upload("a")
    scene.report("issue", "a")
    stored = b"".join(everything(scene.mongo))
    assert len(stored) > 1000
    for trace in (files.SECRET, files.TAKEN.encode(), b"Exif", b"xmpmeta", b"Photoshop"):
        assert trace not in stored


def test_a_refused_upload_leaves_nothing(scene: Scene) -> None:
    for upload in (files.NOT_PHOTOS["half a JPEG"], files.NOT_PHOTOS["a zip"], files.heic()[:500]):
        with pytest.raises(Invalid):
            commands.upload(
                scene.photos, scene.desk, scene.clock, RESIDENT, photo_id="a", stream=BytesIO(upload)
            )
    assert list(everything(scene.mongo)) == []


def test_a_photo_that_nothing_refers_to_goes_after_a_day_and_no_sooner(scene: Scene) -> None:
    scene.upload("a")
    scene.later(DAY - timedelta(seconds=1))
    assert scene.files() == {"a"}
    scene.later(timedelta(seconds=1))
    assert scene.files() == set()
    with pytest.raises(NotFound):
        scene.photos.get("a")


def test_photos_of_issues_transitions_activities_and_the_shop_stay(scene: Scene) -> None:
    shown = {"reported": RESIDENT, "after": STEWARD, "activity": STEWARD, "bag": STEWARD}
    for photo_id, owner in shown.items():
        scene.upload(photo_id, owner)
    scene.photos.link(["bag", "reported"], STEWARD.member_id, Use(UseKind.SHOP, "an-item", GRID))
    scene.report("issue", "reported")
    scene.act("issue", "claim", STEWARD)
    scene.act("issue", "resolve", STEWARD, note="已处理", media=("after",))
    scene.photos.link(["activity", "reported"], STEWARD.member_id, Use(UseKind.ACTIVITY, "an-activity", GRID))
    scene.later(DAY)
    scene.later(DAY * 30)
    assert scene.files() == set(shown)
    assert [use.kind for use in scene.photos.get("reported").uses] == ["issue"]  # not the steward's own
    assert scene.photos.due(scene.now + DAY * 365, 10) == []


def test_a_photo_held_for_an_issue_that_was_never_saved_goes(scene: Scene) -> None:
    scene.upload("a")
    scene.now += DAY / 2
    assert scene.photos.hold(["a"], RESIDENT.member_id, "never", GRID, moderated=False, at=scene.now)
    scene.later(DAY - timedelta(seconds=1))
    assert scene.files() == {"a"}
    scene.later(timedelta(seconds=1))
    assert scene.files() == set()


def test_of_a_sweep_and_a_report_at_the_same_moment_the_report_wins_or_is_refused(scene: Scene) -> None:
    scene.upload("a")
    scene.upload("b")
    scene.now += DAY
    [first, second] = scene.photos.due(scene.now, 10)
    scene.report("issue", first.id)
    with pytest.raises(ConcurrentUpdate):  # the sweep had read it before
        commands.tend(scene.photos, scene.uses, scene.cases, scene.clock, first)
    commands.tend(scene.photos, scene.uses, scene.cases, scene.clock, second)
    assert scene.files() == {first.id}
    with pytest.raises(Invalid):
        scene.report("late", second.id)


def test_only_ones_own_photos_can_be_used(scene: Scene) -> None:
    scene.upload("mine")
    scene.upload("others", STEWARD)
    before = scene.photos.get("mine")
    for media in (("mine", "others"), ("mine", "unknown")):
        with pytest.raises(Invalid):
            scene.report("issue", *media)
    assert scene.photos.get("mine") == before


def test_a_redaction_replaces_every_byte_and_tells_the_history_once(scene: Scene) -> None:
    before = scene.upload("a")
    scene.report("issue", "a")
    painted = scene.redact("a")
    assert painted.file != before.file
    assert scene.mongo["media.files"].count_documents({}) == 2
    chunks = {one["files_id"] for one in scene.mongo["media.chunks"].find()}
    assert chunks == {painted.file, f"{painted.file}-thumbnail"}
    assert max(files.shade(scene.image("a"), (5, 5))) < 16
    assert max(files.shade(scene.image("a"), (60, 5))) > 150
    again = scene.redact("a", box={"x": 0.1, "y": 0.1, "width": 0.2, "height": 0.5})  # within the first
    assert again.file == painted.file
    scene.sweep()
    assert scene.history("issue") == [("report", "resident", None), ("redact_photo", "staff", None)]


def test_a_redaction_that_died_before_it_was_told_is_told_by_the_sweep(scene: Scene) -> None:
    scene.upload("a")
    scene.report("issue", "a")
    painted = scene.redact("a")
    [line] = (scene.mongo["issues"].find_one({"_id": "issue"}) or {})["photo_acts"]
    act = {"id": line, "action": "redact_photo", "actor": "staff", "at": scene.now, "reason": None}
    other = {**act, "id": "another"}
    scene.mongo["photos"].update_one(
        {"_id": "a"}, {"$set": {"unlogged": [act, other], "leftovers": [], "check_at": scene.now}}
    )
    scene.sweep()
    scene.sweep()
    assert [one[0] for one in scene.history("issue")] == ["report", "redact_photo", "redact_photo"]
    assert scene.photos.get("a").file == painted.file


def test_files_of_whoever_died_while_painting_are_removed_and_the_photo_is_free_again(scene: Scene) -> None:
    photo = scene.upload("a")
    scene.report("issue", "a")
    name = scene.photos.announce(scene.photos.get("a"), scene.now)
    scene.mongo["media.chunks"].insert_one({"files_id": name, "n": 0, "data": b"half"})
    with pytest.raises(Conflict):
        scene.redact("a")
    scene.later(timedelta(minutes=5))
    assert scene.redact("a").file not in (name, photo.file)
    scene.later(DAY)
    assert scene.mongo["media.chunks"].count_documents({"files_id": name}) == 0
    assert scene.mongo["media.files"].count_documents({}) == 2


def test_a_moderator_who_decides_while_another_paints_does_not_lose_the_painting(scene: Scene) -> None:
    scene.upload("a")
    scene.report("issue", "a")
    photo = scene.photos.get("a")
    name = scene.photos.announce(photo, scene.now)
    scene.moderate("a", approved=False, reason="车牌可见")
    picture = scene.desk.blacken(scene.photos.read(photo), [(0, 0, 32, 48)])
    act = Act("act", "redact_photo", "staff", scene.now)
    painted = scene.photos.repaint(photo, name, picture, (), act)
    assert (painted.file, painted.moderation.value) == (name, "rejected")
    scene.sweep()
    assert max(files.shade(scene.image("a"), (5, 5))) < 16
    assert [one[0] for one in scene.history("issue")] == ["report", "reject_photo", "redact_photo"]


def test_an_upload_that_died_half_way_leaves_nothing(scene: Scene) -> None:
    photo = scene.upload("a")
    half = {"file": None, "leftovers": [photo.file], "unused_until": None, "check_at": scene.now}
    scene.mongo["photos"].update_one({"_id": "a"}, {"$set": half})
    scene.sweep()
    assert scene.files() == set()
    assert scene.mongo["photos"].count_documents({}) == 0


def test_a_decision_is_told_once_and_can_be_changed(scene: Scene) -> None:
    scene.upload("a")
    scene.report("issue", "a")
    with pytest.raises(Invalid):
        scene.moderate("a", approved=False)
    for approved, reason in ((False, "门牌可见"), (False, "又一次"), (True, None), (True, None)):
        scene.moderate("a", approved=approved, reason=reason)
    assert scene.history("issue")[1:] == [
        ("reject_photo", "staff", "门牌可见"),
        ("approve_photo", "staff", None),
    ]


def test_only_staff_of_the_area_where_a_photo_is_used_may_paint_on_it(scene: Scene) -> None:
    scene.upload("a")
    with pytest.raises(NotAllowed):
        scene.redact("a")  # it is used nowhere yet
    scene.report("issue", "a")
    for actor in (RESIDENT, STEWARD, ELSEWHERE):
        with pytest.raises(NotAllowed):
            scene.redact("a", actor)
    assert scene.redact("a", STAFF).redactions
