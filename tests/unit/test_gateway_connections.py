"""The gateway's connections to a service are kept, whatever the kind of the answer."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.unit.test_gateway import opened

LARGE = 1_000_000


class Keeping(BaseHTTPRequestHandler):
    """Answers on kept connections, and counts these."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        """Take a new connection."""
        super().setup()
        type(self).connections += 1

    def do_GET(self) -> None:
        """Answer at length."""
        self._begin(200, LARGE)
        self.wfile.write(b"x" * LARGE)

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._begin(200, LARGE)

    def do_DELETE(self) -> None:
        """Answer that there is nothing to say."""
        self._begin(204, None)

    def _begin(self, status: int, length: int | None) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[ThreadingHTTPServer]:
    Keeping.connections = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Keeping) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("method", "length"), [("GET", LARGE), ("HEAD", 0), ("DELETE", 0)])
def test_a_connection_is_used_again_after_an_answer(
    service: ThreadingHTTPServer, method: str, length: int
) -> None:
    client = opened(f"http://127.0.0.1:{service.server_port}")
    for _ in range(3):
        answer = client.open("/v1/media/x", method=method)
        assert len(answer.data) == length
        assert answer.headers.get("Content-Length") == (None if method == "DELETE" else str(LARGE))
    assert Keeping.connections == 1
