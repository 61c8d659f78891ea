"""Orders of the charity shop: every status × action × party, the clock, the code, and what is written."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, NotAllowed, Refusal, Stale
from chassis.identity import Actor, Grant
from infra.contracts import ROOT
from services.points.domain import Leg
from services.points.holds.domain import HoldStatus
from services.points.shop import domain, pickup
from services.points.shop.domain import CODED, PUBLIC_ACTIONS, WORKFLOW, allowed_actions, transition
from services.points.shop.effects import EFFECTS
from services.points.shop.item import Item, OutOfStock, State, Withdrawn, check_keeper, check_version
from services.points.shop.order import (
    SYSTEM,
    Change,
    Details,
    Order,
    Party,
    Status,
    Terms,
    Ties,
    parties,
)
from tests.unit.reading import Document, plain

README = ROOT / "services/points/README.md"
AREA = "120199001001"
NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
TERMS = Terms(timedelta(minutes=30), timedelta(days=7))
CODE = "ABCD-EFGH-JKMN"
DETAILS = Details(note="说明", code=CODE, restock=True)
BUYER = Actor("01BX5ZZKBKACTAV9WEVGEMMVRZ", (Grant("resident", "120199"),))
KEEPER = Actor("K", (Grant("shop_keeper", AREA[:6]),))
ACTORS = {
    "buyer": BUYER,
    "keeper": KEEPER,
    "admin": Actor("A", (Grant("district_admin", AREA[:6]),)),
    "keeper elsewhere": Actor("E", (Grant("shop_keeper", "120199002"),)),
    "community staff": Actor("C", (Grant("community_staff", AREA),)),
    "another resident": Actor("R", (Grant("resident", "120199"),)),
    "system": SYSTEM,
}
ITEM = Item(
    id=ID,
    area=AREA,
    title="布袋",
    description="",
    media=(),
    price=30,
    stock=9,
    monthly_limit=None,
    state=State.LISTED,
    created_at=NOW,
)
RESERVED, HOLD = domain.reserve(ITEM, BUYER, 2, TERMS, NOW, order_id=ID, key="k")
PAYMENT = transition(
    RESERVED, "pay", BUYER, DETAILS, NOW, ties=Ties(HOLD), terms=TERMS, request_id="P"
).posting
assert PAYMENT is not None


def standing(status: Status) -> Order:
    """An order that came to stand so an hour after it was made, its reservation over."""
    paid = status not in (Status.RESERVED, Status.CANCELLED, Status.EXPIRED)
    return replace(
        RESERVED,
        status=status,
        posting="P" if paid else None,
        code_hash=pickup.hashed(ID, CODE) if status in CODED else None,
        collected_at=NOW if status is Status.COLLECTED else None,
    )


def act(order: Order, action: str, actor: Actor, details: Details = DETAILS, at: datetime = NOW) -> Change:
    ties = Ties(HOLD, PAYMENT if order.posting else None)
    return transition(order, action, actor, details, at, ties=ties, terms=TERMS, request_id="N")


@pytest.mark.parametrize("action", WORKFLOW)
def test_each_action_is_open_to_its_parties_in_its_states_and_to_nobody_else(action: str) -> None:
    row = WORKFLOW[action]
    for status, (name, actor) in itertools.product(Status, ACTORS.items()):
        order, case = standing(status), f"{action} of {status} by {name}"
        if not parties(order, actor) & row.parties:
            with pytest.raises(NotAllowed):
                act(order, action, actor)
            continue
        if status not in row.sources:
            with pytest.raises(Conflict) as refused:
                act(order, action, actor)
            assert refused.value.extra["allowed"] == allowed_actions(order, actor, NOW), case
            assert action not in refused.value.extra["allowed"], case
            assert refused.value.extra["status_now"] == status, case
            continue
        if action in PUBLIC_ACTIONS:
            assert action in allowed_actions(order, actor, NOW), case
        change = act(order, action, actor)
        assert (change.order.status, change.order.version) == (row.target, 2), case
        assert (change.order.history[-1].action, change.order.history[-1].actor) == (action, actor.member_id)
        assert (type(change.event) if change.event else None) == row.event, case
        if change.event is not None:
            assert vars(change.event) == {
                "number": order.number,
                "member": BUYER.member_id,
                "actor": actor.member_id,
            }


def test_every_row_has_an_effect_and_only_the_clock_lets_expire() -> None:
    assert set(EFFECTS) == set(WORKFLOW)
    assert set(WORKFLOW) - set(PUBLIC_ACTIONS) == {"expire"}
    ends = {Status.CANCELLED, Status.EXPIRED, Status.RETURNED}
    assert not any(row.sources & ends for row in WORKFLOW.values())


@pytest.mark.parametrize(
    ("action", "needed"), [(name, one) for name, row in WORKFLOW.items() for one in row.needs]
)
def test_what_an_action_needs_must_be_given(action: str, needed: str) -> None:
    order = standing(min(WORKFLOW[action].sources))
    with pytest.raises(Invalid) as refused:
        act(order, action, KEEPER, Details())
    assert list(refused.value.extra["errors"]) == [needed]


def test_a_reservation_takes_the_present_price_the_shanghai_month_and_a_hold_of_its_own() -> None:
    late = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)
    order, hold = domain.reserve(ITEM, BUYER, 3, TERMS, late, order_id=ID, key="k")
    assert (order.month, order.price, order.amount) == ("2026-12", 30, 90)
    assert order.number == "O20261201-9G5FAV"
    assert order.reserved_until == hold.expires_at == late + TERMS.reservation
    assert (hold.account, hold.amount, hold.bound_to) == (BUYER.member_id, 90, f"order:{ID}")
    with pytest.raises(OutOfStock) as refused:
        domain.reserve(ITEM, BUYER, 10, TERMS, NOW, order_id=ID, key="k")
    assert refused.value.extra["left"] == 9
    with pytest.raises(Withdrawn):
        domain.reserve(replace(ITEM, state=State.WITHDRAWN), BUYER, 1, TERMS, NOW, order_id=ID, key="k")


def test_paying_captures_the_hold_for_the_districts_shop() -> None:
    change = act(RESERVED, "pay", BUYER)
    assert change.posting is not None
    assert change.hold is not None
    assert change.posting.legs == (
        Leg(BUYER.member_id, "points", -60),
        Leg("shop:120199", "points", 60),
    )
    assert (change.hold.status, change.hold.captured) == (HoldStatus.CAPTURED, 60)
    assert (change.order.posting, change.restock, change.uncount) == (change.posting.id, 0, False)


@pytest.mark.parametrize(
    ("action", "actor", "hold"),
    [("cancel", BUYER, HoldStatus.RELEASED), ("expire", SYSTEM, HoldStatus.EXPIRED)],
)
def test_giving_up_frees_points_goods_and_the_months_count(
    action: str, actor: Actor, hold: HoldStatus
) -> None:
    change = act(RESERVED, action, actor)
    assert change.hold is not None
    assert (change.hold.status, change.restock, change.uncount) == (hold, 2, True)
    assert change.posting is None


def test_a_return_takes_the_payment_back_and_the_goods_only_if_asked() -> None:
    change = act(standing(Status.COLLECTED), "return", KEEPER)
    assert change.posting is not None
    assert change.posting.reverses == "P"
    assert sorted(leg.amount for leg in change.posting.legs) == [-60, 60]
    assert (change.restock, change.uncount, change.hold) == (2, True, None)
    assert act(standing(Status.PAID), "return", KEEPER, Details(note="缺货")).restock == 0


def test_goods_come_back_within_the_window_and_not_by_the_buyer_who_keeps_the_shop() -> None:
    collected = standing(Status.COLLECTED)
    assert act(collected, "return", KEEPER, at=NOW + TERMS.returns).order.status is Status.RETURNED
    with pytest.raises(Conflict) as late:
        act(collected, "return", KEEPER, at=NOW + TERMS.returns + timedelta(seconds=1))
    assert late.value.code == "return-too-late"
    own = Actor(BUYER.member_id, KEEPER.grants)
    with pytest.raises(NotAllowed):
        act(collected, "return", own)


def test_a_reservation_whose_time_is_over_is_expired_before_the_clock_has_come_by() -> None:
    over = NOW + TERMS.reservation
    for action, actor in (("pay", BUYER), ("cancel", KEEPER)):
        with pytest.raises(Conflict) as refused:
            act(RESERVED, action, actor, at=over)
        assert refused.value.extra == {"status_now": Status.EXPIRED, "allowed": []}
    assert domain.expire(RESERVED, Ties(HOLD), TERMS, over - timedelta(milliseconds=1)) is None
    change = domain.expire(RESERVED, Ties(HOLD), TERMS, over)
    assert change is not None
    assert change.order.status is Status.EXPIRED
    for status in set(Status) - {Status.RESERVED}:
        assert domain.expire(standing(status), Ties(HOLD), TERMS, over) is None


def test_a_code_is_for_the_buyer_between_payment_and_collection_and_replaces_the_one_before() -> None:
    for status, (name, actor) in itertools.product(Status, ACTORS.items()):
        order = standing(status)
        if name != "buyer":
            with pytest.raises(NotAllowed):
                domain.with_code(order, actor, CODE, NOW)
        elif status in CODED:
            other = domain.with_code(order, actor, "0000-0000-0000", NOW)
            assert not pickup.matches(ID, CODE, other.code_hash)
            assert pickup.matches(ID, "0000-0000-0000", other.code_hash)
        else:
            with pytest.raises(Conflict):
                domain.with_code(order, actor, CODE, NOW)


def test_the_code_of_another_order_or_none_collects_nothing() -> None:
    ready = standing(Status.READY)
    for wrong in (
        replace(ready, code_hash=None),
        replace(ready, code_hash=pickup.hashed("another", CODE)),
    ):
        with pytest.raises(Invalid) as refused:
            act(wrong, "collect", KEEPER)
        assert "code" in refused.value.extra["errors"]
    collected = act(ready, "collect", KEEPER).order
    assert (collected.code_hash, collected.collected_at) == (None, NOW)


def test_codes_differ_have_their_form_and_are_drawn_with_their_text() -> None:
    codes = {pickup.new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(one) == 14 and one.count("-") == 2 for one in codes)
    text = pickup.payload(ID, CODE)
    assert text.endswith(f":{ID}:{CODE}")
    assert pickup.drawn(text).startswith("<svg")
    assert pickup.drawn(text) != pickup.drawn(pickup.payload(ID, "0000-0000-0000"))


def test_items_are_kept_by_the_shop_keeper_of_their_area_at_the_version_they_have_seen() -> None:
    for name, actor in ACTORS.items():
        if name in ("keeper", "admin"):
            check_keeper(actor, AREA)
        else:
            with pytest.raises(NotAllowed):
                check_keeper(actor, AREA)
    check_version(3, 3)
    check_version(3, None)
    with pytest.raises(Stale):
        check_version(3, 2)


def test_the_readme_has_the_table_of_the_workflow() -> None:
    told = [[plain(cell) for cell in row] for row in Document(README).table("Orders")]
    assert told == [
        [name, ", ".join(sorted(row.sources)), row.target, ", ".join(sorted(row.parties))]
        for name, row in WORKFLOW.items()
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(WORKFLOW)),
            st.sampled_from([BUYER, KEEPER, SYSTEM]),
            st.integers(0, 20),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_whatever_is_tried_goods_and_points_are_where_the_order_says(
    steps: list[tuple[str, Actor, int, bool]],
) -> None:
    order, ties, at = RESERVED, Ties(HOLD), NOW
    shelf, paid, counted = -order.quantity, 0, order.quantity
    for number, (action, actor, minutes, restock) in enumerate(steps):
        at += timedelta(minutes=minutes)
        if order.status in CODED:
            order = domain.with_code(order, BUYER, CODE, at)
        try:
            change = transition(
                order,
                action,
                actor,
                replace(DETAILS, restock=restock),
                at,
                ties=ties,
                terms=TERMS,
                request_id=f"P{number}",
            )
        except Refusal:
            continue
        assert change.hold is None or ties.hold.status is HoldStatus.OPEN
        ties = Ties(change.hold or ties.hold, change.posting or ties.payment)
        order, shelf = change.order, shelf + change.restock
        counted -= order.quantity if change.uncount else 0
        legs = change.posting.legs if change.posting else ()
        paid -= sum(leg.amount for leg in legs if leg.account == BUYER.member_id)
    kept = order.status in (Status.PAID, Status.READY, Status.COLLECTED)
    gone = order.status in (Status.CANCELLED, Status.EXPIRED)
    assert paid == (order.amount if kept else 0)
    assert (ties.hold.status is HoldStatus.OPEN) == (order.status is Status.RESERVED)
    assert counted == (0 if gone or order.status is Status.RETURNED else order.quantity)
    assert shelf == 0 if gone else shelf in (-order.quantity, 0)


def test_every_party_of_the_table_is_somebody() -> None:
    assert {one for row in WORKFLOW.values() for one in row.parties} == set(Party)
