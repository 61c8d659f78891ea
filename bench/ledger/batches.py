"""How fast the worker posts a backlog of events."""

import time
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import orjson
import pika

from bench.figures import Speed, speed
from bench.scene import Scene
from chassis.broker.consumer import AT_ONCE
from chassis.broker.topology import queue_name
from chassis.clock import new_ulid, utc_now
from chassis.events import CONTENT_TYPE, envelope, parse
from chassis.mongo import Mongo
from demo.district import COMMUNITY_A, grids
from infra.local.deployment import wait_until
from services.issues.cases.events import IssueClaimed, IssueConfirmed, IssueFact
from services.points.app import subscriptions

_WORKER = "points-worker"
_POSTINGS_OF: dict[type[IssueFact], int] = {IssueClaimed: 1, IssueConfirmed: 2}
_PATIENCE_SECONDS = 300.0


class Batches:
    """Events of issues, claimed or solved by one member and reported by another."""

    def __init__(self, scene: Scene, mongo: Mongo, members: Sequence[str]) -> None:
        self._scene, self._mongo, self._members = scene, mongo, members
        self._issues = 0

    def drain(self, count: int) -> Speed:
        """Postings a second while the worker comes back to so many confirmations.

        A latency is that to the next.
        """
        supervisor = self._scene.deployment.supervisor
        supervisor.pause(_WORKER)
        before = self._posted()
        self._publish(count)
        resumed = utc_now()
        supervisor.resume(_WORKER)
        wanted = before + count * _POSTINGS_OF[IssueConfirmed]
        wait_until(lambda: self._posted() >= wanted, _PATIENCE_SECONDS, "the posting of all events")
        moments = sorted(self._moments(resumed))
        gaps = [(later - one).total_seconds() * 1000 for one, later in pairwise(moments)]
        return speed(gaps, (moments[-1] - moments[0]).total_seconds())

    def store(self, seconds: float, kind: type[IssueFact]) -> Speed:
        """Postings a second by what the worker does with a lot of events, in this process, without broker."""
        heard, postings = subscriptions(self._mongo), AT_ONCE * _POSTINGS_OF[kind]
        latencies: list[float] = []
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            events = [parse(orjson.dumps(self._event(kind))) for _ in range(AT_ONCE)]
            began = time.perf_counter()
            failed = [one for one in heard.handle_jointly(events) if one is not None]
            if failed:
                raise failed[0]
            latencies += [(time.perf_counter() - began) * 1000 / postings] * postings
        return speed(latencies, sum(latencies) / 1000)

    def _posted(self) -> int:
        return int(self._mongo["journal"].estimated_document_count())

    def _moments(self, since: datetime) -> list[datetime]:
        found = self._mongo["journal"].find({"posted_at": {"$gte": since}}, {"posted_at": 1})
        return [one["posted_at"] for one in found]

    def _publish(self, count: int) -> None:
        connection = pika.BlockingConnection(pika.URLParameters(self._scene.deployment.amqp_url))
        channel = connection.channel()
        channel.confirm_delivery()
        for _ in range(count):
            event = self._event(IssueConfirmed)
            properties = pika.BasicProperties(
                content_type=CONTENT_TYPE, delivery_mode=2, message_id=event["id"], type=event["type"]
            )
            channel.basic_publish("", queue_name("points"), orjson.dumps(event), properties, mandatory=True)
        connection.close()

    def _event(self, kind: type[IssueFact]) -> dict[str, Any]:
        self._issues += 1
        count = len(self._members)
        solver, reporter = self._members[self._issues % count], self._members[(self._issues * 7 + 1) % count]
        area = grids(COMMUNITY_A)[self._issues % len(grids(COMMUNITY_A))]
        fact = kind(
            number="20260101-BENCH1",
            category="environment",
            level="steward",
            lead_unit=area,
            reporter=reporter,
            followers=(reporter,),
            assignee=solver,
            resolver=solver,
            actor=reporter,
            photos=1,
            due_at=None,
            part_of=None,
            round=1,
        )
        return envelope(fact, source="issues", subject=new_ulid(), sequence=4, area=area, at=utc_now())
