"""What duty earns: each once, whoever else was on the shift, and by a rule that older deployments get too."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import services.notify.app
import services.points.app
from chassis.clock import new_ulid
from chassis.events import Envelope
from chassis.mongo import Mongo
from services.points.earning.domain import EARNING_RULES
from services.points.earning.rule import SERVED, Caps, Conditions, EarningRule
from tests.integration.earnings import GRIDS, HOUR, NOON, Earning, legs_of
from tests.integration.ledgers import ADMIN


@pytest.fixture
def earning(mongo: Mongo) -> Earning:
    return Earning(mongo)


def verified(member: str, shift: str, sequence: int, minutes: int = 90, **told: Any) -> Envelope:
    """A duty of a shift, as the broker would deliver it."""
    told = {"category": "patrol", "at": NOON, "duty": new_ulid(), **told}
    return Envelope(
        id=new_ulid(),
        type="duty.verified.v1",
        source="/services/volunteer",
        subject=told["duty"],
        time=told["at"],
        sequence=sequence,
        area=GRIDS[0],
        correlation_id="c",
        traceparent=f"00-{'0' * 31}1-{'0' * 15}1-01",
        data={
            "member": member,
            "shift": shift,
            "category": told["category"],
            "minutes": minutes,
            "actor": new_ulid(),
        },
    )


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_duties_of_a_shift_are_each_paid_once_in_any_order_however_often_they_come(
    earning: Earning, data: st.DataObject
) -> None:
    shift, members = new_ulid(), [earning.member() for _ in range(3)]
    events = [verified(member, shift, 7 + place, 60 + place) for place, member in enumerate(members)]
    again = data.draw(st.lists(st.sampled_from(events), min_size=1, max_size=4))
    points = services.points.app.subscriptions(earning.mongo)
    for one in data.draw(st.permutations([*events, *again])):
        points.handle(one)
    for place, member in enumerate(members):
        account = earning.queries.account(member, ADMIN)
        assert (account["points"]["posted"], account["minutes"]["posted"]) == (2, 60 + place)
        assert (account["lifetime_points"], account["lifetime_minutes"]) == (2, 60 + place)
        (posting,) = earning.mongo["journal"].find({"lists": member})
        assert (posting["rule"], posting["cause"]) == ("duty.verified", events[place].subject)
    earning.proof()


def test_a_simulation_over_duty_is_leg_for_leg_what_was_paid(earning: Earning) -> None:
    wanted = EarningRule(
        "duty.patrolled",
        0,
        "巡逻",
        "patrolled",
        SERVED,
        worker_points=5,
        pays_minutes=True,
        conditions=Conditions(categories=("patrol",), roles=("steward",), min_minutes=30),
        caps={"points": Caps(day=12), "minutes": Caps(event=80, month=200)},
    )
    rule = earning.activate(earning.draft(wanted), NOON - HOUR)
    member, resident = earning.member(), earning.member()
    earning.journal.put_member(member, 2, [f"steward@{GRIDS[0]}"])
    points, shift = services.points.app.subscriptions(earning.mongo), new_ulid()
    told = [
        *(verified(member, shift, one, 90, at=NOON + one * HOUR) for one in range(4)),
        verified(member, shift, 9, 29),
        verified(member, shift, 9, category="post"),
        verified(resident, shift, 9),
    ]
    for one in [*told[::-1], *told]:
        points.handle(one)
    paid = earning.paid_by(rule)
    amounts = {unit: sorted(legs_of_unit(paid, member, unit).elements()) for unit in ("points", "minutes")}
    assert amounts == {"points": [2, 5, 5], "minutes": [40, 80, 80]}
    outcome = earning.simulate(rule, NOON - HOUR, NOON + timedelta(days=1))
    assert (outcome.events, outcome.would) == (7, outcome.really)
    assert legs_of((one.would.key, map(vars, one.would.legs)) for one in outcome.items) == paid
    assert (
        earning.queries.account(member, ADMIN)["points"]["posted"] == 12 + 2 * 6
    )  # and by the first version


def legs_of_unit(paid: Counter[tuple[str, str, str, int]], account: str, unit: str) -> Counter[int]:
    return Counter(amount for _, who, kind, amount in paid.elements() if (who, kind) == (account, unit))


def test_each_whose_duty_was_verified_is_told_though_a_later_one_of_the_shift_came_first(
    earning: Earning,
) -> None:
    shift, members = new_ulid(), [new_ulid(), new_ulid()]
    events = [verified(member, shift, 7 + place) for place, member in enumerate(members)]
    notify = services.notify.app.subscriptions(earning.mongo)
    for one in [*events[::-1], *events]:
        notify.handle(one)
    told = {one["member"]: one["subject"] for one in earning.mongo["inbox"].find()}
    assert told == {member: one.subject for member, one in zip(members, events, strict=True)}
    assert earning.mongo["inbox"].count_documents({}) == 2


def test_a_deployment_of_before_gets_the_rule_at_its_next_start_and_keeps_its_own(earning: Earning) -> None:
    changed = replace(EARNING_RULES["activity.verified"], worker_points=9)
    own = earning.activate(earning.draft(changed), NOON)
    earning.mongo["earning_rules"].delete_many({"code": "duty.verified"})
    for _ in range(2):
        earning.rules.ensure_indexes()
    rules = earning.rules.all()
    assert Counter(one.code for one in rules) == Counter([*EARNING_RULES, "activity.verified"])
    assert own in rules
    member = earning.member()
    services.points.app.subscriptions(earning.mongo).handle(verified(member, new_ulid(), 3))
    assert earning.balance(member)["posted"] == 2
