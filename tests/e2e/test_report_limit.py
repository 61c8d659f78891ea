"""How many reports a person may make in an hour, at a service of its own that says so."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from demo.client import Api, Person
from demo.district import District
from infra.local.deployment import Deployment, answers, free_ports
from infra.local.supervisor import Supervisor
from tests.e2e.people import GRID


def newcomer(api: Api, last: int) -> Person:
    """Somebody who signs in for the first time."""
    return api.sign_in(f"1390000{7000 + last}")


@pytest.fixture
def limited(deployment: Deployment, tmp_path: Path) -> Iterator[Api]:
    """Another API of the issues service beside the deployment's own, which limits reports."""
    port = free_ports(random.randrange(50000, 58000)).gateway
    program = deployment.api("issues")
    environment = {**program.environment, "PORT": str(port), "REPORTS_PER_HOUR": "2"}
    supervisor = Supervisor(tmp_path)
    try:
        supervisor.start(replace(program, environment=environment, ready=lambda: answers(port, "/readyz")))
        yield Api(f"http://127.0.0.1:{port}")
    finally:
        supervisor.discard()


def test_a_person_who_reports_too_often_is_told_when_to_come_back(district: District, limited: Api) -> None:
    body = {"category": "environment", "description": "楼道口有垃圾堆放", "area": GRID}

    def reporting(person: Person, times: int) -> list[int]:
        headers = person.headers()
        sent = (limited.send("POST", "/v1/issues", json=body, headers=headers) for _ in range(times))
        return [answer.status_code for answer in sent]

    resident = newcomer(district.api, 600)
    assert reporting(resident, 3) == [201, 201, 429]
    refused = limited.send("POST", "/v1/issues", json=body, headers=resident.headers())
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert len(resident.pages("/v1/issues", reporter="me")) == 2
    assert reporting(district.community_staff, 3) == [201, 201, 201]

    other = newcomer(district.api, 601)
    with ThreadPoolExecutor(8) as pool:
        at_once = [one for found in pool.map(lambda _: reporting(other, 1), range(12)) for one in found]
    assert sorted(at_once) == [201, 201] + [429] * 10
