"""A private deployment for the tests: its own broker, database and ports, all processes and a gateway."""

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.client import Api
from demo.district import District
from infra.local.deployment import Deployment, free_ports

FAST = {
    "RETRY_DELAYS": "0.2,0.5,1,2,4",
    "RECONNECT_SECONDS": "1",
    "CODES_PER_TEN_MINUTES": "1000",
    "RATE_LIMIT": "100000/second",
    "LOG_LEVEL": "WARNING",
    "WORKER_NICE": "0",
}
"""Settings that make tests quick; everything else is as `make run` has it."""


def pytest_report_header() -> str:
    """Say which deployment and which database the tests run on."""
    if url := os.environ.get("DISTRICT_URL"):
        return f"stories told to the running district at {url}"
    return "database: " + ("mongod" if shutil.which("mongod") else "embedded (SecantusDB)")


def private_deployment(folder: Path, **overrides: str) -> Deployment:
    """A deployment of its own in a folder, not yet started. Nothing of the caller's environment leaks in."""
    environ = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)}
    # Below the range of outgoing connections; those who run tests side by side keep to halves of it.
    half = 5500 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = free_ports(random.randrange(20000 + half, 25400 + half))
    return Deployment(folder, ports, {**FAST, **overrides}, environ)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The running deployment that all tests share which do not harm it.

    Its insides are what these tests look at; a district that runs elsewhere shows its door only.
    """
    if os.environ.get("DISTRICT_URL"):
        pytest.skip("looks into a deployment of its own")
    running = private_deployment(tmp_path_factory.mktemp("district"), TIMER_SECONDS="1")
    try:
        running.start()
        yield running
    finally:
        running.discard()


@pytest.fixture(scope="session")
def api(request: pytest.FixtureRequest) -> Api:
    """The gateway of the district at DISTRICT_URL, where that is set, else of the tests' own deployment."""
    if url := os.environ.get("DISTRICT_URL"):
        return Api(url)
    own: Deployment = request.getfixturevalue("deployment")
    return Api(f"http://127.0.0.1:{own.ports.gateway}")


@pytest.fixture(scope="session")
def district(api: Api) -> District:
    """The demonstration district, set up in it."""
    demonstration = District(api)
    demonstration.set_up()
    return demonstration
