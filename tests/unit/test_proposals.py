"""Proposals: every status × action × party, the vote, the clock and the expenses."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from chassis.identity import Actor, Grant
from services.issues.proposals import deadlines, domain, funding, voting
from services.issues.proposals.domain import PUBLIC_ACTIONS, WORKFLOW, allowed_actions, transition
from services.issues.proposals.effects import EFFECTS
from services.issues.proposals.proposal import (
    OVER,
    SYSTEM,
    BudgetLine,
    Details,
    Expense,
    Funding,
    Majority,
    Proposal,
    Status,
    Tally,
    Terms,
    Voiding,
    parties,
)

COMMUNITY = "120199001001"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
DETAILS = Details(note="说明", closes_at=NOW + timedelta(days=7))
SIMPLE = Terms(secret=True, quorum=3, majority=Majority.SIMPLE)
ACTORS = {
    "author": Actor("P", (Grant("steward", f"{COMMUNITY}001"),)),
    "council member": Actor("M", (Grant("council_member", COMMUNITY),)),
    "chair": Actor("H", (Grant("council_chair", COMMUNITY[:9]),)),
    "community": Actor("C", (Grant("community_staff", COMMUNITY),)),
    "subdistrict": Actor("D", (Grant("subdistrict_staff", COMMUNITY[:9]),)),
    "admin": Actor("A", (Grant("district_admin", COMMUNITY[:6]),)),
    "staff elsewhere": Actor("C2", (Grant("community_staff", "120199001002"),)),
    "resident": Actor("R", (Grant("resident", "120199"),)),
    "system": SYSTEM,
}


def standing(status: Status, terms: Terms = SIMPLE) -> Proposal:
    voted = status not in (Status.DRAFT, Status.SUBMITTED, Status.DELIBERATION)
    return Proposal(
        id="01AAAAAAAAAAAAAAAAAAAAAAAA",
        number="P20261124-AAAAAA",
        area=COMMUNITY,
        title="楼道照明",
        text="更换三号楼楼道灯",
        author="P",
        budget=(BudgetLine("灯具", 60_000), BudgetLine("人工", 40_000)),
        terms=terms,
        created_at=NOW,
        status=status,
        opened_at=NOW if voted else None,
        closes_at=DETAILS.closes_at if voted else None,
        next_check_at=DETAILS.closes_at if status is Status.VOTING else None,
        funding=Funding(attempt=1, refusal="insufficient"),
    )


@pytest.mark.parametrize("action", WORKFLOW)
def test_each_action_is_open_to_its_parties_in_its_states_and_to_nobody_else(action: str) -> None:
    row = WORKFLOW[action]
    for status, (name, actor) in itertools.product(Status, ACTORS.items()):
        proposal, case = standing(status), f"{action} of {status} by {name}"
        if not parties(proposal, actor) & row.parties:
            with pytest.raises(NotAllowed):
                transition(proposal, action, actor, DETAILS, NOW)
            continue
        if status not in row.sources:
            with pytest.raises(Conflict) as refused:
                transition(proposal, action, actor, DETAILS, NOW)
            assert refused.value.extra["allowed"] == allowed_actions(proposal, actor), case
            assert action not in refused.value.extra["allowed"], case
            continue
        assert action in allowed_actions(proposal, actor), case
        change = transition(proposal, action, actor, DETAILS, NOW)
        assert (change.proposal.status, change.proposal.version) == (row.target, 2), case
        assert (change.proposal.closed_at is not None) == (row.target in OVER), case
        assert (change.proposal.next_check_at is not None) == (row.target is Status.VOTING), case
        assert (change.entry.action, change.entry.status) == (action, row.target), case
        assert [event.type for event in change.events] == [row.event.type], case


def test_every_row_has_an_effect_and_what_is_over_stays_over() -> None:
    assert set(EFFECTS) == set(WORKFLOW)
    assert set(WORKFLOW) - set(PUBLIC_ACTIONS) == {"approve", "vote_down"}
    assert not any(row.sources & OVER for row in WORKFLOW.values())


@pytest.mark.parametrize("action", [name for name, row in WORKFLOW.items() if row.needs])
def test_what_an_action_needs_must_be_given(action: str) -> None:
    row = WORKFLOW[action]
    proposal = standing(min(row.sources))
    actor = next(one for one in ACTORS.values() if parties(proposal, one) & row.parties)
    with pytest.raises(Invalid) as refused:
        transition(proposal, action, actor, Details(), NOW)
    assert list(refused.value.extra["errors"]) == list(row.needs)


@pytest.mark.parametrize("off", [timedelta(), timedelta(seconds=-1), timedelta(days=90, seconds=1)])
def test_a_voting_ends_in_the_future_but_not_the_far_one(off: timedelta) -> None:
    with pytest.raises(Invalid):
        transition(
            standing(Status.DELIBERATION), "open_voting", ACTORS["chair"], Details(closes_at=NOW + off), NOW
        )


def test_donations_add_to_what_a_project_may_spend_and_an_older_sum_changes_nothing() -> None:
    running = replace(standing(Status.RUNNING), funding=Funding(attempt=1, allocated=100))
    more = funding.supplemented(running, 50, NOW)
    assert more is not None
    assert (more.proposal.funding.available, more.proposal.status) == (150, Status.RUNNING)
    assert funding.supplemented(more.proposal, 50, NOW) is None
    assert funding.supplemented(more.proposal, 20, NOW) is None
    spent = domain.spend(more.proposal, ACTORS["author"], Expense("E", "灯", 150, ("R",), "P", NOW))
    with pytest.raises(Invalid):
        domain.spend(spent.proposal, ACTORS["author"], Expense("F", "灯", 1, ("R",), "P", NOW))


def test_nobody_accepts_the_account_of_their_own_proposal() -> None:
    own = replace(standing(Status.ACCOUNTED), author="C")
    with pytest.raises(NotAllowed):
        transition(own, "close", ACTORS["community"], DETAILS, NOW)
    assert transition(own, "close", ACTORS["subdistrict"], DETAILS, NOW).proposal.status == "closed"


def test_council_staff_and_stewards_of_the_area_propose_and_nobody_else() -> None:
    proposal = standing(Status.DRAFT)
    may = set()
    for name, actor in ACTORS.items():
        try:
            domain.draft(proposal, actor)
        except NotAllowed:
            continue
        may.add(name)
    assert may == {"author", "council member", "chair", "community"}
    with pytest.raises(Invalid) as refused:
        domain.draft(replace(proposal, area=COMMUNITY[:9]), ACTORS["chair"])
    assert "area" in refused.value.extra["errors"]


def test_only_drafts_are_revised_and_only_by_their_author() -> None:
    def revise(proposal: Proposal, actor: Actor, budget: tuple[BudgetLine, ...] | None = None) -> Proposal:
        return domain.revise(
            proposal, actor, NOW, title="新标题", text=None, budget=budget, terms=None
        ).proposal

    revised = revise(standing(Status.DRAFT), ACTORS["author"])
    assert (revised.title, revised.text, revised.asked, revised.version) == (
        "新标题",
        "更换三号楼楼道灯",
        100_000,
        2,
    )
    with pytest.raises(NotAllowed):
        revise(standing(Status.DRAFT), ACTORS["community"])
    with pytest.raises(Conflict):
        revise(standing(Status.SUBMITTED), ACTORS["author"])
    for budget in ((), (BudgetLine("x", 0),), (BudgetLine("x", domain.MAX_FEN), BudgetLine("y", 1))):
        with pytest.raises(Invalid):
            domain.check_budget(budget)
    with pytest.raises(Stale):
        domain.check_version(revised, 1)


@pytest.mark.parametrize(
    ("majority", "tally", "carried"),
    [
        ("simple", Tally(2, 1, 0), True),
        ("simple", Tally(2, 2, 0), False),
        ("simple", Tally(2, 0, 0), False),  # below the quorum of three
        ("simple", Tally(1, 0, 2), True),
        ("simple", Tally(0, 0, 5), False),
        ("two_thirds", Tally(4, 2, 0), True),
        ("two_thirds", Tally(5, 3, 0), False),
        ("two_thirds", Tally(0, 0, 3), False),
        ("three_quarters", Tally(3, 1, 0), True),
        ("three_quarters", Tally(8, 3, 0), False),
    ],
)
def test_a_vote_is_carried_by_quorum_and_majority(majority: str, tally: Tally, carried: bool) -> None:
    terms = Terms(secret=True, quorum=3, majority=Majority(majority))
    assert voting.is_carried(terms, tally) is carried
    proposal = replace(standing(Status.VOTING, terms), tally=tally)
    assert proposal.closes_at is not None
    change = deadlines.tick(proposal, proposal.closes_at)
    assert change is not None
    assert change.proposal.status == ("approved" if carried else "refused")
    assert change.proposal.funding.attempt == (1 if carried else proposal.funding.attempt)
    assert deadlines.tick(change.proposal, proposal.closes_at) is None


@given(st.sampled_from(Majority), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_one_more_yes_never_turns_a_carried_vote_down(
    majority: Majority, yes: int, no: int, none: int
) -> None:
    terms = Terms(secret=False, quorum=10, majority=majority)
    if voting.is_carried(terms, Tally(yes, no, none)):
        assert voting.is_carried(terms, Tally(yes + 1, no, none))
        assert yes > no


def test_before_its_end_the_clock_leaves_a_voting_alone() -> None:
    proposal = standing(Status.VOTING)
    assert proposal.closes_at is not None
    assert deadlines.tick(proposal, proposal.closes_at - timedelta(milliseconds=1)) is None


def test_residents_of_the_area_vote_while_a_vote_is_taken() -> None:
    proposal = standing(Status.VOTING)
    for home in (COMMUNITY, f"{COMMUNITY}003"):
        voting.check_voter(proposal, home, NOW)
    for elsewhere in (None, "120199001002", COMMUNITY[:9]):
        with pytest.raises(NotAllowed):
            voting.check_voter(proposal, elsewhere, NOW)
    for status in set(Status) - {Status.VOTING}:
        with pytest.raises(Conflict):
            voting.check_voter(standing(status), COMMUNITY, NOW)
    with pytest.raises(Conflict):
        voting.check_voter(proposal, COMMUNITY, NOW + timedelta(days=7))


def test_a_secret_voter_is_remembered_by_a_hash_that_differs_from_proposal_to_proposal() -> None:
    secret = standing(Status.VOTING)
    other = replace(secret, id="01BBBBBBBBBBBBBBBBBBBBBBBB")
    keys = {
        voting.voter_key(proposal, member, key)
        for proposal in (secret, other)
        for member in ("R1", "R2")
        for key in ("k1", "k2")
    }
    assert len(keys) == 8
    assert not any("R1" in one or "R2" in one for one in keys)
    opened = standing(Status.VOTING, replace(SIMPLE, secret=False))
    assert voting.voter_key(opened, "R1", "k1") == "R1"


def test_the_fund_is_asked_again_only_after_it_refused() -> None:
    refused = standing(Status.APPROVED)
    again = transition(refused, "request_funding", ACTORS["author"], Details(), NOW)
    assert (again.proposal.funding, again.events[0].attempt) == (Funding(attempt=2), 2)
    with pytest.raises(Conflict):
        transition(again.proposal, "request_funding", ACTORS["author"], Details(), NOW)


@given(st.lists(st.integers(1, 60_000), max_size=20))
def test_expenses_never_exceed_the_allocation(amounts: list[int]) -> None:
    proposal = replace(standing(Status.RUNNING), funding=Funding(attempt=1, allocated=100_000))
    for number, amount in enumerate(amounts):
        expense = Expense(str(number), "灯具", amount, ("photo",), "P", NOW)
        left = 100_000 - proposal.spent
        if amount > left:
            with pytest.raises(Invalid):
                domain.spend(proposal, ACTORS["author"], expense)
        else:
            proposal = domain.spend(proposal, ACTORS["author"], expense).proposal
        assert 0 <= proposal.spent <= 100_000
    assert proposal.spent + (100_000 - proposal.spent) == 100_000


def test_expenses_are_recorded_by_those_in_charge_while_the_project_runs() -> None:
    expense = Expense("1", "灯具", 1, ("photo",), "P", NOW)
    for status in set(Status) - {Status.RUNNING}:
        with pytest.raises(Conflict):
            domain.spend(standing(status), ACTORS["author"], expense)
    running = replace(standing(Status.RUNNING), funding=Funding(attempt=1, allocated=1))
    for name in ("resident", "council member", "staff elsewhere", "system"):
        with pytest.raises(NotAllowed):
            domain.spend(running, ACTORS[name], expense)


VOIDING = Voiding("V1", "重复登记", "C", NOW)


def spending(status: Status = Status.RUNNING) -> Proposal:
    spent = tuple(Expense(name, "灯具", 700, ("photo",), "P", NOW) for name in ("1", "2"))
    return replace(standing(status), funding=Funding(attempt=1, allocated=1_500), expenses=spent)


def test_a_void_expense_stays_on_record_and_frees_what_it_took() -> None:
    change = domain.void(spending(), ACTORS["community"], "2", VOIDING)
    after = change.proposal
    assert (after.spent, after.version) == (700, 2)
    assert [(one.id, one.amount, one.void) for one in after.expenses] == [
        ("1", 700, None),
        ("2", 700, VOIDING),
    ]
    assert (change.entry.action, change.entry.actor, change.entry.note) == ("void_expense", "C", "重复登记")
    assert change.events == ()
    anew = Expense("3", "灯具", 800, ("photo",), "P", NOW)
    assert domain.spend(after, ACTORS["author"], anew).proposal.spent == 1_500
    closed = transition(replace(after, status=Status.ACCOUNTED), "close", ACTORS["community"], DETAILS, NOW)
    assert closed.events[0].spent == 700  # what the fund does not get back


def test_an_expense_is_voided_once_and_only_one_that_is_there() -> None:
    once = domain.void(spending(), ACTORS["author"], "1", VOIDING).proposal
    with pytest.raises(Conflict):
        domain.void(once, ACTORS["author"], "1", replace(VOIDING, id="V2"))
    with pytest.raises(NotFound):
        domain.void(once, ACTORS["author"], "9", VOIDING)


def test_expenses_are_voided_by_those_who_record_them_while_the_project_runs() -> None:
    for status in set(Status) - {Status.RUNNING}:
        with pytest.raises(Conflict):
            domain.void(spending(status), ACTORS["author"], "1", VOIDING)
    for name in ("resident", "council member", "staff elsewhere", "system"):
        with pytest.raises(NotAllowed):
            domain.void(spending(), ACTORS[name], "1", VOIDING)
