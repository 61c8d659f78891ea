"""What was reported nearby: also where very much was reported before."""

import random
from datetime import timedelta

from chassis.clock import new_ulid, ulid_at, utc_now
from chassis.identity import Actor
from chassis.mongo import Mongo
from services.issues.duplicates.queries import Nearby, Sought
from services.issues.duplicates.schemas import NearbyQuery
from tests.integration.issue_lives import AREAS, Lives

LONG = "小区东门外第三棵树旁边的井盖松动，" + "".join(chr(0x4E00 + place) for place in range(1900))
SPOT = {"lng": 117.205, "lat": 39.125}


def test_an_issue_is_found_where_hundreds_were_closed_or_are_long_past(mongo: Mongo) -> None:
    lives, now = Lives(mongo, random.Random(5)), utc_now()
    issue = lives.begin(now, AREAS[1], SPOT)
    stored = mongo["issues"].find_one({"_id": issue.id})
    assert stored is not None
    past, closed = ulid_at(now - timedelta(days=31))[:10], ulid_at(now)[:10]
    mongo["issues"].insert_many(
        {
            **stored,
            "_id": (one := new_ulid()),
            "order": moment + one[10:],
            "place": stored["place"] - 1,
            **more,
        }
        for moment, more in ((past, {}), (closed, {"status": "rejected"}))
        for _ in range(501)
    )
    found = Nearby(mongo).candidates(Sought(SPOT["lng"], SPOT["lat"]), Actor("stranger"), limit=50)
    assert [one["id"] for one in found] == [issue.id]


def test_a_long_report_is_like_itself_for_everybody_and_unlike_another_that_begins_otherwise(
    mongo: Mongo,
) -> None:
    lives = Lives(mongo, random.Random(5))
    issue = lives.begin(utc_now(), AREAS[1], SPOT)
    mongo["issues"].update_one({"_id": issue.id}, {"$set": {"description": LONG, "sensitive": False}})
    sought = NearbyQuery().load({**SPOT, "description": LONG})
    sought.pop("limit")
    for actor in (Actor("stranger"), Actor("R")):
        (found,) = Nearby(mongo).candidates(Sought(**sought), actor, limit=50)
        assert found["likeness"] > 69
        other = Sought(**{**sought, "description": LONG[::-1]})
        (found,) = Nearby(mongo).candidates(other, actor, limit=50)
        assert found["likeness"] < 10
