"""One run: fill up to a size, measure each kind beside its raw commands, take away what that left, go on."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

from bench import ceilings, load
from bench.figures import Speed, speed
from bench.issues.commands import Recorder
from bench.issues.export import export
from bench.issues.figures import Findings, Pair
from bench.issues.filling import Filling, people
from bench.issues.kinds import Block, Kind, Reads
from bench.issues.lives import GRIDS
from bench.issues.within import Service
from bench.issues.writes import CLAIM, REPORT, Writes
from bench.load import Job
from bench.scene import Scene
from chassis.mongo import Mongo
from demo.client import Api, Person
from demo.district import COMMUNITIES, District, stewards_of
from infra.local.deployment import PORTS_IN_ALL

BLOCKS, EACH = 5, 10
_BLOCKS_OF_WRITES = 30
"""An insert takes three times as long at a busy moment of the disk: a few do not tell."""
_MOST_SECONDS = 600
_SERVICE = "issues"


class Measuring:
    """Measures a running deployment. `say` hears what comes next."""

    def __init__(self, scene: Scene, recorder: Recorder, say: Callable[[str], None]) -> None:
        self._scene, self._say = scene, say
        self._mongo = Mongo(scene.deployment.mongo_url, _SERVICE)
        self._district = District(Api(f"http://127.0.0.1:{scene.gateway}"))
        self._stewards = dict(zip(GRIDS, self._district.people(_phones()), strict=True))
        known = people(self._mongo["members"].find())
        everybody = [one for grid in GRIDS for one in known.stewards[grid]]
        self._reads = Reads(self._mongo, recorder, self._district.admin, everybody)
        self._writes = Writes(self._mongo, scene.residents, self._stewards)
        self._service = Service(scene.deployment.environment())
        self._hello_port = scene.gateway + PORTS_IN_ALL
        scene.deployment.supervisor.start(ceilings.hello_program(scene.deployment, self._hello_port))

    def run(self, sizes: Sequence[int]) -> Findings:
        """Measure at each size, smallest first."""
        findings, filling, there = Findings(BLOCKS * EACH, _BLOCKS_OF_WRITES * EACH), Filling(self._mongo), 0
        for size in sizes:
            began = time.perf_counter()
            filling.add(size - there, self._filled(size, there))
            findings.filled[size], there = time.perf_counter() - began, size
            self._measure(size, findings)
        return findings

    def _filled(self, size: int, there: int) -> Callable[[int], None]:
        return lambda done: self._say(f"filling up to {size:,}: {there + done:,} issues")

    def _measure(self, size: int, findings: Findings) -> None:
        self._renew()
        self._scene.rest()
        hello = findings.hello[size] = self._hello()
        findings.pairs[size] = {}
        self._writes.begin()
        kinds: dict[str, Kind] = {
            **self._reads.kinds(),
            REPORT: self._writes.report,
            CLAIM: self._writes.claim,
        }
        for name, kind in kinds.items():
            self._say(f"at {size:,} issues: {name}")
            findings.pairs[size][name] = self._pair(name, kind, hello)
        self._scene.rest()
        self._writes.remove()
        self._scene.rest()
        self._say(f"at {size:,} issues: exporting all of them")
        path, raw = self._reads.export()
        token = str(self._district.admin.tokens["access_token"])
        process = self._scene.deployment.supervisor.pid(f"{_SERVICE}-api")
        findings.exports[size] = export(self._scene.direct, path, token, process, raw)

    def _pair(self, name: str, kind: Kind, hello: Speed) -> Pair:
        """Requests to the service in blocks; within it one by one in turn with their raw commands.

        So what is held against each other meets the same moments of the machine.
        """
        service: list[float] = []
        within: list[float] = []
        raw: list[float] = []
        for number in range(_BLOCKS_OF_WRITES if name in (REPORT, CLAIM) else BLOCKS):
            block = kind(EACH)
            own = [self._service.prepared(one) for one in block.within]
            bare = [partial(_timed, one) for one in block.raw]
            for one in zip(own, bare, strict=True):
                taken = [measured() for measured in one[:: -1 if number % 2 else 1]]
                for found, milliseconds in zip((within, raw), taken[:: -1 if number % 2 else 1], strict=True):
                    found.append(milliseconds)
            service += self._answered(block)
            if name == REPORT:
                self._scene.reported += len(own) + len(bare)
        return Pair(_speed(service), _speed(within), _speed(raw), hello.p50_ms)

    def _answered(self, block: Block) -> list[float]:
        job = Job(self._scene.direct, block.requests, _MOST_SECONDS, connections=1, count=len(block.requests))
        return self._scene.send(job).latencies_ms

    def _hello(self) -> Speed:
        requests = [load.http("GET", "/hello", self._scene.tokens[0])]
        job = Job(self._hello_port, requests, _MOST_SECONDS, connections=1, count=BLOCKS * EACH)
        return _speed(self._scene.send(job).latencies_ms)

    def _renew(self) -> None:
        self._scene.renew()
        everybody: list[Person] = [self._district.admin, *self._stewards.values()]
        for one in everybody:
            one.renew()


def measure(scene: Scene, sizes: Sequence[int], say: Callable[[str], None]) -> Findings:
    """Do everything."""
    with closing(Recorder(scene.deployment.mongo_url, _SERVICE)) as recorder:
        return Measuring(scene, recorder, say).run(sizes)


def _timed(raw: Callable[[], object]) -> float:
    began = time.perf_counter()
    raw()
    return (time.perf_counter() - began) * 1000


def _speed(latencies_ms: Sequence[float]) -> Speed:
    return speed(latencies_ms, sum(latencies_ms) / 1000)


def _phones() -> list[str]:
    """A steward of each grid, in the order of the grids."""
    of_grid = {grid: phone for community in COMMUNITIES for phone, grid in stewards_of(community).items()}
    return [of_grid[grid] for grid in GRIDS]
