"""The thread of causes: request id, W3C trace context and causing event, carried by context variables."""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")

_REQUEST_ID = re.compile(r"[0-9A-Za-z._:-]{1,100}")


@dataclass(frozen=True)
class Trace:
    """Where the present work comes from. `causation_id` is the event being handled, if one is."""

    traceparent: str
    correlation_id: str
    causation_id: str | None = None


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def new_traceparent(parent: str | None = None) -> str:
    """A traceparent for a new span: in the trace of `parent` when that is well formed, else in a new one."""
    match = _TRACEPARENT.match(parent or "")
    drawn = secrets.token_hex(24)  # for both at once: each draw asks the kernel
    trace_id = match.group(1) if match else drawn[:32]
    return f"00-{trace_id}-{drawn[32:]}-01"


def request_id(text: str | None) -> str | None:
    """The id that a caller gave to a request, where it is one: it goes into logs and into every event."""
    return text if text and _REQUEST_ID.fullmatch(text) else None


def begin(traceparent: str | None, correlation_id: str | None, causation_id: str | None = None) -> Trace:
    """Make and set the trace of the present request or event."""
    trace = Trace(new_traceparent(traceparent), correlation_id or secrets.token_hex(8), causation_id)
    _current.set(trace)
    return trace


def resume(trace: Trace) -> None:
    """Go on with work that was begun under a trace."""
    _current.set(trace)


def current() -> Trace:
    """The trace of the present work; a new one where none was begun."""
    return _current.get() or begin(None, None)
