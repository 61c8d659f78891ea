"""A ledger on a real database and the model of it, as callers meet it: asking again where no answer came."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pymongo.errors import ConnectionFailure

from chassis.errors import Refusal
from services.points import commands
from services.points.domain import AboveCeiling, Leg, Overdrawn, is_debt, issuer
from services.points.funds.domain import fund
from services.points.lots.domain import FOREVER, Validity
from tests.integration.faulty_mongo import DELIVERED_TWICE, Fault, FaultyMongo
from tests.integration.ledger_model import UNITS, Amounts, Aside, Model, Moved, last_day
from tests.integration.ledger_state import (
    State,
    check_books,
    check_bounds,
    check_model,
    check_statement,
    state_of,
)
from tests.integration.ledgers import ADMIN, DISTRICT, Ledger

ISSUER = issuer(DISTRICT)
FUND = fund(DISTRICT)
ANNA, BORIS = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"
STRANGER = "01ARZ3NDEKTSV4RRFFQ69G5FAX"
MONTHS = {"points": 1, "minutes": 2}
REFUSED: list[tuple[Leg, ...]] = [
    (Leg(ISSUER, "points", -3), Leg(ANNA, "points", 2)),
    (Leg(ISSUER, "points", -3), Leg(ANNA, "minutes", 3)),
    (Leg(ANNA, "points", 0), Leg(BORIS, "points", 0)),
    (Leg(ANNA, "points", 3),),
    (Leg(ISSUER, "hours", -3), Leg(ANNA, "hours", 3)),
    (Leg(ISSUER, "points", -3), Leg(STRANGER, "points", 3)),
]
"""Unbalanced, in one unit or in each; nothing; one leg; a unit and an account that nobody knows."""


class LedgerMachine(RuleBasedStateMachine):
    """Two processes, only one of which has been told that gains expire, on one database."""

    def __init__(self, mongo: FaultyMongo) -> None:
        super().__init__()
        self.mongo = mongo
        for name in ("journal", "accounts", "reversed", "holds", "expiry_notices"):
            mongo[name].delete_many({})
        self.now = datetime(2019, 1, 10, 4, tzinfo=UTC)
        validity = Validity(points=MONTHS["points"], minutes=MONTHS["minutes"])
        self.processes = {
            True: Ledger(mongo, validity, prepared=True),
            False: Ledger(mongo, FOREVER, prepared=True),
        }
        self.model = Model(ANNA, BORIS, fund=FUND)
        self.number = 0
        self.repeats: list[Callable[[bool], object]] = []
        self.changed: list[Callable[[bool], object]] = []
        self.backward: list[str] = []
        self.seen = state_of(mongo)
        self.unchanged = False
        self.outcomes = Counter[str]()

    def new_id(self) -> str:
        self.number += 1
        return f"P{self.number}"

    def clock(self) -> datetime:
        return self.now

    def carried_out(self, fault: Fault, work: Callable[[], object], *, again: object = None) -> None:
        """Whoever gets no answer asks again, and some ask twice: the second answer is `again`."""
        self.outcomes["carried out"] += 1
        self.mongo.arm(fault)
        lost = False
        try:
            work()
        except ConnectionFailure:
            lost = True
        self.mongo.arm(None)
        if lost or fault == DELIVERED_TWICE:
            answer = _answer(work)
            assert again is None or answer == again

    def refused(self, fault: Fault, kind: type[Refusal], work: Callable[[], object]) -> None:
        """Nothing is written by it."""
        self.outcomes["refused"] += 1
        self.mongo.arm(fault)
        with pytest.raises(kind):
            work()
        self.mongo.arm(None)
        self.unchanged = True

    def by_hand(self, key: str, legs: tuple[Leg, ...], memo: str, dated: bool) -> str:
        order = commands.by_hand(
            self.clock,
            ADMIN,
            district=DISTRICT,
            key=key,
            posting_id=self.new_id(),
            memo=memo,
            legs=legs,
        )
        return commands.post_by_hand(self.processes[dated].journal, order).id

    def until(self, at: datetime, dated: bool) -> Mapping[str, str]:
        return {unit: last_day(at, MONTHS[unit] if dated else 0) for unit in UNITS}

    def taken_back(self, moved: Moved, amounts: Amounts, name: str, reason: str, dated: bool) -> str:
        legs = [
            leg
            for unit, amount in amounts.items()
            for leg in legs_between(moved.giver, moved.taker, unit, amount)
        ]
        return commands.reverse_part(
            self.processes[dated].journal,
            self.clock,
            ADMIN,
            posting_id=moved.id,
            reversal_id=name,
            reason=reason,
            legs=legs,
            key=name,
        ).id

    def bar_to(self, moved: Moved, amounts: Amounts) -> type[Refusal] | None:
        """Why what was moved cannot come back: members owe what they have spent, a fund owes nothing."""
        if moved.taker == FUND and self.model.lacks(FUND, amounts):
            return Overdrawn
        return AboveCeiling if self.model.is_full(moved.giver, amounts) else None

    @rule(days=st.integers(1, 40))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days)
        self.unchanged = True

    @rule(member=st.sampled_from([ANNA, BORIS]), room=st.sampled_from([0, 3, 12, None, None]))
    def bind(self, member: str, room: int | None) -> None:
        """Somebody sets how much more a member may have of what they have most of; None: as usual."""
        most = max(self.model.posted(member, unit) for unit in UNITS)
        ceiling = 2**53 if room is None else most + room
        self.mongo["accounts"].update_one({"_id": member}, {"$set": {"ceiling": ceiling}})
        self.model.ceilings[member] = ceiling

    @precondition(lambda self: FUND in self.seen.accounts)
    @rule(room=st.sampled_from([0, 3, None, None]), restored=st.booleans(), dated=st.booleans())
    def bind_the_fund(self, room: int | None, restored: bool, dated: bool) -> None:
        """The same for a fund, all of which keeps to what stands in one document; some are stored anew."""
        most = max(self.model.posted(FUND, unit) for unit in UNITS)
        ceiling = 2**53 if room is None else most + room
        self.mongo["accounts"].update_one({"_id": FUND}, {"$set": {"ceiling": ceiling}})
        if restored:
            self.processes[dated].seals.restore(FUND, {"by": "A"})
        self.model.ceilings[FUND] = ceiling

    @invariant()
    def the_ledger_is_sound_and_as_the_model_has_it(self) -> None:
        state, before = state_of(self.mongo), self.seen
        if self.unchanged:
            assert state == before
        self.seen, self.unchanged = state, False
        check_books(state)
        check_bounds(state)
        check_model(state, self.model)
        for account in sorted(moved(before, state)):
            check_statement(state, account, self.model)


def moved(before: State, after: State) -> set[str]:
    """The accounts that what was posted in between has moved; debts are shown with the member's."""
    known = {one["_id"] for one in before.journal}
    legs = (leg for one in after.journal if one["_id"] not in known for leg in one["legs"])
    return {str(leg["account"]) for leg in legs if not is_debt(leg["account"])}


def legs_between(giver: str, taker: str, unit: str, amount: int) -> tuple[Leg, Leg]:
    """The two legs that move an amount from one account to another."""
    return Leg(giver, unit, -amount), Leg(taker, unit, amount)


def may_go_to(taker: str, hold: Aside) -> bool:
    """Minutes go to members, or for goods, by the time bank alone; what others set aside, to what gathers."""
    if taker == hold.account or (hold.unit == "minutes" and taker not in (ISSUER, FUND)):
        return False
    return hold.own or taker not in (ANNA, BORIS, FUND)


def _answer(work: Callable[[], object]) -> object:
    try:
        return work()
    except Refusal as refusal:
        return refusal.code
