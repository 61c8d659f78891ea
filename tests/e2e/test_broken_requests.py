"""Bytes that are no acceptable HTTP request: answered as all errors are, though no application sees them."""

import http.client
import socket

import orjson
import pytest

from infra.local.deployment import Deployment

HEAD = b"Host: x\r\nConnection: close\r\n"
BROKEN: dict[str, tuple[bytes, int]] = {
    "an address of 9,000 characters": (
        b"GET /v1/issues/" + b"x" * 9000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
        414,
    ),
    "a header of 20,000 characters": (
        b"GET /livez HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n" + HEAD + b"\r\n",
        431,
    ),
    "200 headers": (
        b"GET /livez HTTP/1.1\r\n" + b"".join(b"X%d: x\r\n" % n for n in range(200)) + HEAD + b"\r\n",
        431,
    ),
    "no method": (b"/livez HTTP/1.1\r\n" + HEAD + b"\r\n", 400),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "a header without a colon": (b"GET /livez HTTP/1.1\r\nnonsense\r\n" + HEAD + b"\r\n", 400),
    "a control character in a header": (b"GET /livez HTTP/1.1\r\nX: a\x00b\r\n" + HEAD + b"\r\n", 400),
    "a header that means something to web servers only": (
        b"GET /none HTTP/1.1\r\nSCRIPT_NAME: /elsewhere\r\n" + HEAD + b"\r\n",
        404,
    ),
    "a length below zero": (b"POST /v1/auth/codes HTTP/1.1\r\nContent-Length: -1\r\n" + HEAD + b"\r\n", 400),
    "a length that is no number": (
        b"POST /v1/auth/codes HTTP/1.1\r\nContent-Length: 1e3\r\n" + HEAD + b"\r\n",
        400,
    ),
    "a length and chunks": (
        b"POST /v1/auth/codes HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
        + HEAD
        + b"\r\n0\r\n\r\n",
        400,
    ),
}


def answer_to(port: int, request: bytes) -> tuple[int, bytes, bytes]:
    """Status, header and body of what a port answers to these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), head, body


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_http_request_is_answered_with_a_problem_document(
    deployment: Deployment, what: str
) -> None:
    request, wanted = BROKEN[what]
    for port in (deployment.ports.gateway, deployment.ports.api("volunteer")):
        status, head, body = answer_to(port, request)
        assert status == wanted, body
        assert b"application/problem+json" in head
        problem = orjson.loads(body)
        assert problem["status"] == wanted
        assert {"type", "title", "detail", "instance"} <= set(problem)


@pytest.mark.parametrize("size", [70_000, 1_100_000])
def test_a_connection_is_kept_after_a_large_body_that_was_refused(deployment: Deployment, size: int) -> None:
    for port in (deployment.ports.gateway, deployment.ports.api("issues")):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for path in ("/v1/media/x/moderations", "/v1/issues", "/v1/issues"):
            connection.request("POST", path, b"x" * size, {"Authorization": "Bearer forged"})
            with connection.getresponse() as answer:
                assert answer.status in (401, 413)
                answer.read()
            assert connection.sock is not None, "the answer said that this was the last one"
        connection.close()
