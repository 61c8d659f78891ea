"""Poison in the running district, and what an operator does about it on the command line."""

import subprocess
import sys
from typing import Any

import orjson
import pika

from chassis.broker import topology
from chassis.broker.connection import connect
from infra.local.deployment import ROOT, wait_until
from tests.faults.line import fact
from tests.faults.storm import Storm


def test_poison_ends_in_the_dead_letters_and_the_operator_replays_or_discards_it(storm: Storm) -> None:
    dead = [topology.dead_queue_name("points")]
    foreign = fact("issue.claimed", data={"photos": "three"})
    with storm.blows("poison among the events: bytes, and an event whose data fails its schema") as load:
        publish(storm, b"\xff no JSON", message_id="poison-bytes")
        publish(storm, orjson.dumps(foreign), message_id=foreign["id"])
        storm.go_on(load, 5)
        wait_until(lambda: storm.books.depth(dead) == 2, 60, "both dead letters")

        listed = operator(storm, "list")
        assert "poison-bytes" in listed
        assert "not an event envelope" in listed
        assert f"{foreign['id']}  issue.claimed.v1" in listed
        assert "ValidationError" in listed
        assert operator(storm, "replay", "--id", foreign["id"]) == "replay: 1\n"
        wait_until(lambda: storm.books.depth(dead) == 2, 60, "the dead letter after its replay")
        assert operator(storm, "discard", "--id", "poison-bytes") == "discard: 1\n"
        assert operator(storm, "discard") == "discard: 1\n"
        assert operator(storm, "list") == ""


def publish(storm: Storm, body: bytes, **properties: Any) -> None:
    """Put a body into the queue of points, as some foreign program might."""
    connection = connect(storm.deployment.amqp_url)
    connection.channel().basic_publish(
        "",
        topology.queue_name("points"),
        body,
        pika.BasicProperties(delivery_mode=2, type="issue.claimed.v1", **properties),
    )
    connection.close()


def operator(storm: Storm, *arguments: str) -> str:
    """Run the points service's command line."""
    done = subprocess.run(
        [sys.executable, "-m", "services.points", "dead-letters", *arguments],
        env=storm.deployment.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout
