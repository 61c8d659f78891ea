"""Paying for verified work, taking back what a reopened issue was paid, and writing the rules for it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from chassis.clock import Clock, new_ulid
from chassis.errors import ConcurrentUpdate, Conflict, Invalid, NotAllowed
from chassis.identity import Actor, check_area
from chassis.trace import Trace
from services.points import commands as ledger
from services.points.commands import Journal
from services.points.domain import Leg, Posting
from services.points.earning import rule as rules
from services.points.earning.domain import Counted, Evidence, earned, gained, with_roles
from services.points.earning.rule import CONFIRMED, EarningRule
from services.points.earning.simulation import Kept, Line, simulate

_TRIES = 8
_REOPENED = "问题重新打开，确认所得收回"
LONGEST_PERIOD = timedelta(days=92)


@dataclass(frozen=True)
class Heard:
    """Evidence as an event told it, and the trace of that event."""

    evidence: Evidence
    trace: Trace


@dataclass(frozen=True)
class Due:
    """Evidence, the rules that answer it, and the trace of the event that told it."""

    evidence: Evidence
    rules: Sequence[EarningRule]
    trace: Trace


Decide = Callable[[EarningRule, Evidence, Counted], Posting | None]
"""What a rule posts for evidence, by what was counted for its people."""


class Book(Protocol):
    """The evidence that was consumed, beside the ledger.

    `record` keeps evidence and posts what `decide` makes of each of its rules, all in one; evidence that is
    known changes nothing. It answers with that for which `contradict` came before the evidence itself.
    `uncount` gives the caps back what they counted of evidence. `grants` are the roles of members, as
    `role@area`.
    """

    def grants(self, members: Iterable[str]) -> dict[str, list[str]]: ...
    def record(self, due: Sequence[Due], decide: Decide, at: datetime) -> list[Evidence]: ...
    def contradict(self, evidence_key: str) -> None: ...
    def paid_for(self, evidence: Evidence) -> list[str]: ...
    def uncount(self, evidence_key: str, at: datetime) -> None: ...
    def kept(self, rule: EarningRule, since: datetime, until: datetime) -> list[Kept]: ...


class InForce(Protocol):
    """The versions that were in force at a moment, for an event."""

    def __call__(self, event: str, at: datetime) -> list[EarningRule]: ...


class Rules(Protocol):
    """Where rules are kept, each version a document.

    `add` answers with what is stored under the id, now or before, and raises ConcurrentUpdate when somebody
    added the same version first; `save` does when somebody saved it first. `activate` saves a version, and
    retires whichever is in force of its code, in one.
    """

    def get(self, rule_id: str) -> EarningRule: ...
    def newest(self, code: str) -> EarningRule | None: ...
    def add(self, rule: EarningRule) -> EarningRule: ...
    def save(self, rule: EarningRule) -> None: ...
    def activate(self, rule: EarningRule) -> None: ...


def consume(book: Book, journal: Journal, in_force: InForce, clock: Clock, *, heard: Sequence[Heard]) -> None:
    """Pay what the rules promise for evidence, once and for all, all of it or nothing; see `domain.earned`.

    Of a confirmation that was contradicted before it was heard of here, it is paid and taken back: so the
    books end the same in whatever order the two arrive.
    """
    grants = book.grants({member for one in heard for member in one.evidence.people})
    due = [
        Due(
            with_roles(one.evidence, grants),
            in_force(one.evidence.event, one.evidence.at),
            one.trace,
        )
        for one in heard
    ]
    now = clock()

    def decide(rule: EarningRule, evidence: Evidence, counted: Counted) -> Posting | None:
        return earned(rule, evidence, posting_id=new_ulid(), at=now, counted=counted)

    for one in book.record(due, decide, now):
        _take_back(book, journal, clock, one)


def take_back(book: Book, journal: Journal, clock: Clock, *, issue: str, round_: int) -> None:
    """Take back what the confirmation of an issue paid, once; before any confirmation there is nothing."""
    if round_ < 1:
        return
    confirmed = Evidence(issue, "", None, event=CONFIRMED, round=round_)
    # First the mark, then a look: either this sees what was paid, or who pays sees the mark.
    book.contradict(confirmed.key)
    _take_back(book, journal, clock, confirmed)


def _take_back(book: Book, journal: Journal, clock: Clock, confirmed: Evidence) -> None:
    for posting_id in book.paid_for(confirmed):
        try:
            ledger.reverse(
                journal,
                clock,
                posting_id=posting_id,
                reversal_id=new_ulid(),
                reason=_REOPENED,
                by=None,
            )
        except Conflict as refusal:
            if refusal.code != "reversed":
                raise
    book.uncount(confirmed.key, clock())


def draft(store: Rules, actor: Actor, *, district: str, rule_id: str, wanted: EarningRule) -> EarningRule:
    """Draft a rule, or the next version of one. Raises Invalid, and Conflict where many do so at once."""
    _check_area(wanted, district)
    for _ in range(_TRIES):
        new = rules.drafted(wanted, store.newest(wanted.code), actor, rule_id=rule_id)
        try:
            return store.add(new)
        except ConcurrentUpdate:
            continue
    raise _busy()


def edit(
    store: Rules, *, district: str, rule_id: str, wanted: EarningRule, expected: int | None
) -> EarningRule:
    """Let a draft say something else; see `rule.edited`. Raises NotFound too."""
    _check_area(wanted, district)

    def decide(one: EarningRule) -> EarningRule:
        return rules.edited(one, wanted, expected, newest=store.newest(one.code))

    return _until_saved(store, rule_id, decide, store.save)


def activate(store: Rules, clock: Clock, *, rule_id: str, expected: int | None = None) -> EarningRule:
    """Bring a draft into force; the version before it ends at that moment.

    Raises NotFound, Conflict, Stale where the caller has seen another revision of it.
    """

    def decide(one: EarningRule) -> EarningRule:
        rules.check_revision(one, expected)
        return rules.activated(one, clock())

    return _until_saved(store, rule_id, decide, store.activate)


def retire(store: Rules, clock: Clock, *, rule_id: str, expected: int | None = None) -> EarningRule:
    """Put a version out of force, with none after it. Raises NotFound, Conflict, Stale."""

    def decide(one: EarningRule) -> EarningRule:
        rules.check_revision(one, expected)
        return rules.retired(one, clock() + rules.LEAD)

    return _until_saved(store, rule_id, decide, store.save)


def _until_saved(
    store: Rules,
    rule_id: str,
    decide: Callable[[EarningRule], EarningRule],
    save: Callable[[EarningRule], None],
) -> EarningRule:
    for _ in range(_TRIES):
        decided = decide(store.get(rule_id))
        try:
            save(decided)
        except ConcurrentUpdate:
            continue
        return decided
    raise _busy()


def _busy() -> Conflict:
    return Conflict(
        "busy-rule", zh="此规则正被多人修改，请稍后重试。", en="Too many change this rule at once: try again."
    )


def _check_area(wanted: EarningRule, district: str) -> None:
    if wanted.conditions.area is not None:
        check_area(wanted.conditions.area, district, "conditions.area")


@dataclass(frozen=True)
class Sum:
    """Postings, and what members gained by them."""

    postings: int
    points: int
    minutes: int


@dataclass(frozen=True)
class Outcome:
    """What a version would have paid for so many events, what its code really paid, and the first lines."""

    rule: EarningRule
    events: int
    would: Sum
    really: Sum
    people: int
    items: Sequence[Line]


def rehearse(
    store: Rules,
    book: Book,
    actor: Actor,
    *,
    rule_id: str,
    since: datetime,
    until: datetime,
    area: str,
    most: int,
) -> Outcome:
    """What a version would have paid for what happened in `[since, until)` in an area; nothing is written.

    `most` of its postings are told one by one. Raises NotFound, NotAllowed for another's area, Invalid for
    a period that ends before it begins or is longer than LONGEST_PERIOD.
    """
    if not actor.has_any(rules.STAFF_ROLES, area):
        raise NotAllowed(
            "not-your-area", zh="您不管理此区域。", en="Only staff of the area see what it would be paid."
        )
    if not since < until <= since + LONGEST_PERIOD:
        raise Invalid("to", zh="须晚于 from，且最多 92 天。", en="After from, and at most 92 days later.")
    rule = store.get(rule_id)

    def in_question(evidence: Evidence) -> bool:
        return since <= evidence.at < until and evidence.area.startswith(area)

    lines = list(simulate(rule, book.kept(rule, since, until), in_question))
    would = [gained(one.would.legs) for one in lines if one.would]
    return Outcome(
        rule=rule,
        events=len(lines),
        would=_sum(would),
        really=_sum([one.really.gains for one in lines if one.really]),
        people=len({leg.account for gains in would for leg in gains}),
        items=[one for one in lines if one.would][:most],
    )


def _sum(postings: Sequence[Sequence[Leg]]) -> Sum:
    gains = [leg for one in postings for leg in one]
    points, minutes = (sum(leg.amount for leg in gains if leg.unit == unit) for unit in rules.COUNTED_UNITS)
    return Sum(len(postings), points, minutes)
