#!/opt/venv/bin/python3
"""The embedded database behind the interface of MongoDB's container image.

The root user of MONGO_INITDB_ROOT_USERNAME and MONGO_INITDB_ROOT_PASSWORD is made on the first start, before
the server can be reached from outside; from then on every client must sign in. `mongod`'s own options are
accepted and have no meaning here: the server always is a single-node replica set.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

DATA = Path("/data/db")
_USER_MADE = DATA / ".user-made"
_SECONDS = 60.0


def server(host: str, *options: str) -> list[str]:
    """The command line of the server. Every commit reaches the disk before it is acknowledged."""
    return [
        "secantusd-py",
        *("--host", host, "--port", "27017", "--storage-path", str(DATA), "--log-level", "WARNING"),
        *("--sync-on-commit", *options),
    ]


def client(**options: Any) -> MongoClient[dict[str, Any]]:
    """A client of the server in this container."""
    return MongoClient("127.0.0.1", 27017, directConnection=True, serverSelectionTimeoutMS=1000, **options)


def make_user(name: str, password: str) -> None:
    """Make the root user on a server that only this container can reach. Raises TimeoutError."""
    with subprocess.Popen(server("127.0.0.1")) as process:
        deadline = time.monotonic() + _SECONDS
        while not _answers():
            if time.monotonic() > deadline or process.poll() is not None:
                process.kill()
                raise TimeoutError("the database did not start")
            time.sleep(0.1)
        with client() as connection:
            connection.admin.command("createUser", name, pwd=password, roles=["root"])
        process.terminate()
    _USER_MADE.touch()


def _answers(**options: Any) -> bool:
    try:
        with client(**options) as connection:
            return bool(connection.admin.command("ping")["ok"])
    except PyMongoError:
        return False


def main(arguments: list[str]) -> int:
    """Run `mongod`, answer a health check (`healthy`), or run another command."""
    name, password = (os.environ[f"MONGO_INITDB_ROOT_{part}"] for part in ("USERNAME", "PASSWORD"))
    if arguments == ["healthy"]:
        return 0 if _answers(username=name, password=password, authSource="admin") else 1
    if arguments[:1] != ["mongod"]:
        os.execvp(arguments[0], arguments)  # noqa: S606 - what the operator asks for
    if not _USER_MADE.exists():
        make_user(name, password)
    command = server("0.0.0.0", "--auth")  # noqa: S104 - reached by other containers
    os.execvp(command[0], command)  # noqa: S606 - the server of this image
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
