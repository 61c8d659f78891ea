"""Events as facts and as CloudEvents 1.0 envelopes (structured JSON).

A service declares its facts as frozen dataclasses that inherit `Event`; `envelope` wraps one for the
outbox and `parse` reads what the broker delivers.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import orjson

from chassis import trace
from chassis.clock import new_ulid, rfc3339

CONTENT_TYPE = "application/cloudevents+json"
_PLAIN = (str, int, float, type(None))


@dataclass(frozen=True)
class Event:
    """A fact that a service publishes. `type` ends in its version: `issue.resolved.v1`."""

    type: ClassVar[str]


@dataclass(frozen=True)
class Envelope:
    """One delivered event. `sequence` is the version of the aggregate that the fact made."""

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    sequence: int
    area: str
    correlation_id: str
    traceparent: str
    data: dict[str, Any]


def routing_key(event_type: str) -> str:
    """The type without its version: `issue.resolved.v1` → `issue.resolved`."""
    return event_type.rsplit(".v", 1)[0]


def envelope(
    event: Event, *, source: str, subject: str, sequence: int, area: str, at: datetime
) -> dict[str, Any]:
    """The CloudEvents document of a fact, ready for an outbox. All values are JSON-ready."""
    cause = trace.current()
    document: dict[str, Any] = {
        "specversion": "1.0",
        "id": new_ulid(),
        "source": f"/services/{source}",
        "type": event.type,
        "subject": subject,
        "time": rfc3339(at),
        "datacontenttype": "application/json",
        "dataschema": f"/events/{event.type}.json",
        "traceparent": cause.traceparent,
        "correlationid": cause.correlation_id,
        "sequence": sequence,
        "area": area,
        "data": payload(event),
    }
    if cause.causation_id:
        document["causationid"] = cause.causation_id
    return document


def payload(event: Event) -> dict[str, Any]:
    """A fact's fields as JSON-ready values."""
    return {name: _plain(value) for name, value in vars(event).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if dataclasses.is_dataclass(value):
        return {name: _plain(one) for name, one in vars(value).items()}
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def parse(body: bytes) -> Envelope:
    """Read a delivered envelope. Raises ValueError when it is not one."""
    try:
        document = orjson.loads(body)
        return Envelope(
            id=str(document["id"]),
            type=str(document["type"]),
            source=str(document["source"]),
            subject=str(document["subject"]),
            time=_moment(document["time"]),
            sequence=int(document["sequence"]),
            area=str(document["area"]),
            correlation_id=str(document["correlationid"]),
            traceparent=str(document["traceparent"]),
            data=dict(document["data"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not an event envelope: {error!r}") from error


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("its time has no zone")
    return moment
