"""Rules as data on a real database: caps to the point, versions in turn, simulations as it was live."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.clock import new_ulid
from chassis.errors import Conflict, Unavailable
from chassis.mongo import Mongo
from services.points.earning import commands
from services.points.earning.domain import EARNING_RULES
from services.points.earning.rule import CONFIRMED, LEAD, Caps, Conditions, EarningRule
from tests.integration.earnings import GRIDS, HOUR, NOON, Earning, activity, confirmed, legs_of
from tests.integration.ledgers import ADMIN


@pytest.fixture
def earning(mongo: Mongo) -> Earning:
    return Earning(mongo)


def test_the_first_versions_are_there_once_however_often_workers_begin(earning: Earning) -> None:
    earning.rules.ensure_indexes()
    assert sorted((one.code, one.version) for one in earning.rules.all()) == sorted(
        (code, 1) for code in EARNING_RULES
    )
    kept = {
        one.code: replace(one, id="", active_from=EARNING_RULES[one.code].active_from)
        for one in earning.rules.all()
    }
    assert kept == EARNING_RULES


def test_a_cap_of_a_day_is_paid_to_the_point_whoever_consumes_at_the_same_time(earning: Earning) -> None:
    capped = replace(
        EARNING_RULES["activity.verified"],
        worker_points=7,
        caps={"points": Caps(day=30), "minutes": Caps(event=50, month=330)},
    )
    rule = earning.activate(earning.draft(capped), NOON - HOUR)
    member = earning.member()
    evidence = [activity(member) for _ in range(12)]
    earning.consume_at_once([*evidence, *evidence])
    account = earning.queries.account(member, ADMIN)
    assert (account["points"]["posted"], account["minutes"]["posted"]) == (30, 330)
    amounts = Counter(amount for _, _, unit, amount in earning.paid_by(rule).elements() if unit == "points")
    assert (amounts[7], amounts[2]) == (4, 1)
    next_day = activity(member, NOON + 24 * HOUR)
    earning.consume(next_day, next_day)
    account = earning.queries.account(member, ADMIN)
    assert (account["points"]["posted"], account["minutes"]["posted"]) == (37, 330)
    earning.proof()
    told = earning.simulate(rule, NOON - HOUR, NOON + 48 * HOUR)
    assert (told.events, told.would, told.really) == (13, told.really, told.would)


def test_an_event_is_paid_by_the_version_in_force_when_it_happened(earning: Earning) -> None:
    first, member = EARNING_RULES["issue.confirmed"], earning.member()
    second = earning.activate(earning.draft(replace(first, worker_points=50)), NOON)
    last = timedelta(milliseconds=1)
    earning.consume(confirmed(member, NOON), confirmed(member, NOON - last))
    versions = {
        one["rule_version"]: one["legs"][0]["amount"]
        for one in earning.mongo["journal"].find({"lists": member})
        if one["rule"] == first.code
    }
    assert versions == {1: 5, 2: 50}
    former = next(one for one in earning.rules.all() if (one.code, one.version) == (first.code, 1))
    assert (former.status, former.retired_from) == ("retired", second.active_from)
    commands.retire(earning.rules, lambda: NOON + HOUR - LEAD, rule_id=second.id)
    earning.consume(confirmed(member, NOON + HOUR))
    assert earning.balance(member)["posted"] == 3 * 3 + 5 + 50


@pytest.mark.parametrize("code", ["issue.confirmed", "issue.confirmed.lamps"])
def test_of_drafts_that_are_activated_at_once_one_is_in_force_at_the_end(earning: Earning, code: str) -> None:
    drafts = [earning.draft(replace(EARNING_RULES["issue.confirmed"], code=code)) for _ in range(5)]
    assert [one.version for one in drafts] == [one + (code in EARNING_RULES) for one in range(1, 6)]

    def activate(draft: EarningRule) -> None:
        while True:
            try:
                earning.activate(draft, NOON)
            except (Unavailable, Conflict):
                continue
            return

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(activate, drafts))
    standing = Counter(one.status.value for one in earning.rules.all() if one.code == code)
    assert standing["active"] == 1
    assert standing["draft"] == 0


def test_who_gains_holds_the_role_that_the_rule_asks_for_there(earning: Earning) -> None:
    wanted = EarningRule(
        "issue.confirmed.led",
        0,
        "组长",
        "by a leader",
        CONFIRMED,
        worker_points=9,
        conditions=Conditions(roles=("team_leader",)),
    )
    earning.activate(earning.draft(wanted), NOON)
    leader, elsewhere = new_ulid(), new_ulid()
    earning.journal.put_member(leader, 1, [f"team_leader@{GRIDS[0][:12]}"])
    earning.journal.put_member(elsewhere, 1, [f"team_leader@{GRIDS[1]}", f"steward@{GRIDS[0]}"])
    earning.consume(confirmed(leader), confirmed(elsewhere))
    assert (earning.balance(leader)["posted"], earning.balance(elsewhere)["posted"]) == (17, 8)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_confirmation_and_its_reopening_end_the_same_in_any_order_however_often_they_come(
    earning: Earning, data: st.DataObject
) -> None:
    member, reporter = earning.member(), earning.member()
    first = confirmed(member, reporter=reporter)
    second = replace(first, round=2)
    acts: list[Callable[[], None]] = [
        lambda: earning.consume(first),
        lambda: earning.reopen(first.cause),
        lambda: earning.consume(second),
    ]
    if data.draw(st.booleans()):
        acts.append(lambda: earning.reopen(first.cause, 2))
    again = data.draw(st.lists(st.sampled_from(acts), max_size=3))
    for act in data.draw(st.permutations([*acts, *again])):
        act()
    paid = len(acts) == 3
    account = earning.queries.account(member, ADMIN)
    assert (account["points"]["posted"], account["lifetime_points"]) == (8 * paid, 8 * paid)
    assert earning.balance(reporter)["posted"] == 2 * paid
    postings = Counter(one["rule"] for one in earning.mongo["journal"].find({"lists": member}))
    assert postings == {"issue.resolved": 2, "issue.confirmed": 2, "posting.reversed": 4 - 2 * paid}
    earning.proof()


def test_a_confirmation_and_its_reopening_at_the_same_moment_leave_nothing_paid(earning: Earning) -> None:
    members = [earning.member() for _ in range(12)]
    evidence = [confirmed(member) for member in members]

    def act(place: int) -> None:
        one = evidence[place // 2]
        if place % 2:
            earning.consume(one)
        else:
            earning.reopen(one.cause)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(act, range(2 * len(evidence))))
    assert {earning.balance(member)["posted"] for member in members} == {0}
    earning.proof()


def test_what_was_paid_before_evidence_was_kept_is_not_paid_again_and_can_be_taken_back(
    earning: Earning,
) -> None:
    member = earning.member()
    evidence = confirmed(member)
    earning.consume(evidence)
    earning.mongo["evidence"].delete_many({"_id": evidence.key})
    earning.consume(evidence)
    assert earning.balance(member)["posted"] == 8
    earning.mongo["evidence"].delete_many({"_id": evidence.key})
    earning.reopen(evidence.cause)
    assert earning.balance(member)["posted"] == 0


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_simulating_versions_over_what_happened_is_leg_for_leg_what_they_paid(
    mongo: Mongo, seed: int
) -> None:
    for name in mongo.database.list_collection_names():
        mongo[name].delete_many({})
    earning, dice = Earning(mongo), random.Random(seed)
    base = EARNING_RULES["activity.verified"]
    tight = replace(base, worker_points=4, caps={"points": Caps(day=9, month=25), "minutes": Caps(day=100)})
    wide = replace(base, worker_points=3, caps={"points": Caps(person=40), "minutes": Caps(event=70)})
    turn = NOON + 36 * HOUR
    first = earning.activate(earning.draft(tight), NOON - 24 * HOUR)
    second = earning.activate(earning.draft(wide), turn)
    members = [earning.member() for _ in range(3)]
    evidence = [
        activity(
            dice.choice(members),
            NOON + timedelta(minutes=dice.randrange(72 * 60)),
            dice.choice((0, 30, 95)),
            area=dice.choice(GRIDS),
        )
        for _ in range(40)
    ]
    told = [*evidence, *dice.sample(evidence, 10)]
    dice.shuffle(told)
    earning.consume_at_once(told)
    before = earning.collections()
    for rule, since, until in ((first, NOON, turn), (second, turn, NOON + 72 * HOUR)):
        outcome = earning.simulate(rule, since, until)
        assert outcome.would == outcome.really
        assert outcome.events == sum(since <= one.at < until for one in evidence)
        simulated = legs_of((one.would.key, map(vars, one.would.legs)) for one in outcome.items)
        assert simulated == earning.paid_by(rule)
        in_grids = [earning.simulate(rule, since, until, grid) for grid in GRIDS]
        assert sum(one.would.points for one in in_grids) == outcome.would.points
    assert earning.collections() == before


def test_what_waits_is_paid_in_one_go_each_once_and_by_its_own_trace(earning: Earning) -> None:
    capped = replace(EARNING_RULES["activity.verified"], worker_points=7, caps={"points": Caps(day=30)})
    rule = earning.activate(earning.draft(capped), NOON - HOUR)
    member, reporter = earning.member(), earning.member()
    known, contradicted = activity(member), confirmed(member, reporter=reporter)
    earning.consume(known)
    earning.reopen(contradicted.cause)
    waiting = [activity(member) for _ in range(5)]
    earning.consume_in_one([waiting[0], known, *waiting, contradicted, confirmed(member), waiting[1]])
    assert earning.balance(member)["posted"] == 30 + 8
    assert earning.balance(reporter)["posted"] == 0
    postings = list(earning.mongo["journal"].find({"lists": member, "rule": rule.code}))
    assert len(postings) == 6
    causes = {one["outbox"][0]["causationid"] for one in postings if one["cause"] != known.cause}
    assert causes == {one["cause"] for one in postings} - {known.cause}
    told = earning.simulate(rule, NOON - HOUR, NOON + HOUR)
    assert (told.events, told.would) == (6, told.really)
    earning.proof()
