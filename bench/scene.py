"""What is measured: a private deployment with the demonstration district and twenty residents signed in."""

import random
import re
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pymongo import MongoClient

from bench import load
from bench.load import Found, Job
from demo.client import Api, Person
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, District, areas, centre, grids
from infra.local.deployment import Deployment, free_ports, wait_until

RESIDENTS = 20
NOTIFY = "notify-worker"
_TOLD = re.compile(
    r'^events_consumed_total\{outcome="handled",service="notify",type="issue\.reported\.v1"\} (\S+)$',
    re.MULTILINE,
)
_DRAIN_SECONDS = 300.0


class WrongAnswer(Exception):
    """A measurement met answers that it did not ask for; its figures would mean nothing."""


@dataclass
class Scene:
    """The running deployment and the requests that are sent to it."""

    deployment: Deployment
    client: MongoClient[dict[str, object]]
    residents: list[Person]
    issue_id: str
    reported: int = 1
    told_before: int = 0

    @property
    def tokens(self) -> list[str]:
        """The residents' access tokens."""
        return [str(one.tokens["access_token"]) for one in self.residents]

    def renew(self) -> None:
        """Give every resident a token for the next quarter of an hour."""
        for one in self.residents:
            one.renew()

    @property
    def direct(self) -> int:
        """The port of the issues service."""
        return self.deployment.ports.api("issues")

    @property
    def gateway(self) -> int:
        """The port of the gateway."""
        return self.deployment.ports.gateway

    def reads(self) -> list[str]:
        """One issue, as each resident."""
        return [load.http("GET", f"/v1/issues/{self.issue_id}", one) for one in self.tokens]

    def lists(self) -> list[str]:
        """The newest twenty issues of the community, as each resident."""
        return [load.http("GET", f"/v1/issues?area={COMMUNITY_A}&limit=20", one) for one in self.tokens]

    def reports(self, *, key: bool = False) -> list[str]:
        """A report by each resident, in the grid where they live."""
        codes = grids(COMMUNITY_A)
        return [
            load.http("POST", "/v1/issues", token, report_in(codes[place % len(codes)]), key=key)
            for place, token in enumerate(self.tokens)
        ]

    def send(self, job: Job) -> Found:
        """Do a job and count what it reported. Raises WrongAnswer unless all answers are 200 or 201."""
        found = load.run(job)
        if set(found.statuses) - {"200", "201"}:
            raise WrongAnswer(f"answers by status: {found.statuses}")
        self.reported += found.statuses.get("201", 0)
        return found

    def messages(self) -> int:
        """How many messages the residents' reports have put into the stewards' inboxes."""
        return self.client["notify"]["inbox"].estimated_document_count()

    def settle(self) -> None:
        """Wait until every report has been told to the stewards of its grid. Raises TimeoutError.

        The notify worker says so itself: counting messages costs an embedded server more than storing them.
        """
        wait_until(self._all_told, _DRAIN_SECONDS, "the delivery of all messages")

    def rest(self) -> None:
        """Wait until nothing is left to do of what was reported: told, taken out of the outboxes, swept."""
        self.settle()
        issues = self.client["issues"]
        newest = issues["issues"].find_one(sort=[("_id", -1)], projection={"_id": 1})

        def idle() -> bool:
            if issues["issues"].find_one({"pending": {"$gte": 0}}, {"_id": 1}) is not None:
                return False
            swept = newest is None or issues["words"].find_one({"_id": newest["_id"]}, {"_id": 1}) is not None
            marks = [issues[name].find_one({}, {"_id": 1}) for name in ("marked_cells", "marked_days")]
            return swept and marks == [None, None]

        wait_until(idle, _DRAIN_SECONDS, "the end of all work on the reports")

    def _all_told(self) -> bool:
        page = self.metrics(self.deployment.ports.worker("notify"))
        return self.told_before + sum(float(count) for count in _TOLD.findall(page)) >= self.reported

    def pause_notify(self) -> None:
        """Stop the notify worker when all is told; it counts from nought when it is resumed."""
        self.settle()
        self.deployment.supervisor.pause(NOTIFY)
        self.told_before = self.reported

    def metrics(self, port: int) -> str:
        """The metrics page of a process."""
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())


def report_in(grid: str) -> dict[str, object]:
    """The body of a report."""
    return {
        "category": "environment",
        "description": "楼道口有垃圾堆放，请尽快清理。",
        "location": centre(grid),
    }


@contextmanager
def running(overrides: Mapping[str, str] | None = None) -> Iterator[Scene]:
    """Start a deployment as `make run` has it, on free ports and a folder of its own, and stop it after.

    `overrides` are environment variables laid over those of its processes.
    """
    with TemporaryDirectory(prefix="alley-bench-") as folder:
        deployment = Deployment(Path(folder), free_ports(random.randrange(20000, 32000)), overrides or {})
        try:
            deployment.start()
            district = District(Api(f"http://127.0.0.1:{deployment.ports.gateway}"))
            district.set_up()
            residents = district.people(RESIDENTS_OF_A[:RESIDENTS])
            with MongoClient[dict[str, object]](deployment.mongo_url, tz_aware=True) as client:
                wait_until(lambda: _areas_known(client), _DRAIN_SECONDS, "the areas to reach the issues")
                issue = residents[0].post("/v1/issues", report_in(grids(COMMUNITY_A)[0]))
                scene = Scene(deployment, client, residents, str(issue["id"]))
                scene.settle()
                yield scene
        finally:
            deployment.stop()


def _areas_known(client: MongoClient[dict[str, object]]) -> bool:
    return client["issues"]["areas"].estimated_document_count() >= len(list(areas()))
