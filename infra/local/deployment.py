"""All processes of one deployment on this machine: backing servers, four services twice, the gateway."""

import fcntl
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path

from infra.local import backing
from infra.local.secrets import Secrets
from infra.local.supervisor import Program, StartError, Supervisor, port_is_free

SERVICES = ("volunteer", "issues", "points", "notify")
PORTS_IN_ALL = 12
ROOT = Path(__file__).parent.parent.parent
_directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A proxy of this machine has no part in asking its own processes."""


@dataclass(frozen=True)
class Ports:
    """The ports of a deployment: the gateway's own and the eleven above it."""

    gateway: int

    @property
    def broker(self) -> int:
        """RabbitMQ."""
        return self.gateway + 9

    @property
    def broker_cluster(self) -> int:
        """RabbitMQ's own between nodes."""
        return self.gateway + 10

    @property
    def database(self) -> int:
        """The database."""
        return self.gateway + 11

    def api(self, service: str) -> int:
        """A service's API."""
        return self.gateway + 1 + SERVICES.index(service)

    def worker(self, service: str) -> int:
        """A service's worker: health and metrics."""
        return self.gateway + 5 + SERVICES.index(service)


def free_ports(start: int = 21000) -> Ports:
    """Ports that nobody listens on now, for a private deployment of tests or benchmarks."""
    for first in range(start, 60000, PORTS_IN_ALL):
        if all(port_is_free(first + place) for place in range(PORTS_IN_ALL)):
            return Ports(first)
    raise StartError("There are not twelve free ports in a row on 127.0.0.1.")


@dataclass
class Deployment:
    """One running district. `overrides` are environment variables laid over the processes' own."""

    folder: Path
    ports: Ports
    overrides: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    on_event: Callable[[str], None] = lambda _: None
    supervisor: Supervisor = field(init=False)
    amqp_url: str = field(init=False, default="")
    mongo_url: str = field(init=False, default="")
    _lock: TextIOWrapper | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.folder / "logs", self.on_event)

    def start(self) -> None:
        """Start everything and wait until all is ready. Raises StartError."""
        self.start_backing()
        self.start_services()

    def start_backing(self) -> None:
        """Start the broker and the database, unless AMQP_URL and MONGO_URL name running ones."""
        self._claim_folder()
        programs: list[Program] = []
        self.mongo_url = self.environ.get("MONGO_URL", "")
        self.amqp_url = self.environ.get("AMQP_URL", "")
        wanted = [*range(self.ports.gateway, self.ports.gateway + 9)]
        wanted += [] if self.mongo_url else [self.ports.database]
        wanted += [] if self.amqp_url else [self.ports.broker, self.ports.broker_cluster]
        self._check_ports(wanted)
        if not self.mongo_url:
            self.mongo_url = backing.mongo_url(self.ports.database, self.environ)
            programs.append(backing.database(self.folder, self.ports.database, self.environ))
        if not self.amqp_url:
            backing.ensure_rabbitmq_installed(self.on_event)
            self.amqp_url = backing.amqp_url(self.ports.broker)
            programs.append(backing.rabbitmq(self.folder, self.ports.broker, self.ports.broker_cluster))
        elif not backing.broker_answers(self.amqp_url):
            raise StartError("AMQP_URL is set, but no broker answers there: correct it, or unset it.")
        self.supervisor.start(*programs)

    def start_services(self) -> None:
        """Start the workers, then the APIs and the gateway side by side."""
        self.supervisor.start(*(self.worker(name) for name in SERVICES))
        self.supervisor.start(*(self.api(name) for name in SERVICES), self.gateway())

    def stop(self) -> None:
        """Stop everything; the data stays."""
        self.supervisor.stop()
        if self._lock is not None:
            self._lock.close()

    def discard(self) -> None:
        """End everything at once: its data is of no more use."""
        self.supervisor.discard()
        if self._lock is not None:
            self._lock.close()

    def worker(self, service: str, *arguments: str) -> Program:
        """A service's background process."""
        port = self.ports.worker(service)
        environment = {**self.environment(), "WORKER_PORT": str(port)}
        command = [sys.executable, "-m", f"services.{service}", *arguments]
        return Program(f"{service}-worker", command, environment, lambda: answers(port, "/readyz"))

    def api(self, service: str) -> Program:
        """A service's API."""
        port = self.ports.api(service)
        return self._web(f"{service}-api", f"services.{service}.app:create_app()", port, self.environment())

    def gateway(self) -> Program:
        """The gateway."""
        upstreams = {f"{one.upper()}_URL": f"http://127.0.0.1:{self.ports.api(one)}" for one in SERVICES}
        environment = {**self.environment(), **upstreams}
        return self._web("gateway", "gateway.app:create_app()", self.ports.gateway, environment)

    def environment(self) -> dict[str, str]:
        """What every process of this deployment is told."""
        inherited = {name: value for name, value in self.environ.items() if name in ("PATH", "HOME", "LANG")}
        return {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "MONGO_URL": self.mongo_url,
            "AMQP_URL": self.amqp_url,
            "DISTRICT": self.environ.get("DISTRICT", "120199"),
            "TOPOLOGY_FILE": str(ROOT / "infra/topology.json"),
            "DOCS_FOLDER": str(ROOT / "docs"),
            "ENV": self.environ.get("ENV", "development"),
            "DEV_LOGIN": self.environ.get("DEV_LOGIN", "true"),
            "BOOTSTRAP_ADMIN_PHONE": self.environ.get("BOOTSTRAP_ADMIN_PHONE", "13900000001"),
            "LOG_LEVEL": self.environ.get("LOG_LEVEL", "INFO"),
            # Demonstrations, tests and benchmarks report for a whole district as a few people.
            "REPORTS_PER_HOUR": self.environ.get("REPORTS_PER_HOUR", "0"),
            "ANONYMISE_AFTER_DAYS": self.environ.get("ANONYMISE_AFTER_DAYS", "365"),
            "POINTS_VALID_MONTHS": self.environ.get("POINTS_VALID_MONTHS", "0"),
            "MINUTES_VALID_MONTHS": self.environ.get("MINUTES_VALID_MONTHS", "0"),
            "WEB_CONCURRENCY": self.environ.get("WEB_CONCURRENCY", "1"),
            **Secrets.kept_in(self.folder).environment(),
            **self.overrides,
        }

    def _web(self, name: str, application: str, port: int, environment: Mapping[str, str]) -> Program:
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "infra/gunicorn_conf.py"), application]
        return Program(name, command, {**environment, "PORT": str(port)}, lambda: answers(port, "/readyz"))

    def _check_ports(self, ports: list[int]) -> None:
        taken = [port for port in ports if not port_is_free(port)]
        if taken:
            raise StartError(
                f"Port {', '.join(map(str, taken))} on 127.0.0.1 is taken by another program. This copy "
                f"uses {self.ports.gateway} to {self.ports.gateway + PORTS_IN_ALL - 1}: choose another place "
                f"with GATEWAY_PORT=…, for example {self.ports.gateway + 100}."
            )

    def _claim_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError(
                f"Another copy is running on the data in {self.folder}: stop it, or choose another folder "
                "with DATA_DIR=…"
            ) from None


def answers(port: int, path: str) -> bool:
    """Whether a page of a local process answers with 200."""
    try:
        with _directly.open(f"http://127.0.0.1:{port}{path}", timeout=3) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition. Raises TimeoutError naming `what` when the deadline passes."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.05)
