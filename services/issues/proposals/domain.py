"""The workflow of proposals: one table says who may do what to one, when, and what it then is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chassis.errors import Conflict, Invalid, NotAllowed, Stale, missing
from chassis.identity import Actor
from services.issues.proposals import events
from services.issues.proposals.effects import EFFECTS
from services.issues.proposals.events import ProposalFact
from services.issues.proposals.proposal import (
    COMMUNITY_LENGTH,
    BudgetLine,
    Change,
    Details,
    Entry,
    Expense,
    Party,
    Proposal,
    Status,
    Terms,
    Voiding,
    fact,
    may_propose,
    parties,
)

MAX_FEN = 10**12


@dataclass(frozen=True)
class Transition:
    """One row of the workflow: from one of `sources` to `target`, by one of `parties`."""

    sources: frozenset[Status]
    target: Status
    parties: frozenset[Party]
    event: type[ProposalFact]
    needs: tuple[str, ...]


def _row(sources: str, target: str, by: str, event: type[ProposalFact], needs: str = "") -> Transition:
    return Transition(
        sources=frozenset(Status(one) for one in sources.split()),
        target=Status(target),
        parties=frozenset(Party(one) for one in by.split()),
        event=event,
        needs=tuple(needs.split()),
    )


WORKFLOW: dict[str, Transition] = {
    "submit": _row("draft", "submitted", "author", events.ProposalSubmitted),
    "return": _row("submitted deliberation", "draft", "chair staff", events.ProposalReturned, "note"),
    "deliberate": _row("submitted", "deliberation", "chair staff", events.ProposalDeliberated),
    "refuse": _row("submitted deliberation", "refused", "chair staff", events.ProposalRefused, "note"),
    "withdraw": _row("draft submitted deliberation", "withdrawn", "author", events.ProposalWithdrawn),
    "open_voting": _row(
        "deliberation", "voting", "chair staff", events.ProposalVotingOpened, needs="closes_at"
    ),
    "approve": _row("voting", "approved", "system", events.ProposalApproved),
    "vote_down": _row("voting", "refused", "system", events.ProposalRefused),
    "request_funding": _row("approved", "approved", "author chair staff", events.ProposalFundingRequested),
    "start": _row("funded", "running", "author chair staff", events.ProposalStarted),
    "account": _row("running", "accounted", "author staff", events.ProposalAccounted, "note"),
    "reopen": _row("accounted", "running", "staff", events.ProposalReopened, "note"),
    "close": _row("accounted", "closed", "staff", events.ProposalClosed),
    "cancel": _row(
        "voting approved funded running", "cancelled", "chair staff", events.ProposalCancelled, "note"
    ),
}
"""`funded` follows from `approved` when the fund says so: see `funding`."""
PUBLIC_ACTIONS = tuple(name for name, row in WORKFLOW.items() if row.parties != {Party.SYSTEM})
_ASKS = {
    "note": ("请填写说明。", "Say in a note what was done, or why."),
    "closes_at": ("请填写表决截止时间。", "Say when the voting ends."),
}


def draft(proposal: Proposal, actor: Actor) -> Change:
    """A new proposal. Raises NotAllowed, and Invalid for an area without a fund or an impossible budget."""
    if len(proposal.area) < COMMUNITY_LENGTH:
        raise Invalid(
            "area",
            zh="方案须属于一个社区或网格。",
            en="A proposal is for a community or a grid: its community's fund pays.",
        )
    if not may_propose(actor, proposal.area):
        raise NotAllowed(
            "not-an-author",
            zh="只有本区域的理事、社区工作人员和小巷管家可以提出方案。",
            en="Council members, community staff and stewards of the area make proposals.",
        )
    check_budget(proposal.budget)
    return Change(proposal, Entry("draft", actor.member_id, proposal.created_at, proposal.status))


def revise(
    proposal: Proposal,
    actor: Actor,
    at: datetime,
    *,
    title: str | None,
    text: str | None,
    budget: tuple[BudgetLine, ...] | None,
    terms: Terms | None,
) -> Change:
    """Change a draft; what is None stays. Raises NotAllowed, Conflict, Invalid."""
    if Party.AUTHOR not in parties(proposal, actor):
        raise NotAllowed("not-the-author", zh="只有提出人可以修改。", en="Only its author may change it.")
    if proposal.status is not Status.DRAFT:
        raise _not_possible(proposal, "revise", actor)
    if budget is not None:
        check_budget(budget)
    revised = replace(
        proposal,
        title=title or proposal.title,
        text=text or proposal.text,
        budget=budget or proposal.budget,
        terms=terms or proposal.terms,
        version=proposal.version + 1,
    )
    return Change(revised, Entry("revise", actor.member_id, at, revised.status))


def allowed_actions(proposal: Proposal, actor: Actor) -> list[str]:
    """The actions that the actor may take now."""
    held = parties(proposal, actor)
    return [name for name, row in WORKFLOW.items() if proposal.status in row.sources and row.parties & held]


def transition(proposal: Proposal, action: str, actor: Actor, details: Details, at: datetime) -> Change:
    """Carry out one action of the workflow.

    Raises NotAllowed for an actor without the right, Conflict (with the allowed actions) where the status
    does not allow it, Invalid where something that the action needs is missing.
    """
    row = WORKFLOW[action]
    if not parties(proposal, actor) & row.parties:
        raise NotAllowed(
            "not-your-proposal",
            zh="您不能对此方案进行此操作。",
            en=f"Only {', '.join(sorted(row.parties))} of this proposal may {action.replace('_', ' ')} it.",
        )
    if proposal.status not in row.sources:
        raise _not_possible(proposal, action, actor)
    if action == "return" and proposal.author is None:
        raise Conflict(
            "no-author",
            zh="提出人已注销，不能退回修改。",
            en="Its author is gone, and nobody else can work on it: deliberate or refuse it.",
            allowed=[name for name in allowed_actions(proposal, actor) if name != "return"],
        )
    if action == "close" and actor.member_id == proposal.author:
        raise NotAllowed(
            "own-account",
            zh="不能审核自己方案的账目。",
            en="Nobody accepts the account of their own proposal: somebody else must verify it.",
        )
    for name in row.needs:
        if not getattr(details, name):
            zh, en = _ASKS[name]
            raise Invalid(name, zh=zh, en=en)
    moved = replace(EFFECTS[action](proposal, details, at), version=proposal.version + 1)
    line = Entry(action, actor.member_id, at, moved.status, details.note)
    return Change(moved, line, (fact(row.event, moved, actor.member_id),))


def spend(proposal: Proposal, actor: Actor, expense: Expense) -> Change:
    """Record an expense.

    Raises NotAllowed, Conflict unless the project is running, Invalid above what is left of the allocation.
    """
    _check_bookkeeper(proposal, "spend", actor)
    left = proposal.funding.available - proposal.spent
    if expense.amount > left:
        raise Invalid(
            "amount",
            zh=f"支出超过可用余额（{left} 分）。",
            en=f"Only {left} fen of what it was given are left.",
        )
    spending = replace(proposal, expenses=(*proposal.expenses, expense), version=proposal.version + 1)
    return Change(spending, Entry("spend", actor.member_id, expense.at, spending.status))


def void(proposal: Proposal, actor: Actor, expense_id: str, voiding: Voiding) -> Change:
    """Mark an expense as void: it stays on record, and what it took of the allocation is free again.

    Raises NotAllowed, NotFound, Conflict for one that is void already and unless the project is running:
    the sums of an account that was handed in stand, until staff reopen it.
    """
    _check_bookkeeper(proposal, "void_expense", actor)
    marked = {one.id: one for one in proposal.expenses}.get(expense_id)
    if marked is None:
        raise missing("支出", "expense")
    if marked.void is not None:
        raise Conflict("void-already", zh="该支出已作废。", en="This expense is void already.")
    expenses = tuple(replace(one, void=voiding) if one.id == expense_id else one for one in proposal.expenses)
    corrected = replace(proposal, expenses=expenses, version=proposal.version + 1)
    line = Entry("void_expense", actor.member_id, voiding.at, corrected.status, voiding.reason)
    return Change(corrected, line)


def _check_bookkeeper(proposal: Proposal, action: str, actor: Actor) -> None:
    if not parties(proposal, actor) & {Party.AUTHOR, Party.CHAIR, Party.STAFF}:
        raise NotAllowed(
            "not-your-proposal",
            zh="您不能登记此方案的支出。",
            en="The author, the chair and the staff of the area record expenses.",
        )
    if proposal.status is not Status.RUNNING:
        raise _not_possible(proposal, action, actor)


def check_budget(budget: Sequence[BudgetLine]) -> None:
    """Raises Invalid unless every line costs something and the sum is within reason."""
    if not budget or any(line.amount <= 0 for line in budget):
        raise Invalid("budget", zh="每项预算须大于零。", en="Every line of the budget costs something.")
    if sum(line.amount for line in budget) > MAX_FEN:
        raise Invalid("budget", zh="预算总额过大。", en=f"A budget is at most {MAX_FEN} fen.")


def check_version(proposal: Proposal, expected: int | None) -> None:
    """Raises Stale when the caller has seen another version than this."""
    if expected is not None and expected != proposal.version:
        raise Stale(
            "stale-version",
            zh="内容已更新，请刷新后重试。",
            en=f"The proposal is at version {proposal.version} now: load it again and decide anew.",
            version=proposal.version,
        )


def _not_possible(proposal: Proposal, action: str, actor: Actor) -> Conflict:
    return Conflict(
        "action-not-possible",
        zh=f"方案当前状态（{proposal.status}）不能进行此操作。",
        en=f"A proposal that is {proposal.status} cannot be acted on so: {action}.",
        status_now=proposal.status,
        allowed=allowed_actions(proposal, actor),
    )
