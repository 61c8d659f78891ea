"""What rules may say of training: its minutes and category are asked for, and never paid as service."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from services.points.domain import Leg
from services.points.earning import rule as rules
from services.points.earning.domain import EARNED_BY, EARNING_RULES, Evidence, earned, gained
from services.points.earning.rule import CONFIRMED, TRAINED, VERIFIED, Caps, Conditions, EarningRule

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
FIRST = EARNING_RULES["training.completed"]
EVIDENCE = Evidence("A", "120199001001001", "S", minutes=120, event=TRAINED, category="first_aid.cpr", at=NOW)


def paid(rule: EarningRule, evidence: Evidence = EVIDENCE) -> list[Leg]:
    made = earned(rule, evidence, posting_id="P", at=NOW)
    return gained(made.legs) if made else []


def test_a_district_begins_with_two_points_for_training_and_none_of_its_minutes() -> None:
    assert EARNED_BY["training.completed.v1"] == ("training.completed",)
    assert paid(FIRST) == [Leg("S", "points", 2)]


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"pays_minutes": True}, "pays_minutes", "不计服务时长"),
        ({"pays_minutes": True, "caps": {"minutes": Caps(day=60)}}, "pays_minutes", "不计服务时长"),
        ({"caps": {"minutes": Caps(day=60)}}, "caps.minutes", "不计时长"),
        ({"conditions": Conditions(photos=1)}, "conditions.photos", "没有照片"),
        ({"reporter_points": 1}, "reporter_points", "有报告人"),
        ({"code": "activity.completed"}, "code", "training."),
    ],
)
def test_what_training_can_never_answer_is_no_rule(
    wrong: Mapping[str, object], field: str, says: str
) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check(replace(FIRST, **wrong))  # type: ignore[arg-type]
    assert list(refused.value.extra["errors"]) == [field]
    assert says in refused.value.extra["errors_zh"][field][0]


@pytest.mark.parametrize(("event", "pays"), [(VERIFIED, True), (CONFIRMED, False), (TRAINED, False)])
def test_minutes_are_paid_for_service_to_others_alone(event: str, pays: bool) -> None:
    rule = EarningRule(f"{event}.more", 0, "时长", "minutes", event, pays_minutes=True)
    if pays:
        rules.check(rule)
    else:
        with pytest.raises(Invalid):
            rules.check(rule)


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        (Conditions(categories=("first_aid",)), True),
        (Conditions(categories=("law", "first_aid.cpr")), True),
        (Conditions(categories=("law.property",)), False),
        (Conditions(min_minutes=120, max_minutes=120), True),
        (Conditions(min_minutes=121), False),
        (Conditions(max_minutes=119), False),
        (Conditions(area="120199001002"), False),
    ],
)
def test_a_rule_asks_for_the_category_and_the_minutes_of_training(asked: Conditions, holds: bool) -> None:
    rule = replace(FIRST, conditions=asked)
    rules.check(rule)
    assert bool(paid(rule)) == holds


@given(st.integers(0, 6000), st.integers(1, 10_000))
def test_whatever_a_rule_for_training_pays_are_points(minutes: int, points: int) -> None:
    rule = replace(FIRST, worker_points=points)
    rules.check(rule)
    assert paid(rule, replace(EVIDENCE, minutes=minutes)) == [Leg("S", "points", points)]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (Conditions(min_minutes=5), "conditions.min_minutes"),
        (Conditions(max_minutes=5), "conditions.max_minutes"),
    ],
)
def test_a_rule_for_issues_that_asks_for_minutes_is_told_which_field_is_wrong(
    asked: Conditions, field: str
) -> None:
    rule = EarningRule("issue.long", 0, "时长", "minutes", CONFIRMED, worker_points=1)
    with pytest.raises(Invalid) as refused:
        rules.check(replace(rule, conditions=asked))
    assert list(refused.value.extra["errors"]) == [field]
    assert "执勤" in refused.value.extra["errors_zh"][field][0]
