"""One run: rounds of ceilings, direct and through-gateway measurements in turn, then the events."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from bench import ceilings, events, load
from bench.figures import Speed, Target, median_of, median_ratio, speed
from bench.load import Job
from bench.scene import Scene

ROUNDS = 4
INSERT, HELLO, PUBLISH = "raw insert", "bare gunicorn + Flask", "raw confirmed publish"
READS = ("show an issue", "list 20 issues")
REPORT, KEYED = "report an issue", "report with an idempotency key"
_PORTS_OF_A_DEPLOYMENT = 12


@dataclass
class Run:
    """What a run found. `rounds` holds each round's speed by (what, where).

    `told` are reports a second through the gateway, until the last message of the last one was stored.
    """

    seconds: float
    rounds: dict[tuple[str, str], list[Speed]] = field(default_factory=lambda: defaultdict(list))
    told: list[float] = field(default_factory=list)
    latency: Speed | None = None
    drained: float = 0.0
    backlog: int = 0
    reported: int = 0
    messages: int = 0

    def median(self, what: str, where: str) -> Speed:
        """The medians over the rounds."""
        return median_of(self.rounds[what, where])

    def of_ceiling(self, what: str, where: str) -> float:
        """Requests a second as a share of their ceiling, in the same round."""
        ceiling = INSERT if what in (REPORT, KEYED) else HELLO
        return median_ratio(
            [one.per_second for one in self.rounds[what, where]],
            [one.per_second for one in self.rounds[ceiling, "alone"]],
        )

    def gateway_factor(self, what: str) -> float:
        """How many times longer the median request takes through the gateway, in the same round."""
        return median_ratio(
            [one.p50_ms for one in self.rounds[what, "gateway"]],
            [one.p50_ms for one in self.rounds[what, "direct"]],
        )

    def targets(self) -> list[Target]:
        """The targets and what was measured for them."""
        share = self.of_ceiling(REPORT, "gateway") * 100
        late = self.latency.p99_ms if self.latency else float("inf")
        return [
            Target("Reports through the gateway, of raw inserts", share, 15, True, "%"),
            Target("The same, what we are after in the end", share, 35, True, "%"),
            *(
                Target(f"Gateway p50 to direct p50: {what}", self.gateway_factor(what), 2.5, False, "×")
                for what in (*READS, REPORT)
            ),
            Target(f"Event latency p99 at {events.RATE:.0f} reports/s", late, 250, False, "ms"),
        ]


def measure(scene: Scene, seconds: float, say: Callable[[str], None]) -> Run:
    """Do everything; each single measurement lasts `seconds`. `say` hears what comes next."""
    run = Run(seconds)
    hello_port = scene.gateway + _PORTS_OF_A_DEPLOYMENT
    scene.deployment.supervisor.start(ceilings.hello_program(scene.deployment, hello_port))
    for number in range(1, ROUNDS + 1):
        say(f"round {number} of {ROUNDS}")
        scene.renew()
        scene.rest()
        _round(scene, run, hello_port, turned=number % 2 == 0)
    say(f"event latency at {events.RATE:.0f} reports a second")
    scene.renew()
    scene.rest()
    run.latency = events.latency(scene, max(10.0, 4 * seconds))
    say("consumer throughput")
    run.backlog = int(200 * seconds)
    run.drained = events.drain(scene, run.backlog)
    run.reported, run.messages = scene.reported, scene.messages()
    return run


def _round(scene: Scene, run: Run, hello_port: int, *, turned: bool) -> None:
    """All measurements once; in every other round the gateway is measured before the service."""
    hello = [load.http("GET", "/hello", scene.tokens[0])]
    run.rounds[HELLO, "alone"].append(_speed(scene, hello_port, hello, run.seconds))
    run.rounds[INSERT, "alone"].append(ceilings.insert(scene.deployment.mongo_url, run.seconds))
    run.rounds[PUBLISH, "alone"].append(ceilings.publish(scene.deployment.amqp_url, run.seconds))
    doors = [("direct", scene.direct), ("gateway", scene.gateway)][:: -1 if turned else 1]
    for where, port in doors:
        run.rounds[READS[0], where].append(_speed(scene, port, scene.reads(), run.seconds))
        run.rounds[READS[1], where].append(_speed(scene, port, scene.lists(), run.seconds))
    for what, requests in ((REPORT, scene.reports()), (KEYED, scene.reports(key=True))):
        for where, port in doors:
            before, began = scene.reported, time.perf_counter()
            run.rounds[what, where].append(_speed(scene, port, requests, run.seconds))
            scene.settle()
            if (what, where) == (REPORT, "gateway"):
                run.told.append((scene.reported - before) / (time.perf_counter() - began))
            scene.rest()


def _speed(scene: Scene, port: int, requests: list[str], seconds: float) -> Speed:
    found = scene.send(Job(port, requests, seconds))
    return speed(found.latencies_ms, found.seconds)
