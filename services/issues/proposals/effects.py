"""What each action changes in a proposal. Whether it may be taken, `domain.WORKFLOW` says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from chassis.errors import Conflict, Invalid
from services.issues.proposals.proposal import Details, Funding, Proposal, Status

LONGEST_VOTING = timedelta(days=90)
Effect = Callable[[Proposal, Details, datetime], Proposal]


def _to(status: Status) -> Effect:
    return lambda proposal, _, __: replace(proposal, status=status)


def _over(status: Status) -> Effect:
    return lambda proposal, _, at: replace(proposal, status=status, closed_at=at, next_check_at=None)


def _open_voting(proposal: Proposal, details: Details, at: datetime) -> Proposal:
    closes = details.closes_at
    if closes is None or not at < closes <= at + LONGEST_VOTING:
        raise Invalid(
            "closes_at",
            zh="截止时间须在未来九十天以内。",
            en="The voting ends in the future, within ninety days.",
        )
    return replace(proposal, status=Status.VOTING, opened_at=at, closes_at=closes, next_check_at=closes)


def _approve(proposal: Proposal, _: Details, __: datetime) -> Proposal:
    return replace(proposal, status=Status.APPROVED, next_check_at=None, funding=Funding(attempt=1))


def _request_funding(proposal: Proposal, _: Details, __: datetime) -> Proposal:
    if proposal.funding.refusal is None:
        raise Conflict(
            "funding-pending",
            zh="拨款申请正在处理。",
            en="The fund has not answered the last request yet.",
        )
    return replace(proposal, funding=Funding(attempt=proposal.funding.attempt + 1))


EFFECTS: dict[str, Effect] = {
    "submit": _to(Status.SUBMITTED),
    "return": _to(Status.DRAFT),
    "deliberate": _to(Status.DELIBERATION),
    "refuse": _over(Status.REFUSED),
    "withdraw": _over(Status.WITHDRAWN),
    "open_voting": _open_voting,
    "approve": _approve,
    "vote_down": _over(Status.REFUSED),
    "request_funding": _request_funding,
    "start": _to(Status.RUNNING),
    "account": _to(Status.ACCOUNTED),
    "reopen": _to(Status.RUNNING),
    "close": _over(Status.CLOSED),
    "cancel": _over(Status.CANCELLED),
}
