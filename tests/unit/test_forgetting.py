"""What is forgotten of an issue, when, and what stays for the figures and the audit trail."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from chassis.errors import ConcurrentUpdate, Conflict
from chassis.identity import Actor, Grant
from services.issues.cases import domain as workflow
from services.issues.cases.chain import link, verify
from services.issues.cases.issue import (
    Adopted,
    Change,
    Details,
    Entry,
    Feedback,
    Flag,
    Issue,
    Level,
    Line,
    Rating,
    Status,
)
from services.issues.categories.domain import ROOTS, Policy
from services.issues.duplicates import domain as duplicates
from services.issues.limits import domain as limits
from services.issues.limits.domain import WorkCalendar
from services.issues.privacy import commands, domain

GRID = "120199001001001"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
POLICY = Policy(ROOTS["environment"], WorkCalendar(lambda _: True))
PERSONAL = "王阿姨三号楼502"


def issue(status: Status = Status.CONFIRMED, **more: Any) -> Issue:
    values = {
        "id": "01BBBBBBBBBBBBBBBBBBBBBBBB",
        "number": "20261124-000001",
        "category": "environment",
        "category_version": 1,
        "description": PERSONAL,
        "answers": {"where": PERSONAL},
        "area": GRID,
        "location": {"lng": 117.2031, "lat": 39.1229},
        "media": ("P1",),
        "anonymous": False,
        "urgency": "normal",
        "reporter": "R",
        "created_at": NOW,
        "countdown": limits.start(POLICY.category.limit("steward", "normal"), POLICY.calendar, NOW),
        "status": status,
        "lead_unit": GRID,
        "assignee": "S",
        "steward": "S",
        "resolver": "S",
        "supporters": ("F",),
        "adopted": (Adopted("01CCCCCCCCCCCCCCCCCCCCCCCC", ("M",)),),
        "flags": (Flag("G", PERSONAL, NOW),),
        "rating": Rating(True, 5, PERSONAL),
        "feedback": Feedback(True, "yes", True, PERSONAL, NOW),
        "closed_at": NOW if status is Status.CONFIRMED else None,
        "people": ("C", "F", "G", "M", "R", "S"),
        "version": 4,
    }
    return Issue(**{**values, **more})


def said(action: str, actor: str, note: str | None = None, media: tuple[str, ...] = ()) -> Entry:
    return Entry(action, actor, NOW, Status.CLAIMED, Level.STEWARD, GRID, note, media)


LINES = link(
    "",
    [
        said("report", "R"),
        said("support", "F"),
        said("claim", "S"),
        said("comment", "R", PERSONAL),
        said("comment", "C", f"已联系{PERSONAL}"),
        said("resolve", "S", "已清运", ("P2",)),
    ],
)


def history(change: Change) -> tuple[Line, ...]:
    assert change.emptied is not None
    return (*change.emptied, *link(change.emptied[-1].hash, change.entries))


def written(change: Change) -> str:
    """All that is kept, as one text."""
    kept = [(line.entry, {part: vars(seal) for part, seal in line.seals.items()}) for line in history(change)]
    return orjson.dumps([change.issue, kept], default=str).decode()


def test_nothing_of_residents_their_words_place_and_photos_is_left_in_an_anonymous_issue() -> None:
    change = domain.anonymise(issue(), LINES, NOW)
    assert change is not None
    after = change.issue
    assert PERSONAL not in written(change)
    assert "117.2" not in written(change)
    assert (after.reporter, after.supporters, after.followers, after.flags) == (None, (), (), ())
    assert (after.location, after.media, after.discarded) == (None, (), ("P1", "P2"))
    assert after.people == ("C", "S")
    lines = history(change)
    assert [line.entry.actor for line in lines] == [None, None, "S", None, "C", "S", "system"]
    assert all(line.entry.note is None for line in lines)
    assert verify(lines, lines[-1].hash) is None


def test_of_a_part_no_more_is_left_though_its_reporter_is_told_of_it_by_its_whole_alone() -> None:
    part = issue(part_of="01AAAAAAAAAAAAAAAAAAAAAAAA", adopted=(), people=("C", "F", "G", "R", "S"))
    change = domain.anonymise(part, LINES, NOW)
    assert change is not None
    assert PERSONAL not in written(change)
    assert change.issue.people == ("C", "S")
    assert [line.entry.actor for line in history(change)] == [None, None, "S", None, "C", "S", "system"]
    erased = domain.erase(part, LINES, "R", NOW, POLICY)
    assert erased is not None
    assert [line.entry.note for line in history(erased)][3] is None


COUNTED = ("category", "area", "created_at", "status", "closed_at", "resolved_at", "claimed_at", "reopened")


def test_what_the_figures_count_stays() -> None:
    before = issue()
    change = domain.anonymise(before, LINES, NOW)
    assert change is not None
    for name in COUNTED:
        assert getattr(change.issue, name) == getattr(before, name)
    assert change.issue.rating == Rating(True, 5, "")
    assert change.issue.feedback is not None
    assert change.issue.feedback.satisfied
    assert [line.entry.action for line in history(change)][:-1] == [line.entry.action for line in LINES]
    assert [line.entry.at for line in history(change)][:-1] == [line.entry.at for line in LINES]


def test_every_part_of_an_issue_is_either_kept_on_purpose_or_forgotten() -> None:
    """A part that is added later must be decided on here."""
    change = domain.anonymise(issue(), LINES, NOW)
    assert change is not None
    forgotten = {
        name.name for name in fields(Issue) if getattr(change.issue, name.name) != getattr(issue(), name.name)
    }
    assert forgotten == {
        "description",
        "answers",
        "location",
        "media",
        "reporter",
        "supporters",
        "adopted",
        "flags",
        "rating",
        "feedback",
        "discarded",
        "people",
        "anonymised_at",
        "version",
    }
    kept = {name.name for name in fields(Issue)} - forgotten
    assert kept == {
        *COUNTED,
        *("id", "number", "category_version", "anonymous", "urgency", "countdown", "sensitive", "hidden"),
        *("observed_at", "status_before", "level", "lead_unit", "merged_into", "part_of", "parts"),
        *("assignee", "steward", "resolver", "referred_to", "objection", "reopened_at", "extended_by"),
        *("feedback_until", "due_at", "next_check_at", "chain", "photo_acts", "requests", "confirmations"),
    }


def test_an_open_or_anonymous_issue_is_left_as_it_is() -> None:
    assert domain.anonymise(issue(Status.CLAIMED), LINES, NOW) is None
    assert domain.anonymise(issue(anonymised_at=NOW), LINES, NOW) is None


def test_an_anonymous_issue_takes_part_in_nothing() -> None:
    gone = issue(anonymised_at=NOW, reporter=None)
    staff = Actor("C", (Grant("community_staff", GRID[:12]),))
    for action in workflow.WORKFLOW:
        with pytest.raises(Exception, match=r"anonym|Only"):
            workflow.transition(gone, action, staff, Details(note="x"), NOW, POLICY)
    with pytest.raises(Conflict):
        workflow.comment(gone, staff, "x", NOW)
    with pytest.raises(Conflict):
        duplicates.adopt(gone, issue(), staff, NOW)


def test_a_reporter_who_is_erased_leaves_an_open_issue_behind_that_goes_on() -> None:
    before = issue(Status.CLAIMED, rating=None, feedback=None)
    change = domain.erase(before, LINES, "R", NOW, POLICY)
    assert change is not None
    after = change.issue
    assert (after.reporter, after.status, after.assignee) == (None, Status.CLAIMED, "S")
    assert after.followers == ("F", "M")
    assert (after.description, after.location) == (before.description, before.location)
    assert change.events == ()
    lines = history(change)
    assert (lines[3].entry.actor, lines[3].entry.note) == (None, None)
    assert (lines[5].entry.actor, lines[5].entry.note) == ("S", "已清运")
    assert verify(lines, lines[-1].hash) is None
    done = workflow.transition(after, "resolve", Actor("S"), Details(note="已清运"), NOW, POLICY)
    assert "R" not in done.events[0].followers


def test_who_was_asked_and_is_erased_is_waited_for_no_longer() -> None:
    claimed = issue(Status.CLAIMED)
    asked = workflow.transition(claimed, "ask", Actor("S"), Details(note="几号楼？"), NOW, POLICY).issue
    change = domain.erase(asked, LINES, "R", NOW + timedelta(days=3), POLICY)
    assert change is not None
    assert change.issue.status is Status.CLAIMED
    assert change.issue.due_at is not None
    assert change.issue.status_before is None


@pytest.mark.parametrize("member", ["R", "F", "M", "G", "S", "C"])
def test_of_a_person_who_is_erased_nothing_is_kept_and_again_changes_nothing(member: str) -> None:
    change = domain.erase(issue(Status.CLAIMED), LINES, member, NOW, POLICY)
    assert change is not None
    assert f'"{member}"' not in written(change)
    assert domain.erase(change.issue, history(change), member, NOW, POLICY) is None


class Shelf:
    """Issues in memory, for the commands: what is decided on an old version is refused."""

    def __init__(self, *issues: Issue) -> None:
        self.kept = {one.id: (one, LINES) for one in issues}
        self.refuse = 0

    def get(self, issue_id: str) -> Issue:
        return self.kept[issue_id][0]

    def with_lines(self, issue_id: str) -> tuple[Issue, tuple[Line, ...]]:
        return self.kept[issue_id]

    def save(self, change: Change) -> Issue:
        if self.refuse:
            self.refuse -= 1
            raise ConcurrentUpdate(change.issue.id)
        before, lines = self.kept[change.issue.id]
        assert change.issue.version == before.version + 1
        self.kept[change.issue.id] = (
            change.issue,
            (*(lines if change.emptied is None else change.emptied), *link(lines[-1].hash, change.entries)),
        )
        return change.issue

    def closed_before(self, moment: datetime | None, most: int) -> list[str]:
        due = [one for one, _ in self.kept.values() if one.closed_at and one.anonymised_at is None]
        return [
            one.id
            for one in due
            if one.reporter is None or (moment and one.closed_at and one.closed_at < moment)
        ][:most]

    def of_person(self, member_id: str, most: int) -> list[str]:
        return [one.id for one, _ in self.kept.values() if member_id in one.people][:most]


class Album:
    """Photos in memory."""

    def __init__(self) -> None:
        self.gone: list[str] = []

    def let_go(self, photo_ids: Any, at: datetime) -> None:
        assert at == NOW
        self.gone += photo_ids


def test_issues_are_made_anonymous_when_their_time_is_over_and_not_before() -> None:
    shelf = Shelf(issue())
    keep = timedelta(days=365)
    assert commands.anonymise_due(shelf, lambda: NOW + keep, keep) == 0
    assert commands.anonymise_due(shelf, lambda: NOW + keep * 2, None) == 0
    assert commands.anonymise_due(shelf, lambda: NOW + keep + timedelta(milliseconds=1), keep) == 1
    assert commands.anonymise_due(shelf, lambda: NOW + keep * 2, keep) == 0


def test_what_is_nobodys_any_more_is_made_anonymous_as_soon_as_it_is_closed() -> None:
    assert commands.anonymise_due(Shelf(issue(reporter=None)), lambda: NOW, None) == 1
    assert commands.anonymise_due(Shelf(issue(Status.CLAIMED, reporter=None)), lambda: NOW, None) == 0


def test_whoever_loses_the_race_for_an_issue_leaves_it_to_the_other() -> None:
    shelf = Shelf(issue())
    shelf.refuse = 1
    assert commands.anonymise_due(shelf, lambda: NOW + timedelta(days=400), timedelta(days=365)) == 0


def test_photos_are_let_go_once_and_again_changes_nothing() -> None:
    shelf, album = Shelf(issue(discarded=("P1", "P2"))), Album()
    for _ in range(2):
        commands.let_photos_go(shelf, album, lambda: NOW, issue_id=issue().id)
    assert album.gone == ["P1", "P2"]
    assert shelf.get(issue().id).discarded == ()


class Book:
    """The rules, all alike."""

    def current(self, code: str) -> None:
        raise AssertionError(f"{code}: no category is looked up here")

    def policy(self, code: str, version: int) -> Policy:
        assert (code, version) == ("environment", 1)
        return POLICY


def test_a_person_is_forgotten_in_every_issue() -> None:
    other = replace(issue(Status.CLAIMED), id="01DDDDDDDDDDDDDDDDDDDDDDDD")
    shelf = Shelf(issue(Status.CLAIMED), other)
    commands.forget_member(shelf, Book(), lambda: NOW, member_id="R")
    assert shelf.of_person("R", 10) == []
    assert [one.reporter for one, _ in shelf.kept.values()] == [None, None]
