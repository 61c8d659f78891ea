"""A service's table of incoming events: type → schema and function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema
from pymongo.errors import ConnectionFailure

from chassis import logs, trace
from chassis.errors import Unavailable
from chassis.events import Envelope, routing_key

log = logs.get()


class FactSchema(Schema):
    """What a consumer reads of another service's event. Fields it has no use for are ignored."""

    class Meta:
        """Tolerant reader."""

        unknown = EXCLUDE


Handle = Callable[[Envelope, dict[str, Any]], None]


Effects = Sequence[Any]
"""What events are to bring about, made ready to be stored."""


@dataclass(frozen=True)
class Joint:
    """How several events are handled in one go.

    `prepare` says what one of them brings about; `store` stores that of all of them, or raises and stores
    nothing. Types that name the same `store` are stored together.
    """

    prepare: Callable[[Envelope, dict[str, Any]], Effects]
    store: Callable[[Effects], None]

    def handle(self, event: Envelope, data: dict[str, Any]) -> None:
        """Handle a single event."""
        self.store(self.prepare(event, data))


@dataclass(frozen=True)
class Subscription:
    """How one type of event is read and handled. `handle` gets the envelope and the loaded data."""

    schema: type[Schema]
    handle: Handle
    joint: Joint | None = None

    @classmethod
    def jointly(cls, schema: type[Schema], joint: Joint) -> "Subscription":
        """Of a type whose events are stored several at a time where several wait."""
        return cls(schema, joint.handle, joint)


class Subscriptions:
    """All subscriptions of a service: one or more tables, of its areas say, that may name the same type."""

    def __init__(self, *tables: dict[str, Subscription]) -> None:
        self.table: dict[str, list[Subscription]] = {}
        self._readers: dict[str, list[tuple[Schema, Handle]]] = {}
        for table in tables:
            for kind, one in table.items():
                self.table.setdefault(kind, []).append(one)
                self._readers.setdefault(kind, []).append((one.schema(), one.handle))
        self._joint: dict[str, tuple[Schema, Joint]] = {
            kind: (found[0].schema(), found[0].joint)
            for kind, found in self.table.items()
            if len(found) == 1 and found[0].joint is not None
        }

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

    @property
    def joint_types(self) -> frozenset[str]:
        """The types of which several can be handled in one go: nobody else in the service hears of them."""
        return frozenset(self._joint)

    def handle_jointly(self, events: Sequence[Envelope]) -> list[Exception | None]:
        """Handle several events of the joint types in one go; what became of each, in the same order.

        Where that fails, halves are tried, and halves of them: a bad event fails alone. A database that does
        not answer, or is busy, fails all that were tried with it.
        """
        outcomes: list[Exception | None] = [None] * len(events)
        together: dict[Callable[[Effects], None], list[tuple[int, Effects]]] = {}
        for place, event in enumerate(events):
            trace.begin(event.traceparent, event.correlation_id, event.id)
            try:
                # The broker's label may lie about what is inside: that is the fault of this event alone.
                schema, joint = self._joint[event.type]
                effects = joint.prepare(event, schema.load(event.data))
            except Exception as error:  # noqa: BLE001 - the outcome of this event
                outcomes[place] = error
            else:
                together.setdefault(joint.store, []).append((place, effects))
        for store, parts in together.items():
            _store(store, parts, outcomes)
        return outcomes


def _store(
    store: Callable[[Effects], None],
    parts: Sequence[tuple[int, Effects]],
    outcomes: list[Exception | None],
) -> None:
    try:
        store([one for _, effects in parts for one in effects])
    except Exception as error:  # noqa: BLE001 - the outcome of these events
        if len(parts) == 1 or isinstance(error, ConnectionFailure | Unavailable):
            for place, _ in parts:
                outcomes[place] = error
            return
        middle = len(parts) // 2
        _store(store, parts[:middle], outcomes)
        _store(store, parts[middle:], outcomes)
