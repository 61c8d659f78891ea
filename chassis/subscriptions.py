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


Handle = Callable[[Envelope, dict[str, Any]], None]


@dataclass(frozen=True)
class Subscription:
    """How one type of event is read and handled. `handle` gets the envelope and the loaded data."""

    schema: type[Schema]
    handle: Handle


class Subscriptions:
    """All subscriptions of a service: one or more tables, of its areas say, that may name the same type."""

    def __init__(self, *tables: dict[str, Subscription]) -> None:
        self.table: dict[str, list[Subscription]] = {}
        self._readers: dict[str, list[tuple[Schema, Handle]]] = {}
        for table in tables:
            for kind, one in table.items():
                self.table.setdefault(kind, []).append(one)
                self._readers.setdefault(kind, []).append((one.schema(), one.handle))

    @property
    def routing_keys(self) -> list[str]:
        """What the service's queue is bound to."""
        return sorted({routing_key(kind) for kind in self.table})

    def handle(self, event: Envelope) -> None:
        """Validate and handle one event, by all that subscribe to it; whoever did so before bears it again.

        A version this service does not know raises LookupError: the event is kept and tried again, for the
        release that knows it may be on its way.
        """
        if event.type not in self.table:
            raise LookupError(f"no handler for {event.type}")
        for schema, handle in self._readers[event.type]:
            data: dict[str, Any] = schema.load(event.data)
            handle(event, data)
