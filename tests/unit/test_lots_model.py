"""Lots in any order of gains, gifts, holds, refunds and days, against points that each know their day."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chassis.identity import Actor
from services.points.domain import (
    NEVER,
    Change,
    Changes,
    Leg,
    Lots,
    Overdrawn,
    Posting,
    changes_of,
    check_balanced,
    debt,
    is_debt,
    is_member,
    issuer,
    keeps_balance,
    merged,
)
from services.points.holds import domain as holding
from services.points.holds.domain import Hold
from services.points.lots.domain import (
    Holding,
    Validity,
    dated,
    day_of,
    divided,
    drawn,
    step,
    today,
)
from services.points.reversal import check_left, recovery, reversal, with_taken

DISTRICT = "120199"
ISSUER, SHOP = issuer(DISTRICT), f"shop:{DISTRICT}"
ANNA, BORIS = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"
MEMBERS = st.sampled_from([ANNA, BORIS])
AMOUNTS = st.integers(1, 30)
POINTS = "points"


class Memory:
    """The ledger's rules over plain dictionaries, as `store` applies them to documents."""

    def __init__(self) -> None:
        self.accounts: dict[str, Change] = {}
        self.journal: list[Posting] = []

    def wallet(self, account: str, _unit: str) -> Lots:
        return self.divided(account, Change())

    def get(self, posting_id: str) -> Posting:
        [found] = [one for one in self.journal if one.id == posting_id]
        return with_taken(found, [one.takes for one in self.journal if one.reverses == posting_id])

    def free(self, account: str, _unit: str) -> int:
        return self.accounts.get(account, Change()).available

    def write(self, posting: Posting, validity: Validity, beside: Changes | None = None) -> Posting:
        others = beside or {}
        check_balanced(posting)

        def wallet(account: str, unit: str) -> Lots:
            return self.divided(account, others.get((account, unit), Change()))

        original = self.get(posting.reverses) if posting.reverses else None
        known = dated(posting, wallet, validity, original)
        self.change(merged(changes_of(known), others))
        if original is not None:
            check_left(original, posting)
        self.journal.append(known)
        return known

    def change(self, changes: Changes) -> None:
        for (account, _), change in changes.items():
            after = self.accounts.get(account, Change()) + change
            if change.available < 0 and not is_debt(account) and after.available < 0:
                raise Overdrawn(account)
            assert min(after.lots.values(), default=0) >= 0, "a lot was overdrawn"
        for (account, _), change in changes.items():
            self.accounts[account] = self.accounts.get(account, Change()) + change

    def divided(self, account: str, beside: Change) -> Lots:
        whole = self.accounts.get(account, Change()) + beside
        return divided(whole.lots, whole.available)


class LotsModel(RuleBasedStateMachine):
    """Each point of the model is the name of the day until which it is good: the first goes first."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 1, 10, 4, tzinfo=UTC)
        self.ledger = Memory()
        self.number = 0
        self.free: dict[str, list[str]] = {ANNA: [], BORIS: []}
        self.owed = Counter[str]()
        self.made: list[tuple[Posting, list[str]]] = []
        self.open: list[tuple[Hold, list[str]]] = []

    def new_id(self) -> str:
        self.number += 1
        return f"P{self.number}"

    def posting(self, giver: str, taker: str, amount: int) -> Posting:
        name = self.new_id()
        legs = (Leg(giver, POINTS, -amount), Leg(taker, POINTS, amount))
        return Posting(name, name, "rule", 1, name, DISTRICT, legs, self.now, verified=giver == ISSUER)

    def moved(self, posting: Posting, months: int, points: list[str]) -> None:
        """Post, and keep which points moved by it."""
        made = self.ledger.write(posting, Validity(points=months))
        taker = posting.legs[1].account
        if taker in self.free:
            self.free[taker] += points
        self.made.append((made, sorted(points)))

    def first(self, member: str, amount: int) -> list[str]:
        """Take the points that are good for the shortest."""
        points = sorted(self.free[member])
        self.free[member] = points[amount:]
        return points[:amount]

    @rule(member=MEMBERS, amount=AMOUNTS, months=st.integers(0, 3))
    def gain(self, member: str, amount: int, months: int) -> None:
        day = Validity(points=months).until(POINTS, self.now)
        self.moved(self.posting(ISSUER, member, amount), months, [day] * amount)

    @rule(member=MEMBERS, amount=AMOUNTS, gift=st.booleans(), months=st.integers(0, 3))
    def give(self, member: str, amount: int, gift: bool, months: int) -> None:
        taker = (BORIS if member == ANNA else ANNA) if gift else SHOP
        posting = self.posting(member, taker, amount)
        if amount > len(self.free[member]):
            before = dict(self.ledger.accounts)
            try:
                self.ledger.write(posting, Validity(points=months))
            except Overdrawn:
                assert self.ledger.accounts == before
                return
            raise AssertionError("more was given than there is")
        self.moved(posting, months, self.first(member, amount))

    @rule(member=MEMBERS, amount=AMOUNTS)
    def hold(self, member: str, amount: int) -> None:
        if amount > len(self.free[member]):
            return
        name = self.new_id()
        lots = drawn(self.ledger.wallet(member, POINTS), amount)
        until = self.now + timedelta(36500)
        one = Hold(name, name, member, POINTS, amount, "", member, self.now, until, lots=lots)
        self.ledger.change({(member, POINTS): Change(held=amount, lots=_dated(lots, -1))})
        self.open.append((one, self.first(member, amount)))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), gift=st.booleans())
    def capture(self, data: st.DataObject, gift: bool) -> None:
        one, points = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        part = data.draw(st.integers(1, one.amount))
        target = (BORIS if one.account == ANNA else ANNA) if gift else SHOP
        taken = holding.captured(one, part, target, self.now)
        posting = holding.capture_posting(taken, area=DISTRICT, posting_id=self.new_id(), by=None)
        freed = {(one.account, POINTS): Change(held=-one.amount, lots=_dated(one.lots or {}, 1))}
        made = self.ledger.write(holding.from_lots(one, posting), Validity(points=1), beside=freed)
        if gift:
            self.free[target] += points[:part]
        self.free[one.account] += points[part:]
        self.made.append((made, points[:part]))

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        one, points = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        gone = holding.released(one, Actor(one.by, ()), self.now)
        lots = _dated(gone.lots or {}, 1)
        self.ledger.change({(gone.account, POINTS): Change(held=-gone.amount, lots=lots)})
        self.free[gone.account] += points

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        posting, points = data.draw(st.sampled_from(self.made))
        if not points:
            return
        amount = data.draw(st.integers(1, len(points)))
        giver, taker = (leg.account for leg in posting.legs)
        back = reversal(
            self.ledger.get(posting.id),
            self.ledger.free,
            posting_id=self.new_id(),
            at=self.now,
            reason="",
            by=None,
            part=[Leg(giver, POINTS, -amount), Leg(taker, POINTS, amount)],
            key=f"K{self.number}",
        )
        self.ledger.write(back, Validity(points=2))
        came = points[len(points) - amount :]
        del points[len(points) - amount :]
        if taker in self.free:
            self.lose(taker, came)
        if giver in self.free:
            self.free[giver] += came

    def lose(self, member: str, points: list[str]) -> None:
        """What came is taken first; then what expires first; the rest is owed."""
        there = min(len(points), len(self.free[member]))
        self.owed[member] += len(points) - there
        for point in points:
            if there and point in self.free[member]:
                self.free[member].remove(point)
                there -= 1
        self.first(member, there)

    @rule(member=MEMBERS)
    def recover(self, member: str) -> None:
        amount = min(self.owed[member], len(self.free[member]))
        if amount:
            posting = recovery(
                member, POINTS, amount, area=DISTRICT, key="", posting_id=self.new_id(), at=self.now
            )
            self.ledger.write(posting, Validity())
            self.first(member, amount)
            self.owed[member] -= amount

    @rule(days=st.integers(1, 62))
    def days_pass_and_lots_expire(self, days: int) -> None:
        self.now += timedelta(days)
        for member, points in self.free.items():
            account = self.ledger.accounts.get(member, Change())
            lots, name = Holding(member, 1, {POINTS: account.lots}), self.new_id()
            found = step(lots, district=DISTRICT, posting_id=name, at=self.now)
            if found.expired is not None:
                self.ledger.write(found.expired, Validity(points=1))
            left = [point for point in points if point >= day_of(today(self.now))]
            self.free[member] = left
            kept = Counter(point for point in left if point != NEVER)
            assert Counter(found.kept.get(POINTS, {})) == kept

    @invariant()
    def lots_are_the_points_that_are_free(self) -> None:
        for member, points in self.free.items():
            assert Counter(self.ledger.wallet(member, POINTS)) == Counter(points)
            account = self.ledger.accounts.get(member, Change())
            held = sum(one.amount for one, _ in self.open if one.account == member)
            assert (account.available, account.held) == (len(points), held)
            assert self.ledger.accounts.get(debt(member), Change()).posted == -self.owed[member]

    @invariant()
    def lots_are_those_of_the_journal_less_those_of_holds(self) -> None:
        for member in self.free:
            booked, held = Counter[str](), Counter[str]()
            for leg in (leg for one in self.ledger.journal for leg in one.legs if leg.account == member):
                booked.update(leg.moved)
            for one in (one for one, _ in self.open if one.account == member):
                held.update(_dated(one.lots or {}, 1))
            account = self.ledger.accounts.get(member, Change())
            rest = {day: amount - held[day] for day, amount in booked.items() if amount != held[day]}
            assert rest == {day: amount for day, amount in account.lots.items() if amount}
            assert sum(rest.values()) <= account.available

    @invariant()
    def nothing_comes_from_nowhere(self) -> None:
        legs = [leg for one in self.ledger.journal for leg in one.legs]
        assert sum(leg.amount for leg in legs) == 0
        kept = sum(account.posted for name, account in self.ledger.accounts.items() if keeps_balance(name))
        assert kept == sum(leg.amount for leg in legs if keeps_balance(leg.account))
        assert all(
            sum((leg.lots or {}).values()) == abs(leg.amount) for leg in legs if is_member(leg.account)
        )


def _dated(lots: Lots, sign: int) -> Lots:
    return {day: sign * amount for day, amount in lots.items() if day != NEVER}


TestLots = LotsModel.TestCase
TestLots.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
