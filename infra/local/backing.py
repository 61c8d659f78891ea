"""The broker and the database of a local deployment: those that are given, or private ones."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from chassis.broker.connection import BROKER_ERRORS, connect
from infra.local.supervisor import Program, StartError, port_answers

_RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_ERLANG = "+sbwt none +sbwtdcpu none +sbwtdio none -rabbit dead_letter_worker_publisher_confirm_timeout 5000"
"""Idle schedulers sleep instead of spinning. The last is for what a delay queue gives back just when the
broker dies (ADR 6)."""


def broker_answers(url: str) -> bool:
    """Whether a broker accepts this URL."""
    try:
        connect(url).close()
    except BROKER_ERRORS:
        return False
    return True


def ensure_rabbitmq_installed(say: Callable[[str], None]) -> None:
    """See to it that Debian's RabbitMQ is there. Raises StartError where it cannot be installed."""
    if _RABBITMQ.exists():
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise StartError(
            "No RabbitMQ: set AMQP_URL to a running one, or run apt-get install rabbitmq-server."
        )
    say("installing RabbitMQ from Debian's packages …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "rabbitmq-server"],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StartError(f"RabbitMQ could not be installed:\n{done.stderr[-1000:]}")


def rabbitmq(folder: Path, port: int, dist_port: int) -> Program:
    """A private RabbitMQ node that keeps its data in `folder`."""
    home = (folder / "rabbitmq").resolve()
    home.mkdir(parents=True, exist_ok=True)
    (home / "enabled_plugins").write_text("[].\n")
    # Large messages and alarms aside, the defaults are right; disk_free_limit suits a laptop.
    (home / "rabbitmq.conf").write_text("disk_free_limit.absolute = 200MB\nloopback_users.guest = true\n")
    name = hashlib.sha256(str(home).encode()).hexdigest()[:10]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "RABBITMQ_NODENAME": f"steward-{name}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(dist_port),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG,
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    url = amqp_url(port)
    return Program(
        "backing:rabbitmq",
        [str(_RABBITMQ)],
        environment,
        ready=lambda: port_answers(port) and broker_answers(url),
        start_seconds=120,
    )


def amqp_url(port: int) -> str:
    """The URL of a private broker, whose guest account is for this machine only."""
    return f"amqp://guest:guest@127.0.0.1:{port}/%2F"


def database(folder: Path, port: int, environ: Mapping[str, str]) -> Program:
    """A private database: a `mongod` on the PATH, else the embedded server."""
    home = folder / "database"
    mongod = shutil.which("mongod", path=environ.get("PATH"))
    if mongod:
        path = home / "mongod"
        path.mkdir(parents=True, exist_ok=True)
        command = [mongod, "--dbpath", str(path), "--port", str(port), "--bind_ip", "127.0.0.1"]
        command += ["--replSet", "district", "--quiet"]
        url = mongo_url(port, environ)
        return Program("backing:database", command, environ, lambda: _mongod_ready(port, url), 60)
    path = home / "embedded"
    path.mkdir(parents=True, exist_ok=True)
    server = Path(sys.executable).parent / "secantusd-py"
    if not server.exists():
        raise StartError("No database: set MONGO_URL, or put mongod on the PATH, or install SecantusDB.")
    command = [str(server), "--host", "127.0.0.1", "--port", str(port), "--storage-path", str(path)]
    # Synced: acknowledged means on disk. Standalone: no log for change streams, which nobody reads here.
    command += ["--log-level", "WARNING", "--sync-on-commit", "--standalone"]
    url = mongo_url(port, environ)
    return Program("backing:database", command, environ, lambda: _mongo_answers(port, url), 60)


def mongo_url(port: int, environ: Mapping[str, str]) -> str:
    """The URL of a private database.

    The embedded server looks through all the retryable writes of the last half hour at each new one, and has
    no second member that a retry could reach: there the driver does without them.
    """
    retries = "true" if shutil.which("mongod", path=environ.get("PATH")) else "false"
    return f"mongodb://127.0.0.1:{port}/?directConnection=true&retryWrites={retries}"


def _mongo_answers(port: int, url: str) -> bool:
    if not port_answers(port):
        return False
    try:
        with MongoClient[dict[str, object]](url, serverSelectionTimeoutMS=1000) as client:
            return bool(client.admin.command("ping")["ok"])
    except PyMongoError:
        return False


def _mongod_ready(port: int, url: str) -> bool:
    """Start the single-node replica set on first use, and wait until it is the primary."""
    if not port_answers(port):
        return False
    try:
        with MongoClient[dict[str, object]](url, serverSelectionTimeoutMS=1000) as client:
            try:
                members = [{"_id": 0, "host": f"127.0.0.1:{port}"}]
                client.admin.command("replSetInitiate", {"_id": "district", "members": members})
            except OperationFailure:
                pass  # initiated already
            return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False
