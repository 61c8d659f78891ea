"""The reporter's answers after a solution, and the signed link by which they answer without signing in."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chassis.clock import rfc3339
from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from services.issues.cases.domain import allowed_actions, transition
from services.issues.cases.events import IssueFact, IssueResolved
from services.issues.cases.issue import Change, Details, Feedback, Issue, Party, Status
from services.issues.cases.responsibility import parties
from services.issues.categories.domain import Policy

ANSWERS = ("yes", "partly", "no")
_WORDS = {"partly": "部分解决", "no": "未解决"}


def give(issue: Issue, actor: Actor, feedback: Feedback, policy: Policy) -> Change:
    """Take the reporter's answers: yes confirms; partly or no, with a reason, returns it to the lead unit.

    Answers that return it are in the history: beside the next solution they would be out of date.

    Raises NotAllowed, Conflict where no solution awaits an answer, Invalid for a missing reason.
    """
    if Party.REPORTER not in parties(issue, actor):
        raise NotAllowed(
            "not-the-reporter",
            zh="只有报告人可以反馈。",
            en="Only the reporter may answer whether it is solved.",
        )
    if issue.status is not Status.RESOLVED:
        raise Conflict(
            "no-answer-awaited",
            zh="该问题目前不等待反馈。",
            en=f"The issue is {issue.status}: no answer is awaited.",
            status_now=issue.status,
            allowed=allowed_actions(issue, actor, feedback.at, policy),
        )
    if feedback.resolved != "yes" and not feedback.reason:
        raise Invalid("reason", zh="请说明还有什么没有解决。", en="Say what is not solved yet.")
    if feedback.resolved != "yes":
        return transition(issue, "reopen", actor, Details(note=_words(feedback)), feedback.at, policy)
    change = transition(issue, "confirm", actor, Details(note=feedback.reason), feedback.at, policy)
    return replace(change, issue=replace(change.issue, feedback=feedback))


def last_word(feedback: Mapping[str, Any] | None, rating: Mapping[str, Any] | None) -> bool | None:
    """Whether the reporter is satisfied with a solution, by the later of feedback and rating; None without.

    A rating of which is not known when it was said gives way to feedback.
    """
    said = feedback or rating
    rated_at = rating.get("at") if rating else None
    if feedback and rating and rated_at is not None and rated_at >= feedback["at"]:
        said = rating
    return bool(said["satisfied"]) if said else None


def _words(feedback: Feedback) -> str:
    contacted = "已联系" if feedback.contacted else "未联系"
    satisfied = "满意" if feedback.satisfied else "不满意"
    return f"{_WORDS[feedback.resolved]}，{contacted}，{satisfied}。{feedback.reason}"


def invite(change: Change, key: str | None) -> tuple[IssueFact, ...]:
    """The facts of a change as they are published: of a solution, with the link for its reporter.

    There is none for a part, of which the reporter hears by its whole, nor where there is no key or nobody
    to ask any more.
    """
    issue = change.issue
    if key is None or issue.feedback_until is None or issue.reporter not in issue.followers:
        return change.events
    link = path(issue.id, issue.feedback_until, key)
    return tuple(
        replace(one, feedback_path=link) if isinstance(one, IssueResolved) else one for one in change.events
    )


def path(issue_id: str, until: datetime, key: str) -> str:
    """The path of the link that answers for one solution of one issue."""
    return f"/v1/feedback/{issue_id}/{sign(issue_id, until, key)}"


def sign(issue_id: str, until: datetime, key: str) -> str:
    """The signature of a link that answers for one solution of one issue."""
    text = f"feedback {issue_id} {rfc3339(until)}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:40]


def check_signature(issue: Issue, signature: str, key: str, at: datetime) -> None:
    """Raises NotAllowed unless the link was made for the solution that awaits an answer now."""
    until = issue.feedback_until if issue.reporter is not None else None
    good = until is not None and hmac.compare_digest(signature.encode(), sign(issue.id, until, key).encode())
    if not good or until is None or until < at:
        raise NotAllowed(
            "link-expired",
            zh="反馈链接已失效，请登录后反馈。",
            en="This link is not good any more: sign in to answer.",
        )
