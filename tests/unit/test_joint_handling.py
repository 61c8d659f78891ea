"""Several events handled in one go: a bad one fails alone, a database that is away fails them all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import fields
from pymongo.errors import ConnectionFailure

from chassis import trace
from chassis.clock import new_ulid
from chassis.errors import Unavailable
from chassis.events import Envelope
from chassis.subscriptions import Effects, FactSchema, Joint, Subscription, Subscriptions


class PaidFact(FactSchema):
    """A fact of this test."""

    amount = fields.Integer(required=True)


class Till:
    """Stores what it is given in one go, unless there is a bad amount among it."""

    def __init__(self) -> None:
        self.stored: list[int] = []
        self.goes = 0

    def store(self, effects: Effects) -> None:
        self.goes += 1
        if any(one < 0 for one in effects):
            raise ValueError("negative")
        self.stored += effects

    def subscriptions(self) -> Subscriptions:
        joint = Joint(lambda _, data: [data["amount"]] * 2, self.store)
        return Subscriptions({"bill.paid.v1": Subscription.jointly(PaidFact, joint)})


def event(amount: Any) -> Envelope:
    at = datetime(2026, 11, 25, tzinfo=UTC)
    return Envelope(
        id=new_ulid(),
        type="bill.paid.v1",
        source="/services/bills",
        subject=new_ulid(),
        time=at,
        sequence=1,
        area="120199",
        correlation_id="request",
        traceparent="",
        data={"amount": amount},
    )


@given(st.lists(st.integers(-1, 3), max_size=20))
def test_the_good_ones_are_stored_and_each_bad_one_fails_alone(amounts: list[int]) -> None:
    till = Till()
    outcomes = till.subscriptions().handle_jointly([event(one) for one in amounts])
    assert [outcome is None for outcome in outcomes] == [one >= 0 for one in amounts]
    assert sorted(till.stored) == sorted(one for one in amounts * 2 if one >= 0)


def test_events_that_are_all_good_are_stored_in_one_go() -> None:
    till = Till()
    till.subscriptions().handle_jointly([event(one) for one in range(16)])
    assert till.goes == 1


def test_one_that_is_of_another_type_than_its_label_said_fails_alone() -> None:
    till = Till()
    other = replace(event(2), type="bill.burnt.v1")
    outcomes = till.subscriptions().handle_jointly([event(1), other, event(3)])
    assert [outcome is None for outcome in outcomes] == [True, False, True]
    assert till.stored == [1, 1, 3, 3]


def test_one_that_fails_its_schema_does_not_keep_the_others_from_being_stored() -> None:
    till = Till()
    outcomes = till.subscriptions().handle_jointly([event(1), event("much"), event(2)])
    assert [outcome is None for outcome in outcomes] == [True, False, True]
    assert (till.goes, till.stored) == (1, [1, 1, 2, 2])


@pytest.mark.parametrize(
    "error", [ConnectionFailure("away"), Unavailable("busy", zh="忙", en="Busy.", retry_after=1)]
)
def test_a_database_that_is_away_is_asked_once_and_fails_them_all(error: Exception) -> None:
    goes: list[int] = []

    def store(effects: Effects) -> None:
        goes.append(len(effects))
        raise error

    joint = Joint(lambda _, data: [data["amount"]], store)
    table = Subscriptions({"bill.paid.v1": Subscription.jointly(PaidFact, joint)})
    assert table.handle_jointly([event(1), event(2), event(3)]) == [error] * 3
    assert goes == [3]


def test_each_is_prepared_in_the_trace_of_its_own_event() -> None:
    causes: list[str | None] = []

    def prepare(_: Envelope, __: dict[str, Any]) -> Sequence[int]:
        causes.append(trace.current().causation_id)
        return []

    joint = Joint(prepare, lambda _: None)
    events = [event(1), event(2)]
    Subscriptions({"bill.paid.v1": Subscription.jointly(PaidFact, joint)}).handle_jointly(events)
    assert causes == [one.id for one in events]


def test_a_type_that_others_hear_of_too_is_not_handled_jointly() -> None:
    till, heard = Till(), list[str]()
    alone = till.subscriptions()
    other = Subscription(PaidFact, lambda event, _: heard.append(event.id))
    both = Subscriptions({"bill.paid.v1": alone.table["bill.paid.v1"][0]}, {"bill.paid.v1": other})
    assert alone.joint_types == {"bill.paid.v1"}
    assert both.joint_types == frozenset()
    both.handle(event(1))
    assert len(heard) == 1
    assert till.stored == [1, 1]
