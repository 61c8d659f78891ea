"""The bounds of what an issue takes in and gives out."""

from itertools import count, islice
from typing import Any

import pytest

from chassis.clock import new_ulid
from services.issues.app import IssuesSettings
from services.issues.cases.schemas import ReportSchema, TransitionSchema
from services.issues.duplicates.queries import Sought
from services.issues.duplicates.schemas import NearbyQuery
from services.issues.finding import exports
from services.issues.finding.schemas import BulkSchema
from services.issues.proposals.proposal import Status as ProposalStatus
from services.issues.proposals.schemas import ExpenseSchema

REPORT = {"category": "environment", "description": "楼道口有垃圾"}


@pytest.mark.parametrize(
    ("schema", "body"),
    [(ReportSchema(), REPORT), (TransitionSchema(), {"action": "resolve", "note": "已处理"})],
    ids=["a report", "a solution"],
)
def test_six_photos_go_with_a_report_or_a_solution_and_no_seventh(schema: Any, body: dict[str, Any]) -> None:
    photos = [new_ulid() for _ in range(7)]
    assert schema.load({**body, "media": photos[:6]})["media"] == photos[:6]
    assert set(schema.validate({**body, "media": photos})) == {"media"}


def test_two_hundred_issues_are_acted_on_at_once_and_no_more() -> None:
    ids = [new_ulid() for _ in range(201)]
    assert len(BulkSchema().load({"ids": ids[:200], "action": "claim"})["ids"]) == 200
    assert set(BulkSchema().validate({"ids": ids, "action": "claim"})) == {"ids"}


@pytest.mark.parametrize("text", ["x" * 20_000, "楼\x00道", "楼\x1b道", "\u202e道楼", "\u2067楼道", " \n\t "])
def test_a_description_is_bounded_and_without_control_or_direction_characters(text: str) -> None:
    assert set(ReportSchema().validate({**REPORT, "description": text})) == {"description"}


def test_what_was_reported_nearby_is_within_fifty_metres_and_thirty_days_unless_asked_otherwise() -> None:
    asked = NearbyQuery().load({"lng": 117.2, "lat": 39.1})
    assert (asked["radius"], asked["days"]) == (50, 30)
    sought = Sought(117.2, 39.1)
    assert (sought.radius, sought.days) == (50, 30)


def test_an_expense_has_a_receipt() -> None:
    spent = {"purpose": "油漆", "amount": 100}
    assert ExpenseSchema().load({**spent, "receipts": [new_ulid()]})["amount"] == 100
    for body in (spent, {**spent, "receipts": []}):
        assert set(ExpenseSchema().validate(body)) == {"receipts"}


def test_ten_reports_an_hour_and_a_year_until_an_issue_is_anonymous_unless_it_is_set_otherwise() -> None:
    assert (IssuesSettings.reports_per_hour, IssuesSettings.anonymise_after_days) == (10, 365)


def test_a_photo_is_of_ten_megabytes_and_forty_megapixels_at_most_unless_it_is_set_otherwise() -> None:
    assert (IssuesSettings.photo_megabytes, IssuesSettings.photo_megapixels) == (10, 40)


@pytest.mark.parametrize("write", [exports.as_csv, exports.as_geojson])
def test_an_export_goes_out_while_its_rows_come_in(write: Any) -> None:
    read = count()
    rows = ({"number": str(next(read)), "location": None} for _ in iter(int, 1))  # without end
    assert len(list(islice(write(rows), 1000))) == 1000
    assert next(read) <= 1001


def test_a_proposal_has_the_stages_that_were_promised() -> None:
    stages = "draft submitted deliberation voting approved refused funded running accounted closed"
    assert {*stages.split()} <= {one.value for one in ProposalStatus}
