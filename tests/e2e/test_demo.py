"""`make demo` on a deployment of its own: the study's row, the proofs, and nothing twice."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from demo import municipal_export, study
from demo.__main__ import EXTRACT
from demo.client import Api
from demo.district import COMMUNITY_A, SUBDISTRICT, District
from infra.local.deployment import ROOT, Deployment
from tests.conftest import private_deployment

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif("DISTRICT_URL" in os.environ, reason="has a deployment of its own"),
]

FIRST_ROWS = 40


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


def test_the_demonstration_proves_itself_and_a_second_run_adds_only_new_rows(running: Deployment) -> None:
    first = demonstrate(running, ROWS=str(FIRST_ROWS))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "✗" not in first.stdout
    assert usage(running, COMMUNITY_A) == study.RECORDS
    replayed = len(municipal_export.read(EXTRACT, FIRST_ROWS).stories)
    total = sum(study.RECORDS.values())
    assert sum(usage(running, SUBDISTRICT).values()) == total + replayed

    second = demonstrate(running)
    assert second.returncode == 0, second.stdout + second.stderr
    assert usage(running, COMMUNITY_A) == study.RECORDS
    replayed = len(municipal_export.read(EXTRACT).stories)
    assert sum(usage(running, SUBDISTRICT).values()) == total + replayed
