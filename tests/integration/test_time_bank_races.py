"""Help on a real database when all act at once: where it stands, what is held and what is paid agree."""

import random

import pytest

from chassis.clock import new_ulid
from chassis.errors import Conflict
from chassis.mongo import Mongo
from services.points.holds.domain import HoldStatus
from services.points.timebank.exchange import commands
from services.points.timebank.exchange.help import HOLDING, Kind, Status
from tests.integration.ledgers import at_once
from tests.integration.time_banks import HOUR, STAFF, Bank

PHASES = (
    "respond",
    "accept accept accept accept accept decline",
    "check_in check_in check_in check_in check_in cancel",
    "check_out check_out check_out check_in cancel dispute",
    "confirm confirm dispute silence",
    "settle settle erasure confirm",
    "silence erasure settle",
)


@pytest.fixture
def bank(mongo: Mongo) -> Bank:
    return Bank(mongo)


def check(bank: Bank, help_id: str) -> None:
    """The help, its hold and its posting say the same."""
    one = bank.helps.get(help_id)
    posting = bank.ledger.journal.stored(f"time-bank.settled:{help_id}")
    paid = one.settlement.paid if one.settlement else 0
    assert (one.status is Status.SETTLED) == (one.settlement is not None)
    assert (-posting.legs[0].amount if posting else 0) == paid
    if one.hold is None:
        assert one.status not in HOLDING
        return
    hold = bank.ledger.holds.get(one.hold)
    assert (hold.status is HoldStatus.OPEN) == (one.status in HOLDING)
    assert (hold.amount, hold.captured, hold.account) == (one.agreed, paid, one.receiver)


def test_whatever_all_do_at_once_the_help_its_hold_and_the_ledger_agree(bank: Bank) -> None:
    dice = random.Random(7)
    bank.policy(ceiling=100, daily_cap=90)
    author, *neighbours = [bank.member(120) for _ in range(3)]
    helps = [bank.open(author, dice.choice(list(Kind)), minutes=dice.choice((20, 30))) for _ in range(8)]

    def act(number: int) -> None:
        one, action, actor = orders[number]
        if action == "silence":
            bank.run_clock(100 * HOUR)
        elif action == "erasure":
            commands.forget_member(bank.helps, bank.policies, bank.clock, member=neighbours[1].member_id)
        else:
            bank.act(one, action, actor, note="x", minutes=dice.randint(1, 30))

    for phase in PHASES:
        orders = [
            (one, dice.choice(phase.split()), dice.choice((author, author, *neighbours, STAFF)))
            for one in helps
            for _ in range(10)
        ]
        at_once(len(orders), act)
        for one in helps:
            check(bank, one.id)
        bank.ledger.proof()
        bank.now += 0.5 * HOUR


def test_a_step_whose_answer_was_lost_is_answered_again_and_taken_once(bank: Bank) -> None:
    receiver, giver = bank.member(60), bank.member()
    one = bank.open(receiver)
    bank.act(one, "respond", giver)
    request = new_ulid()
    assert at_once(4, lambda _: bank.act(one, "accept", receiver, request)) == {"done": 4}
    bank.act(one, "check_in", giver)
    late = bank.act(one, "accept", receiver, request)
    assert (late.status, late.version) == (Status.CHECKED_IN, 4)
    with pytest.raises(Conflict):
        bank.act(one, "accept", receiver)
    check(bank, one.id)
