"""The issues service in the measuring process itself: its own time, without a server or a network."""

import io
import time
from collections.abc import Callable, Mapping

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from services.issues.app import create_app


class Service:
    """The Flask application as gunicorn would run it, with the settings of a deployment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._app = create_app({**environment, "LOG_LEVEL": "ERROR"})

    def prepared(self, request: str) -> Callable[[], float]:
        """A request in HTTP's own form; calling it carries the request out and answers the milliseconds.

        Raises AssertionError for an answer that is no 2xx.
        """
        environ = environ_of(request)

        def carry_out() -> float:
            began = time.perf_counter()
            content, status, _ = run_wsgi_app(self._app, environ, buffered=True)
            took = (time.perf_counter() - began) * 1000
            assert status.startswith("2"), (status, b"".join(content))
            return took

        return carry_out


def environ_of(request: str) -> dict[str, object]:
    """What a WSGI server makes of a request in HTTP's own form."""
    head, _, body = request.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    parted = (line.partition(": ") for line in lines)
    headers = Headers([(name, value) for name, _, value in parted])
    content = body.encode()
    path, _, query = path.partition("?")
    builder = EnvironBuilder(
        path=path, method=method, query_string=query, headers=headers, input_stream=io.BytesIO(content)
    )
    try:
        return {**builder.get_environ(), "CONTENT_LENGTH": str(len(content))}
    finally:
        builder.close()
