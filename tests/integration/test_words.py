"""The words that issues are found by: taken in by sweeps, and by events where a sweep may have passed."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from chassis.clock import utc_now
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from services.issues.cases.queries import CaseQueries
from services.issues.finding.domain import Filters, sought_words, words
from services.issues.finding.queries import Finder
from services.issues.finding.store import CellStore, WordStore
from services.issues.media.queries import PhotoQueries
from tests.integration.issue_lives import AREAS, COMMUNITY, DISTRICT, Lives

TEXT = "楼道口有垃圾"
STAFF = Actor("A", (Grant("district_admin", DISTRICT),))


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Scene:
    mongo: Mongo
    lives: Lives
    clock: Clock
    store: WordStore

    def report(self, ago: float = 0.0, area: str = AREAS[1]) -> str:
        return self.lives.begin(self.clock.now - timedelta(seconds=ago), area).id

    def taken_in(self) -> set[str]:
        return {str(one["_id"]) for one in self.mongo["words"].find({"words": words(TEXT)})}

    def search(self, text: str, area: str = DISTRICT, **more: object) -> list[str]:
        photos = PhotoQueries(self.mongo, lambda path, *_: path)
        finder = Finder(self.mongo, CaseQueries(self.mongo, photos, "key").views)
        filters = Filters(area=area, words=sought_words(text), **more)  # type: ignore[arg-type]
        return [str(one["_id"]) for one in finder.page(filters, STAFF, 50, None).items]


@pytest.fixture
def scene(mongo: Mongo) -> Scene:
    clock = Clock(utc_now())
    store = WordStore(mongo, CellStore(mongo), clock)
    store.ensure_indexes()
    return Scene(mongo, Lives(mongo, random.Random(1)), clock, store)


def test_a_sweep_takes_in_what_came_since_the_last_one(scene: Scene) -> None:
    first = [scene.report(ago) for ago in (86400.0, 60.0, 2.5)]
    assert scene.store.sweep(DISTRICT) == 3
    assert scene.taken_in() == set(first)
    later = scene.report(0.5)
    assert scene.store.sweep(DISTRICT) == 0
    scene.clock.now += timedelta(seconds=2)
    assert scene.store.sweep(DISTRICT) == 1
    assert scene.taken_in() == {*first, later}


def test_a_long_report_is_found_by_its_last_words_as_by_its_first(scene: Scene) -> None:
    issue_id = scene.report(60.0)
    long = "消防通道被堵" + "".join(chr(0x4E00 + place) for place in range(1900)) + "井盖松动"
    scene.mongo["issues"].update_one({"_id": issue_id}, {"$set": {"description": long}})
    scene.store.sweep(DISTRICT)
    assert scene.search("消防通道") == scene.search("井盖松动") == [issue_id]
    assert scene.search("井盖松动", since=scene.clock.now - timedelta(days=1), reporter="R") == [issue_id]


def test_what_another_worker_took_in_is_as_good_as_taken_in(scene: Scene) -> None:
    ids = {scene.report(3.0) for _ in range(3)}
    other = WordStore(scene.mongo, CellStore(scene.mongo), scene.clock)
    other.sweep(DISTRICT)
    scene.store.sweep(DISTRICT)
    assert scene.taken_in() == ids


def test_a_report_that_was_slow_to_be_written_is_taken_in_by_its_event(scene: Scene) -> None:
    scene.report(30.0)
    scene.store.sweep(DISTRICT)
    slow = scene.report(20.0)
    scene.store.sweep(DISTRICT)
    assert slow not in scene.taken_in()
    scene.store.reported(slow, scene.clock.now - timedelta(seconds=20))
    scene.store.reported(slow, scene.clock.now - timedelta(seconds=20))
    assert slow in scene.taken_in()


def test_a_report_just_written_is_left_to_the_sweep(scene: Scene) -> None:
    fresh = scene.report(0.5)
    scene.store.reported(fresh, scene.clock.now - timedelta(seconds=0.5))
    assert scene.taken_in() == set()
    scene.clock.now += timedelta(seconds=2)
    scene.store.sweep(DISTRICT)
    assert scene.taken_in() == {fresh}


def test_a_search_is_narrowed_by_every_other_filter(scene: Scene) -> None:
    here, there = scene.report(4.0, AREAS[1]), scene.report(3.0, AREAS[3])
    scene.store.sweep(DISTRICT)
    assert scene.search("垃圾") == [there, here]
    assert scene.search("垃圾", area=COMMUNITY) == [here]
    assert scene.search("垃圾", statuses=frozenset({"claimed"})) == []
    reporter = scene.lives.cases.get(here).reporter
    assert scene.search("垃圾", reporter=reporter) == [there, here]
    assert scene.search("车位", reporter=reporter) == []
    assert scene.search("楼道 车位") == []


def test_an_issue_that_was_made_anonymous_is_found_by_no_word(scene: Scene) -> None:
    forgotten, kept = scene.report(4.0), scene.report(3.0)
    scene.store.sweep(DISTRICT)
    for _ in range(2):
        scene.store.forget(forgotten)
    assert scene.taken_in() == {kept}
    assert scene.search("垃圾") == [kept]
