"""Acting stories out: how far one has come is read from what the system holds."""

from typing import Any, cast

import pytest

from demo import evidence
from demo.client import Person
from demo.district import District
from demo.records import Record, Records
from demo.replay import Outcome, Replay
from demo.story import IssueStory, Step, marked

RESIDENT, STEWARD, STAFF = "13900000501", "13900000301", "13900000012"
STORY = IssueStory(
    reference="baltimore-311 18-1",
    phone=RESIDENT,
    category="environment",
    text="SW-Dirty Alley",
    location={"lng": 117.2, "lat": 39.1},
    photo=False,
    steps=(Step(STEWARD, "claim"),),
)


def issue(reference: str, number: str, **more: Any) -> Record:
    return {
        "id": f"id of {number}",
        "number": number,
        "description": marked("SW-Dirty Alley", reference) if reference else "SW-Dirty Alley",
        "reporter": "R9",
        "area": "120199001002001",
        "media": [],
        "status": "claimed",
        "version": 3,
        **more,
    }


ORIGINAL = issue(STORY.reference, "20261124-000001", reporter=RESIDENT)
RECORD = issue("baltimore-311 18-9", "20261124-000009", status="merged")
OTHERS = issue("", "20261124-000008", status="merged")


class People:
    """A district whose people have their phones as identifiers, its issues, and the history of each."""

    def __init__(self, *history: Record, issues: tuple[Record, ...] = ()) -> None:
        self.lines, self.held, self.id = list(history), list(issues), ""
        self.admin = self

    def person(self, phone: str) -> "People":
        self.id = phone
        return self

    def get(self, _path: str) -> dict[str, Any]:
        return {"items": self.lines}

    def pages(self, path: str, **_: Any) -> list[Record]:
        return self.held if path == "/v1/issues" else []


def line(action: str, actor: str, note: str | None = None) -> Record:
    return {"action": action, "actor": actor, "note": note, "level": "steward"}


def history(last: Record) -> list[Record]:
    return [line("report", RESIDENT), line("claim", STEWARD), last]


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        (line("adopt", STAFF, RECORD["number"]), Outcome.THERE),
        (line("adopt", STAFF, OTHERS["number"]), Outcome.ELSEWHERE),
        (line("release", STEWARD), Outcome.ELSEWHERE),
    ],
)
def test_an_issue_into_which_another_record_was_merged_went_no_other_way(
    last: Record, outcome: Outcome
) -> None:
    replay = Replay(cast(District, People(*history(last))), Records([ORIGINAL, RECORD, OTHERS], []))
    assert replay.issues([STORY]) == {outcome: 1}
    assert (STORY.reference in replay.elsewhere) == (outcome is Outcome.ELSEWHERE)


def test_who_reported_a_record_of_another_file_follows_the_issue_that_it_was_merged_into() -> None:
    merged = line("adopt", STAFF, RECORD["number"])
    admin = People(line("report", RESIDENT), merged, line("claim", STEWARD), issues=(ORIGINAL, RECORD))
    found = evidence.gather(cast(Person, admin), [], [STORY], set(), lambda: None)
    assert [(one.kind, one.data["followers"]) for one in found.facts] == [
        ("issue.reported.v1", [RESIDENT]),
        ("issue.claimed.v1", [RESIDENT, "R9"]),
    ]
