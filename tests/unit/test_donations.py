"""Donations: every status × action × party × kind, who sees whom, and the money followed to the last fen."""

import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor, Grant
from infra.contracts import ROOT
from services.points import domain as ledger
from services.points.domain import Leg, Posting, check_balanced, issuer
from services.points.donations import domain
from services.points.donations.domain import WORKFLOW, allowed_actions, transition
from services.points.donations.donation import (
    TAKEN,
    Change,
    Details,
    Donation,
    Donor,
    Kind,
    Listing,
    Status,
    Target,
)
from services.points.donations.effects import EFFECTS, RULES, posting
from services.points.donations.trace import trace
from services.points.reversal import reversal
from tests.unit.reading import Document, plain

README = ROOT / "services/points/README.md"
AREA = "120199001001"
NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
KEEPER = Actor("K", (Grant("shop_keeper", AREA[:6]),))
ADMIN = Actor("A", (Grant("district_admin", AREA[:6]),))
ACTORS = {
    "donor": Actor("D", (Grant("resident", "120199"),)),
    "keeper": KEEPER,
    "admin": ADMIN,
    "keeper elsewhere": Actor("E", (Grant("shop_keeper", "120199002"),)),
    "community staff": Actor("C", (Grant("community_staff", AREA),)),
}
TOLD = {
    "accept": "donation.accepted.v1",
    "decline": "donation.declined.v1",
    "allocate": "donation.allocated.v1",
}
FUND = Target(f"fund:{AREA}", "社区A")
DETAILS = Details(
    note="说明",
    value=100,
    amount=40,
    listing=Listing("布袋", "", (), 30, 2, None),
    target=FUND,
)


def standing(status: Status, kind: Kind = Kind.GOODS) -> Donation:
    return Donation(
        id=ID,
        number="D20261125-9G5FAV",
        area=AREA,
        kind=kind,
        what="手工布袋",
        value=None,
        donor=Donor("D", None, True),
        created_at=NOW,
        status=status,
    )


def act(donation: Donation, action: str, actor: Actor = KEEPER, details: Details = DETAILS) -> Change:
    return transition(donation, action, actor, details, NOW, request_id="N", key="k")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("action", WORKFLOW)
def test_each_action_is_open_to_the_keeper_in_its_states_and_to_nobody_else(action: str, kind: Kind) -> None:
    moves = WORKFLOW[action].moves[kind]
    for status, (name, actor) in itertools.product(Status, ACTORS.items()):
        donation, case = standing(status, kind), f"{action} of {kind} {status} by {name}"
        if name not in ("keeper", "admin"):
            assert allowed_actions(donation, actor) == []
            with pytest.raises(NotAllowed):
                act(donation, action, actor)
            continue
        if status not in moves:
            with pytest.raises(Conflict) as refused:
                act(donation, action, actor)
            assert refused.value.extra["allowed"] == allowed_actions(donation, actor), case
            assert action not in refused.value.extra["allowed"], case
            continue
        change = act(donation, action, actor)
        assert (change.donation.status, change.donation.version) == (moves[status], 2), case
        assert change.donation.history[-1].action == action, case
        assert (change.event.type if change.event else None) == TOLD.get(action), case


def test_every_row_has_an_effect_and_what_is_declined_or_given_away_stays_so() -> None:
    assert set(EFFECTS) == set(WORKFLOW)
    assert set(RULES) <= set(WORKFLOW)
    for row, kind in itertools.product(WORKFLOW.values(), Kind):
        assert not {Status.DECLINED, Status.GIVEN} & set(row.moves[kind])


@pytest.mark.parametrize(
    ("action", "needed"), [(name, one) for name, row in WORKFLOW.items() for one in row.needs]
)
def test_what_an_action_needs_must_be_given(action: str, needed: str) -> None:
    kind = Kind.GOODS
    with pytest.raises(Invalid) as refused:
        act(
            standing(min(WORKFLOW[action].moves[kind]), kind),
            action,
            details=replace(DETAILS, **{needed: None}),
        )
    assert list(refused.value.extra["errors"]) == [needed]


def test_the_readme_has_the_table_of_the_workflow() -> None:
    def moves(row: domain.Transition, kind: Kind) -> str:
        return ", ".join(sorted(f"{before} → {after}" for before, after in row.moves[kind].items()))

    told = [[plain(cell) for cell in row] for row in Document(README).table("Donations")]
    assert told == [
        [name, moves(row, Kind.GOODS), moves(row, Kind.MONEY), ", ".join(row.needs)]
        for name, row in WORKFLOW.items()
    ]


def test_only_the_keeper_of_the_area_records_what_others_give() -> None:
    def offered(actor: Actor, name: str | None) -> Donation:
        return domain.offer(ID, AREA, Kind.GOODS, "书", None, actor, NOW, donor_name=name, anonymous=True)

    assert offered(ACTORS["donor"], None).donor == Donor("D", None, True)
    assert offered(KEEPER, "张先生").donor == Donor(None, "张先生", True)
    for name in ("donor", "community staff", "keeper elsewhere"):
        with pytest.raises(NotAllowed):
            offered(ACTORS[name], "张先生")


def test_nobody_accepts_what_they_give_themselves() -> None:
    own = replace(standing(Status.INSPECTED), donor=Donor("K", None, True))
    with pytest.raises(NotAllowed) as refused:
        act(own, "accept", KEEPER)
    assert refused.value.code == "own-donation"
    assert act(own, "accept", ADMIN).donation.status is Status.ACCEPTED


def test_a_receipt_has_number_date_what_and_value_and_money_is_received_with_it() -> None:
    goods, money = (act(standing(Status.INSPECTED, kind), "accept") for kind in Kind)
    receipt = goods.donation.receipt
    assert receipt is not None
    assert (receipt.number, receipt.at, receipt.what, receipt.value) == (
        "R20261125-9G5FAV",
        NOW,
        "手工布袋",
        100,
    )
    new_year = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    offered = domain.offer(
        ID, AREA, Kind.GOODS, "书", None, ACTORS["donor"], new_year, donor_name=None, anonymous=True
    )
    assert offered.number == "D20270101-9G5FAV"
    assert goods.posting is None
    assert money.posting is not None
    assert money.posting.legs == (Leg(issuer(AREA), "fen", -100), Leg(f"donated:{ID}", "fen", 100))


def test_what_is_listed_becomes_an_item_that_knows_where_it_came_from() -> None:
    change = act(standing(Status.ACCEPTED), "list")
    assert change.listed is not None
    assert (change.listed.donation, change.donation.item) == (ID, change.listed.id)
    assert change.listed.area == AREA
    listed = change.donation
    assert act(listed, "sell").taken == 1
    assert act(listed, "sell", details=replace(DETAILS, quantity=2)).taken == 2
    assert act(listed, "give").cleared
    assert act(standing(Status.ACCEPTED), "sell").taken == 0


def test_donation_money_and_operating_money_are_never_in_one_posting() -> None:
    for operating in ("shop:120199", "pool:120199"):
        mixed = Posting(
            "P", "k", "r", 1, "c", AREA, (Leg(f"donated:{ID}", "fen", -1), Leg(operating, "fen", 1)), NOW
        )
        with pytest.raises(Invalid):
            check_balanced(mixed)
    for action in RULES:
        made = posting(action, standing(Status.SOLD), KEEPER, DETAILS, NOW, "P", "k")
        assert not any(leg.account.startswith(("shop:", "pool:")) for leg in made.legs)
        assert sum(leg.account == f"donated:{ID}" for leg in made.legs) == 1


def test_each_order_of_money_has_a_key_of_its_own() -> None:
    one, again, other = (
        posting(action, standing(Status.SOLD), KEEPER, DETAILS, NOW, "P", key)
        for action, key in (("sell", "a"), ("sell", "a"), ("sell", "b"))
    )
    cost = posting("record_cost", standing(Status.SOLD), KEEPER, DETAILS, NOW, "P", "a")
    assert one.key == again.key
    assert len({one.key, other.key, cost.key}) == 3


def test_who_gave_a_declined_or_open_donation_is_nobodys_business() -> None:
    assert {Status.OFFERED, Status.INSPECTED, Status.DECLINED} == set(Status) - TAKEN


class Book:
    """The ledger of one donation in memory: nothing falls below zero, each posting is taken back once."""

    def __init__(self, kind: Kind) -> None:
        self.postings: list[Posting] = []
        self.balances: Counter[str] = Counter()
        self.donation = standing(Status.INSPECTED, kind)

    def post(self, made: Posting) -> bool:
        after = Counter(self.balances)
        for leg in made.legs:
            after[leg.account] += leg.amount
        if any(amount < 0 and ledger.keeps_balance(name) for name, amount in after.items()):
            return False
        self.balances = after
        self.postings.append(made)
        return True

    def act(self, action: str, amount: int, target: str) -> None:
        details = replace(DETAILS, value=amount, amount=amount, target=Target(target, "x"))
        number = f"P{len(self.postings):04d}"
        try:
            change = transition(self.donation, action, KEEPER, details, NOW, request_id=number, key=number)
        except Conflict:
            return
        if change.posting is None or self.post(change.posting):
            self.donation = change.donation

    def take_back(self, place: int) -> None:
        if not self.postings:
            return
        original = self.postings[place % len(self.postings)]
        if original.reverses or any(one.reverses == original.id for one in self.postings):
            return
        number = f"P{len(self.postings):04d}"
        self.post(reversal(original, lambda *_: 0, posting_id=number, at=NOW, reason="误记", by="A"))


TARGETS = st.sampled_from([f"fund:{AREA}", f"project:{ID}"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["accept", "sell", "sell", "record_cost", "allocate", "allocate", "take back"]),
        st.integers(1, 100),
        TARGETS,
    ),
    max_size=30,
)


@given(st.sampled_from(Kind), STEPS)
def test_whatever_is_done_the_parts_and_the_rest_are_the_net_proceeds_to_the_fen(
    kind: Kind, steps: list[tuple[str, int, str]]
) -> None:
    book = Book(kind)
    book.act("accept", 100, f"fund:{AREA}")
    for action, amount, target in steps:
        if action == "take back":
            book.take_back(amount)
        else:
            book.act(action, amount, target)
        found = trace(book.donation.account, book.postings)
        assert found.net == found.received - found.costs
        assert sum(part.amount for part in found.parts) + found.unallocated == found.net
        assert found.unallocated == book.balances[book.donation.account] >= 0
        arrived: Counter[str] = Counter()
        for part in found.parts:
            arrived[part.target] += part.amount
        assert all(arrived[one] == book.balances[one] for one in (f"fund:{AREA}", f"project:{ID}"))
    assert sum(book.balances.values()) == 0


def test_a_sale_that_is_taken_back_was_never_made_and_an_allocation_comes_back_as_a_part() -> None:
    book = Book(Kind.GOODS)
    book.act("accept", 5, f"fund:{AREA}")
    for action, amount in (("sell", 90), ("sell", 10), ("record_cost", 20), ("allocate", 30)):
        book.act(action, amount, f"fund:{AREA}")
    book.take_back(1)
    found = trace(book.donation.account, book.postings)
    assert (found.received, found.costs, found.net, found.allocated, found.unallocated) == (
        90,
        20,
        70,
        30,
        40,
    )
    book.take_back(3)
    found = trace(book.donation.account, book.postings)
    assert [part.amount for part in found.parts] == [30, -30]
    assert found.unallocated == 70
