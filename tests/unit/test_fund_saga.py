"""The saga between a proposal and its community's fund: any order, any duplicates, one end; money conserved.

The rules and commands of both services run as they are; only their stores are in memory, and between them is
a broker that delivers what it likes, as often as it likes.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.errors import Refusal
from chassis.identity import Actor, Grant
from services.issues.proposals import commands as proposal_commands
from services.issues.proposals import domain as proposals
from services.issues.proposals.proposal import (
    SYSTEM,
    BudgetLine,
    Change,
    Details,
    Expense,
    Majority,
    Proposal,
    Status,
    Tally,
    Terms,
    Voiding,
)
from services.points.domain import Overdrawn, Posting, keeps_balance
from services.points.funds import commands as fund_commands
from services.points.funds.domain import Allocation, Ask, Decision, Standing, supplement

COMMUNITY = "120199001001"
FUND = f"fund:{COMMUNITY}"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
STAFF = Actor("C", (Grant("community_staff", COMMUNITY),))
OTHER_STAFF = Actor("D", (Grant("subdistrict_staff", COMMUNITY[:9]),))


class Bank:
    """The ledger in memory: all or nothing, each key once, no account below its floor."""

    def __init__(self) -> None:
        self.balances: Counter[str] = Counter()
        self.postings: dict[str, Posting] = {}
        self.allocations: dict[str, Allocation] = {}
        self.out: list[tuple[str, str, dict[str, Any]]] = []

    def known(self, community: str) -> bool:
        return community == COMMUNITY

    def allocation(self, proposal: str) -> Allocation | None:
        return self.allocations.get(proposal)

    def deposit(self, posting: Posting) -> Posting:
        if posting.key not in self.postings:
            self._post(posting)
        return self.postings[posting.key]

    def save(self, decision: Decision) -> None:
        known = self.allocations.get(decision.allocation.proposal)
        assert decision.allocation.version == (known.version if known else 0) + 1
        if decision.posting is not None:
            assert decision.posting.key not in self.postings
            self._post(decision.posting)
        self.allocations[decision.allocation.proposal] = decision.allocation
        if decision.event is not None:
            self.out.append((decision.event.type, decision.allocation.proposal, vars(decision.event)))

    def _post(self, posting: Posting) -> None:
        for leg in posting.legs:
            if keeps_balance(leg.account) and self.balances[leg.account] + leg.amount < 0:
                raise Overdrawn(leg.account)
        for leg in posting.legs:
            self.balances[leg.account] += leg.amount
        self.postings[posting.key] = posting


class Desk:
    """The proposals in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Proposal] = {}
        self.out: list[tuple[str, str, dict[str, Any]]] = []

    def get(self, proposal_id: str) -> Proposal:
        return self.kept[proposal_id]

    def save(self, change: Change) -> None:
        self.kept[change.proposal.id] = change.proposal
        self.out += [(event.type, change.proposal.id, vars(event)) for event in change.events]


def voted(number: int, amount: int) -> Proposal:
    return Proposal(
        id=f"P{number}",
        number=str(number),
        area=COMMUNITY,
        title="t",
        text="t",
        author="M",
        budget=(BudgetLine("b", amount),),
        terms=Terms(secret=True, quorum=1, majority=Majority.SIMPLE),
        created_at=NOW,
        status=Status.VOTING,
        opened_at=NOW,
        closes_at=NOW,
        next_check_at=NOW,
        tally=Tally(yes=1),
    )


class Saga(RuleBasedStateMachine):
    """Everything that people may do, mixed with deliveries late, twice and out of order."""

    @initialize()
    def begin(self) -> None:
        """An empty fund and no proposals."""
        self.bank, self.desk, self.deposited = Bank(), Desk(), 0
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.waiting: list[int] = []

    def clock(self) -> datetime:
        return NOW

    def collect(self) -> None:
        """What the outboxes hold goes to the broker."""
        for outbox in (self.bank.out, self.desk.out):
            for event in outbox:
                self.sent.append(event)
                self.waiting.append(len(self.sent) - 1)
            outbox.clear()

    def deliver(self, kind: str, subject: str, data: dict[str, Any]) -> None:
        """Hand an event to the service that listens to it, as its handlers do."""
        if kind in ("proposal.approved.v1", "proposal.funding_requested.v1"):
            fund_commands.allocate(self.bank, self.clock, ask=self.ask(subject, data))
        elif kind in ("proposal.closed.v1", "proposal.cancelled.v1"):
            fund_commands.release(self.bank, self.clock, ask=self.ask(subject, data), spent=data["spent"])
        elif kind == "fund.allocated.v1":
            proposal_commands.take_allocation(
                self.desk, self.clock, proposal_id=subject, amount=data["amount"]
            )
        elif kind == "fund.refused.v1":
            proposal_commands.take_refusal(
                self.desk, self.clock, proposal_id=subject, attempt=data["attempt"], reason=data["reason"]
            )
        elif kind == "fund.returned.v1":
            proposal_commands.take_return(self.desk, self.clock, proposal_id=subject, amount=data["amount"])
        elif kind == "fund.supplemented.v1":
            proposal_commands.take_supplement(
                self.desk, self.clock, proposal_id=subject, donated=data["donated"]
            )
        self.collect()

    @staticmethod
    def ask(subject: str, data: dict[str, Any]) -> Ask:
        return Ask(subject, COMMUNITY, data["community"], data["budget"], data["attempt"])

    def attempt(self, number: int, what: Callable[[Proposal], Change]) -> None:
        """Try something on a proposal; a refusal changes nothing."""
        proposal = self.desk.kept.get(f"P{number}")
        if proposal is None:
            return
        try:
            self.desk.save(what(proposal))
        except Refusal:
            return
        self.collect()

    @rule(amount=st.integers(1, 200), key=st.integers(1, 20))
    def deposit(self, amount: int, key: int) -> None:
        """Feed the fund; a key that was used before adds nothing."""
        before = self.bank.balances[FUND]
        try:
            fund_commands.deposit(
                self.bank,
                self.clock,
                STAFF,
                community=COMMUNITY,
                amount=amount,
                memo="拨款",
                key=str(key),
                posting_id=f"D{key}",
            )
        except Refusal:
            assert self.bank.balances[FUND] == before
        self.deposited += self.bank.balances[FUND] - before

    @rule(number=st.integers(1, 3), amount=st.integers(1, 200))
    def approve(self, number: int, amount: int) -> None:
        """The residents vote for a proposal."""
        if f"P{number}" not in self.desk.kept:
            approved = proposals.transition(voted(number, amount), "approve", SYSTEM, Details(), NOW)
            self.desk.save(approved)
            self.collect()

    @rule(
        number=st.integers(1, 3),
        action=st.sampled_from(["request_funding", "start", "account", "reopen", "close", "cancel"]),
    )
    def act(self, number: int, action: str) -> None:
        """Staff try anything."""
        self.attempt(
            number, lambda one: proposals.transition(one, action, OTHER_STAFF, Details(note="说明"), NOW)
        )

    @rule(number=st.integers(1, 3), amount=st.integers(1, 150))
    def spend(self, number: int, amount: int) -> None:
        """Money is spent on a project."""

        def spend(one: Proposal) -> Change:
            return proposals.spend(one, STAFF, Expense(f"E{one.version}", "b", amount, ("R",), "C", NOW))

        self.attempt(number, spend)

    @rule(number=st.integers(1, 3))
    def void(self, number: int) -> None:
        """The last expense turns out to be a mistake."""

        def void(one: Proposal) -> Change:
            last = one.expenses[-1].id if one.expenses else "none"
            return proposals.void(one, STAFF, last, Voiding("V", "误记", "C", NOW))

        self.attempt(number, void)

    @rule(number=st.integers(1, 3), amount=st.integers(1, 50))
    def donate(self, number: int, amount: int) -> None:
        """A part of a donation goes to a project, if that is under way."""
        try:
            decision = supplement(self.bank.allocation(f"P{number}"), amount, NOW)
        except Refusal:
            return
        self.bank.save(decision)
        self.bank.balances[f"project:P{number}"] += amount
        self.deposited += amount
        self.collect()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def deliver_one(self, data: st.DataObject) -> None:
        """The broker delivers any of what waits."""
        place = data.draw(st.integers(0, len(self.waiting) - 1))
        self.deliver(*self.sent[self.waiting.pop(place)])

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        """The broker delivers once more what it has delivered, or has not yet."""
        self.deliver(*data.draw(st.sampled_from(self.sent)))

    @invariant()
    def money_is_conserved(self) -> None:
        """Everything that came in is in the fund or with a project, and nothing is below zero."""
        legs = [leg.amount for one in self.bank.postings.values() for leg in one.legs]
        assert sum(legs) == 0
        held = [amount for account, amount in self.bank.balances.items() if keeps_balance(account)]
        assert min(held, default=0) >= 0
        assert sum(held) == self.deposited
        for one in self.desk.kept.values():
            assert one.spent <= one.funding.available

    def teardown(self) -> None:
        """When all is delivered, both sides agree."""
        while self.waiting:
            self.deliver(*self.sent[self.waiting.pop()])
        self.money_is_conserved()
        for one in self.desk.kept.values():
            known = self.bank.allocations[one.id]
            account = self.bank.balances[f"project:{one.id}"]
            if one.status is Status.APPROVED:
                assert known.standing is Standing.REFUSED
                assert (one.funding.refusal, account) == ("insufficient", 0)
            elif one.status in (Status.FUNDED, Status.RUNNING, Status.ACCOUNTED):
                assert known.standing is Standing.ALLOCATED
                assert (one.funding.allocated, account) == (one.asked, one.asked + known.donated)
                assert one.funding.donated == known.donated
            elif one.funding.allocated is None:
                assert known.standing is Standing.BARRED
                assert account == 0
            else:
                assert known.standing is Standing.RETURNED
                assert one.funding.returned == one.asked + known.donated - one.spent
                assert account == one.spent


Saga.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestSaga = Saga.TestCase


def test_a_request_that_was_overtaken_by_the_end_of_its_proposal_is_not_heard() -> None:
    bank = Bank()
    bank.balances[FUND] = 100
    ask = Ask("P1", COMMUNITY, COMMUNITY, 100, 1)
    fund_commands.release(bank, lambda: NOW, ask=ask, spent=0)
    fund_commands.allocate(bank, lambda: NOW, ask=ask)
    assert (bank.balances[FUND], bank.out) == (100, [])


def test_money_that_comes_to_a_cancelled_proposal_leaves_it_cancelled() -> None:
    desk = Desk()
    approved = proposals.transition(voted(1, 100), "approve", SYSTEM, Details(), NOW).proposal
    cancelled = proposals.transition(approved, "cancel", OTHER_STAFF, Details(note="另有安排"), NOW).proposal
    desk.kept["P1"] = cancelled
    proposal_commands.take_return(desk, lambda: NOW, proposal_id="P1", amount=100)
    proposal_commands.take_allocation(desk, lambda: NOW, proposal_id="P1", amount=100)
    ended = desk.kept["P1"]
    assert (ended.status, ended.funding.allocated, ended.funding.returned) == ("cancelled", 100, 100)
    assert desk.out == []
    assert replace(ended, funding=cancelled.funding, version=cancelled.version) == cancelled


def test_a_decision_once_made_stands_for_its_attempt() -> None:
    bank, first = Bank(), Ask("P1", COMMUNITY, COMMUNITY, 100, 1)
    fund_commands.allocate(bank, lambda: NOW, ask=first)
    bank.balances[FUND] = 100
    fund_commands.allocate(bank, lambda: NOW, ask=first)
    assert [kind for kind, *_ in bank.out] == ["fund.refused.v1"]
    fund_commands.allocate(bank, lambda: NOW, ask=replace(first, attempt=2))
    fund_commands.allocate(bank, lambda: NOW, ask=replace(first, attempt=3))
    assert [kind for kind, *_ in bank.out] == ["fund.refused.v1", "fund.allocated.v1"]
    assert bank.balances == {FUND: 0, "project:P1": 100}


def test_an_answer_of_the_fund_is_taken_once_and_not_when_it_was_overtaken() -> None:
    desk = Desk()

    def refuse(attempt: int) -> None:
        proposal_commands.take_refusal(
            desk, lambda: NOW, proposal_id="P1", attempt=attempt, reason="insufficient"
        )

    desk.kept["P1"] = proposals.transition(voted(1, 100), "approve", SYSTEM, Details(), NOW).proposal
    refuse(1)
    refuse(1)
    assert [kind for kind, *_ in desk.out] == ["proposal.funding_refused.v1"]
    asked = proposals.transition(desk.kept["P1"], "request_funding", OTHER_STAFF, Details(), NOW).proposal
    desk.kept["P1"] = asked
    refuse(1)
    assert desk.kept["P1"] == asked
    for _ in range(2):
        proposal_commands.take_allocation(desk, lambda: NOW, proposal_id="P1", amount=100)
        refuse(2)
    assert (desk.kept["P1"].status, desk.kept["P1"].version) == ("funded", asked.version + 1)
    assert [kind for kind, *_ in desk.out] == ["proposal.funding_refused.v1", "proposal.funded.v1"]
