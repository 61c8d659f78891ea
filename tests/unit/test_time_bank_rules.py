"""The time bank's matching, settlements, gifts and conversions: what holds whatever the numbers."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid
from services.points.documents import document_of, posting_of
from services.points.domain import MAX_AMOUNT, Leg, Posting, changes_of
from services.points.holds.domain import HoldStatus, expired, served, set_aside
from services.points.reversal import reversal
from services.points.schemas import RULE_PATTERN, RULES
from services.points.timebank.exchange import settlement
from services.points.timebank.exchange.help import Help, Kind, Status
from services.points.timebank.exchange.matching import match, ranked
from services.points.timebank.exchange.settlement import Standing, split
from services.points.timebank.gifts import commands as gift_commands
from services.points.timebank.gifts import domain as gifts
from services.points.timebank.gifts.domain import Circumstances, Order
from services.points.timebank.members.domain import Registration
from services.points.timebank.policy import domain as policies
from services.points.timebank.policy.domain import Conversion, Policy, Rounding, RoundingMode
from tests.unit.helping import NOW, opened, standing

DISTRICT, POOL = "120199", "pool:120199"
MINUTES = st.integers(0, 2000)
LIMITS = st.none() | st.integers(1, 2000)
POLICIES = st.builds(
    Policy, version=st.just(3), effective_from=st.just(NOW), ceiling=LIMITS, daily_cap=LIMITS
)


@given(
    actual=MINUTES,
    held=st.integers(1, 1440),
    balance=MINUTES,
    earned=MINUTES,
    free=st.just(MAX_AMOUNT) | MINUTES,
    policy=POLICIES,
)
def test_a_receiver_loses_what_giver_and_pool_gain_within_hold_cap_and_ceiling(
    actual: int, held: int, balance: int, earned: int, free: int, policy: Policy
) -> None:
    paid = split(actual, held, Standing(balance, earned, free), policy)
    assert paid.paid == min(actual, held)
    assert paid.paid == paid.given + paid.pooled
    assert min(paid.given, paid.pooled) >= 0
    assert paid.given <= free
    if policy.ceiling is not None and paid.given:
        assert balance + paid.given <= policy.ceiling
    if policy.daily_cap is not None and paid.given:
        assert earned + paid.given <= policy.daily_cap
    room = [one for one in (policy.ceiling and policy.ceiling - balance,) if one is not None]
    day = [] if policy.daily_cap is None else [policy.daily_cap - earned]
    if paid.pooled:  # nothing goes to the pool that the giver could keep
        assert paid.given == max(0, min([*room, *day, free]))
    made = settlement.posting(standing(Status.SETTLED), paid, posting_id="p", by="A", at=NOW)
    assert (made is None) == (paid.paid == 0)
    if made is not None:
        assert sum(leg.amount for leg in made.legs) == 0
        gains = {leg.account: leg.amount for leg in made.legs if leg.amount > 0}
        assert gains == {name: n for name, n in (("B", paid.given), (POOL, paid.pooled)) if n}


def test_settled_help_is_verified_work_of_the_giver_and_costs_the_receiver_no_lifetime() -> None:
    paid = split(60, 60, Standing(), policies.before_any(NOW))
    made = settlement.posting(standing(Status.SETTLED), paid, posting_id="p", by="A", at=NOW)
    assert made is not None
    found = changes_of(made)
    assert (found["B", "minutes"].posted, found["B", "minutes"].lifetime) == (60, 60)
    assert (found["A", "minutes"].posted, found["A", "minutes"].lifetime) == (-60, 0)
    back = reversal(made, lambda *_: 20, posting_id="q", at=NOW, reason="x", by="E")
    undone = changes_of(back)
    assert (undone["B", "minutes"].posted, undone["B", "minutes"].lifetime) == (-20, -60)
    assert (undone["A", "minutes"].posted, undone["A", "minutes"].lifetime) == (60, 0)


@pytest.mark.parametrize(
    ("step", "mode", "seconds", "minutes"),
    [
        (1, "nearest", 89, 1),
        (1, "nearest", 90, 2),
        (15, "down", 44 * 60 + 59, 30),
        (15, "up", 31 * 60, 45),
        (15, "up", 30 * 60, 30),
        (30, "nearest", 44 * 60, 30),
        (30, "nearest", 45 * 60, 60),
        (1, "up", 0, 0),
        (1, "up", -5, 0),
    ],
)
def test_time_served_becomes_minutes_as_the_policy_says(
    step: int, mode: str, seconds: int, minutes: int
) -> None:
    assert Rounding(step, RoundingMode(mode)).minutes(seconds) == minutes


AREAS = st.sampled_from(["120199", "120199001", "120199001001", "120199001002", "120199001001001"])


@st.composite
def helps(draw: st.DrawFn, number: int = 0) -> Help:
    starts = NOW + timedelta(minutes=draw(st.integers(0, 300)))
    minutes = draw(st.integers(1, 120))
    return opened(
        draw(st.sampled_from(Kind)),
        id=f"{number}{draw(st.integers(0, 999)):03}",
        author=draw(st.sampled_from("ABC")),
        area=draw(AREAS),
        skills=tuple(draw(st.sets(st.sampled_from(["errands", "cooking", "haircut"]), min_size=1))),
        starts_at=starts,
        ends_at=starts + timedelta(minutes=minutes + draw(st.integers(0, 300))),
        minutes=minutes,
        status=draw(st.sampled_from([Status.OPEN, Status.OPEN, Status.OPEN, Status.MATCHED])),
    )


@given(helps(0), helps(1))
def test_matching_is_symmetric_and_a_match_can_take_place(one: Help, other: Help) -> None:
    made = match(one, other)
    assert made == match(other, one)
    if made is None:
        return
    assert made.other(one) == other
    assert (made.request.kind, made.offer.kind) == (Kind.REQUEST, Kind.OFFER)
    assert one.author != other.author
    assert set(made.skills) <= set(one.skills) & set(other.skills)
    assert 1 <= made.minutes <= min(one.minutes, other.minutes, made.overlap)
    assert one.area.startswith(other.area) or other.area.startswith(one.area)


@given(helps(0), st.lists(helps(1), max_size=8, unique_by=lambda one: one.id), st.randoms())
def test_the_ranking_does_not_depend_on_the_order_of_what_is_ranked(
    one: Help, others: list[Help], chance: Any
) -> None:
    first = ranked(one, others)
    shuffled = list(others)
    chance.shuffle(shuffled)
    assert ranked(one, shuffled) == first
    assert {made.other(one).id for made in first} == {each.id for each in others if match(one, each)}


def test_the_best_match_shares_most_then_lasts_longest_then_is_nearest() -> None:
    request = opened(skills=("cooking", "errands"))
    offer = opened(Kind.OFFER, author="B", skills=("cooking", "errands"))
    others = [
        replace(offer, id="later", created_at=NOW),
        replace(offer, id="far", area="120199"),
        replace(offer, id="short", minutes=30),
        replace(offer, id="half", skills=("errands",)),
        replace(offer, id="elsewhere", area="120199001002"),
        replace(offer, id="other skill", skills=("haircut",)),
        replace(offer, id="other day", starts_at=NOW + timedelta(hours=2, minutes=1)),
        replace(offer, id="own", author="A"),
    ]
    assert [made.offer.id for made in ranked(request, others)] == ["later", "far", "short", "half"]


def order(**more: Any) -> Order:
    values: dict[str, Any] = {
        "member": "A",
        "to": "B",
        "unit": "minutes",
        "amount": 60,
        "memo": "",
        "key": "k",
        "district": DISTRICT,
    }
    return Order(**{**values, **more})


def so(
    policy: Policy | None = None, *, related: bool = True, balance: int = 0, **known: Any
) -> Circumstances:
    return Circumstances(policy or policies.before_any(NOW), Registration("B", **known), balance, related)


def legs_of(posting: Posting) -> dict[tuple[str, str], int]:
    return {(leg.account, leg.unit): leg.amount for leg in posting.legs}


@given(st.integers(1, 2000), MINUTES, LIMITS)
def test_of_a_gift_a_relative_keeps_what_the_ceiling_allows_and_the_pool_the_rest(
    amount: int, balance: int, ceiling: int | None
) -> None:
    policy = Policy(2, NOW, ceiling=ceiling)
    posting = gifts.gift(order(amount=amount), so(policy, balance=balance), posting_id="p", at=NOW)
    legs = legs_of(posting)
    kept, pooled = legs.get(("B", "minutes"), 0), legs.get((POOL, "minutes"), 0)
    assert legs["A", "minutes"] == -amount == -(kept + pooled)
    assert ceiling is None or kept == 0 or balance + kept <= ceiling
    assert not posting.verified
    assert posting.rule_version == 2


def test_gifts_go_to_registered_relatives_and_to_the_pool_only() -> None:
    for wrong in ({"to": "A"}, {"to": "shop:120199"}, {"to": "pool:120198"}, {"amount": 0}):
        with pytest.raises(Invalid):
            gifts.checked(order(**wrong))
    refusals = {
        "not-related": so(related=False),
        "gift-not-allowed": so(Policy(1, NOW, gifts=("pool",))),
        "groups-give-only": so(group=True),
    }
    for code, circumstances in refusals.items():
        with pytest.raises(Conflict) as refused:
            gifts.gift(order(), circumstances, posting_id="p", at=NOW)
        assert refused.value.code == code
    to_pool = order(to=POOL)
    posting = gifts.gift(gifts.checked(to_pool), so(related=False), posting_id="p", at=NOW)
    assert legs_of(posting) == {("A", "minutes"): -60, (POOL, "minutes"): 60}
    with pytest.raises(Conflict):
        gifts.gift(to_pool, so(Policy(1, NOW, gifts=("relatives",))), posting_id="p", at=NOW)


@given(st.integers(1, 500), st.integers(1, 50), st.integers(1, 50), st.sampled_from(["minutes", "points"]))
def test_a_conversion_keeps_its_rate_and_each_unit_adds_up(
    amount: int, minutes: int, points: int, unit: str
) -> None:
    policy = Policy(4, NOW, conversion=Conversion(minutes, points))
    per, gives = (minutes, points) if unit == "minutes" else (points, minutes)
    wanted = order(to="A", unit=unit, amount=amount)
    if amount % per:
        with pytest.raises(Invalid):
            gifts.conversion(wanted, so(policy), posting_id="p", at=NOW)
        return
    legs = legs_of(gifts.conversion(wanted, so(policy), posting_id="p", at=NOW))
    other = "points" if unit == "minutes" else "minutes"
    assert legs["A", unit] == -amount == -legs["issuer:120199", unit]
    assert legs["A", other] * per == amount * gives
    assert legs["A", other] == -legs["issuer:120199", other]


def test_conversion_is_off_unless_the_policy_has_a_rate_into_that_unit() -> None:
    rate = Conversion(60, 10, ("points",))
    allowed = order(to="A", amount=120)
    assert gifts.conversion(allowed, so(Policy(1, NOW, conversion=rate)), posting_id="p", at=NOW)
    back = order(to="A", unit="points", amount=10)
    both = Conversion(60, 10)
    refusals: list[tuple[Order, Circumstances, str]] = [
        (allowed, so(), "no-conversion"),
        (back, so(Policy(1, NOW, conversion=rate)), "no-conversion"),
        (allowed, so(Policy(1, NOW, conversion=rate, redeeming_age=60)), "not-redeeming-yet"),
        (back, so(Policy(1, NOW, conversion=both, ceiling=100), balance=41), "above-ceiling"),
        (back, so(Policy(1, NOW, conversion=both), group=True), "groups-give-only"),
        (allowed, so(Policy(1, NOW, conversion=both), group=True), "groups-give-only"),
    ]
    for wanted, circumstances, code in refusals:
        with pytest.raises(Conflict) as refused:
            gifts.conversion(wanted, circumstances, posting_id="p", at=NOW)
        assert refused.value.code == code


class Ledger:
    """Gifts in memory: each key once. `hashes`: they are stored with the hash of what was ordered."""

    def __init__(self, *, hashes: bool) -> None:
        self.postings: dict[str, Posting] = {}
        self.hashes = hashes

    def stored(self, key: str) -> Posting | None:
        found = self.postings.get(key)
        if found is None or not self.hashes:
            return found
        return posting_of(document_of(found))

    def knows(self, member: str) -> bool:
        return member in "AB"

    def post(self, _: Order, policy: Policy, key: str, decide: Any) -> Posting:
        return self.postings.setdefault(key, decide(so(policy)))


@pytest.mark.parametrize("hashes", [True, False], ids=["stored now", "stored by an earlier release"])
def test_a_repeated_gift_is_the_first_one_whatever_the_policy_says_by_now(hashes: bool) -> None:
    ledger = Ledger(hashes=hashes)

    def give(policy: Policy, **more: Any) -> Posting:
        return gift_commands.give(ledger, policy, lambda: NOW, order=order(**more), posting_id="p")

    first = give(policies.before_any(NOW))
    assert give(Policy(1, NOW, gifts=())) == first
    for other in ({"amount": 61}, {"memo": "生日"}, {"to": POOL}):
        with pytest.raises(Invalid) as refused:
            give(policies.before_any(NOW), **other)
        assert "Idempotency-Key" in refused.value.extra["errors"]
    with pytest.raises(Invalid) as refused:
        give(policies.before_any(NOW), to="X", key="other")
    assert "to" in refused.value.extra["errors"]


def test_a_district_without_a_policy_confirms_after_three_days_by_itself_and_converts_nothing() -> None:
    usual = policies.before_any(NOW)
    assert usual.auto_confirm_hours == 72
    assert usual.conversion is None


def test_a_leg_below_zero_of_verified_work_takes_no_lifetime_unless_it_takes_work_back() -> None:
    legs = (Leg("01ARZ3NDEKTSV4RRFFQ69G5FAV", "minutes", -5), Leg(POOL, "minutes", 5))
    posting = Posting("p", "k", "r", 1, "c", DISTRICT, legs, NOW, verified=True)
    assert [one.lifetime for one in changes_of(posting).values()] == [0]
    back = replace(posting, reverses="q")
    assert [one.lifetime for one in changes_of(back).values()] == [-5]


def test_a_hold_with_a_purpose_is_served_once_and_never_above_its_amount() -> None:
    hold = set_aside("A", "minutes", 60, "H", bound_to="help:1", by="A", hold_id="h", at=NOW)
    assert expired(hold, NOW + timedelta(days=36_500)) is None
    for amount in (-1, 61):
        with pytest.raises(Invalid):
            served(hold, amount, "B", NOW)
    taken, let_go = served(hold, 20, "B", NOW), served(hold, 0, "B", NOW)
    assert (taken.status, taken.captured, taken.target) == (HoldStatus.CAPTURED, 20, "B")
    assert (let_go.status, let_go.captured, let_go.target) == (HoldStatus.RELEASED, 0, None)
    for ended in (taken, let_go):
        with pytest.raises(Conflict):
            served(ended, 1, "B", NOW)
    with pytest.raises(Invalid):
        set_aside("A", "minutes", 0, "H", bound_to="help:1", by="A", hold_id="h", at=NOW)


@pytest.mark.parametrize("rule", RULES)
def test_postings_can_be_listed_by_every_rule_that_posts(rule: str) -> None:
    assert re.fullmatch(RULE_PATTERN, rule)
