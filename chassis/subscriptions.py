"""A service's table of incoming events: type → schema and function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema

from chassis import logs
from chassis.events import Envelope, routing_key

log = logs.get()


class FactSchema(Schema):
    """What a consumer reads of another service's event. Fields it has no use for are ignored."""

    class Meta:
        """Tolerant reader."""

        unknown = EXCLUDE


@dataclass(frozen=True)
class Subscription:
    """How one type of event is read and handled. `handle` gets the envelope and the loaded data."""

    schema: type[Schema]
    handle: Callable[[Envelope, dict[str, Any]], None]


class Subscriptions:
    """All subscriptions of a service."""

    def __init__(self, table: dict[str, Subscription]) -> None:
        self.table = table
        self._schemas = {kind: one.schema() for kind, one in table.items()}

    @property
    def routing_keys(self) -> list[str]:
        """What the service's queue is bound to."""
        return sorted({routing_key(kind) for kind in self.table})

    def handle(self, event: Envelope) -> None:
        """Validate and handle one event. A version this service does not know raises LookupError: it is
        kept and tried again, for the release that knows it may be on its way."""
        subscription = self.table.get(event.type)
        if subscription is None:
            raise LookupError(f"no handler for {event.type}")
        data: dict[str, Any] = self._schemas[event.type].load(event.data)
        subscription.handle(event, data)
