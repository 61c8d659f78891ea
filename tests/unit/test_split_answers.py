"""Splitting asks what reporting asks: a part answers the questions of its category."""

from dataclasses import replace
from typing import Any

import pytest

from chassis.errors import Invalid
from services.issues.cases.issue import Change, Issue, Level, Status
from services.issues.categories.domain import ROOTS, Category, Policy, Question
from services.issues.duplicates import commands
from services.issues.duplicates.commands import PartWanted
from services.issues.duplicates.schemas import SplitSchema
from tests.unit.test_case_workflow import NOW, POLICY, YOUNGER, standing
from tests.unit.test_duplicates import STAFF, Shelf

HEIGHT = Question("floor", "几楼", "Which floor?", "number", required=True)
ASKING = replace(ROOTS["safety"], questions=(HEIGHT,))
PARTS = ("01C", "01D")


class Rules:
    """One category that asks for the floor, and those of the study, which ask nothing."""

    def current(self, code: str) -> Category | None:
        return ASKING if code == ASKING.code else ROOTS.get(code)

    def policy(self, *_: object) -> Policy:
        return POLICY


class Cupboard(Shelf):
    """Issues in memory, also new ones."""

    def add(self, change: Change) -> Issue:
        return self.kept.setdefault(change.issue.id, change.issue)


def split(cases: Any, **second: Any) -> Issue:
    """Split into one part that is asked nothing and this one, as a request does."""
    first = {"category": "environment", "description": "楼道有垃圾"}
    body = SplitSchema().load({"note": "两件事", "parts": [first, {"description": "灯坏了", **second}]})
    rules: Any = Rules()
    return commands.split(
        cases,
        rules,
        lambda: NOW,
        STAFF,
        issue_id=YOUNGER,
        note=body["note"],
        wanted=[PartWanted(PARTS[place], **one) for place, one in enumerate(body["parts"])],
    )


@pytest.mark.parametrize(
    ("second", "field"),
    [
        ({"category": "safety"}, "parts.1.answers.floor"),
        ({"category": "safety", "answers": {"floor": "三"}}, "parts.1.answers.floor"),
        ({"category": "safety", "answers": {"floor": 3, "door": 2}}, "parts.1.answers.door"),
        ({"category": "environment.noise"}, "parts.1.category"),
    ],
)
def test_a_part_that_leaves_a_required_question_open_is_refused_and_nothing_is_split(
    second: dict[str, Any], field: str
) -> None:
    cases = Cupboard(standing(Status.CLAIMED, Level.STEWARD))
    before = dict(cases.kept)
    with pytest.raises(Invalid) as refused:
        split(cases, **second)
    assert list(refused.value.extra["errors"]) == list(refused.value.extra["errors_zh"]) == [field]
    assert cases.kept == before


def test_a_part_keeps_what_was_answered_to_the_questions_of_its_category() -> None:
    cases = Cupboard(standing(Status.CLAIMED, Level.STEWARD))
    whole = split(cases, category="safety", answers={"floor": 3})
    assert [one.id for one in whole.parts] == [*PARTS]
    assert [cases.kept[one].answers for one in PARTS] == [{}, {"floor": 3}]
