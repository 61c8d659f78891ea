"""Photos that await moderation, as staff find them: where they are shown, until they are decided on."""

from dataclasses import replace

import orjson
import pytest

from chassis.clock import new_ulid
from chassis.errors import Invalid
from chassis.events import parse
from chassis.geography import AreaFinder
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from services.issues.cases.events import IssueRouted
from services.issues.categories.domain import ROOTS
from services.issues.categories.store import CategoryStore
from services.issues.media import handlers
from tests.integration.test_photo_upkeep import DAY, GRID, Scene

COMMUNITY, OTHER = GRID[:12], "120199001002"
SUBDISTRICT = Actor("above", (Grant("subdistrict_staff", GRID[:9]),))


@pytest.fixture
def scene(mongo: Mongo) -> Scene:
    """A district that moderates the photos of the environment."""
    CategoryStore(mongo).add(replace(ROOTS["environment"], version=2, moderated=True))
    return Scene(mongo)


def waiting(scene: Scene, area: str = COMMUNITY) -> list[str]:
    """The photos of a list, page by page."""
    found, cursor = [], None
    while True:
        page = scene.uses.waiting(area, 2, cursor)
        found += [str(one["id"]) for one in page.items]
        if (cursor := page.next) is None:
            return found


def reported(scene: Scene, *photos: str) -> str:
    for one in photos:
        scene.upload(one)
    return scene.report(new_ulid(), *photos).id


def test_waiting_photos_are_listed_in_every_area_above_them_until_they_are_decided_on(scene: Scene) -> None:
    first, second, third = (new_ulid() for _ in range(3))
    issue = reported(scene, first, second, third)
    for area in (GRID, COMMUNITY, GRID[:9], GRID[:6]):
        assert waiting(scene, area) == [third, second, first]
    assert waiting(scene, OTHER) == []
    (entry,) = scene.uses.waiting(GRID, 1, None).items
    assert (entry["issues"], entry["moderation"], entry["redactions"]) == ([issue], "awaiting", 0)
    assert entry["thumbnail_url"].startswith(f"/v1/media/{third}-thumbnail?")

    scene.redact(second)
    scene.later(DAY)
    assert waiting(scene) == [third, second, first]
    scene.moderate(second, approved=True)
    scene.moderate(third, approved=False, reason="拍到人脸")
    assert waiting(scene) == [first]
    again = scene.report(new_ulid(), second)
    assert (again.media, waiting(scene)) == ((second,), [first])  # what was decided is not asked again
    scene.moderate(first, approved=True)
    assert waiting(scene) == []


def test_only_photos_that_wait_stand_in_the_index_of_the_list(scene: Scene) -> None:
    used, unused = new_ulid(), new_ulid()
    scene.upload(unused)
    reported(scene, used)
    stored = {str(one["_id"]): one for one in scene.mongo["photos"].find()}
    assert [name for name, one in stored.items() if {"waiting_in", "order"} & set(one)] == [used]
    scene.moderate(used, approved=True)
    decided = scene.mongo["photos"].find_one({"_id": used}) or {}
    assert {"waiting_in", "order"} & set(decided) == set()


def test_a_photo_that_no_issue_came_to_show_is_not_listed(scene: Scene) -> None:
    photo = new_ulid()
    scene.upload(photo)
    assert scene.photos.hold([photo], "resident", "never", GRID, moderated=True, at=scene.now)
    assert waiting(scene) == []
    with pytest.raises(Invalid):
        scene.report(new_ulid(), photo, new_ulid())


def test_photos_of_an_issue_that_is_put_into_another_area_wait_there_and_no_longer_here(scene: Scene) -> None:
    photo = new_ulid()
    issue_id = reported(scene, photo)
    scene.places = AreaFinder(lambda: [(OTHER, None)])
    scene.act(issue_id, "route", SUBDISTRICT, area=OTHER, note="不在此网格")
    assert waiting(scene) == []
    stored = scene.mongo["issues"].find_one({"_id": issue_id}) or {}
    event = parse(orjson.dumps(stored["outbox"][-1]))
    assert event.type == IssueRouted.type
    for _ in range(2):
        handlers.subscriptions(scene.photos, scene.cases)[event.type].handle(event, {})
        assert (waiting(scene), waiting(scene, OTHER), waiting(scene, GRID[:9])) == ([], [photo], [photo])
