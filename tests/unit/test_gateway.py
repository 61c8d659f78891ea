"""The gateway with real upstreams: routing, limits, and what it says when a service is away or breaks off."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

import gateway.app
from chassis.clock import utc_now
from chassis.identity import Grant
from gateway.forwarding import Upstreams
from gateway.routing import MIB, ROUTES, Route, route_for
from infra.local.secrets import Secrets
from services.volunteer.people.domain import Member
from services.volunteer.people.tokens import TokenIssuer

SECRETS = Secrets.new()
SEGMENTS = st.text("abcxyz019-_.~%?#é ", max_size=8)


@given(st.sampled_from(ROUTES), st.lists(SEGMENTS, max_size=3))
def test_the_first_two_segments_of_a_path_decide_and_nothing_after_them(
    route: Route, segments: list[str]
) -> None:
    assert route_for("/".join([route.prefix, *segments])) is route


@given(st.sampled_from(ROUTES), st.text("abc019", min_size=1, max_size=5))
def test_a_longer_word_is_another_path(route: Route, more: str) -> None:
    wanted = route.prefix + more
    assert (route_for(wanted) is not None) == (wanted in {one.prefix for one in ROUTES})


@pytest.mark.parametrize(
    "path", ["", "/", "/v1", "/v1/", "/v2/issues", "v1/issues", "/v1//issues", "/V1/issues"]
)
def test_other_paths_have_no_route(path: str) -> None:
    assert route_for(path) is None


def test_each_prefix_is_in_the_table_once() -> None:
    assert len({route.prefix for route in ROUTES}) == len(ROUTES)


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    """A service that tells what it was asked."""
    app = Flask("echo")

    @app.route("/<path:_path>", methods=["GET", "POST", "DELETE"])
    def tell(_path: str) -> Response:
        told = jsonify(
            path=request.path,
            query=request.query_string.decode(),
            method=request.method,
            headers={name.lower(): value for name, value in request.headers.items()},
            size=len(request.get_data()),
        )
        told.status_code = int(request.args.get("status", "200"))
        told.headers["ETag"] = '"7"'
        told.headers["Keep-Alive"] = "timeout=5"
        return told

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def opened(upstream: str, **settings: str) -> FlaskClient:
    """A gateway whose services are all at one address."""
    names = ("VOLUNTEER", "ISSUES", "POINTS", "NOTIFY")
    environ = {**{f"{name}_URL": upstream for name in names}, "TOKEN_JWKS": SECRETS.jwks(), **settings}
    return gateway.app.create_app({**environ, "LOG_LEVEL": "CRITICAL"}).test_client()


def bearer(member_id: str) -> dict[str, str]:
    member = Member(member_id, "13900000101", None, (Grant("resident", "120199"),))
    token = TokenIssuer(SECRETS.token_signing_key, "1", utc_now).issue(member)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def client(echo: str) -> FlaskClient:
    return opened(echo)


def told(answer: TestResponse) -> Any:
    assert answer.json is not None
    return answer.json


def test_a_request_arrives_as_it_was_sent(client: FlaskClient) -> None:
    token = bearer("M")
    headers = {"If-Match": '"3"', **token}
    answer = client.post("/v1/issues/a?b=c&d=%E5%8C%BA", json={"x": 1}, headers=headers)
    heard = told(answer)
    assert (heard["path"], heard["query"], heard["method"]) == ("/v1/issues/a", "b=c&d=%E5%8C%BA", "POST")
    assert heard["headers"]["if-match"] == '"3"'
    assert heard["headers"]["authorization"] == token["Authorization"]
    assert heard["size"] == len('{"x":1}')
    assert answer.headers["ETag"] == '"7"'
    assert "Keep-Alive" not in answer.headers


@pytest.mark.parametrize("name", ["a?b", "a#b", "a b", "区", "a%b", "..", "a;b"])
def test_an_escaped_name_arrives_as_that_name_and_changes_nothing_else(
    client: FlaskClient, name: str
) -> None:
    escaped = "".join(f"%{byte:02X}" for byte in name.encode())
    heard = told(client.get(f"/v1/issues/x{escaped}"))
    assert (heard["path"], heard["query"]) == (f"/v1/issues/x{name}", "")


@pytest.mark.parametrize("status", [200, 201, 404, 409, 422, 500, 503])
def test_an_answer_comes_back_with_its_own_status(client: FlaskClient, status: int) -> None:
    assert client.get(f"/v1/issues?status={status}").status_code == status


def test_each_request_carries_an_id_and_a_trace_that_the_answer_names(client: FlaskClient) -> None:
    answer = client.get("/v1/issues", headers={"X-Request-Id": "r-1"})
    heard = told(answer)["headers"]
    assert heard["x-request-id"] == answer.headers["X-Request-Id"] == "r-1"
    assert heard["traceparent"].startswith("00-")
    assert client.get("/v1/issues").headers["X-Request-Id"]


@pytest.mark.parametrize("name", ["x" * 101, "a b", "13900000101\u00e9", "<script>"])
def test_what_is_no_request_id_is_not_taken_over(client: FlaskClient, name: str) -> None:
    answer = client.get("/v1/issues", headers={"X-Request-Id": name})
    assert told(answer)["headers"]["x-request-id"] == answer.headers["X-Request-Id"] != name


def test_the_date_and_the_server_are_left_to_the_web_server_in_front(client: FlaskClient) -> None:
    headers = client.get("/v1/issues").headers
    assert "Date" not in headers
    assert "Server" not in headers


def test_the_answer_to_a_head_tells_the_length_that_a_get_would_have(client: FlaskClient) -> None:
    answer = client.head("/v1/issues")
    assert (answer.status_code, answer.data) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 100


def test_methods_that_callers_make_up_are_counted_as_one(client: FlaskClient) -> None:
    for method in ("BREW", "WHEN"):
        assert client.open("/v1/issues", method=method).status_code == 405
    counted = client.get("/metrics").text
    assert 'method="other"' in counted
    assert "BREW" not in counted


def test_a_caller_cannot_name_the_address_they_come_from(client: FlaskClient) -> None:
    heard = told(client.get("/v1/issues", headers={"X-Forwarded-For": "8.8.8.8"}))
    assert heard["headers"]["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_forged_token_goes_no_further(client: FlaskClient, scheme: str) -> None:
    answer = client.get("/v1/issues", headers={"Authorization": f"{scheme} a.b.c"})
    assert (answer.status_code, told(answer)["type"]) == (401, "/problems/token-refused")


def test_an_address_without_a_route_is_a_problem_in_the_callers_language(client: FlaskClient) -> None:
    chinese = client.get("/v1/nothing/here")
    english = client.get("/v1/nothing/here", headers={"Accept-Language": "en"})
    assert (chinese.status_code, english.status_code) == (404, 404)
    assert told(chinese)["detail"] != told(english)["detail"]
    assert chinese.content_type == "application/problem+json"


@pytest.mark.parametrize(("path", "limit"), [("/v1/issues", MIB), ("/v1/auth/codes", 16 * 1024)])
def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(
    client: FlaskClient, path: str, limit: int
) -> None:
    assert told(client.post(path, data=b"x" * limit))["size"] == limit
    refused = client.post(path, data=b"x" * (limit + 1))
    assert (refused.status_code, told(refused)["limit"]) == (413, limit)


def test_a_photo_may_be_larger_than_other_bodies(client: FlaskClient) -> None:
    assert told(client.post("/v1/media", data=b"x" * (2 * MIB)))["size"] == 2 * MIB


def test_a_member_over_the_limit_is_asked_to_slow_down_and_others_are_not(echo: str) -> None:
    client = opened(echo, RATE_LIMIT="3/minute")
    statuses = [client.get("/v1/issues", headers=bearer("ANNA")).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = client.get("/v1/issues", headers=bearer("ANNA"))
    assert told(refused)["type"] == "/problems/too-many-requests"
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.get("/v1/issues", headers=bearer("BERT")).status_code == 200
    assert client.get("/v1/issues").status_code == 200
    assert client.get("/livez").status_code == 200


def test_a_service_that_is_away_is_a_502_and_the_gateway_is_not_ready() -> None:
    client = opened("http://127.0.0.1:1")
    answer = client.get("/v1/issues", headers={"Accept-Language": "en"})
    assert (answer.status_code, told(answer)["upstream"]) == (502, "issues")
    assert "Retry-After" in answer.headers
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert not any(told(ready)["checks"].values())


class Broken:
    """A service that answers each connection as it is told to."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self.calls = 0
        self._answer = answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                if connection.recv(65536) == b"stop":
                    return
                self.calls += 1
                self._answer(connection)

    def close(self) -> None:
        """Stop serving."""
        with socket.create_connection(self._server.getsockname()) as connection:
            connection.sendall(b"stop")
        self._thread.join()
        self._server.close()


@pytest.fixture
def broken() -> Iterator[Callable[[Callable[[socket.socket], None]], Broken]]:
    made: list[Broken] = []

    def make(answer: Callable[[socket.socket], None]) -> Broken:
        made.append(Broken(answer))
        return made[-1]

    yield make
    for one in made:
        one.close()


Make = Callable[[Callable[[socket.socket], None]], Broken]
HALF = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"id":'


def test_a_service_that_breaks_off_within_its_answer_is_a_502(broken: Make) -> None:
    service = broken(lambda connection: connection.sendall(HALF))
    answer = opened(service.url).get("/v1/issues")
    assert (answer.status_code, told(answer)["type"]) == (502, "/problems/upstream-away")


def test_a_service_that_speaks_no_http_is_a_502(broken: Make) -> None:
    service = broken(lambda connection: connection.sendall(b"220 mail ready\r\n\r\n"))
    assert opened(service.url).get("/v1/issues").status_code == 502


def test_a_read_that_found_a_dead_connection_is_tried_once_more_and_a_write_is_not(broken: Make) -> None:
    service = broken(lambda _: None)
    client = opened(service.url)
    assert client.get("/v1/issues").status_code == 502
    assert service.calls == 2
    assert client.post("/v1/issues", json={}).status_code == 502
    assert service.calls == 3


def test_each_process_has_a_pool_of_its_own_for_each_service(monkeypatch: pytest.MonkeyPatch) -> None:
    upstreams = Upstreams({"issues": "http://127.0.0.1:1", "points": "http://127.0.0.1:2"})
    pool = upstreams.pool("issues")
    assert upstreams.pool("issues") is pool
    assert upstreams.pool("points") is not pool
    monkeypatch.setattr("gateway.forwarding.os.getpid", lambda: -1)  # as after a fork
    assert upstreams.pool("issues") is not pool


@pytest.mark.parametrize(
    ("path", "lines"),
    [("/v1/issues/a", []), ("/v1/nobodys", [404]), ("/v1/issues/a?status=503", [503])],
    ids=["carried out by a service", "refused here", "a failure"],
)
def test_a_write_is_logged_by_who_carried_it_out_and_a_failure_by_all(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str, lines: list[int]
) -> None:
    logged: list[int] = []

    class Log:
        def info(self, _event: str, *, status: int, **_: object) -> None:
            logged.append(status)

    monkeypatch.setattr("chassis.http.app.log", Log())
    client.post(path, json={})
    assert logged == lines
