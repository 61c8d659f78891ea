"""A container's health check: exits with 0 when the process inside answers 200 on a page, else with 1.

It runs every few seconds in every container, so it imports nothing that starts slowly.
"""

import os
import socket
import sys

_SECONDS = 4.0


def status(port: int, path: str) -> int:
    """The HTTP status of a page of this host; 0 when nobody answers in time."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            first = connection.makefile("rb").readline().split()
    except OSError:
        return 0
    return int(first[1]) if len(first) > 1 and first[1].isdigit() else 0


if __name__ == "__main__":
    sys.exit(0 if status(int(os.environ["PORT"]), sys.argv[1]) == 200 else 1)
