"""The facts of a machine that its figures depend on."""

import os
import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pika

from bench.scene import Scene

_LIBRARIES = ("flask", "gunicorn", "marshmallow", "pymongo", "pika", "orjson")


def facts(scene: Scene) -> dict[str, str]:
    """What ran on what, by name."""
    answers_as = scene.client.server_info()["version"]
    return {
        "Cores": f"{len(os.sched_getaffinity(0))} × {_field('/proc/cpuinfo', 'model name')}",
        "Memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        "System": f"{_field('/etc/os-release', 'PRETTY_NAME', '=')}, Linux {platform.release()}",
        "Python": platform.python_version(),
        "Libraries": ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
        "Database": f"{_database(scene.deployment.environ)}; answers as {answers_as}",
        "Broker": f"RabbitMQ {_broker_version(scene.deployment.amqp_url)}",
    }


def _database(environ: Mapping[str, str]) -> str:
    if environ.get("MONGO_URL"):
        return "the server given by MONGO_URL"
    if shutil.which("mongod", path=environ.get("PATH")):
        return "mongod, one member, on the same disk"
    return f"SecantusDB {version('secantusdb')} (embedded), on the same disk"


def _broker_version(url: str) -> str:
    properties: dict[str, object] = {}

    def opened(connection: pika.SelectConnection) -> None:
        properties.update(connection.server_properties or {})
        connection.close()

    connection = pika.SelectConnection(
        pika.URLParameters(url),
        on_open_callback=opened,
        on_close_callback=lambda closed, _: closed.ioloop.stop(),
    )
    connection.ioloop.start()
    return str(properties.get("version", "unknown"))


def _field(path: str, name: str, separator: str = ":") -> str:
    """A line's value in a file of `name: value` lines. Raises LookupError where there is none."""
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.split(separator, 1)[1].strip(' "')
    raise LookupError(f"{path} has no {name}")
