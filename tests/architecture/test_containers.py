"""The compose file keeps its promises: one open port, no secret by default, nothing needed left out."""

import dataclasses
import importlib
import re
from typing import Any

import pytest
import yaml

from chassis.settings import Secret, ServiceSettings
from gateway.app import GatewaySettings
from infra.containers.env_file import keys
from infra.local.deployment import ROOT, SERVICES

TEXT = (ROOT / "infra/docker-compose.yml").read_text()
CONTAINERS: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
PROCESSES = [f"{service}-{role}" for service in SERVICES for role in ("api", "worker")]
OWN = ["gateway", *PROCESSES]
GUNICORN = {"WEB_CONCURRENCY", "WEB_THREADS"}


def settings_of(container: str) -> Any:
    """The settings class that the process in a container loads: the most special one of its app.py."""
    if container == "gateway":
        return GatewaySettings
    app = importlib.import_module(f"services.{container.split('-', 1)[0]}.app")
    kinds = [one for one in vars(app).values() if isinstance(one, type) and issubclass(one, ServiceSettings)]
    return max(kinds, key=lambda kind: len(kind.__mro__))


def variables(container: str, *, required: bool = False) -> set[str]:
    """The variables that a container's process reads, or only those that it cannot start without."""
    return {
        field.name.upper()
        for field in dataclasses.fields(settings_of(container))
        if not required or field.default is dataclasses.MISSING
    }


def test_the_file_runs_every_service_twice_with_gateway_broker_and_database() -> None:
    assert set(CONTAINERS) == {*OWN, "rabbitmq", "mongo"}


def test_only_the_gateway_publishes_a_port() -> None:
    publishing = {
        name for name, one in CONTAINERS.items() if "ports" in one or one.get("network_mode") == "host"
    }
    assert publishing == {"gateway"}


def test_broker_and_database_are_on_a_network_without_a_way_out_and_out_of_the_gateways_reach() -> None:
    assert yaml.safe_load(TEXT)["networks"]["backing"] == {"internal": True}
    assert [CONTAINERS[name]["networks"] for name in ("rabbitmq", "mongo")] == [["backing"], ["backing"]]
    assert "backing" not in CONTAINERS["gateway"]["networks"]


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_has_a_health_check_comes_back_and_can_be_scaled(container: str) -> None:
    one = CONTAINERS[container]
    assert one["healthcheck"]["test"][0] == "CMD"
    assert one["restart"] == "unless-stopped"
    assert "container_name" not in one


@pytest.mark.parametrize("container", CONTAINERS)
def test_no_container_waits_for_another_to_start(container: str) -> None:
    assert "depends_on" not in CONTAINERS[container]


def test_no_secret_has_a_default() -> None:
    fields = [field for container in OWN for field in dataclasses.fields(settings_of(container))]
    secrets = {field.name.upper() for field in fields if field.type in (Secret, "Secret")} - {"AMQP_URL"}
    secrets |= set(keys())
    used = re.findall(r"\$\{(\w+)([^}]*)\}", TEXT)
    assert secrets <= {name for name, _ in used}
    assert {name for name, rest in used if name in secrets and not rest.startswith(":?")} == set()


def test_no_secret_is_written_into_the_file() -> None:
    for name, one in CONTAINERS.items():
        for variable, value in one["environment"].items():
            if re.search(r"PASS|KEY|SECRET|JWKS", variable):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{variable} of {name}"
            elif variable.endswith("_URL") and "@" in str(value):
                assert re.search(r"//\w+:\$\{\w+:\?[^}]+\}@", value), f"{variable} of {name}"


def test_production_is_the_default_and_sign_in_codes_are_not_shown() -> None:
    environment = CONTAINERS["volunteer-api"]["environment"]
    assert (environment["ENV"], environment["DEV_LOGIN"]) == ("${ENV:-production}", "${DEV_LOGIN:-false}")


@pytest.mark.parametrize("container", OWN)
def test_every_variable_that_a_process_cannot_start_without_is_passed(container: str) -> None:
    assert variables(container, required=True) <= set(CONTAINERS[container]["environment"])


@pytest.mark.parametrize("container", OWN)
def test_a_process_is_told_nothing_that_it_does_not_read(container: str) -> None:
    assert set(CONTAINERS[container]["environment"]) <= variables(container) | GUNICORN


@pytest.mark.parametrize("container", OWN)
def test_a_process_runs_without_privileges(container: str) -> None:
    one = CONTAINERS[container]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    users = re.findall(r"^USER (.+)$", (ROOT / "infra/Dockerfile").read_text(), re.MULTILINE)
    assert set(users) == {"10001:10001"}


@pytest.mark.parametrize("service", SERVICES)
def test_api_and_worker_of_a_service_are_one_image_which_is_built_once(service: str) -> None:
    api, worker = CONTAINERS[f"{service}-api"], CONTAINERS[f"{service}-worker"]
    assert api["image"] == worker["image"]
    assert api["build"]["args"]["SERVICE"] == service
    assert "build" not in worker
    assert worker["command"] == ["worker"]


def test_no_image_of_a_registry_is_named_without_a_variable() -> None:
    for name in ("rabbitmq", "mongo"):
        assert re.fullmatch(rf"\$\{{{name.upper()}_IMAGE:-[^}}]+\}}", CONTAINERS[name]["image"])
    froms = re.findall(r"^FROM (\S+)", (ROOT / "infra/Dockerfile").read_text(), re.MULTILINE)
    assert set(froms) == {"${PYTHON_IMAGE}", "runtime"}
