"""Passing requests on and answers back, streamed in both directions, over kept connections."""

import os
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

import urllib3
from flask import Request, Response, g
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from werkzeug.exceptions import ClientDisconnected

from chassis import logs, trace
from chassis.http.problems import problem
from gateway.routing import Route

_CONNECT_SECONDS = 2.0
_CHUNK = 64 * 1024
_SMALL = 256 * 1024
_BARE = frozenset({204, 304})
_QUERY_SAFE = "%!$&'()*+,;=:@/?-._~"
# Hop by hop (RFC 9110, 7.6.1), or set anew for the next hop.
_DROPPED = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "traceparent",
        "x-request-id",
        "x-forwarded-for",
    }
)
_SAID_ANEW = _DROPPED | {"date", "server"}
"""Of an answer: the web server in front of this says these two itself."""
log = logs.get()


class Upstreams:
    """A pool of kept connections to each service, made anew in each process."""

    def __init__(self, urls: Mapping[str, str], connections: int = 32) -> None:
        self._urls = dict(urls)
        self._connections = connections
        self._pid = 0
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}

    def pool(self, name: str) -> urllib3.HTTPConnectionPool:
        """The pool of a service in this process."""
        if self._pid != os.getpid():
            self._pools = {
                service: urllib3.connection_from_url(
                    url, maxsize=self._connections, block=False, retries=False
                )
                for service, url in self._urls.items()
            }
            self._pid = os.getpid()
        return self._pools[name]

    def answers(self, name: str) -> bool:
        """Whether a service is ready."""
        try:
            return self.pool(name).request("GET", "/readyz", timeout=2.0).status == 200
        except HTTPError:
            return False


def forward(upstreams: Upstreams, route: Route, request: Request) -> Response:
    """Send the request to its service and stream the answer back; a 502 or 504 problem where that fails."""
    try:
        answer = _send(upstreams.pool(route.upstream), route, request)
        length = answer.headers.get("Content-Length")
        # An answer without a body would never be streamed, and so never give its connection back.
        bare = request.method == "HEAD" or answer.status in _BARE
        small = bare or (length is not None and int(length) <= _SMALL)
        whole = answer.read(decode_content=False) if small else None
    except ReadTimeoutError:
        return problem(504, "upstream-slow", upstream=route.upstream)
    except HTTPError as error:
        log.warning("gateway.upstream-away", upstream=route.upstream, reason=repr(error)[:200])
        return problem(502, "upstream-away", upstream=route.upstream, retry_after=2)
    g.passed_on = True
    headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in _SAID_ANEW]
    if length is not None:  # of a HEAD it is not that of the body, which is empty
        headers.append(("Content-Length", length))
    body = _stream(answer) if whole is None else [whole]
    return Response(body, status=answer.status, headers=headers)


def _send(pool: urllib3.HTTPConnectionPool, route: Route, request: Request) -> BaseHTTPResponse:
    """One attempt; a second only where a kept connection turned out dead before anything was sent twice.

    Only reads are tried again: a write may have been carried out although its answer was lost.
    """
    target, body = _target(request), _body(request)
    for attempt in (1, 2):
        try:
            return pool.urlopen(
                request.method,
                target,
                body=body,
                headers=_headers(request),
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=route.timeout),
                redirect=False,
                retries=False,
                preload_content=False,
            )
        except ReadTimeoutError:
            raise
        except HTTPError:
            if attempt == 2 or request.method not in ("GET", "HEAD"):
                raise
    raise AssertionError("unreachable")


def _target(request: Request) -> str:
    """Path and query as the service must read them: what was escaped stays escaped, and only that splits."""
    path = quote(request.path)
    query = quote(request.query_string, safe=_QUERY_SAFE)
    return f"{path}?{query}" if query else path


def _body(request: Request) -> bytes | Iterable[bytes] | None:
    length = request.content_length
    if length is None:
        return None
    parts = _parts(request, length)
    return b"".join(parts) if length <= _SMALL else parts


def _parts(request: Request, length: int) -> Iterator[bytes]:
    """The body as it comes in. Raises ClientDisconnected where less of it comes than was announced.

    The service must not be left to wait for the rest: it would hold a thread there, and one here, until the
    time is up.
    """
    while length > 0:
        try:
            part = request.stream.read(min(_CHUNK, length))
        except OSError as error:
            raise ClientDisconnected from error
        if not part:
            raise ClientDisconnected
        length -= len(part)
        yield part


def _headers(request: Request) -> dict[str, str]:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
    if request.content_length is not None:
        headers["Content-Length"] = str(request.content_length)
    headers["X-Request-Id"] = g.request_id
    headers["traceparent"] = trace.current().traceparent
    headers["X-Forwarded-For"] = request.remote_addr or ""
    return headers


def _stream(answer: BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(_CHUNK, decode_content=False)
    except BaseException:
        answer.close()  # what nobody read to its end would be taken for the next answer
        raise
    answer.release_conn()
