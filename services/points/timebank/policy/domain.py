"""The time bank's policy: all that districts differ in, kept by version. A version never changes.

Minutes are whole. The district's pool is `pool:<district>`, which gathers what members may not keep.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import Invalid, Stale
from chassis.identity import Actor

RELATIVES, POOL = "relatives", "pool"
GIFT_TARGETS = (RELATIVES, POOL)
CONVERTIBLE = ("minutes", "points")
_CLOCK_ERROR = timedelta(minutes=5)
SKILL_PATTERN = "[a-z][a-z0-9_]{1,29}"


class RoundingMode(StrEnum):
    """Which way a part of a step goes; half a step, where nothing else is said, goes up."""

    DOWN = "down"
    NEAREST = "nearest"
    UP = "up"


@dataclass(frozen=True)
class Rounding:
    """How the time between check-in and check-out becomes minutes: in whole steps of `step` minutes."""

    step: int = 1
    mode: RoundingMode = RoundingMode.NEAREST

    def minutes(self, seconds: int) -> int:
        """The minutes that so many seconds count for."""
        step = 60 * self.step
        extra = {RoundingMode.DOWN: 0, RoundingMode.NEAREST: step // 2, RoundingMode.UP: step - 1}
        return (max(0, seconds) + extra[self.mode]) // step * self.step


@dataclass(frozen=True)
class Conversion:
    """So many `minutes` for so many `points`; `to` are the units that one may change into."""

    minutes: int
    points: int
    to: tuple[str, ...] = CONVERTIBLE


@dataclass(frozen=True)
class Skill:
    """A word of the district's vocabulary for help."""

    code: str
    zh: str
    en: str


SKILLS = (
    Skill("companionship", "陪伴聊天", "keeping company"),
    Skill("errands", "代办跑腿", "errands"),
    Skill("cooking", "做饭", "cooking"),
    Skill("cleaning", "家务清洁", "cleaning"),
    Skill("repairs", "小修小补", "small repairs"),
    Skill("medical_escort", "陪同就医", "going along to the doctor"),
    Skill("child_care", "照看儿童", "minding children"),
    Skill("tutoring", "课业辅导", "tutoring"),
    Skill("digital_help", "手机使用辅导", "help with phones"),
    Skill("haircut", "理发", "haircuts"),
    Skill("other", "其他", "something else"),
)


@dataclass(frozen=True)
class Policy:
    """A version of a district's rules, in force from `effective_from` until a higher one is.

    `ceiling`: minutes that a member's balance may reach by help and gifts. `daily_cap`: minutes that a
    member may earn by the help of one day, Shanghai time. What is above either goes to the pool. None: no
    limit. `redeeming_age`: members spend only from the day that staff registered for them, which is when
    they reach it; None: everybody may. `groups_give_only`: registered groups receive nothing.
    """

    version: int
    effective_from: datetime
    ceiling: int | None = None
    daily_cap: int | None = None
    redeeming_age: int | None = None
    gifts: tuple[str, ...] = GIFT_TARGETS
    groups_give_only: bool = True
    auto_confirm_hours: int = 72
    rounding: Rounding = Rounding()
    conversion: Conversion | None = None
    skills: tuple[Skill, ...] = SKILLS
    note: str = ""
    by: str | None = None
    made_at: datetime | None = None

    @property
    def skill_codes(self) -> frozenset[str]:
        """The words of the vocabulary."""
        return frozenset(one.code for one in self.skills)


def before_any(at: datetime) -> Policy:
    """What holds in a district that has made no policy: no limits, and no conversion."""
    return Policy(version=0, effective_from=at)


def pool(district: str) -> str:
    """The account of the district's pool of minutes."""
    return f"pool:{district}"


def made(wanted: Policy, latest: int, expected: int | None, actor: Actor, at: datetime) -> Policy:
    """The next version. Raises Stale when the caller saw another than `latest`, Invalid for what
    cannot be: a past effective time, or a skill's code twice.
    """
    if expected is not None and expected != latest:
        raise Stale(
            "stale-version",
            zh="政策已有更新的版本，请刷新后重试。",
            en=f"The latest version is {latest} now: load it and decide anew.",
            version=latest,
        )
    if wanted.effective_from < at - _CLOCK_ERROR:
        raise Invalid(
            "effective_from",
            zh="新政策不能溯及既往。",
            en="A policy takes effect now or later: what was settled stays settled.",
        )
    _check_codes([one.code for one in wanted.skills])
    begins = max(wanted.effective_from, at)
    return replace(wanted, version=latest + 1, effective_from=begins, by=actor.member_id, made_at=at)


def limited(amount: int, balance: int, policy: Policy) -> int:
    """How much of an amount a member with this balance may gain below the ceiling."""
    return amount if policy.ceiling is None else min(amount, max(0, policy.ceiling - balance))


def _check_codes(codes: Sequence[str]) -> None:
    if len(set(codes)) != len(codes):
        raise Invalid("skills", zh="技能代码不能重复。", en="Each code stands for one skill.")
