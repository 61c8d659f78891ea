"""Prometheus metrics shared by all processes."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

HTTP_SECONDS = Histogram(
    "http_request_seconds",
    "Duration of HTTP requests by route",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
OUTBOX_DEPTH = Gauge(
    "outbox_depth", "Documents whose outbox is not drained", ["service"], multiprocess_mode="max"
)
OUTBOX_OLDEST = Gauge(
    "outbox_oldest_seconds", "Age of the oldest undrained event", ["service"], multiprocess_mode="max"
)
PUBLISHED = Counter("events_published_total", "Events confirmed by the broker", ["service"])
CONSUMED = Counter("events_consumed_total", "Events by type and outcome", ["service", "type", "outcome"])
LAG_SECONDS = Histogram(
    "event_lag_seconds",
    "From the commit of an event to its effect",
    ["service"],
    buckets=(0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 5, 30, 300, 3600),
)
RETRIES = Counter("events_retried_total", "Events sent to a delay queue", ["service"])
DEAD_LETTERS = Counter("events_dead_lettered_total", "Events given up", ["service"])


def exposition() -> bytes:
    """The text exposition, over all workers of a gunicorn master when they share a directory."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest()
