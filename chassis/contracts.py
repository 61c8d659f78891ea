"""Contracts generated from the code: JSON Schema and AsyncAPI of events, OpenAPI of routes.

`python -m infra.contracts` writes them; the drift check compares.
"""

import dataclasses
import types
import typing
from datetime import datetime
from typing import Any

from chassis.events import Event, routing_key

_PLAIN: dict[object, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    Any: {},
}


def event_schema(kind: type[Event]) -> dict[str, Any]:
    """The JSON Schema of an event's `data`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/events/{kind.type}.json",
        "title": kind.__name__,
        "description": (kind.__doc__ or "").strip().split("\n")[0],
        **_object(kind),
    }


def _object(kind: type[Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    return {
        "type": "object",
        "properties": {name: _schema(hints[name]) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _schema(hint: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (tuple, list):
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [_schema(one) if one is not type(None) else {"type": "null"} for one in arguments]}
    if isinstance(hint, type) and issubclass(hint, str):
        return {"type": "string"}
    return dict(_PLAIN[hint])


def asyncapi(events: dict[str, list[type[Event]]], subscriptions: dict[str, list[str]]) -> dict[str, Any]:
    """The AsyncAPI 3 document: who sends which event on the exchange, and who receives it."""
    kinds = sorted((kind for sent in events.values() for kind in sent), key=lambda kind: kind.type)
    channels = {
        routing_key(kind.type): {
            "address": routing_key(kind.type),
            "messages": {kind.type: {"$ref": f"#/components/messages/{kind.type}"}},
        }
        for kind in kinds
    }
    operations: dict[str, Any] = {}
    for service, sent in sorted(events.items()):
        for kind in sent:
            key = routing_key(kind.type)
            operations[f"{service} sends {key}"] = {
                "action": "send",
                "channel": {"$ref": f"#/channels/{key}"},
            }
    for service, keys in sorted(subscriptions.items()):
        for key in keys:
            operations[f"{service} receives {key}"] = {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{key}"},
            }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Alley Steward events", "version": "1"},
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {
                kind.type: {
                    "name": kind.type,
                    "title": kind.__name__,
                    "summary": (kind.__doc__ or "").strip().split("\n")[0],
                    "payload": {"$ref": f"./{kind.type}.json"},
                }
                for kind in kinds
            }
        },
    }
