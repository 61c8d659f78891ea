"""Structured logs: one JSON line an entry, with the trace and, in requests, the actor and area."""

import logging
import re
import sys

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer

_TRACEBACKS = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
"""Where it happened, without the values met there: those may be phones, codes or keys."""

_SIGNATURE = re.compile(r"/[0-9a-f]{40}(?=/|$)")


def configure(level: str, process: str) -> None:
    """Send structlog and the standard library's loggers to standard output as JSON lines."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _TRACEBACKS,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_dumps),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    structlog.contextvars.bind_contextvars(process=process)


def without_signature(path: str) -> str:
    """A path as it may be logged: whoever has the signature of a link may act by it."""
    return _SIGNATURE.sub("/…", path)


def _dumps(value: object, **_: object) -> str:
    return orjson.dumps(value, default=str).decode()


def get() -> structlog.stdlib.BoundLogger:
    """The logger of the calling module."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
