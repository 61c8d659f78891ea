"""Orders in any order, with faults: the ledger on a real database does what a model in memory does."""

import os
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from chassis.clock import new_ulid
from chassis.errors import Conflict, Invalid, KeyReused
from chassis.identity import Actor
from infra.local.deployment import Deployment
from services.points import commands
from services.points.domain import AboveCeiling, Leg, Overdrawn, Posting
from services.points.holds import commands as hold_commands
from services.points.lots import commands as lot_commands
from services.points.reversal import MoreThanLeft, NothingLeft
from tests.integration.faulty_mongo import DELIVERED_TWICE, STRIKING, Fault, FaultyMongo
from tests.integration.ledger_machine import (
    ANNA,
    BORIS,
    FUND,
    ISSUER,
    REFUSED,
    LedgerMachine,
    legs_between,
    may_go_to,
)
from tests.integration.ledger_model import UNITS, Amounts, Moved
from tests.integration.ledger_record import Record
from tests.integration.ledger_state import check_reads
from tests.integration.ledgers import DISTRICT, KEEPER, SHOP, Ledger

LONG = int(os.environ.get("LEDGER_SEQUENCES", "0"))
"""How many sequences the long form tries; each time others."""
SHORT = 64  # enough that each fault strikes: which sequences are tried depends on what else was imported
STEPS = 25
MEMBERS = st.sampled_from([ANNA, BORIS])
ACCOUNTS = st.sampled_from([ANNA, BORIS, FUND, SHOP, ISSUER])
AMOUNT = st.integers(1, 30)
AMOUNTS = st.dictionaries(st.sampled_from(UNITS), AMOUNT, min_size=1)
FAULTS = st.sampled_from([*[None] * 4, DELIVERED_TWICE, *STRIKING, *STRIKING[:2], 4, 5, 5])
"""Few write as much as 4 or 5."""
DAYS_AGO = st.sampled_from([0, 0, 31, 62])
DATED = st.booleans()
BEYOND = st.sampled_from([None, None, 0, 1])
"""How much more than is there; None: any amount."""


class AnyOrders(LedgerMachine):
    """What can be ordered of a ledger, and what the clock does, in any order."""

    @rule(member=MEMBERS, amounts=AMOUNTS, days_ago=DAYS_AGO, dated=DATED, fault=FAULTS)
    def earn(self, member: str, amounts: Amounts, days_ago: int, dated: bool, fault: Fault) -> None:
        """What is heard of late counts from when it happened."""
        name, at = self.new_id(), self.now - timedelta(days_ago)
        legs = tuple(
            leg for unit, amount in amounts.items() for leg in legs_between(ISSUER, member, unit, amount)
        )
        posting = Posting(
            name, name, "issue.confirmed", 1, name, DISTRICT, legs, self.now, effective_at=at, verified=True
        )
        if self.model.is_full(member, amounts):
            self.refused(fault, AboveCeiling, lambda: self.processes[dated].journal.post(posting))
            return
        self.carried_out(fault, lambda: self.processes[dated].journal.post(posting), again=False)
        self.model.give(name, ISSUER, member, amounts, self.until(at, dated), verified=True)
        self.repeats.append(lambda other: self.processes[other].journal.post(posting) and "paid twice")

    @initialize(amount=AMOUNT, dated=DATED)
    def begin(self, amount: int, dated: bool) -> None:
        """With something that expires soon, something that does later, and something of each set aside."""
        for member in (ANNA, BORIS):
            self.earn(member, {"points": 10, "minutes": amount}, 31, True, None)
        self.earn(ANNA, {"points": amount}, 0, dated, None)
        for member in (ANNA, BORIS):
            self.hold(member, "points", 5, None, 5, member == ANNA, dated, None)

    @rule(giver=ACCOUNTS, taker=ACCOUNTS, some=AMOUNTS, beyond=BEYOND, dated=DATED, fault=FAULTS)
    def order(
        self, giver: str, taker: str, some: Amounts, beyond: int | None, dated: bool, fault: Fault
    ) -> None:
        """Grants, gifts, spending and taking away, by hand."""
        amounts = {unit: self.model.close_to(giver, unit, amount, beyond) for unit, amount in some.items()}
        key, made = self.new_id(), list[str]()
        legs = tuple(
            leg for unit, amount in amounts.items() for leg in legs_between(giver, taker, unit, amount)
        )

        def work() -> str:
            made.append(self.by_hand(key, legs, "调整", dated))
            return made[-1]

        if giver == taker:
            self.carried_out(fault, work)
            self.model.postings += 1  # it moves nothing
        elif self.model.lacks(giver, amounts):
            self.refused(fault, Overdrawn, work)
        elif self.model.is_full(taker, amounts):
            self.refused(fault, AboveCeiling, work)
        else:
            self.carried_out(fault, work)
            self.model.give(made[0], giver, taker, amounts, self.until(self.now, dated))
        if made:
            assert len(set(made)) == 1
            self.repeats.append(lambda other: self.by_hand(key, legs, "调整", other) != made[0])
            more = tuple(Leg(leg.account, leg.unit, 2 * leg.amount) for leg in legs)
            self.changed.append(lambda other: self.by_hand(key, more, "调整", other))
            self.changed.append(lambda other: self.by_hand(key, legs, "更正", other))

    @rule(legs=st.sampled_from(REFUSED), dated=DATED)
    def order_what_cannot_be(self, legs: tuple[Leg, ...], dated: bool) -> None:
        self.refused(None, Invalid, lambda: self.by_hand(self.new_id(), legs, "", dated))

    @precondition(lambda self: self.repeats)
    @rule(data=st.data(), dated=DATED)
    def the_same_again(self, data: st.DataObject, dated: bool) -> None:
        assert not data.draw(st.sampled_from(self.repeats))(dated)
        self.unchanged = True

    @precondition(lambda self: self.changed)
    @rule(data=st.data(), dated=DATED, fault=FAULTS)
    def another_order_under_the_same_key(self, data: st.DataObject, dated: bool, fault: Fault) -> None:
        order = data.draw(st.sampled_from(self.changed))
        self.refused(fault, KeyReused, lambda: order(dated))

    @rule(
        member=MEMBERS,
        unit=st.sampled_from(UNITS),
        some=AMOUNT,
        beyond=BEYOND,
        days=st.sampled_from([1, 5, 30]),
        own=st.booleans(),
        dated=DATED,
        fault=FAULTS,
    )
    def hold(
        self,
        member: str,
        unit: str,
        some: int,
        beyond: int | None,
        days: int,
        own: bool,
        dated: bool,
        fault: Fault,
    ) -> None:
        amount, name = self.model.close_to(member, unit, some, beyond), self.new_id()

        def work(amount: int = amount, process: bool = dated) -> str:
            return hold_commands.hold(
                self.processes[process].holds,
                self.clock,
                Actor(member) if own else KEEPER,
                account=member,
                unit=unit,
                amount=amount,
                memo="兑换",
                ttl=timedelta(days),
                key=name,
                hold_id=name,
            ).id

        if self.model.lacks(member, {unit: amount}):
            self.refused(fault, Overdrawn, work)
            return
        self.carried_out(fault, work, again=name)
        self.model.set_aside(name, member, {unit: amount}, self.now + timedelta(days), own=own)
        self.repeats.append(lambda other: work(process=other) != name)
        self.changed.append(lambda other: work(amount=amount + 1, process=other))

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), taker=ACCOUNTS, dated=DATED, fault=FAULTS)
    def capture(self, data: st.DataObject, taker: str, dated: bool, fault: Fault) -> None:
        hold = data.draw(st.sampled_from(self.model.open))
        amount = data.draw(st.integers(1, len(hold.units) + 1))
        name = self.new_id()

        def work() -> None:
            hold_commands.capture(
                self.processes[dated].holds,
                self.clock,
                KEEPER,
                hold_id=hold.id,
                amount=amount,
                target=taker,
                district=DISTRICT,
                posting_id=name,
            )

        if hold.expires_at <= self.now:
            self.refused(fault, Conflict, work)
        elif amount > len(hold.units) or not may_go_to(taker, hold):
            self.refused(fault, Invalid, work)
        elif self.model.is_full(taker, {hold.unit: amount}):
            self.refused(fault, AboveCeiling, work)
        else:
            self.carried_out(fault, work, again="hold-ended")
            self.model.capture(hold, amount, taker, name)

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), dated=DATED, fault=FAULTS)
    def release(self, data: st.DataObject, dated: bool, fault: Fault) -> None:
        hold = data.draw(st.sampled_from(self.model.open))

        def work() -> None:
            hold_commands.release(self.processes[dated].holds, self.clock, KEEPER, hold_id=hold.id)

        if hold.expires_at <= self.now:
            self.refused(fault, Conflict, work)
        else:
            self.carried_out(fault, work, again="hold-ended")
            self.model.let_go(hold)

    @precondition(lambda self: self.model.made)
    @rule(data=st.data(), whole=st.booleans(), dated=DATED, fault=FAULTS)
    def reverse(self, data: st.DataObject, whole: bool, dated: bool, fault: Fault) -> None:
        moved = data.draw(st.sampled_from(self.model.made))
        if whole:
            self.take_back(moved, dated, fault)
        else:
            parts = {unit: data.draw(st.integers(0, len(units) + 1)) for unit, units in moved.units.items()}
            amounts = {unit: amount for unit, amount in parts.items() if amount}
            self.take_a_part_back(moved, amounts, dated, fault)

    def take_back(self, moved: Moved, dated: bool, fault: Fault) -> None:
        name, rest = self.new_id(), {unit: len(units) for unit, units in moved.units.items()}

        def work() -> None:
            commands.reverse(
                self.processes[dated].journal,
                self.clock,
                posting_id=moved.id,
                reversal_id=name,
                reason="误发",
                by="A",
            )

        if not any(rest.values()):
            self.refused(fault, NothingLeft, work)
        elif bar := self.bar_to(moved, rest):
            self.refused(fault, bar, work)
        else:
            self.carried_out(fault, work, again="reversed")
            self.model.take_back(moved, rest)
            self.backward.append(name)

    def take_a_part_back(self, moved: Moved, amounts: Amounts, dated: bool, fault: Fault) -> None:
        name = self.new_id()

        def work(reason: str = "多发", process: bool = dated) -> str:
            return self.taken_back(moved, amounts, name, reason, process)

        if not any(moved.units.values()):
            self.refused(fault, NothingLeft, work)
        elif any(amount > len(moved.units[unit]) for unit, amount in amounts.items()):
            self.refused(fault, MoreThanLeft, work)
        elif bar := self.bar_to(moved, amounts):
            self.refused(fault, bar, work)
        elif amounts:
            self.carried_out(fault, work, again=name)
            self.model.take_back(moved, amounts)
            self.backward.append(name)
            self.repeats.append(lambda other: work(process=other) != name)
            self.changed.append(lambda other: work(reason="误发", process=other))

    @precondition(lambda self: self.backward)
    @rule(data=st.data(), dated=DATED)
    def take_back_what_takes_back(self, data: st.DataObject, dated: bool) -> None:
        name = data.draw(st.sampled_from(self.backward))

        def work() -> None:
            commands.reverse(
                self.processes[dated].journal,
                self.clock,
                posting_id=name,
                reversal_id=self.new_id(),
                reason="",
                by="A",
            )

        self.refused(None, Conflict, work)

    @rule(what=st.sampled_from(["debts", "lots", "holds"]), dated=DATED, fault=FAULTS)
    def the_clock_ticks(self, what: str, dated: bool, fault: Fault) -> None:
        ledger = self.processes[dated]
        if what == "debts":
            self.carried_out(fault, lambda: commands.recover(ledger.journal, self.clock, DISTRICT))
            self.model.recover()
        elif what == "lots":
            self.carried_out(fault, lambda: lot_commands.sweep(ledger.lots, self.clock, DISTRICT))
            self.model.expire(self.now, ISSUER)
        else:
            self.carried_out(fault, lambda: hold_commands.expire(ledger.holds, self.clock))
            self.model.expire_holds(self.now)

    @rule(account=ACCOUNTS)
    def look(self, account: str) -> None:
        check_reads(self.mongo, account, self.model)
        self.unchanged = True

    def teardown(self) -> None:
        """The statements of everybody end with what they have."""
        for account in (ANNA, BORIS, FUND, SHOP, ISSUER):
            check_reads(self.mongo, account, self.model)


@pytest.fixture
def faulty(backing: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyMongo]:
    """A ledger with two members."""
    # Nobody else writes here: there is nothing to wait for before trying again, and a slow disk is no rival.
    monkeypatch.setattr("services.points.store.random", SimpleNamespace(uniform=lambda *_: 0.0))
    monkeypatch.setattr("services.points.store._PATIENCE", 600.0)
    monkeypatch.setattr("services.points.stripe_store.random", Random(1))
    mongo = FaultyMongo(backing.mongo_url, f"model_{new_ulid()}")
    ledger = Ledger(mongo)
    for member in (ANNA, BORIS):
        ledger.journal.put_member(member, 1)
    yield mongo
    mongo.close()


def test_any_orders_leave_the_ledger_as_the_model_has_it(faulty: FaultyMongo) -> None:
    record = Record(faulty)
    run_state_machine_as_test(
        lambda: record.watched(AnyOrders(faulty)),  # type: ignore[arg-type]  # any factory will do
        settings=settings(
            max_examples=LONG or SHORT,
            stateful_step_count=STEPS,
            derandomize=not LONG,
            database=None,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],  # to shrink a sequence would take a database an hour
        ),
    )
    assert set(faulty.struck) == set(STRIKING)  # or they were not tried
    record.write()
