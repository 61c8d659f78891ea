"""The web server's settings: what is left behind, and how long a caller who falls silent is waited for."""

import os
import socket
import struct
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

CONF = Path(__file__).parents[2] / "infra/gunicorn_conf.py"


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The settings as a web server reads them when it starts."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "to be restored")
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spec = spec_from_file_location("gunicorn_conf", CONF)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_counters_folder_goes_when_the_server_ends(conf: ModuleType, tmp_path: Path) -> None:
    (folder,) = tmp_path.glob("metrics-*")
    assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == str(folder)
    (folder / "counter_1.db").touch()
    conf.on_exit(None)
    assert list(tmp_path.glob("metrics-*")) == []


def test_a_caller_who_falls_silent_or_reads_no_more_frees_the_thread(
    conf: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "SILENCE", struct.pack("ll", 0, 50_000))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        conf.post_worker_init(SimpleNamespace(sockets=[SimpleNamespace(sock=listener)]))
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            with accepted:
                accepted.setblocking(True)
                with pytest.raises(BlockingIOError):
                    accepted.recv(1)
                with pytest.raises(BlockingIOError):
                    accepted.sendall(b"x" * 50_000_000)
