"""The parts that run around containers: the env file, the entry point, the health probe."""

import http.server
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.containers import env_file
from infra.containers.entry import command
from infra.containers.probe import status


class Pages(http.server.BaseHTTPRequestHandler):
    """`/readyz` is well, everything else is not."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_the_env_file_is_for_its_owner_only_and_holds_every_key_in_quotes(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    env_file.write_production(path, "120199")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    written = dict(line.split("=", 1) for line in lines)
    assert written["DISTRICT"] == "'120199'"
    assert written.keys() >= env_file.keys().keys()
    assert all(value.startswith("'") and value.endswith("'") for value in written.values())


def test_an_env_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        env_file.write_production(path, "120199")
    assert path.read_text() == "mine"


def test_two_env_files_share_no_key() -> None:
    assert not set(env_file.keys().values()) & set(env_file.keys().values())


@pytest.mark.parametrize("district", ["", "1201", "12019x"])
def test_an_env_file_without_a_proper_district_is_not_written(tmp_path: Path, district: str) -> None:
    with pytest.raises(ValueError, match="DISTRICT"):
        env_file.write_production(tmp_path / ".env", district)
    assert not (tmp_path / ".env").exists()


def test_a_value_that_would_end_its_quotes_is_refused() -> None:
    with pytest.raises(ValueError, match="NAME holds a quote"):
        env_file.text({"NAME": "it's"})


def test_a_container_runs_the_api_or_the_worker_of_its_service() -> None:
    assert command("issues", ["api"])[-1] == "services.issues.app:create_app()"
    assert command("gateway", ["api"])[-1] == "gateway.app:create_app()"
    assert command("issues", ["worker", "--only", "relay"]) == [
        "python3",
        "-m",
        "services.issues",
        "--only",
        "relay",
    ]


@pytest.mark.parametrize(
    ("service", "arguments"), [("gateway", ["worker"]), ("issues", []), ("issues", ["bash"])]
)
def test_a_role_that_a_service_does_not_have_is_refused(service: str, arguments: list[str]) -> None:
    with pytest.raises(ValueError, match="has no role"):
        command(service, arguments)


def test_the_probe_tells_a_page_that_is_well_from_one_that_is_not(port: int) -> None:
    assert status(port, "/readyz") == 200
    assert status(port, "/livez") == 503


def test_the_probe_finds_nobody_at_a_port_that_nobody_listens_on(port: int) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Pages) as server:
        closed = server.server_port
    assert status(closed, "/readyz") == 0
