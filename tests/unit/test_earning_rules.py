"""The ledger's pure rules: whatever the evidence, postings balance, and only work that counts is paid."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from services.points.domain import (
    LADDER,
    MAX_AMOUNT,
    MAX_LEGS,
    MIN_LEGS,
    UNITS,
    Leg,
    Posting,
    check_balanced,
    is_member,
    issuer,
)
from services.points.earning.domain import EARNING_RULES, Evidence, earned
from services.points.earning.rule import SERVED, EarningRule

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
GRID = "120199001001001"
MEMBERS = st.sampled_from(["01STEWARD", "01RESIDENT", "01THIRD"])
CAUSES = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26)
RULES = st.sampled_from(list(EARNING_RULES.values()))
EVIDENCE = st.builds(
    Evidence,
    cause=CAUSES,
    area=st.sampled_from([GRID, GRID[:12], GRID[:9], GRID[:6]]),
    worker=st.none() | MEMBERS,
    resolver=st.none() | MEMBERS,
    reporter=st.none() | MEMBERS,
    photos=st.integers(0, 6),
    minutes=st.integers(0, 720),
)


def posting(*legs: Leg) -> Posting:
    return Posting("P", "key", "rule", 1, "cause", GRID, legs, NOW)


def paid(rule: EarningRule, evidence: Evidence) -> Counter[tuple[str, str]]:
    """What each account gains (or gives) in each unit."""
    made = earned(rule, evidence, posting_id="P", at=NOW)
    return Counter({(leg.account, leg.unit): leg.amount for leg in made.legs} if made else {})


@given(RULES, EVIDENCE)
def test_whatever_the_evidence_a_posting_sums_to_zero_in_every_unit(
    rule: EarningRule, evidence: Evidence
) -> None:
    made = earned(rule, evidence, posting_id="P", at=NOW)
    if made is None:
        return
    for unit in UNITS:
        assert sum(leg.amount for leg in made.legs if leg.unit == unit) == 0
    assert MIN_LEGS <= len(made.legs) <= MAX_LEGS
    assert all(leg.amount for leg in made.legs)
    assert len({(leg.account, leg.unit) for leg in made.legs}) == len(made.legs)


@given(RULES, EVIDENCE)
def test_only_the_issuer_of_the_district_gives_and_only_the_people_of_the_case_gain(
    rule: EarningRule, evidence: Evidence
) -> None:
    for (account, _), amount in paid(rule, evidence).items():
        if amount < 0:
            assert account == issuer(GRID) == "issuer:120199"
            assert not is_member(account)
        else:
            assert account in (evidence.worker, evidence.reporter)


@given(RULES, RULES, EVIDENCE, EVIDENCE)
def test_postings_share_a_key_exactly_when_rule_and_cause_are_the_same(
    rule: EarningRule, other_rule: EarningRule, evidence: Evidence, other: Evidence
) -> None:
    one = earned(rule, evidence, posting_id="P", at=NOW)
    two = earned(other_rule, other, posting_id="Q", at=NOW)
    if one and two:
        same = (rule.code, evidence.cause) == (other_rule.code, other.cause)
        assert (one.key == two.key) == same


@given(RULES, EVIDENCE)
def test_without_a_worker_only_the_reporter_can_gain(rule: EarningRule, evidence: Evidence) -> None:
    gains = {account for (account, _), amount in paid(rule, evidence).items() if amount > 0}
    if evidence.worker is None:
        assert gains <= {evidence.reporter}


@given(RULES, EVIDENCE)
def test_a_report_earns_with_a_photo_and_not_for_whoever_worked_on_it(
    rule: EarningRule, evidence: Evidence
) -> None:
    if evidence.reporter and evidence.reporter != evidence.worker:
        counts = evidence.photos and evidence.reporter != evidence.resolver
        expected = rule.reporter_points if counts else 0
        assert paid(rule, evidence)[evidence.reporter, "points"] == expected


@given(RULES, EVIDENCE)
def test_a_solution_pays_the_steward_in_charge_only_where_it_is_their_own(
    rule: EarningRule, evidence: Evidence
) -> None:
    if evidence.worker:
        own = evidence.worker == evidence.resolver or not rule.code.startswith(("issue.res", "issue.conf"))
        expected = rule.worker_points if own else 0
        assert paid(rule, evidence)[evidence.worker, "points"] == expected


def test_a_verified_activity_pays_its_minutes_and_its_points() -> None:
    evidence = Evidence(cause="A", area=GRID, worker="S", minutes=90)
    assert paid(EARNING_RULES["activity.verified"], evidence) == {
        ("S", "points"): 2,
        ("S", "minutes"): 90,
        ("issuer:120199", "points"): -2,
        ("issuer:120199", "minutes"): -90,
    }


def test_verified_duty_pays_its_minutes_and_its_points() -> None:
    evidence = Evidence(cause="D", area=GRID, worker="S", minutes=120, event=SERVED, category="patrol")
    assert paid(EARNING_RULES["duty.verified"], evidence) == {
        ("S", "points"): 2,
        ("S", "minutes"): 120,
        ("issuer:120199", "points"): -2,
        ("issuer:120199", "minutes"): -120,
    }


def test_an_activity_without_minutes_pays_points_only() -> None:
    evidence = Evidence(cause="A", area=GRID, worker="S", minutes=0)
    assert {unit for _, unit in paid(EARNING_RULES["activity.verified"], evidence)} == {"points"}


def test_nobody_to_pay_makes_no_posting() -> None:
    for rule in EARNING_RULES.values():
        assert earned(rule, Evidence("C", GRID, worker=None), posting_id="P", at=NOW) is None


@given(
    st.lists(st.builds(Leg, st.sampled_from("ab"), st.sampled_from(UNITS), st.integers(-9, 9)), max_size=24)
)
def test_a_posting_is_accepted_exactly_when_it_balances(legs: list[Leg]) -> None:
    sums = Counter[str]()
    for leg in legs:
        sums[leg.unit] += leg.amount
    sound = MIN_LEGS <= len(legs) <= MAX_LEGS and all(leg.amount for leg in legs) and not any(sums.values())
    if sound:
        check_balanced(posting(*legs))
    else:
        with pytest.raises(Invalid):
            check_balanced(posting(*legs))


def test_units_do_not_make_up_for_one_another() -> None:
    with pytest.raises(Invalid):
        check_balanced(posting(Leg("a", "points", 5), Leg("b", "minutes", -5)))


@pytest.mark.parametrize("amount", [0, MAX_AMOUNT + 1, -MAX_AMOUNT - 1])
def test_nothing_and_more_than_a_ledger_can_hold_are_refused(amount: int) -> None:
    with pytest.raises(Invalid):
        check_balanced(posting(Leg("a", "points", amount), Leg("b", "points", -amount)))


def test_the_largest_amount_is_accepted() -> None:
    check_balanced(posting(Leg("a", "points", MAX_AMOUNT), Leg("b", "points", -MAX_AMOUNT)))


def test_a_unit_that_the_ledger_does_not_know_is_refused() -> None:
    with pytest.raises(Invalid):
        check_balanced(posting(Leg("a", "apples", 1), Leg("b", "apples", -1)))


@pytest.mark.parametrize(
    ("hours", "expected"), [(0, 0), (99, 0), (100, 1), (299, 1), (300, 2), (600, 3), (1000, 4), (1500, 5)]
)
def test_stars_follow_the_hours_of_the_field(hours: int, expected: int) -> None:
    assert LADDER.stars(hours * 60) == expected
    assert LADDER.stars(hours * 60 - 1) == max(0, expected - (hours in (100, 300, 600, 1000, 1500)))


@given(RULES, EVIDENCE)
def test_all_that_is_earned_counts_for_a_lifetime_but_a_claim_which_nobody_verified(
    rule: EarningRule, evidence: Evidence
) -> None:
    made = earned(rule, evidence, posting_id="P", at=NOW)
    assert made is None or made.verified == (rule.code != "issue.claimed")
