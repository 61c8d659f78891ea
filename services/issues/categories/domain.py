"""Categories: a tree below the study's five, with limits, questions and photo rules; versioned.

An issue keeps the version that it was reported under, whatever becomes of the category.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.issues.limits.domain import Limit, Unit, WorkCalendar

LEVELS = ("steward", "community", "subdistrict")
MAX_ANSWER = 500


@dataclass(frozen=True)
class Question:
    """Something asked of who reports. `kind` is text, number, boolean, date or choice."""

    code: str
    zh: str
    en: str
    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Category:
    """One version of a category.

    `limits` and `urgent_limits` are by level. `duty_list`: communities may be the main handler.
    `after_photo`: a solution needs a photo. `sensitive`: places are shown coarsely. `moderated`: photos
    are private until staff have looked.
    """

    code: str
    zh: str
    en: str
    limits: Mapping[str, Limit]
    urgent_limits: Mapping[str, Limit]
    version: int = 1
    duty_list: bool = True
    after_photo: bool = False
    sensitive: bool = False
    moderated: bool = False
    questions: tuple[Question, ...] = ()
    points_hint: int = 0
    retired: bool = False

    @property
    def root(self) -> str:
        """The category of the study that this one lies under."""
        return root_of(self.code)

    def limit(self, level: str, urgency: str) -> Limit:
        """The time that a level has."""
        return (self.urgent_limits if urgency == "urgent" else self.limits)[level]


@dataclass(frozen=True)
class Policy:
    """The rules that an issue is handled by: its category's version, and the working calendar."""

    category: Category
    calendar: WorkCalendar


def root_of(code: str) -> str:
    """`environment.garbage` → `environment`."""
    return code.split(".", 1)[0]


def _limits(unit: Unit, steward: int, community: int, subdistrict: int) -> Mapping[str, Limit]:
    amounts = zip(LEVELS, (steward, community, subdistrict), strict=True)
    return MappingProxyType({level: Limit(amount, unit) for level, amount in amounts})


ROOTS: Mapping[str, Category] = MappingProxyType(
    {
        one.code: one
        for one in (
            Category(
                "environment",
                "环境监督",
                "environment supervision",
                _limits(Unit.WORKING_DAYS, 2, 3, 5),
                _limits(Unit.HOURS, 24, 24, 48),
            ),
            Category(
                "resident_info",
                "居民信息",
                "resident information",
                _limits(Unit.WORKING_DAYS, 5, 5, 10),
                _limits(Unit.WORKING_DAYS, 2, 2, 5),
                sensitive=True,
            ),
            Category(
                "safety",
                "安全排查",
                "safety inspection",
                _limits(Unit.HOURS, 24, 48, 72),
                _limits(Unit.HOURS, 2, 4, 24),
            ),
            Category(
                "outreach",
                "宣传入户",
                "publicity and home visits",
                _limits(Unit.WORKING_DAYS, 5, 5, 10),
                _limits(Unit.WORKING_DAYS, 2, 2, 5),
                sensitive=True,
            ),
            Category(
                "ad_hoc",
                "临时任务",
                "ad-hoc tasks",
                _limits(Unit.WORKING_DAYS, 3, 5, 5),
                _limits(Unit.WORKING_HOURS, 4, 8, 16),
            ),
        )
    }
)
"""What every district begins with; a district's own versions take their place."""

_CODE = re.compile(r"^[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){0,3}$")


def define(
    existing: Category | None, parent: Category | None, new: Category, actor: Actor, district: str
) -> Category:
    """A new category, or the next version of one.

    Raises NotAllowed, Invalid for a code outside the study's five or below a category that is not there and
    for questions that cannot be answered, and Conflict where nothing would change.
    """
    if not actor.has("district_admin", district):
        raise NotAllowed(
            "not-your-district",
            zh="只有区管理员可以维护类别。",
            en="Only the district's admin keeps the categories.",
        )
    if not _CODE.match(new.code) or root_of(new.code) not in ROOTS:
        raise Invalid(
            "code",
            zh="类别代码须位于五大类之下，例如 environment.garbage。",
            en="Codes lie below the study's five, for example environment.garbage.",
        )
    if "." in new.code and (parent is None or parent.retired):
        raise Invalid(
            "code", zh="上级类别不存在或已停用。", en="The category above is not there, or retired."
        )
    if not new.retired:
        _check_questions(new.questions)
    version = existing.version + 1 if existing else 1
    if existing is not None and replace(new, version=existing.version) == existing:
        raise Conflict("category-exists", zh="类别没有变化。", en="The category is just so already.")
    return replace(new, version=version)


def _check_questions(questions: Sequence[Question]) -> None:
    codes = [one.code for one in questions]
    for place, one in enumerate(questions):
        if one.code in codes[:place]:
            raise Invalid(
                f"questions.{place}.code", zh="问题代码重复。", en="Another question has this code already."
            )
        if one.kind == "choice" and not 0 < len(one.choices) == len(set(one.choices)):
            raise Invalid(
                f"questions.{place}.choices",
                zh="请列出选项，且不能重复。",
                en="Say what there is to choose from, each once.",
            )


def newest(versions: Iterable[Category]) -> dict[str, Category]:
    """The newest version of each category. Below a retired one all are retired, until it is brought back."""
    found = {one.code: one for one in sorted(versions, key=lambda one: one.version)}
    gone = {code for code, one in found.items() if one.retired}
    return {
        code: replace(one, retired=True) if not gone.isdisjoint(_above(code)) else one
        for code, one in found.items()
    }


def _above(code: str) -> list[str]:
    """`a.b.c` → `a`, `a.b`."""
    parts = code.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def check_usable(category: Category | None, *, under: str = "") -> Category:
    """Raises Invalid unless issues may be reported under this category.

    `under` is where in the body the report is: nothing, or its place followed by a dot.
    """
    field = f"{under}category"
    if category is None:
        raise Invalid(field, zh="没有这个类别。", en="There is no such category: see GET /v1/categories.")
    if category.retired:
        raise Invalid(
            field, zh="该类别已停用，请选择其他类别。", en="This category was retired: choose another."
        )
    return category


def check_answers(category: Category, answers: Mapping[str, Any], *, under: str = "") -> None:
    """Raises Invalid naming the first question that is unknown, unanswered or answered in the wrong form.

    See `check_usable` for `under`.
    """
    known = {question.code: question for question in category.questions}
    for code in answers:
        if code not in known:
            raise Invalid(
                f"{under}answers.{code}", zh="没有这个问题。", en="This category asks no such question."
            )
    for question in category.questions:
        value = answers.get(question.code)
        if value is None:
            if question.required:
                raise Invalid(
                    f"{under}answers.{question.code}",
                    zh=f"请回答：{question.zh}",
                    en=f"Answer: {question.en}",
                )
        elif not _fits(question, value):
            raise Invalid(
                f"{under}answers.{question.code}",
                zh="答案格式不对。",
                en=f"Not an answer of the kind {question.kind}"
                + (f": use one of {', '.join(question.choices)}." if question.choices else "."),
            )


def _fits(question: Question, value: Any) -> bool:
    match question.kind:
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53
        case "choice":
            return value in question.choices
        case "date":
            return isinstance(value, str) and _is_date(value)
        case _:
            return isinstance(value, str) and 0 < len(value) <= MAX_ANSWER


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text) is not None
    except ValueError:
        return False
