"""gunicorn's settings for every API process and the gateway, all from the environment."""

import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import gunicorn.util
import orjson
from prometheus_client import multiprocess

bind = f"{os.environ.get('BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "16"))
timeout = 60
graceful_timeout = 20
keepalive = 75
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeat files, no data

# All workers of this master share their counters through one fresh folder.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="metrics-"))


def _write_problem(client: socket.socket, status: int, reason: str, message: str) -> None:
    """Answer what is no acceptable HTTP request (an over-long address, a broken header) as all errors are."""
    document = {
        "type": f"/problems/{status}",
        "title": reason,
        "status": status,
        "detail": message or reason,
        "instance": "/",
    }
    body = orjson.dumps(document)
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    gunicorn.util.write_nonblock(client, head.encode("latin-1") + body)


gunicorn.util.write_error = _write_problem  # it has no setting for this page of its own


def child_exit(_server: Any, worker: Any) -> None:
    """Let a dead worker's gauges go."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
