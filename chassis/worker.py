"""Runs a service's background parts (relay, consumer, timers) and answers for their health."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import orjson
from pymongo.errors import PyMongoError

from chassis import logs, metrics
from chassis.broker import topology
from chassis.broker.consumer import Consumer, Jointly
from chassis.broker.publisher import Publisher
from chassis.events import Envelope
from chassis.faults import Faults
from chassis.mongo import Mongo
from chassis.precedence import step_back
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from chassis.timers import Timer, run_timer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PARTS = ("relay", "consumer", "timers")
_LOOK_SECONDS = 0.5

log = logs.get()


@dataclass
class Worker:
    """One service's worker: what it relays, how it handles events, what it does by the clock."""

    service: str
    settings: ServiceSettings
    mongo: Mongo
    outboxes: Sequence[str]
    handle: Callable[[Envelope], None] | None = None
    jointly: Jointly | None = None
    timers: Sequence[Timer] = ()
    prepare: Callable[[], None] | None = None
    _checks: dict[str, Callable[[], bool]] = field(default_factory=dict)

    def run(self, only: str | None = None) -> None:
        """Run all parts, or the one named, until SIGTERM or SIGINT; then finish what was begun.

        A part that dies of an unforeseen error takes the process with it, for its supervisor to restart.
        """
        stop, started = threading.Event(), threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        step_back(self.settings.worker_nice)
        parts = self._parts(only)
        if not parts:
            raise SystemExit(f"The {self.service} service has no {only}: there is nothing to run.")
        self._checks["database"] = self._database_answers
        self._checks["started"] = started.is_set
        if self.settings.worker_port:
            self._serve_health()
        if self.prepare is not None:
            self._prepare(stop)
        threads = [
            threading.Thread(target=self._guard, args=(name, target, stop), name=name)
            for name, target in parts.items()
        ]
        log.info("worker.started", service=self.service, parts=[thread.name for thread in threads])
        for thread in threads:
            thread.start()
        started.set()
        for thread in threads:
            _join(thread)
        self.mongo.close()
        log.info("worker.stopped", service=self.service)

    def _prepare(self, stop: threading.Event) -> None:
        while self.prepare is not None and not stop.is_set():
            try:
                self.prepare()
            except PyMongoError as error:
                log.warning("worker.waiting-for-database", reason=str(error)[:200])
                time.sleep(1)  # not stop.wait: a signal's handler, in this very thread, would need its lock
            else:
                return

    def _parts(self, only: str | None) -> Mapping[str, Callable[[threading.Event], None]]:
        shape = topology.load(self.settings.topology_file)
        faults = Faults(self.settings.faults)
        parts: dict[str, Callable[[threading.Event], None]] = {}
        relay: Relay | None = None
        if only in (None, "relay") and self.outboxes:
            publisher = Publisher(
                self.settings.amqp_url,
                shape,
                self.settings.retry_delays,
                longest_wait=self.settings.reconnect_seconds,
            )
            relay = Relay(self.service, self.mongo, self.outboxes, publisher, faults)
            parts["relay"] = relay.run
            self._checks["broker (publishing)"] = lambda: publisher.connected
        if only in (None, "consumer") and self.handle is not None:
            consumer = Consumer(
                self.service,
                self.settings.amqp_url,
                shape,
                _waking(self.handle, relay),
                threads=self.settings.worker_threads,
                delays=self.settings.retry_delays,
                longest_wait=self.settings.reconnect_seconds,
                faults=faults,
                jointly=_waking_jointly(self.jointly, relay),
            )
            parts["consumer"] = consumer.run
            self._checks["broker (consuming)"] = lambda: consumer.connected
        if only in (None, "timers"):
            # A thread each: a task that takes long holds none of the others up.
            longest = self.settings.timer_seconds
            timers = [replace(one, every=min(one.every, longest)) for one in self.timers]
            parts |= {f"timer {one.name}": partial(run_timer, one) for one in timers}
        return parts

    def _guard(self, name: str, target: Callable[[threading.Event], None], stop: threading.Event) -> None:
        try:
            target(stop)
        except Exception:
            log.exception("worker.part-died", part=name)
            os._exit(1)

    def _database_answers(self) -> bool:
        try:
            return self.mongo.ping()
        except PyMongoError:
            return False

    def _serve_health(self) -> None:
        server = make_server(
            self.settings.bind,
            self.settings.worker_port,
            self._health,
            server_class=_HealthServer,
            handler_class=_Quiet,
        )
        threading.Thread(target=server.serve_forever, name="health", daemon=True).start()

    def _health(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            start_response("200 OK", [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")])
            return [metrics.exposition()]
        if path == "/livez":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b'{"status":"alive"}']
        if path == "/readyz":
            checks = {name: check() for name, check in self._checks.items()}
            ready = all(checks.values())
            status = "200 OK" if ready else "503 Service Unavailable"
            start_response(status, [("Content-Type", "application/json")])
            return [orjson.dumps({"status": "ready" if ready else "not ready", "checks": checks})]
        start_response("404 Not Found", [("Content-Type", "application/json")])
        return [b'{"status":"no such page"}']


def _join(thread: threading.Thread) -> None:
    """Wait for a thread's end, and for signals: their handlers run in this thread, between two looks.

    A signal that comes just before a wait without end begins, or that the system gives to another thread,
    would not end it.
    """
    while thread.is_alive():
        thread.join(_LOOK_SECONDS)


def _waking(handle: Callable[[Envelope], None], relay: Relay | None) -> Callable[[Envelope], None]:
    """A handler that wakes the relay of its own process after each effect."""
    if relay is None:
        return handle

    def handle_and_wake(event: Envelope) -> None:
        handle(event)
        relay.wake.set()

    return handle_and_wake


def _waking_jointly(jointly: Jointly | None, relay: Relay | None) -> Jointly | None:
    """The same for several events in one go."""
    if jointly is None or relay is None:
        return jointly

    def handle_and_wake(events: Sequence[Envelope]) -> Sequence[Exception | None]:
        outcomes = jointly.handle(events)
        relay.wake.set()
        return outcomes

    return Jointly(jointly.types, handle_and_wake)


class _HealthServer(ThreadingMixIn, WSGIServer):
    """Each probe in a thread: `/livez` must not wait for a `/readyz` that waits for the database."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Probes come every few seconds; they are no news."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
