"""Donations followed through funds to projects: by which rule, and to the last fen whatever is posted."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.domain import BY_HAND, Leg, Posting, check_balanced, is_debt, keeps_balance
from services.points.donations.effects import ALLOCATED, COST, RECEIVED
from services.points.donations.flow import Flow, follow, run
from services.points.donations.trace import Destination, Whereabouts, trace, whereabouts
from services.points.reversal import left, reversal, with_taken

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
ISSUER, SHOP, MEMBER = "issuer:120199", "shop:120199", "01ARZ3NDEKTSV4RRFFQ69G5FAA"
FUND, NEXT = "fund:120199001001", "fund:120199001002"
LAMPS, RAMP = "project:01ARZ3NDEKTSV4RRFFQ69G5FAL", "project:01ARZ3NDEKTSV4RRFFQ69G5FAR"
ANNA, BEN = "donated:01ARZ3NDEKTSV4RRFFQ69G5FAV", "donated:01ARZ3NDEKTSV4RRFFQ69G5FAW"
FUNDS, PROJECTS, DONATIONS = (FUND, NEXT), (LAMPS, RAMP), (ANNA, BEN)
KEEPERS = frozenset({*FUNDS, *PROJECTS})


class Book:
    """A journal in memory: nothing falls below zero, and no more is taken back than there was."""

    def __init__(self) -> None:
        self.journal: list[Posting] = []
        self.balances: Counter[str] = Counter()

    def post(self, made: Posting) -> bool:
        check_balanced(made)
        after = Counter(self.balances)
        for leg in made.legs:
            after[leg.account] += leg.amount
        if any(amount < 0 and keeps_balance(name) and not is_debt(name) for name, amount in after.items()):
            return False
        self.balances = after
        self.journal.append(made)
        return True

    def move(self, moved: Mapping[str, int], rule: str = BY_HAND) -> bool:
        legs = tuple(Leg(account, "fen", amount) for account, amount in moved.items())
        name = f"P{len(self.journal):04d}"
        return self.post(Posting(name, name, rule, 1, "c", "120199", legs, NOW))

    def pay(self, giver: str, taker: str, amount: int, rule: str = BY_HAND) -> bool:
        return self.move({giver: -amount, taker: amount}, rule)

    def give(self, donation: str, taker: str, amount: int) -> None:
        """A donation of money that goes on at once."""
        assert self.pay(ISSUER, donation, amount, RECEIVED)
        assert self.pay(donation, taker, amount, ALLOCATED)

    def take_back(self, place: int, part: int = 0) -> bool:
        """Take a posting back, or so much of each of two of its legs."""
        plain = self.journal[place]
        takes = [one.takes for one in self.journal if one.reverses == plain.id]
        original = with_taken(plain, takes) if takes else plain
        legs = None
        if part:
            legs = [Leg(leg.account, "fen", part if leg.amount > 0 else -part) for leg in plain.legs[:2]]
        rest = left(original)
        if plain.reverses or not any(rest) or (part and (min(rest[:2]) < part or len(plain.legs) > 2)):
            return False
        name = f"P{len(self.journal):04d}"
        free = lambda *_: 0  # noqa: E731 - a member has spent all
        return self.post(
            reversal(original, free, posting_id=name, at=NOW, reason="误记", by="A", part=legs, key=name)
        )

    def postings(self, account: str) -> dict[str, Posting]:
        return {one.id: one for one in self.journal if any(leg.account == account for leg in one.legs)}

    def where(self, donation: str = ANNA) -> Whereabouts:
        """As it is asked for: with what of the journal is needed for this donation."""
        flow = follow(donation, self.postings(donation), self.postings)
        return whereabouts(donation, flow.pieces())


def lines(found: Whereabouts) -> dict[str, int]:
    return {one.target: one.amount for one in found.destinations}


def test_a_fund_pays_the_money_first_that_came_first_and_the_rest_waits() -> None:
    book = Book()
    book.pay(ISSUER, FUND, 50)
    book.give(ANNA, FUND, 100)
    book.give(BEN, FUND, 30)
    assert book.where() == Whereabouts((), {FUND: 100}, {})
    book.pay(FUND, LAMPS, 70)
    assert book.where() == Whereabouts((Destination(LAMPS, (FUND,), 20, 0),), {FUND: 80}, {})
    assert book.where(BEN) == Whereabouts((), {FUND: 30}, {})
    book.pay(FUND, RAMP, 90)
    assert lines(book.where()) == {LAMPS: 20, RAMP: 80}
    assert lines(book.where(BEN)) == {RAMP: 10}


def test_a_project_gives_back_what_came_to_it_last_and_that_waits_behind_what_is_there() -> None:
    book = Book()
    book.give(BEN, FUND, 60)
    book.pay(FUND, LAMPS, 60)
    book.give(ANNA, LAMPS, 50)
    assert book.where() == Whereabouts((Destination(LAMPS, (), 50, 0),), {}, {})
    book.pay(ISSUER, FUND, 10)
    book.pay(LAMPS, FUND, 70)
    assert book.where() == Whereabouts((Destination(LAMPS, (), 0, 50),), {FUND: 50}, {})
    assert book.where(BEN) == Whereabouts((Destination(LAMPS, (FUND,), 40, 20),), {FUND: 20}, {})
    book.pay(FUND, RAMP, 35)
    there = (Destination(LAMPS, (), 0, 50), Destination(RAMP, (FUND,), 5, 0))
    assert book.where() == Whereabouts(there, {FUND: 45}, {})
    assert lines(book.where(BEN)) == {LAMPS: 40, RAMP: 20}


def test_money_that_is_moved_to_another_fund_is_followed_on_and_elsewhere_names_nobody() -> None:
    book = Book()
    book.give(ANNA, FUND, 100)
    book.pay(FUND, NEXT, 60)
    book.pay(NEXT, RAMP, 25)
    book.pay(NEXT, FUND, 15)
    book.move({FUND: -30, MEMBER: 20, SHOP: 10})
    found = book.where()
    assert found.destinations == (Destination(RAMP, (FUND, NEXT), 25, 0),)
    assert (found.waiting, found.elsewhere) == ({NEXT: 20, FUND: 25}, {"member": 20, "shop": 10})


def test_what_is_taken_back_returns_to_its_place_in_the_queue() -> None:
    book = Book()
    book.give(ANNA, FUND, 40)
    book.give(BEN, FUND, 40)
    assert book.pay(FUND, NEXT, 60)
    assert book.take_back(4, part=25)
    assert book.where() == Whereabouts((), {NEXT: 35, FUND: 5}, {})
    assert book.where(BEN) == Whereabouts((), {FUND: 40}, {})
    assert book.take_back(4)
    book.pay(FUND, LAMPS, 40)
    assert (lines(book.where()), lines(book.where(BEN))) == ({LAMPS: 40}, {})


def test_where_money_that_is_taken_back_has_gone_on_what_is_there_goes_in_its_stead() -> None:
    book = Book()
    book.give(ANNA, FUND, 40)
    book.pay(FUND, LAMPS, 40)
    book.give(BEN, FUND, 50)
    assert book.take_back(1, part=30)
    assert book.where() == Whereabouts((Destination(LAMPS, (FUND,), 10, 0),), {}, {})
    assert book.where(BEN) == Whereabouts((Destination(LAMPS, (FUND,), 30, 0),), {FUND: 20}, {})
    assert trace(ANNA, book.postings(ANNA).values()).unallocated == 30


def test_what_a_member_owes_of_money_that_is_taken_back_is_no_longer_elsewhere() -> None:
    book = Book()
    book.give(ANNA, FUND, 40)
    book.pay(FUND, MEMBER, 40)
    assert book.where().elsewhere == {"member": 40}
    assert book.take_back(2)
    assert book.where() == Whereabouts((), {FUND: 40}, {})


def test_a_payment_that_stands_before_what_it_was_paid_with_waits_for_it() -> None:
    book = Book()
    book.give(ANNA, FUND, 40)
    book.pay(FUND, LAMPS, 40)
    book.pay(LAMPS, FUND, 15)
    first, gift, paid, back = book.journal
    for order in ([first, paid, gift, back], [paid, first, back, gift], [back, paid, gift, first]):
        flow = run(order, {ANNA}, KEEPERS)
        assert whereabouts(ANNA, flow.pieces()) == book.where()


def test_what_takes_a_posting_back_waits_for_it() -> None:
    book = Book()
    book.give(ANNA, FUND, 40)
    book.give(BEN, FUND, 40)
    book.pay(FUND, NEXT, 60)
    book.pay(ISSUER, NEXT, 90)
    assert book.take_back(4)
    *before, paid, deposit, back = book.journal
    flow = run([*before, deposit, back, paid], {ANNA}, KEEPERS)
    assert whereabouts(ANNA, flow.pieces()) == book.where() == Whereabouts((), {FUND: 40}, {})


def test_a_fund_that_a_donation_never_came_to_is_read_where_money_that_was_there_is_taken_back() -> None:
    book = Book()
    book.pay(ISSUER, FUND, 3)
    for taker in (NEXT, MEMBER, SHOP):
        book.pay(FUND, taker, 1)
    book.pay(NEXT, FUND, 1)
    book.give(ANNA, FUND, 1)
    book.pay(ISSUER, FUND, 1)
    assert book.take_back(0)
    assert book.where() == Whereabouts((), {}, {"shop": 1})


def test_a_project_that_a_donation_never_came_to_is_read_where_what_it_was_paid_is_taken_back() -> None:
    book = Book()
    book.pay(ISSUER, FUND, 25)
    book.pay(ISSUER, FUND, 3)
    book.pay(FUND, LAMPS, 27)
    book.pay(FUND, SHOP, 1)
    book.give(ANNA, FUND, 10)
    book.pay(LAMPS, FUND, 1)
    assert book.take_back(2, part=2)
    assert book.take_back(1)
    assert book.where() == Whereabouts((Destination(LAMPS, (FUND,), 0, 1),), {FUND: 10}, {})


def test_what_a_fund_pays_beyond_what_it_has_is_other_money() -> None:
    book = Book()
    book.give(ANNA, FUND, 40)
    book.balances[FUND] += 10  # an operator has let it
    book.pay(FUND, LAMPS, 50)
    assert book.where() == Whereabouts((Destination(LAMPS, (FUND,), 40, 0),), {}, {})


def test_what_is_posted_to_the_donation_while_it_is_read_is_left_out() -> None:
    book = Book()
    book.give(ANNA, FUND, 40)
    before = book.postings(ANNA)
    book.give(ANNA, FUND, 30)
    flow = follow(ANNA, before, book.postings)
    assert whereabouts(ANNA, flow.pieces()) == Whereabouts((), {FUND: 40}, {})


def held(flow: Flow) -> dict[str, Counter[str]]:
    """Source → account → how much of its money is there."""
    found: dict[str, Counter[str]] = {one: Counter() for one in (*DONATIONS, ISSUER, SHOP, MEMBER)}
    for piece in flow.pieces():
        assert piece.amount > 0
        found[piece.source][piece.account] += piece.amount
    return found


def act(book: Book, action: str, one: int, two: int, amount: int) -> bool:
    """One of the things that can be posted; false where it cannot."""
    fund, other, donation = FUNDS[one % 2], FUNDS[1 - one % 2], DONATIONS[one % 2]
    outside = (ISSUER, SHOP, MEMBER)[two % 3]
    place = two % len(book.journal)
    if action.startswith("take back") and any(leg.account in PROJECTS for leg in book.journal[place].legs):
        return False  # a project rests on it: the ledger refuses that
    return {
        "deposit": lambda: book.pay(ISSUER, fund, amount),
        "receive": lambda: book.pay(ISSUER, donation, amount, RECEIVED),
        "cost": lambda: book.pay(donation, ISSUER, amount, COST),
        "give": lambda: book.pay(donation, (*FUNDS, LAMPS)[two % 3], amount, ALLOCATED),
        "pay": lambda: book.pay(fund, PROJECTS[two % 2], amount),
        "give back": lambda: book.pay(PROJECTS[two % 2], fund, amount),
        "pass on": lambda: book.pay(fund, other, amount),
        "take away": lambda: book.pay(fund, outside, amount),
        "divide": lambda: book.move({fund: -3 * amount, other: amount, outside: 2 * amount}),
        "collect": lambda: book.move({fund: -amount, other: -amount, outside: 2 * amount}),
        "take back": lambda: book.take_back(place),
        "take back in part": lambda: book.take_back(place, amount),
    }[action]()


ACTIONS = (
    *("deposit", "receive", "cost", "give", "give", "pay", "pay", "give back", "pass on", "take away"),
    *("divide", "collect", "take back", "take back", "take back in part", "take back in part"),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 9), st.integers(0, 99), st.integers(1, 30)),
    max_size=50,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whatever_is_posted_each_donation_is_found_to_the_fen_and_accounts_hold_what_they_have(
    steps: list[tuple[str, int, int, int]],
) -> None:
    book, growing = Book(), Flow(DONATIONS, KEEPERS)
    for donation in DONATIONS:
        book.pay(ISSUER, donation, 200, RECEIVED)
        growing.add(book.journal[-1])
    for step in steps:
        if not act(book, *step):
            continue
        growing.add(book.journal[-1])
        of_all = held(run(book.journal, DONATIONS, KEEPERS))
        assert held(growing) == of_all  # what came later has changed nothing that was told before
        for account in KEEPERS:
            assert sum(of_all[one][account] for one in of_all) == book.balances[account]
        for donation in DONATIONS:
            told, found = trace(donation, book.postings(donation).values()), book.where(donation)
            there = Counter(lines_of(found)) + Counter(found.waiting)
            assert there == Counter({one: of_all[donation][one] for one in KEEPERS})
            assert min([0, *there.values(), *found.elsewhere.values()]) == 0
            known = there.total() + sum(found.elsewhere.values())
            assert told.received - told.costs == told.unallocated + known


def lines_of(found: Whereabouts) -> Counter[str]:
    has = Counter[str]()
    for one in found.destinations:
        assert one.amount >= 0
        assert one.amount + one.returned > 0
        has[one.target] += one.amount
    return has
