"""A local deployment that cannot start says why, in words that say what to do."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.deployment import PORTS_IN_ALL, Deployment, Ports, free_ports
from infra.local.supervisor import StartError
from tests.conftest import private_deployment


@contextmanager
def listening(port: int) -> Iterator[None]:
    """Somebody else's server on a port."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))
        server.listen()
        yield


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment that is not started."""
    made = private_deployment(tmp_path / "data")
    yield made
    made.stop()


@pytest.mark.parametrize("offset", [0, 4, 9, 11])
def test_a_taken_port_is_named_with_the_setting_that_chooses_another(copy: Deployment, offset: int) -> None:
    port = copy.ports.gateway + offset
    with listening(port), pytest.raises(StartError, match=rf"Port {port} .* taken .*GATEWAY_PORT"):
        copy.start_backing()


def test_a_port_that_is_not_needed_may_be_taken(tmp_path: Path, backing: Deployment) -> None:
    environ = {**backing.environ, "MONGO_URL": backing.mongo_url, "AMQP_URL": backing.amqp_url}
    second = Deployment(tmp_path, free_ports(backing.ports.gateway + PORTS_IN_ALL), {}, environ)
    with listening(second.ports.database), listening(second.ports.broker):
        second.start_backing()
        assert (second.mongo_url, second.amqp_url) == (backing.mongo_url, backing.amqp_url)
    second.stop()


def test_a_second_copy_on_the_same_folder_is_refused(backing: Deployment) -> None:
    second = Deployment(backing.folder, free_ports(backing.ports.gateway + PORTS_IN_ALL), {}, backing.environ)
    with pytest.raises(StartError, match=r"(?s)Another copy is running .*DATA_DIR"):
        second.start_backing()
    second.stop()


def test_a_broker_that_is_named_but_does_not_answer_is_an_error(tmp_path: Path, backing: Deployment) -> None:
    environ = {**backing.environ, "MONGO_URL": backing.mongo_url, "AMQP_URL": "amqp://127.0.0.1:1/%2F"}
    second = Deployment(tmp_path, free_ports(backing.ports.gateway + PORTS_IN_ALL), {}, environ)
    with pytest.raises(StartError, match="AMQP_URL"):
        second.start_backing()
    second.stop()


def test_every_process_has_a_port_of_its_own() -> None:
    ports = Ports(21000)
    services = ("volunteer", "issues", "points", "notify")
    used = [ports.gateway, ports.broker, ports.broker_cluster, ports.database]
    used += [port for name in services for port in (ports.api(name), ports.worker(name))]
    assert sorted(used) == list(range(21000, 21000 + PORTS_IN_ALL))


def test_what_the_caller_has_in_their_environment_does_not_leak_into_the_processes(tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin", "HTTP_PROXY": "http://elsewhere", "FIELD_KEY": "mine"}
    told = Deployment(tmp_path, Ports(21000), {"LOG_LEVEL": "DEBUG"}, environ).environment()
    assert "HTTP_PROXY" not in told
    assert told["FIELD_KEY"] != "mine"
    assert told["LOG_LEVEL"] == "DEBUG"
