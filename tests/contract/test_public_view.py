"""What who is not concerned sees of an issue is exactly what is listed, in every answer.

The list is `public_view.json`; a field that is added to an issue stays out unless somebody puts it there.
"""

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from chassis.tiles import distance, tile_at
from demo.client import Person
from demo.district import RESIDENTS_OF_A, District
from services.issues.cases import disclosure
from services.issues.cases.chain import as_document, link
from services.issues.cases.disclosure import View
from services.issues.cases.issue import (
    Adopted,
    Details,
    Feedback,
    Flag,
    Issue,
    Level,
    Objection,
    Part,
    Rating,
    Status,
    entry,
)
from services.issues.cases.queries import CaseQueries
from services.issues.cases.schemas import EntrySchema, IssueSchema
from services.issues.limits.domain import Countdown
from services.issues.media.queries import PhotoQueries, States
from tests.e2e.people import GRID, STEWARDS, photo, report

ROOT = Path(__file__).parent.parent.parent
LISTED: dict[str, list[str]] = orjson.loads((Path(__file__).parent / "public_view.json").read_bytes())
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
NOWHERE = Mongo("mongodb://127.0.0.1:1", "none")


class KnownPhotos(PhotoQueries):
    """Photos that their reporter uploaded and nobody has to look at; no database is asked."""

    def states(self, photo_ids: Iterable[str]) -> States:
        return {one: {"owner": "R", "moderation": "open"} for one in photo_ids}


QUERIES = CaseQueries(NOWHERE, KnownPhotos(NOWHERE, lambda name: f"/v1/media/{name}"), "key")
EVERYTHING = Issue(
    id="01BBBBBBBBBBBBBBBBBBBBBBBB",
    number="20261124-000001",
    category="environment.garbage",
    category_version=1,
    description="请联系 139-0000-0000 或身份证 11010119900307123X",
    area="120199001001001",
    location={"lng": 117.2031, "lat": 39.1229},
    media=("P1",),
    anonymous=True,
    urgency="urgent",
    reporter="R",
    created_at=NOW,
    countdown=Countdown(NOW, 3600, working=False),
    observed_at=NOW,
    answers={"where": "三号楼"},
    status=Status.RESOLVED,
    status_before=Status.CLAIMED,
    level=Level.STEWARD,
    lead_unit="120199001001001",
    assignee="S",
    steward="S",
    resolver="S",
    merged_into="01AAAAAAAAAAAAAAAAAAAAAAAA",
    adopted=(Adopted("01CCCCCCCCCCCCCCCCCCCCCCCC", ("M",)),),
    supporters=("F",),
    part_of="01AAAAAAAAAAAAAAAAAAAAAAAA",
    parts=(Part("01DDDDDDDDDDDDDDDDDDDDDDDD"),),
    referred_to="供电公司",
    objection=Objection("S", "不归我", NOW, NOW),
    feedback=Feedback(True, "yes", True, "谢谢", NOW),
    extended_by=("120199001001001",),
    rating=Rating(True, 5, "很好"),
    claimed_at=NOW,
    resolved_at=NOW,
    closed_at=NOW,
    feedback_until=NOW,
    due_at=NOW,
    next_check_at=NOW,
    reopened=1,
    reopened_at=NOW,
    confirmations=1,
    flags=(Flag("G", "广告", NOW),),
    anonymised_at=NOW,
    discarded=("P0",),
    people=("F", "G", "M", "R", "S"),
    chain="0" * 64,
    photo_acts=("A1",),
    requests=("01DDDDDDDDDDDDDDDDDDDDDDDD",),
)
STRANGER = Actor("X", (Grant("resident", "120199"), Grant("steward", "120199001001002")))


def paths(value: Any, prefix: str = "") -> set[str]:
    """The keys of an answer, nested ones by their path; of lists, those of all their items."""
    found: set[str] = set()
    if isinstance(value, Mapping):
        for key, inner in value.items():
            found |= {f"{prefix}{key}"} | paths(inner, f"{prefix}{key}.")
    elif isinstance(value, list):
        for inner in value:
            found |= paths(inner, prefix)
    return found


def document(issue: Issue) -> dict[str, Any]:
    return {**asdict(issue), "_id": issue.id, "order": issue.id, "lists": [], "place": 1, "open_due_at": NOW}


def shown(issue: Issue, actor: Actor) -> dict[str, Any]:
    return dict(IssueSchema().dump(QUERIES.view(document(issue), actor)))


def test_an_issue_with_everything_in_it_shows_the_public_what_is_listed_and_nothing_else() -> None:
    assert all(getattr(EVERYTHING, field.name) for field in fields(Issue) if field.name not in BLANK)
    assert paths(QUERIES.view(document(EVERYTHING), STRANGER)) == set(LISTED["issue"])
    assert paths(shown(EVERYTHING, STRANGER)) == set(LISTED["issue"])


BLANK = {"sensitive", "hidden"}
"""Where these are set, less is shown: see below."""


def test_who_follows_an_issue_sees_no_other_fields_of_it() -> None:
    for follower in ("F", "M"):
        view = shown(EVERYTHING, Actor(follower))
        assert view["view"] == "follower"
        assert paths(view) == set(LISTED["issue"])


@pytest.mark.parametrize("field", ["sensitive", "hidden"])
def test_words_and_photos_are_withheld_also_from_who_says_me_too(field: str) -> None:
    issue = replace(EVERYTHING, **{field: True})  # type: ignore[arg-type]  # both are flags
    for actor in (STRANGER, Actor("F"), Actor("M")):
        view = shown(issue, actor)
        assert (view["view"], view["description"], view["media"]) == ("public", None, [])


def test_the_place_of_a_sensitive_issue_is_coarse_for_the_public_and_exact_for_those_it_concerns() -> None:
    issue = replace(EVERYTHING, sensitive=True)
    place = shown(issue, STRANGER)["location"]
    assert place != issue.location
    assert 0 < distance(place["lng"], place["lat"], 117.2031, 39.1229) < 36
    for actor in (Actor("R"), Actor("S"), Actor("C", (Grant("community_staff", "120199001001"),))):
        assert shown(issue, actor)["location"] == issue.location
    assert shown(EVERYTHING, STRANGER)["location"] == EVERYTHING.location


@pytest.mark.parametrize("way", ["lng", "lat"])
def test_the_places_at_which_sensitive_issues_are_shown_lie_fifty_metres_apart(way: str) -> None:
    seen = []
    for step in range(2000):  # along some 200 m
        there = {"lng": 117.2031, "lat": 39.1229}
        there[way] += step * 1e-6
        place = shown(replace(EVERYTHING, sensitive=True, location=there), STRANGER)["location"]
        if place not in seen:
            seen.append(place)
    assert len(seen) > 3
    for one, other in itertools.pairwise(seen):
        along = {**one, way: other[way]}  # the rows of the lattice are shifted against each other
        assert distance(one["lng"], one["lat"], along["lng"], along["lat"]) == pytest.approx(50, abs=0.1)


def test_numbers_that_reach_or_identify_somebody_are_not_shown_to_the_public() -> None:
    assert shown(EVERYTHING, STRANGER)["description"] == "请联系 … 或身份证 …"
    assert shown(EVERYTHING, Actor("S"))["description"] == EVERYTHING.description


def test_a_long_description_is_shown_by_its_beginning() -> None:
    assert len(shown(replace(EVERYTHING, description="长" * 2000), STRANGER)["description"]) == 200


@pytest.mark.parametrize(
    ("actor", "reporter", "flags"),
    [
        (Actor("R"), "R", None),
        (Actor("S"), None, None),
        (Actor("S2", (Grant("steward", "120199001001001"),)), None, None),
        (Actor("C", (Grant("community_staff", "120199001001"),)), "R", 1),
    ],
)
def test_who_is_concerned_sees_it_all_but_not_who_reported_anonymously_or_flagged(
    actor: Actor, reporter: str | None, flags: int | None
) -> None:
    view = shown(EVERYTHING, actor)
    assert (view["view"], view["reporter"]) == ("full", reporter)
    assert (None if view["flags"] is None else len(view["flags"])) == flags
    assert view["answers"] == EVERYTHING.answers


def line(action: str, actor: str) -> dict[str, Any]:
    made = entry(action, EVERYTHING, Actor(actor), NOW, Details(note="说明", media=("P1",), observed_at=NOW))
    return as_document(link("", [made])[0])


def test_a_line_shows_the_public_no_names_and_no_notes() -> None:
    for action in ("report", "comment", "resolve", "hide", "erase"):
        seen = disclosure.shown_line(line(action, "S"), View.PUBLIC, STRANGER)
        assert paths(EntrySchema().dump(seen)) == set(LISTED["line"])


def test_a_line_shows_followers_the_reasons_that_they_are_told_of_and_no_other_words() -> None:
    told = disclosure.shown_line(line("resolve", "S"), View.FOLLOWER, Actor("F"))
    assert paths(EntrySchema().dump(told)) == set(LISTED["line told"])
    for action in ("report", "comment", "answer", "ask", "rate", "reopen", "hide"):
        seen = disclosure.shown_line(line(action, "R"), View.FOLLOWER, Actor("F"))
        assert paths(EntrySchema().dump(seen)) == set(LISTED["line"])


def test_everybody_may_read_what_they_wrote_themselves() -> None:
    own = disclosure.shown_line(line("comment", "F"), View.FOLLOWER, Actor("F"))
    assert own["note"] == "说明"


def test_the_page_for_people_says_what_the_code_shows() -> None:
    page = (ROOT / "docs/privacy.md").read_text()
    tables = re.split(r"\n\n", page)
    columns = {
        table.split("\n", 1)[0]: re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in tables
    }
    assert set(columns["| field | shown as |"]) == disclosure.PUBLIC_FIELDS
    assert set(columns["| field of a line | follower | public |"]) == disclosure.FOLLOWER_LINE_FIELDS
    assert {one.split(".")[0] for one in LISTED["issue"]} == disclosure.PUBLIC_FIELDS
    views = columns["| view | who has it |"]
    assert set(views) == {one.value for one in View}


@pytest.fixture(scope="module")
def stranger(district: District) -> Person:
    """Somebody of the same community, whom the issues do not concern."""
    return district.person(RESIDENTS_OF_A[35])


@pytest.fixture(scope="module")
def issue(district: District) -> Any:
    """An issue with a history, photos, answers and feedback."""
    resident, steward = district.person(RESIDENTS_OF_A[34]), district.person(STEWARDS[0])
    made = report(resident, media=[resident.upload(photo())["id"]], description="井盖丢失请尽快处理")
    steward.act(made["id"], "claim")
    steward.post(f"/v1/issues/{made['id']}/comments", {"text": "已联系 502 王阿姨"})
    steward.act(made["id"], "resolve", note="已补", media=[steward.upload(photo())["id"]])
    resident.post(f"/v1/issues/{made['id']}/ratings", {"satisfied": True, "score": 5, "comment": "谢谢"})
    return made


def test_every_answer_shows_a_stranger_what_is_listed(
    stranger: Person, district: District, issue: Any
) -> None:
    path = f"/v1/issues/{issue['id']}"
    listed = set(LISTED["issue"])
    assert paths(stranger.get(path)) == listed
    found = [one for one in stranger.pages("/v1/issues", area=GRID) if one["id"] == issue["id"]]
    assert paths(found) == listed
    history = stranger.get(f"{path}/history")["items"]
    assert [one["action"] for one in history] == ["report", "claim", "comment", "resolve", "rate"]
    assert paths(history) == set(LISTED["line"])
    place = issue["location"]
    near = stranger.get("/v1/issues/nearby", **place, description="井盖丢失")["items"]
    assert paths(near) == set(LISTED["nearby"])
    other = report(district.person(RESIDENTS_OF_A[34]), location={"lng": place["lng"], "lat": place["lat"]})
    tile = _tile(place, 17)
    spots = stranger.get(tile)["items"]
    assert other["id"] in [one["id"] for one in spots]
    assert paths(spots) == set(LISTED["spot"])
    assert stranger.send("GET", "/v1/issues/export").status_code == 403


def test_saying_me_too_or_flagging_shows_nothing_more_than_is_listed(stranger: Person, issue: Any) -> None:
    path = f"/v1/issues/{issue['id']}"
    assert paths(stranger.post(f"{path}/flags", {"reason": "广告"})) == set(LISTED["flagged"])
    assert paths(stranger.post(f"{path}/support")) == set(LISTED["support"])
    assert paths(stranger.get(path)) == set(LISTED["issue"])
    lines = stranger.get(f"{path}/history")["items"]
    assert {one["action"]: one.get("note") for one in lines} == {
        "report": None,
        "claim": None,
        "comment": None,
        "resolve": "已补",
        "rate": None,
        "support": None,
    }


def _tile(place: dict[str, float], zoom: int) -> str:
    tile = tile_at(place["lng"], place["lat"], zoom)
    return f"/v1/issues/tiles/{tile.z}/{tile.x}/{tile.y}"
