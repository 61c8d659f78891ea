"""Photos through the gateway: who is given links when, what staff paint over, and what is told to whom."""

from contextlib import suppress
from io import BytesIO
from typing import Any

import bson
import pytest
from PIL import Image
from pymongo import MongoClient

from demo.client import Api, Person, Refused
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, SUBDISTRICT, District
from infra.local.deployment import Deployment, wait_until
from tests.e2e import photos
from tests.e2e.people import GRID, PATIENCE, STEWARDS, report

MODERATED = "environment.with_faces"
BOX = {"x": 0, "y": 0, "width": 0.5, "height": 1}


def refused(status: int, call: Any, *arguments: Any, **options: Any) -> None:
    with pytest.raises(Refused) as problem:
        call(*arguments, **options)
    assert problem.value.status == status, problem.value.problem


@pytest.fixture(scope="module")
def moderated(district: District) -> str:
    """A category whose photos are private until staff have looked."""
    limit = {"amount": 2, "unit": "working_days"}
    limits = dict.fromkeys(("steward", "community", "subdistrict"), limit)
    category = {
        "code": MODERATED,
        "zh": "可能拍到人脸",
        "en": "may show faces",
        "limits": limits,
        "urgent_limits": limits,
        "moderated": True,
    }
    district.admin.post("/v1/categories", category)
    return MODERATED


def given(person: Person, issue: Any) -> bool:
    """Whether the person is given a link to the photo of an issue: everywhere or nowhere.

    To strangers a photo without a link is not even named.
    """
    shown = person.get(f"/v1/issues/{issue['id']}")["media"]
    listed = person.get("/v1/issues", area=GRID, limit=100)["items"]
    told = person.get(f"/v1/issues/{issue['id']}/history")["items"]
    entries = [
        *shown,
        *(photo for one in listed if one["id"] == issue["id"] for photo in one["media"]),
        *(photo for line in told for photo in line.get("media", ())),
    ]
    assert len(entries) >= 2 or not entries
    links = {one["url"] is not None for one in entries} | {
        one["thumbnail_url"] is not None for one in entries
    }
    assert len(links) <= 1
    given_one = True in links
    asked = person.send("GET", f"/v1/media/{issue['media'][0]['id']}/links")
    assert asked.status_code == (200 if given_one else 404)
    return given_one


def waiting(person: Person) -> list[str]:
    """The photos that await moderation in community A."""
    page = person.get("/v1/media", state="awaiting_review", area=COMMUNITY_A, limit=100)
    return [one["id"] for one in page["items"]]


def reported(reporter: Person, category: str, photo: str) -> Any:
    """An issue of a category that not every process may know yet."""
    made: list[Any] = []

    def attempt() -> bool:
        with suppress(Refused):
            made.append(report(reporter, category=category, media=[photo]))
        return bool(made)

    wait_until(attempt, PATIENCE, "the category is known")
    return made[0]


def test_photos_of_a_moderated_category_are_private_until_staff_have_looked(
    district: District, moderated: str
) -> None:
    reporter, other = district.person(RESIDENTS_OF_A[20]), district.person(RESIDENTS_OF_A[21])
    steward, second = (district.person(phone) for phone in STEWARDS[:2])
    staff = district.community_staff
    photo = reporter.upload(photos.encoded(photos.picture(), "JPEG"))
    issue = reported(reporter, moderated, photo["id"])
    steward.act(issue["id"], "claim")
    everyone = (reporter, staff, steward, second, other)
    assert [given(one, issue) for one in everyone] == [True, True, True, False, False]
    assert photo["id"] in waiting(staff)
    refused(403, staff.get, "/v1/media", state="awaiting_review", area=SUBDISTRICT)
    refused(403, steward.get, "/v1/media", state="awaiting_review")
    refused(403, steward.post, f"/v1/media/{photo['id']}/moderations", {"decision": "approve"})
    refused(422, staff.post, f"/v1/media/{photo['id']}/moderations", {"decision": "reject"})
    staff.post(f"/v1/media/{photo['id']}/moderations", {"decision": "reject", "reason": "拍到人脸"})
    assert [given(one, issue) for one in everyone] == [True, True, False, False, False]
    assert photo["id"] not in waiting(staff)
    staff.post(f"/v1/media/{photo['id']}/moderations", {"decision": "approve"})
    assert [given(one, issue) for one in everyone] == [True] * 5
    history = staff.get(f"/v1/issues/{issue['id']}/history")["items"]
    assert [one["action"] for one in history] == ["report", "claim", "reject_photo", "approve_photo"]


def test_what_staff_paint_over_is_gone_from_the_photo_its_thumbnail_and_the_database(
    district: District, api: Api, deployment: Deployment
) -> None:
    reporter, staff = district.person(RESIDENTS_OF_A[22]), district.community_staff
    photo = reporter.upload(photos.encoded(photos.picture(size=(640, 480)), "JPEG"))
    issue = report(reporter, media=[photo["id"]])
    refused(403, reporter.post, f"/v1/media/{photo['id']}/redactions", {"boxes": [BOX]})
    above = district.subdistrict_staff
    painted = staff.post(f"/v1/media/{photo['id']}/redactions", {"boxes": [BOX]})
    again = above.post(f"/v1/media/{photo['id']}/redactions", {"boxes": [BOX]})
    assert (painted["redactions"], again["redactions"], again["size"]) == (1, 1, painted["size"])
    for name in ("url", "thumbnail_url"):
        # The link that was given before the painting opens the painted photo too.
        for link in (photo[name], again[name]):
            image = Image.open(BytesIO(api.send("GET", link).content)).convert("RGB")
            left, right = (photos.shade(image, (image.width * share // 4, 10)) for share in (1, 3))
            assert max(left) < 16
            assert right[2] > 150
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        files = client["issues"]["media.files"].find({"_id": {"$regex": f"^{photo['id']}"}})
        assert len(list(files)) == 2
    history = staff.get(f"/v1/issues/{issue['id']}/history")["items"]
    assert [one["action"] for one in history] == ["report", "redact_photo"]
    assert history[1]["note"] is None


def test_what_the_camera_noted_is_told_to_the_uploader_once_and_kept_nowhere(
    district: District, deployment: Deployment
) -> None:
    reporter = district.person(RESIDENTS_OF_A[23])
    upload = photos.with_everything("JPEG")
    key = {"Idempotency-Key": "photo-with-notes"}
    answers = [
        reporter.send("POST", "/v1/media", files={"file": ("a.jpg", upload)}, headers=key).json()
        for _ in range(2)
    ]
    assert (answers[0]["taken_at"], answers[0]["location"]) == (
        "2026-03-05T06:30:00.000Z",
        {"lng": 117.201, "lat": 39.123333},
    )
    assert answers[1] == {**answers[0], "taken_at": None, "location": None}
    with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
        for name in client["issues"].list_collection_names():
            for document in client["issues"][name].find():
                stored = bson.encode(document)
                assert photos.SECRET not in stored
                assert b"39.123333" not in stored
                assert b"2026-03-05T06:30" not in stored


def test_photos_of_an_activity_are_known_to_be_used_and_shown_to_its_readers(
    district: District, deployment: Deployment
) -> None:
    steward, staff = district.person(STEWARDS[0]), district.community_staff
    resident = district.person(RESIDENTS_OF_A[24])
    photo = steward.upload(photos.encoded(photos.picture(), "JPEG"))
    refused(404, staff.get, f"/v1/media/{photo['id']}/links")
    activity = {"category": "ad_hoc", "area": COMMUNITY_A, "summary": "清扫", "media": [photo["id"]]}
    steward.post("/v1/activities", activity)

    def used() -> bool:
        with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
            stored = client["issues"]["photos"].find_one({"_id": photo["id"]}) or {}
            return [one["kind"] for one in stored["uses"]] == ["activity"]

    wait_until(used, PATIENCE, "the photo counts as used")
    assert staff.get(f"/v1/media/{photo['id']}/links")["url"]
    refused(404, resident.get, f"/v1/media/{photo['id']}/links")
