"""The figures through the gateway, and the command that proves them, on the running district."""

import subprocess
import sys
from typing import Any

from pymongo import MongoClient

from demo.client import Person
from demo.district import RESIDENTS_OF_A, District, grids, staff_of, stewards_of
from infra.local.deployment import ROOT, Deployment, wait_until
from tests.e2e.people import PATIENCE, report

COMMUNITY = "120199001006"
GRID = grids(COMMUNITY)[0]
HERE = {"lng": 117.2443, "lat": 39.1462}


def recount(deployment: Deployment, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.issues", "recount", *options]
    environment = deployment.environment()
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )


def test_figures_follow_an_issue_and_can_be_proved(district: District, deployment: Deployment) -> None:
    resident, staff = district.person(RESIDENTS_OF_A[33]), district.person(staff_of(COMMUNITY))
    steward = district.person(next(iter(stewards_of(COMMUNITY))))

    def row(person: Person) -> Any:
        return person.get("/v1/stats/issues", area=COMMUNITY, group_by="area")["all"]

    def usage() -> int:
        return int(resident.get("/v1/stats/usage", area=COMMUNITY)["total"])

    before = usage()
    issue = report(resident, category="safety", location=HERE)
    assert issue["area"] == GRID
    assert usage() == before + 1  # at once

    steward.act(issue["id"], "claim")
    steward.act(issue["id"], "resolve", note="已清理")
    resident.act(issue["id"], "confirm")
    resident.post(f"/v1/issues/{issue['id']}/ratings", {"satisfied": True, "score": 5})
    wait_until(lambda: row(staff)["satisfaction_rate"]["denominator"] > 0, PATIENCE, "the rating counted")
    shown, seen_by_all = row(staff), row(resident)
    assert shown["satisfaction_rate"]["rate"] == 1
    assert shown["resolution_rate"]["numerator"] >= 1
    assert shown["hours_to_resolution"]["median"] > 0
    for rate in ("response_rate", "resolution_rate", "satisfaction_rate"):
        assert shown[rate]["denominator"] + sum(shown[rate]["exclusions"].values()) == shown["count"]
    assert seen_by_all["count"] == shown["count"]
    assert (seen_by_all["satisfaction_rate"]["rate"], seen_by_all["satisfaction_rate"]["suppressed"]) == (
        None,
        True,
    )
    ranking = resident.get("/v1/stats/rankings", area=COMMUNITY, by="response_rate")
    assert [one["area"] for one in ranking["rows"]] == grids(COMMUNITY)
    assert ranking["rows"][0]["rank"] is None
    assert "30" in ranking["rows"][0]["reason"]

    proved = recount(deployment, "--check")
    assert proved.returncode == 0, proved.stderr
    found = []

    def tampered_with() -> bool:
        # What was reported just now is counted once more by itself, which mends it: then tamper again.
        with MongoClient[dict[str, Any]](deployment.mongo_url) as client:
            bucket = client["issues"]["figures"].find_one({"area": GRID})
            if bucket is None:
                return False  # the community's own may be counted before it
            day = max(bucket["days"])
            field = f"days.{day}.of.safety.solved"
            client["issues"]["figures"].update_one({"_id": bucket["_id"]}, {"$inc": {field: 40}})
        checked = recount(deployment, "--check")
        found.append((f"{GRID} {bucket['month']}-{day}" in checked.stderr, checked.returncode))
        return found[-1] == (True, 1)

    wait_until(tampered_with, PATIENCE, f"the bucket named, not {found}")
    assert recount(deployment).returncode == 0
    assert recount(deployment, "--check").returncode == 0


def test_what_cannot_be_ranked_or_read_is_refused(district: District) -> None:
    resident = district.person(RESIDENTS_OF_A[33])
    for path, query in (
        ("rankings", {"area": GRID}),
        ("rankings", {"area": COMMUNITY, "level": "community"}),
        ("rankings", {"by": "beauty"}),
        ("usage", {"area": "110101"}),
        ("usage", {"from": "yesterday"}),
        ("issues", {"group_by": "steward"}),
    ):
        answer = resident.send("GET", f"/v1/stats/{path}", params=query)
        assert answer.status_code == 422, (path, query)
    far = {"from": "0001-01-01T00:00:00+14:00", "to": "9999-12-31T23:59:59Z"}
    assert resident.send("GET", "/v1/stats/usage", params=far).status_code in (200, 422)
