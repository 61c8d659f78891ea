"""What can be done with duplicates and with reports of several problems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chassis.clock import Clock
from chassis.errors import Invalid, NotFound, Refusal
from chassis.identity import Actor
from services.issues.cases import domain as workflow
from services.issues.cases.commands import Cases, Photos, Places, Rules, decide_until_saved, policy_of
from services.issues.cases.commands import act as act_on_one
from services.issues.cases.issue import Change, Details, Issue
from services.issues.cases.repeats import once
from services.issues.cases.responsibility import without_former_stewards
from services.issues.categories.domain import check_answers, check_usable
from services.issues.duplicates import domain
from services.issues.limits import domain as limits


@dataclass(frozen=True)
class PartWanted:
    """One problem among several: its category, what it is, and the answers to the category's questions."""

    id: str
    category: str
    description: str
    answers: Mapping[str, Any] = field(default_factory=dict)


def support(cases: Cases, clock: Clock, actor: Actor, *, issue_id: str) -> Issue:
    """Say "me too"; saying it again changes nothing."""
    return decide_until_saved(cases, clock, issue_id, lambda issue, now: domain.support(issue, actor, now))


def act(
    cases: Cases,
    rules: Rules,
    places: Places,
    photos: Photos,
    clock: Clock,
    actor: Actor,
    *,
    issue_id: str,
    action: str,
    details: Details,
    request_id: str,
    expected_version: int | None = None,
) -> Issue:
    """Carry out any action of the workflow, also those that concern two issues; once a request.

    Raises what `merge`, `unmerge` and `cases.commands.act` do.
    """
    request: Any = {
        "issue_id": issue_id,
        "details": details,
        "request_id": request_id,
        "expected_version": expected_version,
    }
    if action == "merge":
        return merge(cases, rules, clock, actor, **request)
    if action == "unmerge":
        return unmerge(cases, rules, clock, actor, **request)
    return act_on_one(cases, rules, places, photos, clock, actor, action=action, **request)


def merge(
    cases: Cases,
    rules: Rules,
    clock: Clock,
    actor: Actor,
    *,
    issue_id: str,
    details: Details,
    request_id: str,
    expected_version: int | None = None,
) -> Issue:
    """Merge an issue into an older one, which from then on speaks for both; once a request.

    The older one learns of it first, so that no message of its is missed: of those who follow the newer one
    as that is saved then. Where it is not merged after all, that is taken back, also what an attempt that
    died half-way left. Raises what `domain.transition` does, Stale, and Conflict for a target that is closed,
    and Invalid for photos.
    """
    _refuse_photos(details)
    into = str(details.into)

    def decide(issue: Issue, now: datetime) -> Change:
        workflow.check_version(issue, expected_version)
        return workflow.transition(issue, "merge", actor, details, now, policy_of(rules, issue))

    check = once(request_id, decide)

    def adopt(parent: Issue, now: datetime) -> Change | None:
        # Read after the older one: so whoever adopts later never goes back to who followed earlier.
        return domain.adopt(parent, cases.get(issue_id), actor, now)

    def decide_on_both(issue: Issue, now: datetime) -> Change | None:
        change = check(issue, now)
        if change is not None:
            decide_until_saved(cases, clock, into, adopt)
        return change

    issue = cases.get(issue_id)
    if check(issue, clock()) is None:
        return issue
    try:
        return decide_until_saved(cases, clock, issue_id, decide_on_both)
    except Refusal:
        _take_back(cases, clock, actor, issue_id=issue_id, into=into)
        raise


def _take_back(cases: Cases, clock: Clock, actor: Actor, *, issue_id: str, into: str) -> None:
    """Undo half a merge, unless somebody else did the very same meanwhile, or does while it is undone."""
    if cases.get(issue_id).merged_into != into:
        _let_go(cases, clock, actor, parent_id=into, child_id=issue_id)
    speak_for_all(cases, clock, actor, issue_id=issue_id)


def speak_for_all(cases: Cases, clock: Clock, actor: Actor, *, issue_id: str) -> None:
    """See to it that what an issue was merged into speaks for all who follow it, and so on to the topmost."""
    into = cases.get(issue_id).merged_into
    if into is None:
        return
    decide_until_saved(
        cases,
        clock,
        into,
        lambda parent, now: domain.speak_for_merged(parent, cases.get(issue_id), actor, now),
    )
    speak_for_all(cases, clock, actor, issue_id=into)


def unmerge(
    cases: Cases,
    rules: Rules,
    clock: Clock,
    actor: Actor,
    *,
    issue_id: str,
    details: Details,
    request_id: str,
    expected_version: int | None = None,
) -> Issue:
    """Let a merged issue go on by itself, once a request; what was written meanwhile stays where it is.

    Where its steward has left the grid meanwhile, it waits to be claimed by another.
    """
    _refuse_photos(details)

    def check(issue: Issue, now: datetime) -> Change:
        workflow.check_version(issue, expected_version)
        present = without_former_stewards(issue, cases.is_steward)
        return workflow.transition(present, "unmerge", actor, details, now, policy_of(rules, issue))

    issue = decide_until_saved(cases, clock, issue_id, once(request_id, check))
    release(cases, clock, actor, issue_id=issue_id)
    return issue


def _refuse_photos(details: Details) -> None:
    if details.media:
        raise Invalid("media", zh="此操作不能附照片。", en="No photos go with this action.")


def release(cases: Cases, clock: Clock, actor: Actor, *, issue_id: str) -> None:
    """See to it that no other issue speaks for one that goes on by itself."""
    for parent in cases.adopters(issue_id):
        _let_go(cases, clock, actor, parent_id=parent.id, child_id=issue_id)


def _let_go(cases: Cases, clock: Clock, actor: Actor, *, parent_id: str, child_id: str) -> None:
    def decide(parent: Issue, now: datetime) -> Change | None:
        freed = domain.disown(parent, child_id, actor, now)
        if freed is not None:
            _tell_above(cases, clock, actor, freed.issue)
        return freed

    decide_until_saved(cases, clock, parent_id, decide)


def _tell_above(cases: Cases, clock: Clock, actor: Actor, child: Issue) -> None:
    """Have those that a merged issue was merged into speak for no more than still follow it, topmost first.

    Last comes what is looked for to begin with: so whoever goes on after an interruption finds all of it.
    And where one of them is merged meanwhile, it is not saved, and looked at anew.
    """

    def decide(parent: Issue, now: datetime) -> Change | None:
        fewer = domain.speak_for_fewer(parent, child, actor, now)
        if fewer is not None:
            _tell_above(cases, clock, actor, fewer.issue)
        return fewer

    for parent in cases.adopters(child.id):
        decide_until_saved(cases, clock, parent.id, decide)


def split(
    cases: Cases,
    rules: Rules,
    clock: Clock,
    actor: Actor,
    *,
    issue_id: str,
    note: str,
    wanted: Sequence[PartWanted],
    expected_version: int | None = None,
) -> Issue:
    """Split a report of several problems into parts that are handled each by itself.

    The whole is saved first; its parts have identifiers of their own by then, so that repeating the request
    completes what was interrupted. Raises what `domain.transition` does, and Invalid for a category and for
    answers that do not fit its questions.
    """
    whole = cases.get(issue_id)
    parts = [_part(rules, whole, one, clock(), f"parts.{place}.") for place, one in enumerate(wanted)]

    def decide(issue: Issue, now: datetime) -> Change | None:
        if [one.id for one in issue.parts] == [one.id for one in parts]:
            return None
        workflow.check_version(issue, expected_version)
        return domain.split(issue, actor, parts, note, now, policy_of(rules, issue))

    issue = decide_until_saved(cases, clock, issue_id, decide)
    for part in parts:
        cases.add(workflow.report(part, policy_of(rules, part)))
    return issue


def _part(rules: Rules, whole: Issue, wanted: PartWanted, now: datetime, under: str) -> Issue:
    category = check_usable(rules.current(wanted.category), under=under)
    check_answers(category, wanted.answers, under=under)
    return Issue(
        id=wanted.id,
        number=f"{now:%Y%m%d}-{wanted.id[-6:]}",
        category=category.code,
        category_version=category.version,
        description=wanted.description,
        answers=wanted.answers,
        area=whole.area,
        location=whole.location,
        media=whole.media,
        anonymous=whole.anonymous,
        urgency=whole.urgency,
        reporter=whole.reporter,
        sensitive=whole.sensitive or category.sensitive,
        created_at=now,
        part_of=whole.id,
        countdown=limits.NOT_BEGUN,
    )


def count_parts(cases: Cases, rules: Rules, clock: Clock, *, whole_id: str) -> None:
    """Mark which parts of a whole are done; with the last one the whole is resolved and its reporter told."""

    def decide(whole: Issue, now: datetime) -> Change | None:
        if not whole.parts:
            return None
        # Read after the whole: so no mark ever goes back to what a part was earlier.
        present = [one for one in (_found(cases, part.id) for part in whole.parts) if one is not None]
        return domain.parts_counted(whole, present, now, policy_of(rules, whole))

    decide_until_saved(cases, clock, whole_id, decide)


def _found(cases: Cases, part_id: str) -> Issue | None:
    """A part; None as long as the request to split has not come to it, or died before it did."""
    try:
        return cases.get(part_id)
    except NotFound:
        return None


def whole_confirmed(cases: Cases, rules: Rules, clock: Clock, *, whole_id: str, by: str) -> None:
    """Confirm the parts of a whole that was confirmed `by` somebody, and still is."""
    whole = cases.get(whole_id)
    for part in whole.parts:
        decide_until_saved(
            cases,
            clock,
            part.id,
            lambda one, now: domain.whole_confirmed(one, whole, by, now, policy_of(rules, one)),
        )
