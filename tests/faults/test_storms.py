"""Nothing lost: processes, broker and database are killed under load, and the books balance afterwards.

The short forms run with every `make test`; the long ones (`make faults`) do the same for longer.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from chassis.broker import topology
from chassis.broker.connection import connect
from infra.local.deployment import SERVICES, free_ports, wait_until
from tests.faults.storm import Storm, measured

WORKERS = [f"{service}-worker" for service in SERVICES]
APIS = [f"{service}-api" for service in SERVICES]
SERVERS = ["backing:rabbitmq", "backing:database"]
LONG = [pytest.mark.long, pytest.mark.timeout(1800)]


def short_or_long(name: str, short: int, long: int) -> pytest.MarkDecorator:
    """The same test in a short form and in a long one."""
    return pytest.mark.parametrize(name, [short, pytest.param(long, marks=LONG)])


@short_or_long("times", 1, 3)
def test_kill_9_of_every_kind_of_process_in_turn_loses_and_doubles_nothing(storm: Storm, times: int) -> None:
    everything = [*APIS, *WORKERS, "gateway", *SERVERS]
    with storm.blows(f"kill -9 of every process, the broker and the database in turn, {times} ×") as load:
        for name in everything * times:
            storm.kill(name, load)
    assert {text.split(" ended")[0] for text in storm.restarts} == set(everything)


@contextmanager
def faults_inside(storm: Storm, faults: str, *services: str) -> Iterator[None]:
    """Workers of these services with faults inside; sound ones again afterwards, which finish the work."""
    storm.replace_workers(*services, FAULTS=faults)
    try:
        yield
    finally:
        storm.replace_workers(*services)


@short_or_long("times", 1, 5)
def test_a_crash_between_confirm_and_removal_changes_no_total(storm: Storm, times: int) -> None:
    with (
        storm.blows(f"relays crash between the confirm and the removal, {times} × each") as load,
        faults_inside(storm, "relay.after-confirm=0.1", "issues", "points"),
    ):
        for name in ("issues-worker", "points-worker"):
            storm.crashed(name, times)
        storm.go_on(load)


@short_or_long("times", 1, 5)
def test_a_crash_between_effect_and_acknowledgement_changes_no_total(storm: Storm, times: int) -> None:
    with (
        storm.blows(f"consumers crash between the effect and the acknowledgement, {times} × each") as load,
        faults_inside(storm, "consumer.before-ack=0.03", "points", "notify"),
    ):
        for name in ("points-worker", "notify-worker"):
            storm.crashed(name, times)
        storm.go_on(load)


@short_or_long("stories", 15, 150)
def test_events_delivered_again_and_out_of_order_change_no_total(storm: Storm, stories: int) -> None:
    faults = "consumer.redeliver=0.05,consumer.delay=0.05"
    with (
        storm.blows("5 % delivered again and 5 % out of order") as load,
        faults_inside(storm, faults, "points", "notify"),
    ):
        storm.go_on(load, stories)
        port = storm.deployment.ports.worker("notify")
        wait_until(lambda: measured(port, "events_retried_total") > 0, 60, "an event out of order")


@short_or_long("seconds", 8, 60)
def test_while_the_broker_is_down_writes_are_answered_and_the_workers_say_so(
    storm: Storm, seconds: int
) -> None:
    with storm.blows(f"broker down for {seconds} s") as load:
        storm.deployment.supervisor.pause("backing:rabbitmq")
        until = time.monotonic() + seconds
        try:
            for service in SERVICES:
                wait_until(lambda one=service: says_broker_is_away(storm, one), 30, f"503 of {service}")  # type: ignore[misc]
            storm.go_on(load, 5)
            wait_until(lambda: time.monotonic() > until, seconds + 1, "the end of the outage")
        finally:
            storm.deployment.supervisor.resume("backing:rabbitmq")
        assert load.repeats == 0, "a write was not answered at once"
    for name in WORKERS:
        storm.deployment.supervisor.wait_ready(name)


def says_broker_is_away(storm: Storm, service: str) -> bool:
    port = storm.deployment.ports.worker(service)
    answer = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=10)
    checks = answer.json()["checks"]
    broker = [ready for name, ready in checks.items() if name.startswith("broker")]
    return answer.status_code == 503 and bool(broker) and not any(broker) and checks["database"] is True


@short_or_long("times", 1, 3)
def test_processes_that_are_asked_to_stop_finish_what_they_began(storm: Storm, times: int) -> None:
    supervisor = storm.deployment.supervisor
    with storm.blows(f"SIGTERM to every process in turn, {times} ×") as load:
        for name in [*WORKERS, "issues-api", "gateway"] * times:
            assert supervisor.end(name) == 0, f"{name} did not stop in good order"
            supervisor.resume(name)
            storm.go_on(load, 1)
    assert storm.restarts == []


@short_or_long("stories", 10, 150)
def test_two_relays_and_two_consumers_of_a_service_share_the_work(storm: Storm, stories: int) -> None:
    first = free_ports(storm.deployment.ports.gateway + 12).gateway
    extra = [
        storm.second_worker("issues", first, "--only", "relay"),
        storm.second_worker("points", first + 1, "--only", "consumer"),
        storm.second_worker("notify", first + 2),
    ]
    relays = [storm.deployment.ports.worker("issues"), first]
    consumers = [storm.deployment.ports.worker("points"), first + 1]
    try:
        with storm.blows("two relays and two consumers of a service at once") as load:
            storm.deployment.supervisor.start(*extra)
            storm.go_on(load, stories)
            for metric, ports in (("events_published_total", relays), ("events_consumed_total", consumers)):
                for port in ports:
                    wait_until(lambda m=metric, p=port: measured(p, m) > 0, 60, f"{metric} at {port}")  # type: ignore[misc]
    finally:
        for program in extra:
            assert storm.deployment.supervisor.end(program.name) == 0


def test_nothing_is_lost_for_a_consumer_that_has_never_run_when_publishers_start_first(storm: Storm) -> None:
    supervisor = storm.deployment.supervisor
    for name in WORKERS:
        supervisor.end(name)
    forget_queues_of(storm, "notify")
    with storm.blows("publishers start before a consumer that has never run") as load:
        supervisor.resume(*(name for name in WORKERS if name != "notify-worker"))
        storm.go_on(load, 5)
        waiting = [topology.queue_name("notify")]
        wait_until(lambda: storm.books.depth(waiting) >= 15, 60, "events that wait for the consumer")
        supervisor.resume("notify-worker")


def forget_queues_of(storm: Storm, service: str) -> None:
    """Make the broker as it was before the service was first installed."""
    delays = [float(text) for text in storm.deployment.overrides["RETRY_DELAYS"].split(",")]
    connection = connect(storm.deployment.amqp_url)
    channel = connection.channel()
    channel.queue_delete(topology.queue_name(service))
    channel.queue_delete(topology.dead_queue_name(service))
    for delay in delays:
        channel.queue_delete(topology.retry_queue_name(service, delay))
    connection.close()
