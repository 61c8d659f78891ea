"""Events between services: what a producer can send, every consumer can read."""

import types
import typing
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema

import services.issues.app
import services.notify.app
import services.points.app
from chassis.clock import new_ulid
from chassis.contracts import event_schema
from chassis.events import Event, envelope, parse, payload, routing_key
from chassis.mongo import Mongo
from infra import contracts

NOWHERE = Mongo("mongodb://127.0.0.1:1", "none")
TABLES = {
    "issues": services.issues.app.subscriptions(NOWHERE).table,
    "notify": services.notify.app.subscriptions(NOWHERE).table,
    "points": services.points.app.subscriptions(NOWHERE).table,
}
PUBLISHED = {kind.type: kind for one in contracts.SERVICES.values() for kind in one.published}
HEARD = [(kind, one.schema) for table in TABLES.values() for kind, heard in table.items() for one in heard]
FEW = settings(max_examples=20, deadline=None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    datetime: st.datetimes(timezones=st.just(UTC)),
    type(None): st.none(),
    Any: JSON,
}


def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value that a type allows."""
    if isinstance(hint, type) and is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return st.builds(hint, **{field.name: any_of(hints[field.name]) for field in fields(hint)})
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return st.lists(any_of(arguments[0]), max_size=4).map(tuple)
    if origin is list:
        return st.lists(any_of(arguments[0]), max_size=4)
    if origin is dict:
        return st.dictionaries(any_of(arguments[0]), any_of(arguments[1]), max_size=4)
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*(any_of(one) for one in arguments))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    return PLAIN[hint]


def delivered(event: Event) -> bytes:
    """An event as the broker hands it over."""
    document = envelope(
        event, source="x", subject=new_ulid(), sequence=1, area="120199001001001", at=datetime.now(UTC)
    )
    return orjson.dumps(document)


@pytest.mark.parametrize(("kind", "reads"), HEARD)
@FEW
@given(data=st.data())
def test_a_consumer_reads_whatever_the_producer_can_send(
    kind: str, reads: type[Schema], data: st.DataObject
) -> None:
    event = data.draw(any_of(PUBLISHED[kind]))
    received = parse(delivered(event))
    assert received.type == kind
    loaded = reads().load(received.data)
    sent = payload(event)
    assert bool(loaded) == bool(reads().fields)
    assert {name: sent[name] for name in loaded if not isinstance(sent[name], list)} == {
        name: value for name, value in loaded.items() if not isinstance(value, list)
    }


@pytest.mark.parametrize(("kind", "reads"), HEARD)
def test_a_consumer_refuses_an_event_without_a_field_it_needs(kind: str, reads: type[Schema]) -> None:
    schema = reads()
    needed = [name for name, field in schema.fields.items() if field.required]
    assert bool(needed) == bool(schema.fields)
    assert set(needed) <= {field.name for field in fields(PUBLISHED[kind])}
    assert set(schema.validate({})) == set(needed)


def test_the_reporters_link_is_in_one_event_and_read_by_the_inboxes_alone() -> None:
    sent = {
        kind for kind, event in PUBLISHED.items() if "feedback_path" in {one.name for one in fields(event)}
    }
    read = {
        (service, kind)
        for service, table in TABLES.items()
        for kind, heard in table.items()
        for one in heard
        if kind in sent and "feedback_path" in one.schema().fields
    }
    assert sent == {"issue.resolved.v1"}
    assert read == {("notify", "issue.resolved.v1")}


@pytest.mark.parametrize("kind", sorted(PUBLISHED))
@FEW
@given(data=st.data())
def test_what_is_published_is_as_its_schema_says(kind: str, data: st.DataObject) -> None:
    event = data.draw(any_of(PUBLISHED[kind]))
    schema = orjson.loads((contracts.ROOT / f"docs/events/{kind}.json").read_bytes())
    body = orjson.loads(orjson.dumps(payload(event)))
    jsonschema.Draft202012Validator(schema).validate(body)
    for name in body:
        lacking = {key: value for key, value in body.items() if key != name}
        assert not jsonschema.Draft202012Validator(schema).is_valid(lacking)


@pytest.mark.parametrize("kind", sorted(PUBLISHED))
def test_every_event_schema_is_a_json_schema(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(event_schema(PUBLISHED[kind]))


@FEW
@given(data=st.data(), sequence=st.integers(1, 2**53), at=PLAIN[datetime])
def test_an_envelope_comes_back_as_it_was_sent(data: st.DataObject, sequence: int, at: datetime) -> None:
    event = data.draw(st.sampled_from(sorted(PUBLISHED)).flatmap(lambda kind: any_of(PUBLISHED[kind])))
    moment = at.replace(microsecond=at.microsecond // 1000 * 1000)
    subject, area = new_ulid(), "120199001001001"
    document = envelope(event, source="issues", subject=subject, sequence=sequence, area=area, at=moment)
    received = parse(orjson.dumps(document))
    assert (received.type, received.subject, received.sequence, received.area, received.time) == (
        event.type,
        subject,
        sequence,
        area,
        moment,
    )
    assert received.data == orjson.loads(orjson.dumps(payload(event)))
    assert (document["specversion"], document["datacontenttype"]) == ("1.0", "application/json")
    assert document["dataschema"] == f"/events/{event.type}.json"
    assert received.id == document["id"]


@pytest.mark.parametrize("lacking", ["id", "type", "source", "subject", "time", "sequence", "area", "data"])
def test_an_envelope_that_lacks_a_part_is_none(lacking: str) -> None:
    event = next(iter(PUBLISHED.values()))
    document = orjson.loads(delivered(_one(event)))
    del document[lacking]
    with pytest.raises(ValueError, match="not an event envelope"):
        parse(orjson.dumps(document))


def _one(kind: type[Event]) -> Event:
    hints = typing.get_type_hints(kind)
    plain: dict[Any, Any] = {str: "x", int: 1, bool: True}
    return kind(**{field.name: plain.get(hints[field.name]) for field in fields(kind)})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"{}", b'{"id": 1}'])
def test_what_is_no_envelope_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(ValueError, match="not an event envelope"):
        parse(body)


def test_routing_keys_are_types_without_their_version() -> None:
    assert routing_key("issue.resolved.v1") == "issue.resolved"
    assert routing_key("issue.resolved.v12") == "issue.resolved"
