"""The gateway when somebody hangs up: the caller within a request, or within the answer to one."""

import io
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.unit.test_gateway import Broken, opened, told

CHUNK = 64 * 1024
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Reset(io.RawIOBase):
    """The body of a caller whose connection was reset."""

    def read(self, _size: int = -1) -> bytes:
        """Read nothing."""
        raise ConnectionResetError(104, "Connection reset by peer")


class Service(Broken):
    """A service that takes in all that is sent, and answers when nothing more is to come."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        super().__init__(self._take)

    def _take(self, connection: socket.socket) -> None:
        connection.settimeout(2)
        try:
            while chunk := connection.recv(65536):
                self.received.append(chunk)
        except TimeoutError:
            connection.sendall(ANSWER)


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


def send(client: FlaskClient, body: io.IOBase, length: int) -> Any:
    """Post a body that is said to be so long, as the web server hands one on."""
    web_server = {"wsgi.input": body, "CONTENT_LENGTH": str(length), "wsgi.input_terminated": True}
    return client.post("/v1/media", environ_overrides=web_server)


@pytest.mark.parametrize(("sent", "announced"), [(10, 100), (300 * 1024, 1024 * 1024)])
def test_a_service_is_not_kept_waiting_for_what_a_caller_who_hung_up_never_sent(
    service: Service, sent: int, announced: int
) -> None:
    answer = send(opened(service.url), io.BytesIO(b"x" * sent), announced)
    assert (answer.status_code, told(answer)["type"]) == (400, "/problems/400")


def test_a_caller_whose_connection_is_reset_is_no_error_of_ours(service: Service) -> None:
    assert send(opened(service.url), Reset(), 100).status_code == 400


def test_an_answer_that_nobody_read_to_its_end_is_not_taken_for_the_next_one() -> None:
    later: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        if broken.calls > 1:
            connection.sendall(ANSWER)
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * CHUNK)
        connection.settimeout(5)
        later.append(connection.recv(65536))

    broken = Broken(answer)
    try:
        client = opened(broken.url)
        download = client.get("/v1/media/x", buffered=False)
        assert len(next(download.iter_encoded())) > 0
        download.close()
        assert client.post("/v1/issues", json={}).status_code == 200
        assert later == [b""]
    finally:
        broken.close()
