"""A storm: load on the deployment, something broken meanwhile, and the books balanced afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import requests

from demo.district import District
from infra.local.deployment import Deployment, answers, wait_until
from infra.local.supervisor import Program
from tests.faults.accounting import Books
from tests.faults.load import Load
from tests.faults.record import Record


@dataclass
class Storm:
    """What the fault tests share. `restarts` are the supervisor's words on processes that ended unasked."""

    deployment: Deployment
    people: District
    books: Books
    record: Record
    restarts: list[str] = field(default_factory=list)

    @contextmanager
    def blows(self, done: str) -> Iterator[Load]:
        """Load while the block runs. Afterwards nothing may be lost or doubled, and `done` is recorded."""
        before = self.books.counts()
        self.restarts.clear()
        load = Load(self.people)
        load.start()
        try:
            self.go_on(load)
            yield load
        finally:
            load.stop()
        self.books.end_orphaned_transactions()
        self.books.balance(load.acknowledged)
        after = self.books.counts()
        assert after["issues"] - before["issues"] == len(load.keys), "a repeated report made a second issue"
        assert after["confirmed"] - before["confirmed"] == load.finished
        self.record.add(f"{done} ({load.repeats} requests repeated)", before, after)

    def go_on(self, load: Load, stories: int = 3) -> None:
        """Wait until so many more stories have been told to their end."""
        wanted = load.finished + stories
        wait_until(
            lambda: load.finished >= wanted or bool(load.troubles),
            120,
            f"{stories} more stories",
        )

    def kill(self, name: str, load: Load) -> None:
        """kill -9 a program; its supervisor starts it again; the stories go on."""
        self.deployment.supervisor.kill(name)
        self.deployment.supervisor.wait_ready(name)
        self.go_on(load, 1)

    def crashed(self, name: str, times: int) -> None:
        """Wait until a program has ended unasked so many times."""
        wait_until(
            lambda: sum(text.startswith(f"{name} ended") for text in self.restarts) >= times,
            120,
            f"crash number {times} of {name}",
        )

    def replace_workers(self, *services: str, **environment: str) -> None:
        """Stop workers in good order and start them anew with other settings."""
        for service in services:
            self.deployment.supervisor.end(f"{service}-worker")
        programs = [self.deployment.worker(service) for service in services]
        self.deployment.supervisor.start(
            *(replace(one, environment={**one.environment, **environment}) for one in programs)
        )

    def second_worker(self, service: str, port: int, *arguments: str) -> Program:
        """One more worker of a service, on a port of its own."""
        program = self.deployment.worker(service, *arguments)
        return replace(
            program,
            name="-".join([service, "worker", "second", *arguments[1:]]),
            environment={**program.environment, "WORKER_PORT": str(port)},
            ready=lambda: answers(port, "/readyz"),
        )


def measured(port: int, metric: str) -> float:
    """The sum of a metric over its labels, of the process that listens on this port."""
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(metric))
