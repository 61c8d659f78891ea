"""What an action needs beside its row in `domain.WORKFLOW`: each guard says why not, or nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

from chassis.errors import Conflict, NotAllowed, Refusal
from chassis.identity import Actor
from services.issues.cases.issue import GRID_LENGTH, Issue, Party, Status
from services.issues.cases.responsibility import level_below, parties
from services.issues.categories.domain import Policy

REOPEN_TIME = timedelta(days=14)
"""How long the reporter may take back that a solution was confirmed."""
Guard = Callable[[Issue, Actor, datetime, Policy], Refusal | None]


def _in_a_grid(issue: Issue, _: Actor, __: datetime, ___: Policy) -> Refusal | None:
    if len(issue.area) == GRID_LENGTH:
        return None
    return Conflict(
        "not-in-a-grid", zh="该问题尚未分派到网格。", en="It lies in no grid yet: route it to one first."
    )


def _never_extended(issue: Issue, _: Actor, __: datetime, ___: Policy) -> Refusal | None:
    if not issue.countdown.extended:
        return None
    return Conflict(
        "extended-already", zh="只能延期一次。", en="The time was extended once already: it cannot be again."
    )


def _never_objected(issue: Issue, _: Actor, __: datetime, ___: Policy) -> Refusal | None:
    if issue.objection is None:
        return None
    return Conflict(
        "objected-already", zh="本次分派已提出过异议。", en="This dispatch was objected to already."
    )


def _objection_waits(issue: Issue, _: Actor, __: datetime, ___: Policy) -> Refusal | None:
    if issue.objection is not None and issue.objection.decision is None:
        return None
    return Conflict("no-objection", zh="没有待裁定的异议。", en="There is no objection to decide.")


def _somebody_below(issue: Issue, _: Actor, __: datetime, policy: Policy) -> Refusal | None:
    if level_below(issue, policy.category) is not None:
        return None
    return Conflict(
        "nobody-below", zh="下级没有可退回的单位。", en="There is no unit below to return it to: route it."
    )


def _never_split(issue: Issue, _: Actor, __: datetime, ___: Policy) -> Refusal | None:
    if issue.part_of is None and not issue.parts:
        return None
    return Conflict("split-already", zh="该问题已拆分。", en="It was split already, or is a part itself.")


def _not_their_own_work(issue: Issue, actor: Actor, _: datetime, __: Policy) -> Refusal | None:
    if actor.member_id != issue.resolver:
        return None
    return NotAllowed(
        "own-work",
        zh="不能确认自己解决的问题。",
        en="Whoever resolved an issue cannot confirm it: somebody else must verify.",
    )


def _not_too_late(issue: Issue, actor: Actor, at: datetime, _: Policy) -> Refusal | None:
    confirmed_at = issue.closed_at if issue.status is Status.CONFIRMED else None
    if confirmed_at is None or at <= confirmed_at + REOPEN_TIME or Party.STAFF in parties(issue, actor):
        return None
    return Conflict(
        "confirmed-long-ago",
        zh=f"确认已超过 {REOPEN_TIME.days} 天，请联系社区工作人员重新打开，或重新上报。",
        en=f"It was confirmed more than {REOPEN_TIME.days} days ago: ask the community's staff to reopen "
        "it, or report it anew.",
    )


def _nobody_else_follows(issue: Issue, _: Actor, __: datetime, ___: Policy) -> Refusal | None:
    if issue.residents == (issue.reporter,):
        return None
    return Conflict(
        "others-follow",
        zh="其他居民也在关注此问题，不能撤回。",
        en="Others reported or support the same problem: it cannot be withdrawn.",
    )


GUARDS: dict[str, Guard] = {
    "assign": _in_a_grid,
    "extend": _never_extended,
    "object": _never_objected,
    "accept_objection": _objection_waits,
    "deny_objection": _objection_waits,
    "return": _somebody_below,
    "split": _never_split,
    "confirm": _not_their_own_work,
    "reopen": _not_too_late,
    "withdraw": _nobody_else_follows,
}
