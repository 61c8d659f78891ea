"""What can be done with issues."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from chassis.clock import Clock
from chassis.errors import ConcurrentUpdate, Conflict, Invalid, Refusal, TooMany
from chassis.identity import Actor
from services.issues.cases import deadlines, domain, feedback
from services.issues.cases.issue import STAFF_ROLES, SYSTEM, Change, Details, Feedback, Issue, Rating
from services.issues.cases.repeats import Decide, once
from services.issues.cases.responsibility import without_former_stewards
from services.issues.categories.domain import Category, Policy, check_answers, check_usable
from services.issues.limits import domain as limits

_TRIES = 8
_TICKS_AT_ONCE = 200
_VACATED = Details(note="原小巷管家已不再负责此网格，请其他小巷管家认领。")
_REPORT_FOR_MANY = STAFF_ROLES | {"integration"}


class Kept(Protocol):
    """Issues that are there. `save` raises ConcurrentUpdate when somebody was faster."""

    def get(self, issue_id: str) -> Issue: ...
    def save(self, change: Change) -> Issue: ...


class Quotas(Protocol):
    """How much each member has reported lately. `take` says until when there is no more to take, if so."""

    def take(self, member_id: str, issue_id: str, most: int, at: datetime) -> datetime | None: ...
    def give_back(self, member_id: str, issue_id: str) -> None: ...


class Cases(Kept, Protocol):
    """Where issues are kept."""

    def add(self, change: Change) -> Issue: ...
    def due(self, at: datetime, most: int) -> list[Issue]: ...
    def adopters(self, issue_id: str) -> list[Issue]: ...
    def is_steward(self, member_id: str, area: str) -> bool: ...
    def worked_by(self, member_id: str) -> list[str]: ...


class Rules(Protocol):
    """The categories and the calendar. `policy` is of one version of a category."""

    def current(self, code: str) -> Category | None: ...
    def policy(self, code: str, version: int) -> Policy: ...


class Places(Protocol):
    """The district's areas."""

    def known(self, code: str) -> bool: ...
    def locate(self, lng: float, lat: float) -> str | None: ...


class Photos(Protocol):
    """The uploaded photos. `hold` says whether all are there and the owner's, and keeps them for an issue."""

    def hold(
        self, photo_ids: Sequence[str], owner: str, issue_id: str, area: str, *, moderated: bool, at: datetime
    ) -> bool: ...


def report_issue(
    cases: Cases,
    rules: Rules,
    places: Places,
    photos: Photos,
    clock: Clock,
    actor: Actor,
    *,
    issue_id: str,
    category: str,
    description: str,
    location: Mapping[str, float] | None = None,
    area: str | None = None,
    media: list[str] | None = None,
    answers: Mapping[str, Any] | None = None,
    anonymous: bool = False,
    urgency: str = "normal",
    observed_at: datetime | None = None,
) -> Issue:
    """Report a problem. The grid comes from the location; `area` serves where there is none.

    Raises Invalid for a place outside the district's areas, a category that is unknown or retired, answers
    that do not fit its questions, or photos that are not the reporter's own.
    """
    chosen = check_usable(rules.current(category))
    grid = _place(places, location, area)
    check_answers(chosen, answers or {})
    now = clock()
    _hold_photos(photos, media or (), actor, issue_id, grid, moderated=chosen.moderated, at=now)
    issue = Issue(
        id=issue_id,
        number=f"{now:%Y%m%d}-{issue_id[-6:]}",
        category=chosen.code,
        category_version=chosen.version,
        description=description,
        answers=answers or {},
        area=grid,
        location=location,
        media=tuple(media or ()),
        anonymous=anonymous,
        urgency=urgency,
        reporter=actor.member_id,
        sensitive=chosen.sensitive,
        created_at=now,
        observed_at=observed_at,
        countdown=limits.NOT_BEGUN,
    )
    return cases.add(domain.report(issue, rules.policy(chosen.code, chosen.version)))


@contextmanager
def within_quota(quotas: Quotas, clock: Clock, actor: Actor, *, issue_id: str, most: int) -> Iterator[None]:
    """Report as one of the `most` problems that a person may report within an hour; 0 is no limit.

    Staff and integrations report for many. A report that is refused does not count, and one that is asked
    for again by its identifier counts once. Raises TooMany, before anything is done.
    """
    if not most or actor.roles & _REPORT_FOR_MANY:
        yield
        return
    now = clock()
    full_until = quotas.take(actor.member_id, issue_id, most, now)
    if full_until is not None:
        raise TooMany(
            "too-many-reports",
            zh=f"每小时最多上报 {most} 个问题，请稍后再试。",
            en=f"At most {most} problems can be reported in an hour: try again later.",
            retry_after=max(1, math.ceil((full_until - now).total_seconds())),
        )
    try:
        yield
    except Refusal:
        quotas.give_back(actor.member_id, issue_id)
        raise


def _hold_photos(
    photos: Photos,
    media: Sequence[str],
    actor: Actor,
    issue_id: str,
    area: str,
    *,
    moderated: bool,
    at: datetime,
) -> None:
    if media and not photos.hold(media, actor.member_id, issue_id, area, moderated=moderated, at=at):
        raise Invalid(
            "media",
            zh="照片不存在或不是您上传的。",
            en="Upload the photos first (POST /v1/media), as yourself.",
        )


def _place(places: Places, location: Mapping[str, float] | None, area: str | None) -> str:
    if area is not None:
        _check_known(places, area)
    if location is not None:
        found = places.locate(location["lng"], location["lat"])
        if found is None:
            raise Invalid(
                "location", zh="该位置不在本区任何区域内。", en="This point lies in no area of the district."
            )
        return found
    if area is None:
        raise Invalid("location", zh="请提供位置或区域代码。", en="Give a location, or the code of an area.")
    return area


def _check_known(places: Places, area: str) -> None:
    if not places.known(area):
        raise Invalid("area", zh="没有这个区域。", en="There is no area with this code.")


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
    """Carry out one action of the workflow, once a request; see `domain.transition`, and Stale."""
    if details.area is not None:
        _check_known(places, details.area)

    def decide(issue: Issue, now: datetime) -> Change:
        domain.check_version(issue, expected_version)
        policy = policy_of(rules, issue)
        if action in ("return", "reopen"):
            issue = without_former_stewards(issue, cases.is_steward)
        change = domain.transition(issue, action, actor, details, now, policy)
        if action == "assign" and not cases.is_steward(str(details.assignee), issue.area):
            raise Invalid("assignee", zh="该成员不是此网格的小巷管家。", en="No steward of this grid.")
        area, moderated = change.issue.area, policy.category.moderated
        _hold_photos(photos, details.media, actor, issue_id, area, moderated=moderated, at=now)
        return change

    return decide_until_saved(cases, clock, issue_id, once(request_id, decide))


def comment(
    cases: Cases,
    clock: Clock,
    actor: Actor,
    *,
    issue_id: str,
    text: str,
    request_id: str,
    expected_version: int | None = None,
) -> Issue:
    """Add a remark to an issue's history, once a request. Raises Stale."""

    def decide(issue: Issue, now: datetime) -> Change:
        domain.check_version(issue, expected_version)
        return domain.comment(issue, actor, text, now)

    return decide_until_saved(cases, clock, issue_id, once(request_id, decide))


def rate(
    cases: Cases,
    clock: Clock,
    actor: Actor,
    *,
    issue_id: str,
    rating: Rating,
    expected_version: int | None = None,
) -> Issue:
    """Record the reporter's rating. Raises Stale."""

    def decide(issue: Issue, now: datetime) -> Change:
        domain.check_version(issue, expected_version)
        return domain.rate(issue, actor, rating, now)

    return decide_until_saved(cases, clock, issue_id, decide)


def answer(
    cases: Cases,
    rules: Rules,
    clock: Clock,
    actor: Actor | None,
    *,
    issue_id: str,
    contacted: bool,
    resolved: str,
    satisfied: bool,
    reason: str | None,
    signature: tuple[str, str] | None = None,
    expected_version: int | None = None,
) -> Issue:
    """Take the reporter's answers after a solution; see `feedback.give`, and Stale.

    Without an actor, `signature` (signature and key) of a feedback link speaks for the reporter.
    """

    def decide(issue: Issue, now: datetime) -> Change:
        if signature is not None:
            feedback.check_signature(issue, *signature, now)
        domain.check_version(issue, expected_version)
        who = actor or Actor(str(issue.reporter))
        given = Feedback(contacted, resolved, satisfied, reason, now)
        if resolved != "yes":
            issue = without_former_stewards(issue, cases.is_steward)
        return feedback.give(issue, who, given, policy_of(rules, issue))

    return decide_until_saved(cases, clock, issue_id, decide)


def vacate_cases(cases: Cases, rules: Rules, clock: Clock, *, member_id: str) -> None:
    """Have the open cases of a member claimed by others, in the grids that they are no steward of any more.

    Again changes nothing.
    """

    def decide(issue: Issue, now: datetime) -> Change | None:
        left = issue.assignee == member_id and not cases.is_steward(member_id, issue.area)
        # What goes on in parts ends when they do, whoever split it.
        if not left or issue.parts or not domain.applies("vacate", issue):
            return None
        return domain.transition(issue, "vacate", SYSTEM, _VACATED, now, policy_of(rules, issue))

    for issue_id in cases.worked_by(member_id):
        decide_until_saved(cases, clock, issue_id, decide)


def run_clock(cases: Cases, rules: Rules, clock: Clock) -> int:
    """Do what is due by now, for issues whose clock has run; returns how many changes were made.

    Any number of processes may do so at once: who loses the race for an issue leaves it to the other.
    """
    done = 0
    for issue in cases.due(clock(), _TICKS_AT_ONCE):
        change = deadlines.tick(issue, clock(), policy_of(rules, issue))
        if change is None:
            continue
        try:
            cases.save(change)
        except ConcurrentUpdate:
            continue
        done += 1
    return done


def policy_of(rules: Rules, issue: Issue) -> Policy:
    """The rules that an issue is handled by."""
    return rules.policy(issue.category, issue.category_version)


def decide_until_saved(cases: Kept, clock: Clock, issue_id: str, decide: Decide) -> Issue:
    """Decide on the issue as it is now; where somebody saved first, decide anew on what they left.

    Where nothing is to be changed, `decide` answers None. Raises Conflict when too many act on it at once.
    """
    for _ in range(_TRIES):
        issue = cases.get(issue_id)
        change = decide(issue, clock())
        if change is None:
            return issue
        try:
            return cases.save(change)
        except ConcurrentUpdate:
            continue
    raise Conflict(
        "busy-issue", zh="此问题正被多人处理，请稍后重试。", en="Too many act on it at once: try again."
    )
