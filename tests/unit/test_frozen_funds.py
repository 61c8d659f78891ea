"""What a frozen or full account does to the saga of a proposal and its fund: a refusal or a wait, no more."""

from dataclasses import replace

import pytest

from chassis.errors import Unavailable
from services.issues.proposals import commands as proposal_commands
from services.issues.proposals import domain as proposals
from services.issues.proposals.proposal import SYSTEM, Details
from services.notify.domain import messages
from services.notify.templates import render
from services.points.domain import AboveCeiling, Frozen
from services.points.funds import commands as fund_commands
from services.points.funds.domain import Ask, Decision, Standing
from tests.unit.test_fund_saga import COMMUNITY, FUND, NOW, OTHER_STAFF, Bank, Desk, voted
from tests.unit.test_message_rules import FACT, GRID, holders


class Watched(Bank):
    """A ledger in memory of which accounts are frozen or full."""

    frozen: frozenset[str] = frozenset()
    full: frozenset[str] = frozenset()

    def save(self, decision: Decision) -> None:
        for leg in decision.posting.legs if decision.posting else ():
            if leg.amount < 0 and leg.account in self.frozen:
                raise Frozen(leg.account)
            if leg.amount > 0 and leg.account in self.full:
                raise AboveCeiling(leg.account)
        super().save(decision)


def test_a_frozen_fund_refuses_with_its_reason_and_pays_when_it_is_asked_again() -> None:
    bank, desk, ask = Watched(), Desk(), Ask("P1", COMMUNITY, COMMUNITY, 100, 1)
    bank.balances[FUND], bank.frozen = 100, frozenset({FUND})
    fund_commands.allocate(bank, lambda: NOW, ask=ask)
    fund_commands.allocate(bank, lambda: NOW, ask=ask)
    ((kind, _, fact),) = bank.out
    assert (kind, fact["reason"], bank.balances[FUND]) == ("fund.refused.v1", "frozen", 100)
    desk.kept["P1"] = proposals.transition(voted(1, 100), "approve", SYSTEM, Details(), NOW).proposal
    proposal_commands.take_refusal(desk, lambda: NOW, proposal_id="P1", attempt=1, reason=fact["reason"])
    assert desk.kept["P1"].funding.refusal == "frozen"
    asked = proposals.transition(desk.kept["P1"], "request_funding", OTHER_STAFF, Details(), NOW).proposal
    bank.frozen = frozenset()
    fund_commands.allocate(bank, lambda: NOW, ask=replace(ask, attempt=asked.funding.attempt))
    assert bank.balances == {FUND: 0, "project:P1": 100}


def test_what_a_frozen_project_has_left_goes_back_when_it_is_open_again() -> None:
    bank, ask = Watched(), Ask("P1", COMMUNITY, COMMUNITY, 100, 1)
    bank.balances[FUND] = 100
    fund_commands.allocate(bank, lambda: NOW, ask=ask)
    bank.frozen = frozenset({"project:P1"})
    with pytest.raises(Unavailable):  # which is tried again, however long it takes
        fund_commands.release(bank, lambda: NOW, ask=ask, spent=30)
    assert bank.allocations["P1"].standing is Standing.ALLOCATED
    bank.frozen = frozenset()
    fund_commands.release(bank, lambda: NOW, ask=ask, spent=30)
    assert bank.balances == {FUND: 70, "project:P1": 30}


def test_a_project_that_may_not_have_so_much_is_refused_and_a_full_fund_is_waited_for() -> None:
    bank, ask = Watched(), Ask("P1", COMMUNITY, COMMUNITY, 100, 1)
    bank.balances[FUND], bank.full = 100, frozenset({"project:P1"})
    fund_commands.allocate(bank, lambda: NOW, ask=ask)
    assert [(kind, fact["reason"]) for kind, _, fact in bank.out] == [("fund.refused.v1", "above-ceiling")]
    bank.full = frozenset()
    fund_commands.allocate(bank, lambda: NOW, ask=replace(ask, attempt=2))
    bank.full = frozenset({FUND})
    with pytest.raises(Unavailable):
        fund_commands.release(bank, lambda: NOW, ask=ask, spent=30)
    bank.full = frozenset()
    fund_commands.release(bank, lambda: NOW, ask=ask, spent=30)
    assert bank.balances == {FUND: 70, "project:P1": 30}


@pytest.mark.parametrize(
    ("reason", "zh", "en"),
    [
        ("insufficient", "资金不足", "too little"),
        ("frozen", "已冻结", "is frozen"),
        ("above-ceiling", "超过上限", "its ceiling"),
        ("of another release", "未获拨付", "was not paid"),
    ],
)
def test_a_proposal_hears_why_its_fund_did_not_pay(reason: str, zh: str, en: str) -> None:
    due = messages("proposal.funding_refused.v1", GRID, {**FACT, "reason": reason}, holders)
    for one in due:
        assert zh in render(one.template, one.params, "zh")[1]
        assert en in render(one.template, one.params, "en")[1]
    assert [one.member for one in due] == ["R1", "C1"]
