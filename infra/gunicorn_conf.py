"""gunicorn's settings for every API process and the gateway, all from the environment."""

import gc
import os
import shutil
import socket
import struct
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
forwarder_headers = ""  # by default a caller on this machine could move the root of the application
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeat files, no data

SILENCE = struct.pack("ll", 30, 0)
"""Seconds and microseconds that a thread waits for a caller who stops sending or reading in the middle."""

# All workers of this master share their counters through one fresh folder.
_counters = "" if "PROMETHEUS_MULTIPROC_DIR" in os.environ else tempfile.mkdtemp(prefix="metrics-")
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", _counters)


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


def post_worker_init(worker: Any) -> None:
    """Give up on silent callers: gunicorn itself waits for ever, and sixteen of them would hold all threads.

    Linux hands the limit on to each connection that is accepted. What is loaded by now stays to the end: the
    collector need not walk it again (it took 0.13 s to, in the midst of requests).
    """
    gc.collect()
    gc.freeze()
    for listener in worker.sockets:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, SILENCE)


def on_exit(_server: Any) -> None:
    """Leave no folder of counters behind."""
    if _counters:
        shutil.rmtree(_counters, ignore_errors=True)


def child_exit(_server: Any, worker: Any) -> None:
    """Let a dead worker's gauges go."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
