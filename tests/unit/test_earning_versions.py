"""Rules as data: what they ask for, what their caps leave, how versions succeed, what simulations tell."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, Stale
from chassis.identity import Actor
from services.points.domain import Leg
from services.points.earning import domain
from services.points.earning import rule as rules
from services.points.earning.domain import EARNING_RULES, Counts, Evidence, Standing, earned, gained, in_force
from services.points.earning.queries import RuleBook
from services.points.earning.rule import (
    CLAIMED,
    CONFIRMED,
    LEAD,
    SERVED,
    VERIFIED,
    Caps,
    Conditions,
    EarningRule,
)
from services.points.earning.simulation import Kept, Paid, simulate

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ADMIN = Actor("A")
GRID = "120199001001001"
LAST = timedelta(milliseconds=1)
RULE = EarningRule("activity.verified", 1, "审核", "verified", VERIFIED, worker_points=5, pays_minutes=True)
DRAFT = rules.drafted(RULE, None, ADMIN, rule_id="R1")
EVIDENCE = Evidence("C", GRID, "S", minutes=60, photos=1, event=VERIFIED, category="safety.lamp", at=NOW)

AMOUNTS = st.none() | st.integers(0, 60)
CAPS = st.builds(Caps, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)


def paid(rule: EarningRule, evidence: Evidence, had: Standing | None = None) -> dict[str, int]:
    made = earned(rule, evidence, posting_id="P", at=NOW, counted=lambda *_: had or Standing())
    return {leg.unit: leg.amount for leg in gained(made.legs)} if made else {}


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        (Conditions(), True),
        (Conditions(categories=("outreach", "safety")), True),
        (Conditions(categories=("safety.lamp",)), True),
        (Conditions(categories=("safety.lamps",)), False),
        (Conditions(categories=("safe",)), False),
        (Conditions(area=GRID[:12]), True),
        (Conditions(area=GRID[:9] + "002"), False),
        (Conditions(min_minutes=60, max_minutes=60), True),
        (Conditions(min_minutes=61), False),
        (Conditions(max_minutes=59), False),
        (Conditions(photos=1), True),
        (Conditions(photos=2), False),
        (Conditions(roles=("steward", "team_leader")), True),
        (Conditions(roles=("grid_worker",)), False),
    ],
)
def test_a_rule_pays_where_all_that_it_asks_for_is_so(asked: Conditions, holds: bool) -> None:
    evidence = replace(EVIDENCE, roles={"S": ("resident", "steward")})
    assert (paid(replace(RULE, conditions=asked), evidence) != {}) == holds


def test_a_role_is_asked_of_each_who_gains() -> None:
    rule = replace(
        EARNING_RULES["issue.confirmed"], conditions=Conditions(roles=("steward",)), reporter_photos=0
    )
    evidence = Evidence("I", GRID, "S", resolver="S", reporter="R", roles={"S": ("steward",), "R": ()})
    made = earned(rule, evidence, posting_id="P", at=NOW)
    assert made is not None
    assert gained(made.legs) == [Leg("S", "points", 5)]


@given(CAPS, CAPS, st.builds(Standing, *[st.integers(0, 99)] * 3), st.integers(0, 120))
def test_a_cap_cuts_what_is_paid_to_what_it_leaves_and_no_further(
    points: Caps, minutes: Caps, had: Standing, spent: int
) -> None:
    rule = replace(RULE, caps={"points": points, "minutes": minutes})
    found = paid(rule, replace(EVIDENCE, minutes=spent), had)
    for unit, caps, amount in (("points", points, 5), ("minutes", minutes, spent)):
        left = [amount]
        left += [] if caps.event is None else [caps.event]
        left += [] if caps.day is None else [caps.day - had.day]
        left += [] if caps.month is None else [caps.month - had.month]
        left += [] if caps.person is None else [caps.person - had.person]
        assert found.get(unit, 0) == max(0, min(left))


def test_days_and_months_are_those_of_shanghai() -> None:
    midnight = datetime(2026, 11, 30, 16, tzinfo=UTC)
    counts = Counts()
    counts.add(Leg("S", "points", 3), midnight - LAST)
    counts.add(Leg("S", "points", 4), midnight)
    assert counts.at(midnight - LAST)("S", "points") == Standing(3, 3, 7)
    assert counts.at(midnight)("S", "points") == Standing(4, 4, 7)
    assert counts.at(midnight)("S", "minutes") == counts.at(midnight)("T", "points") == Standing()


def test_the_first_confirmation_has_the_key_it_always_had_and_later_ones_their_round() -> None:
    rule, evidence = EARNING_RULES["issue.confirmed"], Evidence("I", GRID, "S", resolver="S")
    keys = [
        earned(rule, replace(evidence, round=one), posting_id="P", at=NOW).key  # type: ignore[union-attr]
        for one in (1, 2, 3)
    ]
    assert keys == ["issue.confirmed:I", "issue.confirmed:I:2", "issue.confirmed:I:3"]


def test_a_version_holds_from_its_moment_to_before_that_of_the_next() -> None:
    active = rules.activated(DRAFT, NOW)
    assert active.active_from == NOW + LEAD
    ended = rules.retired(active, NOW + 2 * LEAD)
    for at, holds in ((NOW + LEAD - LAST, False), (NOW + LEAD, True), (NOW + 2 * LEAD - LAST, True)):
        assert in_force([ended], VERIFIED, at) == ([ended] if holds else [])
    assert in_force([ended], VERIFIED, NOW + 2 * LEAD) == in_force([active], CLAIMED, NOW + LEAD) == []
    assert not DRAFT.is_in_force(NOW)


def test_of_two_versions_that_overlap_the_later_one_pays() -> None:
    later = replace(RULE, version=2)
    assert in_force([later, RULE], VERIFIED, NOW) == in_force([RULE, later], VERIFIED, NOW) == [later]


def test_a_version_that_is_retired_before_it_came_into_force_never_pays() -> None:
    active = rules.activated(DRAFT, NOW)
    ended = rules.retired(active, NOW)
    assert ended.retired_from == ended.active_from


def test_only_a_draft_is_edited_and_each_version_goes_one_way() -> None:
    active = rules.activated(DRAFT, NOW)
    ended = rules.retired(active, NOW + LEAD)
    said = replace(RULE, worker_points=8)
    changed = rules.edited(DRAFT, said, DRAFT.revision)
    assert (changed.worker_points, changed.version, changed.id, changed.revision) == (8, 1, "R1", 2)
    with pytest.raises(Stale):
        rules.edited(changed, said, DRAFT.revision)
    refused: list[Callable[[], EarningRule]] = [
        lambda: rules.edited(active, said, None),
        lambda: rules.edited(ended, said, None),
        lambda: rules.activated(active, NOW),
        lambda: rules.activated(ended, NOW),
        lambda: rules.retired(DRAFT, NOW),
        lambda: rules.retired(ended, NOW),
    ]
    for act in refused:
        with pytest.raises(Conflict):
            act()


def test_a_new_version_is_a_draft_after_the_newest_and_of_the_same_event() -> None:
    new = rules.drafted(replace(RULE, worker_points=9), rules.activated(DRAFT, NOW), ADMIN, rule_id="R2")
    assert (new.version, new.status, new.active_from, new.drafted_by) == (2, "draft", None, "A")
    other = EarningRule("activity.verified", 0, "认领", "claimed", CLAIMED, worker_points=1)
    with pytest.raises(Invalid):
        rules.drafted(other, DRAFT, ADMIN, rule_id="R3")
    with pytest.raises(Invalid):
        rules.edited(new, replace(RULE, code="activity.other"), None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "issue.verified"},
        {"worker_points": 0, "pays_minutes": False},
        {"reporter_points": 1},
        {"for_solution": True},
        {"conditions": Conditions(min_minutes=10, max_minutes=9)},
        {"pays_minutes": False, "caps": {"minutes": Caps(day=1)}},
        {"event": CONFIRMED, "code": "issue.timed"},
        {
            "event": CONFIRMED,
            "code": "issue.timed",
            "pays_minutes": False,
            "conditions": Conditions(min_minutes=1),
        },
    ],
)
def test_what_no_event_can_answer_is_no_rule(wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        rules.check(replace(RULE, **wrong))  # type: ignore[arg-type]


def test_a_rule_for_duty_asks_for_kinds_and_minutes_but_for_no_photos_and_no_reporter() -> None:
    led = replace(RULE, code="duty.patrolled", event=SERVED)
    rules.check(replace(led, conditions=Conditions(("patrol",), min_minutes=60)))
    for wrong in ({"conditions": Conditions(photos=1)}, {"reporter_points": 1}, {"code": "activity.led"}):
        with pytest.raises(Invalid):
            rules.check(replace(led, **wrong))


def test_the_first_versions_could_have_been_drafted() -> None:
    for one in EARNING_RULES.values():
        rules.check(one)


def test_rules_are_read_again_when_something_happened_that_they_may_not_know_of() -> None:
    now, reads = NOW, []

    def load() -> list[EarningRule]:
        reads.append(now)
        return [RULE]

    book = RuleBook(load, lambda: now)
    for at in (NOW - timedelta(days=9), NOW, NOW + LEAD / 2 - LAST):
        assert book.in_force(VERIFIED, at) == [RULE]
    assert reads == [NOW]
    now = NOW + LEAD / 2
    book.in_force(VERIFIED, now)
    assert reads == [NOW, now]


MEMBERS = st.sampled_from("STU")
EVENTS = st.lists(
    st.tuples(MEMBERS, st.integers(0, 50), st.integers(0, 90), st.sampled_from(["1", "2"])), max_size=25
)


@given(EVENTS, CAPS, CAPS, st.tuples(st.integers(0, 50), st.integers(0, 50)), st.randoms())
def test_a_simulation_of_any_period_and_area_is_leg_for_leg_what_was_paid_there(
    events: list[tuple[str, int, int, str]],
    points: Caps,
    minutes: Caps,
    span: tuple[int, int],
    chance: object,
) -> None:
    rule = replace(RULE, caps={"points": points, "minutes": minutes})
    counts, kept, live = Counts(), [], {}
    for place, (member, hours, spent, area) in enumerate(events):
        evidence = Evidence(
            f"C{place}", area, member, minutes=spent, event=VERIFIED, at=NOW + timedelta(hours=hours)
        )
        posting = earned(rule, evidence, posting_id="", at=evidence.at, counted=counts.at(evidence.at))
        gains = tuple(gained(posting.legs)) if posting else ()
        for leg in gains:
            if rule.cap(leg.unit).counts:
                counts.add(leg, evidence.at)
        live[evidence.cause] = posting
        units = frozenset(unit for unit in ("points", "minutes") if rule.cap(unit).counts)
        kept.append(Kept(evidence, place, (Paid(rule.code, rule.version, gains, units),) if posting else ()))
    since, until = (NOW + timedelta(hours=one) for one in sorted(span))

    def in_question(evidence: Evidence) -> bool:
        return since <= evidence.at < until and evidence.area == "1"

    chance.shuffle(kept)  # type: ignore[attr-defined]
    lines = list(simulate(rule, kept, in_question))
    assert {one.kept.evidence.cause: one.would for one in lines} == {
        one.evidence.cause: live[one.evidence.cause] for one in kept if in_question(one.evidence)
    }
    assert all(
        (one.really.gains if one.really else ()) == tuple(gained(one.would.legs) if one.would else ())
        for one in lines
    )


def test_a_draft_is_simulated_beside_what_another_version_counted() -> None:
    draft = replace(RULE, version=2, caps={"points": Caps(day=8)})
    before = replace(EVIDENCE, cause="B", at=NOW - timedelta(hours=1))
    counted = Paid(RULE.code, 1, (Leg("S", "points", 5),), frozenset({"points"}))
    uncounted = replace(counted, counted=frozenset())
    for really, left in ((counted, 3), (uncounted, 5)):
        kept = [Kept(EVIDENCE, 2, ()), Kept(before, 1, (really,))]
        (line,) = simulate(draft, kept, lambda one: one.at >= NOW)
        assert line.would is not None
        assert Counter({leg.unit: leg.amount for leg in gained(line.would.legs)})["points"] == left


def test_every_event_that_a_rule_can_answer_has_a_first_version() -> None:
    assert {one.event for one in EARNING_RULES.values()} == set(rules.ANSWERED)
    assert domain.EARNED_BY["issue.confirmed.v1"] == ("issue.resolved", "issue.confirmed")
