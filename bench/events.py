"""How long an event takes to its effect, and how fast a consumer works through a backlog."""

import re
from collections import defaultdict
from datetime import UTC, datetime

from bench.figures import Speed, quantile
from bench.load import Job
from bench.scene import NOTIFY, Scene
from infra.local.deployment import wait_until

RATE = 50.0
_BUCKET = re.compile(r'^event_lag_seconds_bucket\{le="([^"]+)",service="notify"\} (\S+)$', re.MULTILINE)


def latency(scene: Scene, seconds: float) -> Speed:
    """Report 50 issues a second through the gateway; from the time in each event to its stored messages.

    The time in an event is taken before the issue is committed, and the effect's after the messages are: the
    figure holds both writes. It comes from the metrics of the notify worker.
    """
    port = scene.deployment.ports.worker("notify")
    before = _buckets(scene.metrics(port))
    found = scene.send(Job(scene.gateway, scene.reports(), seconds, rate=RATE))
    scene.settle()
    after = _buckets(scene.metrics(port))
    counted = {bound: count - before.get(bound, 0) for bound, count in after.items()}
    return Speed(
        len(found.latencies_ms) / found.seconds, quantile(counted, 0.5) * 1000, quantile(counted, 0.99) * 1000
    )


def drain(scene: Scene, backlog: int) -> float:
    """Events a second that the notify worker handles when it comes back to a backlog of reports."""
    scene.pause_notify()
    scene.send(Job(scene.direct, scene.reports(), 600, count=backlog))
    issues = scene.client["issues"]["issues"]
    wait_until(lambda: issues.find_one({"pending": {"$gte": 0}}, {"_id": 1}) is None, 60, "relaying all")
    resumed = datetime.now(UTC)
    scene.deployment.supervisor.resume(NOTIFY)
    scene.settle()
    told: dict[str, list[datetime]] = defaultdict(list)
    for one in scene.client["notify"]["inbox"].find({"created_at": {"$gte": resumed}}):
        moment = one["created_at"]
        if isinstance(moment, datetime):
            told[str(one["subject"])].append(moment)
    moments = [min(each) for each in told.values()]
    return len(moments) / max((max(moments) - min(moments)).total_seconds(), 0.001)


def _buckets(page: str) -> dict[float, float]:
    return {float(bound): float(count) for bound, count in _BUCKET.findall(page)}
