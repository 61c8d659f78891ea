"""Earning when things are heard of late, in another order, or by two workers at once."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis import trace
from chassis.clock import new_ulid, utc_now
from chassis.errors import Invalid, Stale
from chassis.mongo import Mongo
from services.points.earning import commands
from services.points.earning.commands import Due
from services.points.earning.domain import EARNING_RULES, Counted, Evidence, day_of, earned
from services.points.earning.rule import CLAIMED, Caps, EarningRule
from services.points.earning.store import EvidenceStore
from services.points.store import JournalStore
from tests.integration.earnings import HOUR, NOON, Earning, activity, confirmed, legs_of
from tests.integration.ledgers import DISTRICT, at_once


@pytest.fixture
def earning(mongo: Mongo) -> Earning:
    return Earning(mongo)


def test_a_reopening_heard_of_before_its_confirmation_takes_back_nothing_of_the_claim(
    earning: Earning,
) -> None:
    member = earning.member()
    solved = confirmed(member)
    earning.consume(replace(solved, event=CLAIMED))
    earning.reopen(solved.cause)
    assert earning.balance(member)["posted"] == 1
    earning.consume(solved, replace(solved, round=2))
    assert earning.balance(member)["posted"] == 1 + 8
    earning.proof()


def test_what_was_paid_before_evidence_was_kept_and_told_again_since_can_be_taken_back(
    earning: Earning,
) -> None:
    member = earning.member()
    solved = confirmed(member)
    earning.consume(solved)
    earning.mongo["evidence"].delete_many({"_id": solved.key})
    earning.consume(solved)
    earning.reopen(solved.cause)
    assert earning.balance(member)["posted"] == 0


def test_a_simulation_counts_towards_a_cap_for_ever_what_was_told_before_though_it_happened_later(
    earning: Earning,
) -> None:
    capped = replace(EARNING_RULES["activity.verified"], worker_points=7, caps={"points": Caps(person=10)})
    rule = earning.activate(earning.draft(capped), NOON - HOUR)
    member = earning.member()
    earning.consume(activity(member, NOON + timedelta(days=40)), activity(member))
    assert earning.balance(member)["posted"] == 10
    told = earning.simulate(rule, NOON - HOUR, NOON + HOUR)
    assert (told.would, told.would.points) == (told.really, 3)


def test_evidence_that_another_worker_consumes_meanwhile_is_not_paid_after_all(earning: Earning) -> None:
    """It was marked as reopened, told twice, and whoever had no role yet is known by now."""
    member = earning.member()
    solved = confirmed(member)
    earning.reopen(solved.cause)
    rule = EARNING_RULES["issue.confirmed"]
    due = [Due(solved, [rule], trace.current())]
    another = EvidenceStore(earning.mongo, JournalStore(earning.mongo))
    tries = 0

    def nothing(_: EarningRule, __: Evidence, ___: Counted) -> None:
        return None

    def slowly(one: EarningRule, evidence: Evidence, counted: Counted) -> object:
        nonlocal tries
        tries += 1
        if tries == 2:
            another.record(due, nothing, utc_now())
        return earned(one, evidence, posting_id=new_ulid(), at=utc_now(), counted=counted)

    earning.book.record(due, slowly, utc_now())  # type: ignore[arg-type]
    assert tries >= 2
    assert earning.balance(member)["posted"] == 0
    assert (earning.mongo["evidence"].find_one({"_id": solved.key}) or {})["paid"] == []


def test_the_event_of_a_code_stays_once_there_is_another_version_of_it(earning: Earning) -> None:
    wanted = EarningRule("issue.lamps", 0, "路灯", "lamps", CLAIMED, worker_points=1)
    first = earning.draft(wanted)
    corrected = replace(wanted, event="issue.confirmed")
    first = commands.edit(earning.rules, district=DISTRICT, rule_id=first.id, wanted=corrected, expected=None)
    earning.draft(corrected)
    with pytest.raises(Invalid):
        commands.edit(earning.rules, district=DISTRICT, rule_id=first.id, wanted=wanted, expected=None)


def test_a_draft_that_was_changed_meanwhile_does_not_come_into_force_unseen(earning: Earning) -> None:
    draft = earning.draft(EARNING_RULES["issue.claimed"])
    dearer = replace(EARNING_RULES["issue.claimed"], worker_points=100)
    commands.edit(earning.rules, district=DISTRICT, rule_id=draft.id, wanted=dearer, expected=1)
    for act in (commands.activate, commands.retire):
        with pytest.raises(Stale):
            act(earning.rules, utc_now, rule_id=draft.id, expected=1)
    assert commands.activate(earning.rules, utc_now, rule_id=draft.id, expected=2).status == "active"


def capped(earning: Earning, **caps: int) -> EarningRule:
    """The rule for confirmations, capped and in force."""
    wanted = replace(EARNING_RULES["issue.confirmed"], caps={"points": Caps(**caps)})
    return earning.activate(earning.draft(wanted), NOON - HOUR)


def test_what_was_taken_back_is_paid_again_by_a_later_confirmation_though_a_cap_was_used_up(
    earning: Earning,
) -> None:
    rule = capped(earning, person=5)
    member = earning.member()
    solved, other = confirmed(member), confirmed(member)
    earning.consume(solved, other)
    for _ in range(2):
        earning.reopen(solved.cause)
    earning.consume(solved, replace(solved, round=2), replace(solved, round=2))
    assert earning.balance(member)["posted"] == 5 + 2 * 3  # both were resolved; the cap is of the other rule
    told = earning.simulate(rule, NOON - HOUR, NOON + HOUR)
    assert (told.events, told.would) == (3, told.really)
    earning.proof()


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_caps_and_simulations_hold_to_the_point_while_issues_are_reopened(mongo: Mongo, seed: int) -> None:
    for name in mongo.database.list_collection_names():
        mongo[name].delete_many({})
    earning, dice = Earning(mongo), random.Random(seed)
    rule = capped(earning, day=12, month=30)
    members = [earning.member() for _ in range(3)]
    acts: list[tuple[Evidence, bool]] = []
    for _ in range(10):
        worker, reporter = dice.sample(members, 2)
        solved = confirmed(worker, NOON + dice.randrange(4) * 12 * HOUR, reporter)
        rounds = [replace(solved, round=one) for one in range(1, dice.randrange(2, 5))]
        acts += [(one, False) for one in rounds] + [(one, True) for one in rounds[:-1]]
    acts += dice.sample(acts, 8)
    dice.shuffle(acts)

    def act(one: tuple[Evidence, bool]) -> None:
        evidence, reopens = one
        earning.reopen(evidence.cause, evidence.round) if reopens else earning.consume_at_once([evidence])

    at_once(len(acts), lambda number: act(acts[number]))
    undone = {one.key for one, reopens in acts if reopens}
    counted: Counter[tuple[str, object]] = Counter()
    for one in earning.book.kept(rule, NOON - HOUR, NOON + 72 * HOUR):
        assert (one.undone is not None) == (one.evidence.key in undone)
        for paid in one.paid:
            for leg in paid.gains if paid.rule == rule.code and one.undone is None else ():
                counted[leg.account, day_of(one.evidence.at)] += leg.amount
    assert max(counted.values()) <= 12
    for member in members:
        document = mongo["earning_counts"].find_one({"_id": f"{rule.code}:{member}"}) or {}
        left = sum(amount for (account, _), amount in counted.items() if account == member)
        assert document["points"]["all"] == left <= 30
    told = earning.simulate(rule, NOON - HOUR, NOON + 72 * HOUR)
    assert told.would == told.really
    simulated = legs_of((one.would.key, map(vars, one.would.legs)) for one in told.items)
    assert simulated == earning.paid_by(rule)
    earning.proof()
