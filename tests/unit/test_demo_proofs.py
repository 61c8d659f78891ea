"""The proofs of the demonstration: each holds for what should be there, and fails for what should not."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from demo import due, municipal, municipal_export, proof, study
from demo.__main__ import EXTRACT, main
from demo.district import COMMUNITY_A, DISTRICT
from demo.evidence import Evidence
from demo.municipal_export import Export
from demo.records import Record, Records
from demo.story import marked, reference_in
from infra.local.deployment import free_ports

GRID = f"{COMMUNITY_A}001"
RESIDENT, STEWARD = "resident-1", "steward-1"
PEOPLE = {RESIDENT: [], STEWARD: [{"role": "steward", "area": GRID}]}
ISSUE = {
    "id": "issue-1",
    "number": "20220601-1",
    "category": "environment",
    "description": marked("楼道口堆放旧家具", f"{study.REFERENCE} environment 001"),
    "area": GRID,
    "media": [{"id": "photo-1"}],
    "reporter": RESIDENT,
    "assignee": STEWARD,
    "resolver": STEWARD,
    "status": "confirmed",
    "confirmations": 1,
}
LEDGER: Record = {"postings": 3, "sums": {"points": 0}, "unbalanced": [], "differing": []}


def line(action: str, actor: str) -> Record:
    return {"action": action, "actor": actor, "level": "steward"}


def posting(rule: str, gains: dict[str, int]) -> Record:
    legs = [{"account": account, "unit": "points", "amount": amount} for account, amount in gains.items()]
    legs.append({"account": f"issuer:{DISTRICT}", "unit": "points", "amount": -sum(gains.values())})
    return {
        "id": f"{rule} posting",
        "key": f"{rule}:{ISSUE['id']}",
        "rule": rule,
        "cause": ISSUE["id"],
        "area": GRID,
        "legs": legs,
        "reverses": None,
    }


def message(kind: str, subject: str) -> Record:
    return {"kind": kind, "subject": subject}


@pytest.fixture
def sound() -> Evidence:
    """One issue that went from report to confirmation, with all that follows from it."""
    history = [line("report", RESIDENT), line("claim", STEWARD), line("resolve", STEWARD)]
    history.append(line("confirm", RESIDENT))
    paid = [
        posting("issue.claimed", {STEWARD: 1}),
        posting("issue.resolved", {STEWARD: 3}),
        posting("issue.confirmed", {STEWARD: 5, RESIDENT: 2}),
    ]
    told_of_points = [message("points.posted.v1", one["id"]) for one in paid]
    return Evidence(
        held=Records([ISSUE], []),
        facts=list(due.issue_facts(ISSUE, history)),
        subjects={"issue-1"},
        people=PEOPLE,
        postings=paid,
        inboxes={
            STEWARD: [
                message("issue.reported.v1", "issue-1"),
                message("issue.confirmed.v1", "issue-1"),
                *told_of_points,
            ],
            RESIDENT: [
                message("issue.claimed.v1", "issue-1"),
                message("issue.resolved.v1", "issue-1"),
                told_of_points[2],
            ],
        },
        usage={"rows": [{"category": name, "count": count} for name, count in study.RECORDS.items()]},
        ledger=LEDGER,
    )


def test_all_proofs_hold_for_what_should_be_there(sound: Evidence) -> None:
    assert [one.against for one in proof.follows(sound)] == [()] * 5
    assert proof.told(sound).text == "of 8 messages due 8 were delivered, each once"


def test_a_posting_that_is_missing_doubled_or_wrong_is_found(sound: Evidence) -> None:
    claimed, resolved, confirmed = sound.postings
    unpaid = replace(sound, postings=[claimed, resolved])
    assert proof.confirmed_paid(unpaid).against == ("issue.confirmed:issue-1 was not paid",)
    twice = replace(sound, postings=[*sound.postings, confirmed])
    assert proof.confirmed_paid(twice).against == ("issue.confirmed:issue-1 was paid 2 times",)
    meagre = posting("issue.confirmed", {STEWARD: 5})
    short = replace(sound, postings=[claimed, resolved, meagre])
    assert proof.confirmed_paid(short).against == ("issue.confirmed:issue-1 was paid wrongly",)
    assert proof.earned(replace(sound, postings=[resolved, confirmed])).against == (
        "issue.claimed:issue-1 was not paid",
    )


def test_a_posting_for_an_issue_that_is_not_confirmed_is_found(sound: Evidence) -> None:
    reopened = replace(sound, held=Records([ISSUE | {"status": "reopened"}], []))
    assert not proof.confirmed_paid(reopened).holds


def test_of_an_issue_that_was_confirmed_again_only_what_the_last_confirmation_paid_counts(
    sound: Evidence,
) -> None:
    again = ISSUE | {"confirmations": 2}
    anew = posting("issue.confirmed", {STEWARD: 5, RESIDENT: 2}) | {
        "id": "second",
        "key": "issue.confirmed:issue-1:2",
    }
    undone = posting("posting.reversed", {STEWARD: -5, RESIDENT: -2}) | {
        "reverses": "issue.confirmed posting"
    }
    held = Records([again], [])
    assert proof.confirmed_paid(replace(sound, held=held, postings=[*sound.postings, undone, anew])).holds
    assert not proof.confirmed_paid(replace(sound, held=held, postings=[*sound.postings, anew])).holds
    assert not proof.confirmed_paid(replace(sound, held=held, postings=[*sound.postings, undone])).holds


def test_a_message_that_is_missing_or_doubled_is_found(sound: Evidence) -> None:
    first, *rest = sound.inboxes[STEWARD]
    lost = replace(sound, inboxes=sound.inboxes | {STEWARD: rest})
    assert proof.told(lost).against == ("1 × issue.reported.v1 about issue-1 missing",)
    twice = replace(sound, inboxes=sound.inboxes | {STEWARD: [first, first, *rest]})
    assert proof.told(twice).against == ("1 × issue.reported.v1 about issue-1 too many",)


@pytest.mark.parametrize(
    "fault", [{"sums": {"points": 1}}, {"unbalanced": ["posting-1"]}, {"differing": [STEWARD]}]
)
def test_a_ledger_that_does_not_add_up_is_found(sound: Evidence, fault: dict[str, Any]) -> None:
    assert not proof.conserved(replace(sound, ledger=LEDGER | fault)).holds


def test_records_that_others_entered_are_told_from_those_of_the_study(sound: Evidence) -> None:
    theirs = ISSUE | {"id": "issue-2", "description": "路灯不亮"}
    beside = replace(sound, held=Records([ISSUE, theirs], []))
    assert proof.usage(beside).against == ("environment: 129 instead of 130",)


def test_a_record_that_is_there_twice_is_found(sound: Evidence) -> None:
    assert proof.nothing_doubled(sound).holds
    doubled = replace(sound, held=Records([ISSUE, ISSUE | {"id": "issue-2"}], []))
    assert proof.nothing_doubled(doubled).against == (f"{study.REFERENCE} environment 001 is there 2 times",)


@pytest.fixture
def replayed() -> tuple[Evidence, Export]:
    """The extract, and its issues as they stand after the replay."""
    export = municipal_export.read(EXTRACT)
    issues: list[Record] = [
        {
            "id": f"id of {story.reference}",
            "description": marked(story.text, story.reference),
            "status": municipal.STATUSES[request.status],
            "merged_into": f"id of {story.older}" if story.older else None,
            "referred_to": request.agency if request.status == "Closed (Transferred)" else None,
        }
        for request, story in zip(export.requests, export.stories, strict=True)
    ]
    return Evidence(held=Records(issues, []), facts=[], subjects=set(), people={}), export


def test_every_row_of_the_extract_stands_as_exported(replayed: tuple[Evidence, Export]) -> None:
    found, export = replayed
    assert {one.status for one in export.requests} == set(municipal.STATUSES)
    finding = proof.rows_stand_as_exported(found, export, set())
    assert finding.holds, finding.against
    exported = Counter(one.status for one in export.requests)
    duplicates = exported["Closed (Duplicate)"] + exported["Open (Duplicate)"]
    assert f"{duplicates} duplicates and {exported['Closed (Transferred)']} transfers" in finding.text


@pytest.mark.parametrize("status", sorted(set(municipal.STATUSES.values())))
def test_one_row_that_stands_elsewhere_is_found_and_so_is_the_count(
    replayed: tuple[Evidence, Export], status: str
) -> None:
    found, export = replayed
    wrong = next(one for one in found.held.issues if one["status"] == status)
    wrong["status"] = "withdrawn"
    finding = proof.rows_stand_as_exported(found, export, set())
    assert not finding.holds
    line, *counts = finding.against
    assert wrong["id"].removeprefix("id of ") in line
    assert "1 are withdrawn, and 0 in the file" in counts
    went = {one for one in (reference_in(wrong["description"]),) if one}
    assert proof.rows_stand_as_exported(found, export, went).holds


@pytest.mark.parametrize(
    ("status", "field"), [("merged", "merged_into"), ("referred", "referred_to"), ("claimed", "merged_into")]
)
def test_a_duplicate_of_another_issue_or_a_transfer_to_another_agency_is_found_though_the_counts_agree(
    replayed: tuple[Evidence, Export], status: str, field: str
) -> None:
    found, export = replayed
    wrong = next(one for one in found.held.issues if one["status"] == status)
    wrong[field] = "somewhere else"
    finding = proof.rows_stand_as_exported(found, export, set())
    assert (finding.holds, len(finding.against)) == (False, 1)
    assert "somewhere else" in finding.against[0]


def test_a_row_of_the_file_that_is_neither_there_nor_refused_is_found(
    replayed: tuple[Evidence, Export],
) -> None:
    found, export = replayed
    gone = next(one for one in found.held.issues if one["status"] == "referred")
    found.held.issues.remove(gone)
    finding = proof.rows_stand_as_exported(found, export, set())
    assert finding.against == ("1 are referred, and 2 in the file",)
    export.refused_statuses["Closed (Transferred)"] += 1
    assert proof.rows_stand_as_exported(found, export, set()).holds


def test_without_a_running_system_the_command_says_how_to_start_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = free_ports(41000).gateway
    assert main({"GATEWAY_PORT": str(port)}) == 1
    assert "make run" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("setting", "value"), [("ROWS", "many"), ("ROWS", "0"), ("GATEWAY_PORT", "x"), ("DATA", "/nowhere.csv")]
)
def test_a_wrong_setting_is_named(setting: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main({setting: value}) == 2
    assert value in capsys.readouterr().out
