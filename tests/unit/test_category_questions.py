"""What a category asks of who reports: each kind of question takes its own kind of answer and no other."""

from dataclasses import replace
from typing import Any

import pytest

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor, Grant
from services.issues.cases.schemas import ReportSchema
from services.issues.categories import commands
from services.issues.categories.domain import (
    MAX_ANSWER,
    ROOTS,
    Category,
    Question,
    check_answers,
    check_usable,
    define,
)
from services.issues.categories.queries import Rulebook
from services.issues.limits.domain import WorkCalendar

DISTRICT = "120199"
ADMIN = Actor("A", (Grant("district_admin", DISTRICT),))
GARBAGE = replace(ROOTS["environment"], code="environment.garbage")


def asking(*questions: Question) -> Category:
    return replace(GARBAGE, questions=questions)


def question(kind: str, *, required: bool = False, choices: tuple[str, ...] = ()) -> Question:
    return Question("q", "问", "asked", kind, required, choices)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["三号楼", "字" * MAX_ANSWER], ["", "字" * (MAX_ANSWER + 1), 3, True, ["三"], {"a": 1}]),
        ("number", [3, 2.5, 0, -1], ["3", True, 2**53, float("nan"), float("inf"), [3]]),
        ("boolean", [True, False], ["true", 0, 1, [True]]),
        ("date", ["2026-11-24"], ["24.11.2026", "2026-13-01", "昨天", 20261124, True]),
        ("choice", ["小", "大"], ["中", "", 1, True, ["小"], {"小": 1}]),
    ],
)
def test_a_question_takes_answers_of_its_kind_and_no_others(
    kind: str, good: list[Any], bad: list[Any]
) -> None:
    category = asking(question(kind, choices=("小", "大") if kind == "choice" else ()))
    for answer in good:
        check_answers(category, {"q": answer})
    for answer in bad:
        with pytest.raises(Invalid) as refused:
            check_answers(category, {"q": answer})
        assert "answers.q" in refused.value.extra["errors"], answer


def test_what_must_be_answered_is_and_what_was_not_asked_is_not_taken() -> None:
    check_answers(asking(question("text")), {})
    for missing in ({}, {"q": None}):
        with pytest.raises(Invalid):
            check_answers(asking(question("text", required=True)), missing)
    with pytest.raises(Invalid) as refused:
        check_answers(asking(question("text")), {"q": "x", "more": "y"})
    assert "answers.more" in refused.value.extra["errors"]


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "a\u202eb", "a\u2066b", "x" * 20_000])
def test_an_answer_holds_no_control_characters_and_is_not_endless(text: str) -> None:
    report = {"category": "environment.garbage", "description": "垃圾", "answers": {"q": text}}
    assert set(ReportSchema().validate(report)) == {"answers"}


def test_an_answer_may_be_anything_that_a_question_can_ask_for() -> None:
    answers = {"a": "三号楼\n二单元", "b": 3, "c": 2.5, "d": True}
    loaded = ReportSchema().load({"category": "safety", "description": "x", "answers": answers})
    assert loaded["answers"] == answers
    for value in ([1], {"a": 1}, ["x"]):
        body = {"category": "safety", "description": "x", "answers": {"q": value}}
        assert set(ReportSchema().validate(body)) == {"answers"}


@pytest.mark.parametrize(
    "questions",
    [
        (question("choice"),),
        (question("choice", choices=("大", "大")),),
        (question("text"), question("number")),
    ],
    ids=["a choice of nothing", "the same choice twice", "the same question twice"],
)
def test_questions_that_nobody_could_answer_are_not_defined(questions: tuple[Question, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        define(None, ROOTS["environment"], asking(*questions), ADMIN, DISTRICT)
    assert [name for name in refused.value.extra["errors"] if name.startswith("questions.")]
    of_old = replace(asking(*questions), retired=True)
    assert define(asking(*questions), ROOTS["environment"], of_old, ADMIN, DISTRICT).retired


def test_a_category_has_versions_and_only_the_newest_can_be_retired_for_all() -> None:
    first = define(None, ROOTS["environment"], GARBAGE, ADMIN, DISTRICT)
    with pytest.raises(Conflict):
        define(first, ROOTS["environment"], GARBAGE, ADMIN, DISTRICT)
    second = define(first, ROOTS["environment"], replace(GARBAGE, points_hint=5), ADMIN, DISTRICT)
    assert (first.version, second.version, first.points_hint) == (1, 2, 0)
    retired = define(second, ROOTS["environment"], replace(second, retired=True), ADMIN, DISTRICT)
    assert check_usable(second) is second
    with pytest.raises(Invalid):
        check_usable(retired)


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("garbage", None),
        ("garbage.bags", None),
        ("environment.garbage", None),
        ("environment.garbage", replace(ROOTS["environment"], retired=True)),
        ("Environment.x", ROOTS["environment"]),
    ],
)
def test_a_category_lies_below_one_of_the_five_that_is_there(code: str, parent: Category | None) -> None:
    with pytest.raises(Invalid):
        define(None, parent, replace(GARBAGE, code=code), ADMIN, DISTRICT)


def test_only_the_admin_of_the_district_keeps_its_categories() -> None:
    for grant in (Grant("district_admin", "120198"), Grant("subdistrict_staff", DISTRICT)):
        with pytest.raises(NotAllowed):
            define(None, ROOTS["environment"], GARBAGE, Actor("B", (grant,)), DISTRICT)


class Versions:
    """Categories as a store reads them, in an order of its own."""

    def __init__(self, *categories: Category) -> None:
        self.read = {(one.code, one.version): one for one in categories}

    def all_versions(self) -> dict[tuple[str, int], Category]:
        return self.read

    def add(self, category: Category) -> None:
        raise AssertionError(category)


BAGS = replace(GARBAGE, code="environment.garbage.bags")
TORN = replace(GARBAGE, code="environment.garbage.bags.torn")


@pytest.mark.parametrize("above", [GARBAGE, BAGS, ROOTS["environment"]], ids=lambda one: one.code)
def test_below_a_retired_category_nothing_is_reported_until_it_is_brought_back(above: Category) -> None:
    retired = replace(above, version=2, retired=True)
    versions = Versions(TORN, BAGS, GARBAGE, ROOTS["environment"], ROOTS["safety"], retired)
    rules = Rulebook(versions, lambda: WorkCalendar(lambda _: True))
    with pytest.raises(Invalid):
        check_usable(rules.current(TORN.code))
    assert {one.code for one in rules.tree() if one.retired} == {
        one.code for one in (TORN, BAGS, GARBAGE, ROOTS["environment"]) if one.code.startswith(above.code)
    }
    assert check_usable(rules.current("safety")) == ROOTS["safety"]
    assert not rules.policy(TORN.code, 1).category.retired  # those reported before keep theirs
    versions.read[above.code, 3] = replace(above, version=3)
    rules.tree()
    assert check_usable(rules.current(TORN.code)) == TORN


def test_a_category_whose_name_only_begins_alike_is_not_below_a_retired_one() -> None:
    beside = replace(GARBAGE, code="environment.garbage_cans")
    versions = Versions(ROOTS["environment"], replace(GARBAGE, retired=True), beside)
    rules = Rulebook(versions, lambda: WorkCalendar(lambda _: True))
    assert check_usable(rules.current(beside.code)) == beside


def test_nothing_is_defined_anywhere_below_a_retired_category() -> None:
    versions = Versions(ROOTS["environment"], replace(GARBAGE, retired=True), BAGS)
    with pytest.raises(Invalid):
        commands.define(versions, ADMIN, district=DISTRICT, new=TORN)


@pytest.mark.parametrize("order", [(1, 2, 10), (10, 2, 1), (2, 10, 1)], ids=["up", "down", "mixed"])
def test_the_newest_version_holds_for_new_reports_and_each_older_one_for_its_own(
    order: tuple[int, ...],
) -> None:
    garbage = [replace(GARBAGE, version=version) for version in order]
    rules = Rulebook(Versions(*garbage, ROOTS["safety"]), lambda: WorkCalendar(lambda _: True))
    assert rules.current(GARBAGE.code) == replace(GARBAGE, version=10)
    assert rules.current("environment.water") is None
    assert [rules.policy(GARBAGE.code, one).category.version for one in order] == list(order)
    assert [(one.code, one.version) for one in rules.tree()] == [(GARBAGE.code, 10), ("safety", 1)]
