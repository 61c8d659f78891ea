"""A rule of earning: what it answers, what it pays to whom, when and up to how much; and its versions.

A version is written as a draft, comes into force at a moment and goes out of it at another; from the first of
them on it is what it is for ever, because postings name it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from chassis.errors import Conflict, Invalid, Stale
from chassis.identity import Actor

CLAIMED, CONFIRMED, VERIFIED = "issue.claimed", "issue.confirmed", "activity.verified"
SERVED, TRAINED = "duty.verified", "training.completed"
ANSWERED = (CLAIMED, CONFIRMED, VERIFIED, SERVED, TRAINED)
"""The events that rules can answer. A new one is named here, and handled, once a service publishes it."""
CODE_PATTERN = "(issue|activity|duty|training)([.][a-z][a-z0-9_]{0,39}){1,3}"
SERVICE = (VERIFIED, SERVED)
"""The events that tell minutes of service to others: what a rule can pay as minutes."""
TIMED = (*SERVICE, TRAINED)
"""The events that tell minutes at all: what conditions can ask for."""
COUNTED_UNITS = ("points", "minutes")
STAFF_ROLES = frozenset({"community_staff", "subdistrict_staff", "district_admin"})
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
LEAD = timedelta(seconds=1)
"""How long before it comes into force a version is announced, so that no worker can miss it."""


class RuleStatus(StrEnum):
    """What a version is."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True)
class Conditions:
    """What must be so for a rule to pay; what is empty or None asks for nothing.

    A category holds with all below it, an area with all in it. Whoever gains holds one of `roles` there.
    `min_minutes` and `max_minutes` are of service or training; `photos` is how many the report has at least.
    """

    categories: tuple[str, ...] = ()
    area: str | None = None
    roles: tuple[str, ...] = ()
    min_minutes: int = 0
    max_minutes: int | None = None
    photos: int = 0


@dataclass(frozen=True)
class Caps:
    """The most that a person gains of a unit by a rule: for an event, in a day or month of Shanghai, ever."""

    event: int | None = None
    day: int | None = None
    month: int | None = None
    person: int | None = None

    @property
    def counts(self) -> bool:
        """Whether what was gained before matters."""
        return any(one is not None for one in (self.day, self.month, self.person))


NO_CAPS = Caps()


@dataclass(frozen=True)
class EarningRule:
    """One version of a rule: who gains what when a fact becomes known.

    `for_solution`: the worker gains only where they are the one who solved it. `reporter_photos`: a report
    gains only with so many. It is in force for what happens in `[active_from, retired_from)`. `revision`
    counts the changes of the document.
    """

    code: str
    version: int
    zh: str
    en: str
    event: str
    worker_points: int = 0
    reporter_points: int = 0
    pays_minutes: bool = False
    for_solution: bool = False
    reporter_photos: int = 1
    conditions: Conditions = Conditions()
    caps: Mapping[str, Caps] = field(default_factory=dict)
    status: RuleStatus = RuleStatus.ACTIVE
    active_from: datetime | None = LONG_AGO
    retired_from: datetime | None = None
    drafted_by: str | None = None
    id: str = ""
    revision: int = 1

    def cap(self, unit: str) -> Caps:
        """The caps of a unit."""
        return self.caps.get(unit, NO_CAPS)

    def is_in_force(self, at: datetime) -> bool:
        """Whether it holds for what happens at this moment."""
        if self.active_from is None or self.active_from > at:
            return False
        return self.retired_from is None or at < self.retired_from


def drafted(wanted: EarningRule, before: EarningRule | None, actor: Actor, *, rule_id: str) -> EarningRule:
    """A new draft after the newest version there is. Raises Invalid for what no rule can say."""
    check(wanted)
    _check_event(wanted, before)
    return replace(
        wanted,
        version=before.version + 1 if before else 1,
        status=RuleStatus.DRAFT,
        active_from=None,
        drafted_by=actor.member_id,
        id=rule_id,
        revision=1,
    )


def edited(
    draft: EarningRule, wanted: EarningRule, expected: int | None, *, newest: EarningRule | None = None
) -> EarningRule:
    """A draft that says something else; `newest` is the last version of its code.

    Raises Stale, Conflict for what is no draft any more, Invalid.
    """
    check_revision(draft, expected)
    if draft.status is not RuleStatus.DRAFT:
        raise Conflict(
            "rule-fixed",
            zh="该版本已生效过，不能修改，请另拟新版本。",
            en=f"This version is {draft.status} and stays as it is: draft a new one.",
            status_now=draft.status,
        )
    if wanted.code != draft.code:
        raise Invalid("code", zh="代码不能更改。", en="The code stays: draft a version of the other one.")
    check(wanted)
    if max(draft.version, newest.version if newest else 1) > 1:
        _check_event(wanted, draft)
    kept = ("version", "status", "active_from", "drafted_by", "id")
    return replace(wanted, **{name: getattr(draft, name) for name in kept}, revision=draft.revision + 1)


def check_revision(rule: EarningRule, expected: int | None) -> None:
    """Raises Stale where the caller has seen another revision than this."""
    if expected is not None and expected != rule.revision:
        raise Stale(
            "stale-version",
            zh="内容已更新，请刷新后重试。",
            en=f"It is at revision {rule.revision} now: load it again and decide anew.",
            version=rule.revision,
        )


def activated(draft: EarningRule, at: datetime) -> EarningRule:
    """A draft that comes into force a moment from now. Raises Conflict for what is no draft."""
    if draft.status is not RuleStatus.DRAFT:
        raise _not_possible(draft, "activate")
    return replace(draft, status=RuleStatus.ACTIVE, active_from=at + LEAD, revision=draft.revision + 1)


def retired(rule: EarningRule, from_: datetime) -> EarningRule:
    """A version that goes out of force at a moment. Raises Conflict for what is not in it."""
    if rule.status is not RuleStatus.ACTIVE:
        raise _not_possible(rule, "retire")
    # Never before it came into force, should it have been announced this very moment.
    ends = max(from_, rule.active_from or from_)
    return replace(rule, status=RuleStatus.RETIRED, retired_from=ends, revision=rule.revision + 1)


def _not_possible(rule: EarningRule, action: str) -> Conflict:
    allowed = {RuleStatus.DRAFT: ["activate"], RuleStatus.ACTIVE: ["retire"]}.get(rule.status, [])
    return Conflict(
        "action-not-possible",
        zh=f"该版本当前状态（{rule.status}）不能进行此操作。",
        en=f"A version that is {rule.status} cannot be acted on so: {action}.",
        status_now=rule.status,
        allowed=allowed,
    )


def check(rule: EarningRule) -> None:
    """Raises Invalid for a rule that says nothing, or what its event can never answer."""
    topic = rule.event.split(".", 1)[0]
    if not rule.code.startswith(f"{topic}."):
        raise Invalid(
            "code", zh=f"代码须以 {topic}. 开头。", en=f"A rule for this event begins with {topic}."
        )
    if not (rule.worker_points or rule.reporter_points or rule.pays_minutes):
        raise Invalid("worker_points", zh="规则须有所奖励。", en="A rule pays something to somebody.")
    _check_minutes(rule)
    if rule.reporter_points and topic != "issue":
        raise Invalid(
            "reporter_points", zh="只有问题有报告人。", en="Only an issue has a reporter beside its worker."
        )
    if rule.conditions.photos and rule.event in (SERVED, TRAINED):
        raise Invalid(
            "conditions.photos",
            zh="执勤和培训没有照片。",
            en="There are no photos of duty or training: leave it 0.",
        )
    if rule.for_solution and rule.event != CONFIRMED:
        raise Invalid(
            "for_solution",
            zh="只有确认解决时才知道由谁解决。",
            en=f"Who solved it is known with {CONFIRMED}.",
        )
    most = rule.conditions.max_minutes
    if most is not None and most < rule.conditions.min_minutes:
        raise Invalid(
            "conditions.max_minutes", zh="不能小于最少时长。", en="It is at least min_minutes, or null."
        )
    if "minutes" in rule.caps and not rule.pays_minutes:
        raise Invalid("caps.minutes", zh="此规则不计时长。", en="This rule pays no minutes to be capped.")


def _check_minutes(rule: EarningRule) -> None:
    said = {
        "pays_minutes": rule.pays_minutes,
        "conditions.min_minutes": rule.conditions.min_minutes > 0,
        "conditions.max_minutes": rule.conditions.max_minutes is not None,
    }
    timed = next((name for name, is_said in said.items() if is_said), None)
    if timed is not None and rule.event not in TIMED:
        raise Invalid(
            timed,
            zh="只有活动、执勤和培训有时长。",
            en="Only activities, duty and training have minutes.",
        )
    if rule.pays_minutes and rule.event not in SERVICE:
        raise Invalid(
            "pays_minutes",
            zh="培训不是服务，不计服务时长；培训时长只能作为条件。",
            en="To be trained is no service to others: its minutes can be asked for, not paid.",
        )


def _check_event(wanted: EarningRule, before: EarningRule | None) -> None:
    # The key of what it pays has no version in it: it would hold two events for one.
    if before is not None and wanted.event != before.event:
        raise Invalid(
            "event",
            zh=f"此代码的规则只适用于 {before.event}，请另用代码。",
            en=f"This code answers {before.event}: use another one for another event.",
        )
