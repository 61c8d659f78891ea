"""`make demo` on a deployment of its own: the study's row, the proofs, and nothing twice."""

import csv
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo import municipal, municipal_export, study
from demo.__main__ import EXTRACT
from demo.client import Api
from demo.district import COMMUNITY_A, DISTRICT, SUBDISTRICT, District
from demo.story import reference_in
from infra.local.deployment import ROOT, Deployment
from tests.conftest import private_deployment

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif("DISTRICT_URL" in os.environ, reason="has a deployment of its own"),
]

FIRST_ROWS = 40
BAD_ROWS = {"bad-1": {"SRType": ""}, "bad-2": {"CreatedDate": "yesterday", "SRStatus": "New"}}
"""Number and cells of the rows that are refused."""
MONTH = {
    "/v1/shifts": 1,
    "/v1/training-sessions": 2,
    "/v1/time-bank/requests": 1,
    "/v1/donations": 1,
    "/v1/shop/orders": 1,
    "/v1/proposals": 1,
    "/v1/commendations": 1,
}
"""How many records of each kind the month in community A has."""
RULES = [
    "duty.verified",
    "training.completed",
    "time-bank.settled",
    "order.paid",
    "donation.sold",
    "donation.cost",
    "donation.allocated",
    "fund.allocated",
]
"""What the month posts, once each."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment that nobody else enters records in."""
    deployment = private_deployment(tmp_path_factory.mktemp("demonstration"))
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.discard()


def demonstrate(deployment: Deployment, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env={"GATEWAY_PORT": str(deployment.ports.gateway), "PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def usage(deployment: Deployment, area: str) -> dict[str, int]:
    admin = District(Api(f"http://127.0.0.1:{deployment.ports.gateway}")).admin
    return {row["category"]: row["count"] for row in admin.get("/v1/stats/usage", area=area)["rows"]}


def with_bad_rows(path: Path) -> Path:
    """The extract, with rows after it that are to be refused."""
    rows = rows_of(EXTRACT)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        writer.writerows(rows[0] | {"ServiceRequestNum": name} | cells for name, cells in BAD_ROWS.items())
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a file as they are, without the reader that is tested."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_rows_are_there(deployment: Deployment, exported: list[dict[str, str]]) -> None:
    """The file's rows against the API's issues: row for row, and count by count."""
    rows = {row["ServiceRequestNum"]: row for row in exported}
    admin = District(Api(f"http://127.0.0.1:{deployment.ports.gateway}")).admin
    issues = admin.pages("/v1/issues", area=SUBDISTRICT)
    numbers = {one["id"]: (reference_in(one["description"]) or "").split(" ")[-1] for one in issues}
    found = {number: one for one in issues if (number := numbers[one["id"]]) in rows}
    refused = [row for number, row in rows.items() if number in BAD_ROWS]
    assert len(found) == len(exported) - len(refused)
    standing = Counter(one["status"] for one in found.values())
    assert mapped(exported) == standing + mapped(refused)
    statuses = {number: municipal.STATUSES[rows[number]["SRStatus"]] for number in found}
    assert {number: one["status"] for number, one in found.items()} == statuses
    transferred = {number: row["Agency"] for number, row in rows.items() if "Transfer" in row["SRStatus"]}
    handed = {number: one["referred_to"] for number, one in found.items() if one["referred_to"]}
    assert handed == {number: agency for number, agency in transferred.items() if number in found}
    duplicates = {number for number in found if "Duplicate" in rows[number]["SRStatus"]}
    assert {number for number, one in found.items() if one["merged_into"]} == duplicates
    assert all(numbers[found[number]["merged_into"]] in found for number in duplicates)


def mapped(rows: list[dict[str, str]]) -> Counter[str]:
    return Counter(municipal.STATUSES[row["SRStatus"]] for row in rows)


def month_of(deployment: Deployment) -> dict[str, list[dict[str, Any]]]:
    """All that the month in community A has left, where nobody else enters such things."""
    admin = District(Api(f"http://127.0.0.1:{deployment.ports.gateway}")).admin
    return {path: admin.pages(path, area=COMMUNITY_A) for path in MONTH}


def moved_by_hand(deployment: Deployment) -> list[dict[str, Any]]:
    """The postings that no issue and no activity of the records has caused."""
    admin = District(Api(f"http://127.0.0.1:{deployment.ports.gateway}")).admin
    postings = admin.pages("/v1/postings", area=DISTRICT)
    return [one for one in postings if not one["rule"].startswith(("issue.", "activity.", "posting."))]


def assert_month_is_there(deployment: Deployment) -> None:
    """Its parts, and the way of the money that its goods brought in."""
    month = month_of(deployment)
    assert {path: len(found) for path, found in month.items()} == MONTH
    (duty,) = month["/v1/shifts"][0]["duties"]
    assert (duty["status"], duty["minutes"]) == ("verified", 4)
    lists = [line["status"] for one in month["/v1/training-sessions"] for line in one["attendances"]]
    assert sorted(lists) == ["absent", "attended"]
    (helped,), (order,) = month["/v1/time-bank/requests"], month["/v1/shop/orders"]
    assert (helped["status"], helped["settlement"]["given"], order["status"]) == ("settled", 60, "collected")
    api = Api(f"http://127.0.0.1:{deployment.ports.gateway}")
    trace = api.call("GET", f"/v1/donations/{month['/v1/donations'][0]['id']}/trace")
    assert [one["target"] for one in trace["destinations"]] == [f"project:{month['/v1/proposals'][0]['id']}"]
    assert (trace["net"], trace["destinations"][0]["amount"], trace["unallocated"]) == (2800, 2000, 300)
    assert Counter(one["rule"] for one in moved_by_hand(deployment)) == Counter(RULES)


def test_the_demonstration_proves_itself_and_a_second_run_adds_only_new_rows(
    running: Deployment, tmp_path: Path
) -> None:
    first = demonstrate(running, ROWS=str(FIRST_ROWS))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "✗" not in first.stdout
    assert_month_is_there(running)
    month, moved = month_of(running), moved_by_hand(running)
    assert usage(running, COMMUNITY_A) == study.RECORDS
    replayed = len(municipal_export.read(EXTRACT, FIRST_ROWS).stories)
    total = sum(study.RECORDS.values())
    assert sum(usage(running, SUBDISTRICT).values()) == total + replayed

    assert_rows_are_there(running, rows_of(EXTRACT)[:FIRST_ROWS])
    longer = with_bad_rows(tmp_path / "longer.csv")
    second = demonstrate(running, DATA=str(longer))
    assert second.returncode == 0, second.stdout + second.stderr
    assert "by other hands" not in second.stdout
    assert (month_of(running), moved_by_hand(running)) == (month, moved)
    assert usage(running, COMMUNITY_A) == study.RECORDS
    replayed = len(municipal_export.read(longer).stories)
    assert sum(usage(running, SUBDISTRICT).values()) == total + replayed
    assert_rows_are_there(running, rows_of(longer))
