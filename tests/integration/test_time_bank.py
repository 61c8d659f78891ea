"""Help, its holds and its minutes on a real database, with many at once."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from chassis.clock import new_ulid, utc_now
from chassis.errors import Conflict, Invalid, NotAllowed, NotFound
from chassis.identity import Actor
from chassis.mongo import Mongo
from services.points.holds import commands as hold_commands
from services.points.timebank.exchange import commands
from services.points.timebank.exchange.help import HOLDING, Help, Kind, Status
from services.points.timebank.exchange.queries import Filters, HelpQueries
from services.points.timebank.members import commands as member_commands
from tests.integration.ledgers import ADMIN, DISTRICT, at_once
from tests.integration.time_banks import HOUR, POOL, STAFF, Bank


@pytest.fixture
def bank(mongo: Mongo) -> Bank:
    return Bank(mongo)


def test_an_hour_of_help_goes_from_who_was_helped_to_who_helped(bank: Bank) -> None:
    policy = bank.policy()
    receiver, giver = bank.member(200), bank.member()
    offer = bank.open(giver, Kind.OFFER, minutes=90)
    request = bank.open(receiver, minutes=120)
    assert bank.told(request) == ["help.candidates_found"]
    queries = HelpQueries(bank.mongo)
    (match,) = queries.matches(request.id, receiver)
    assert (match["id"], match["minutes"]) == (offer.id, 90)
    assert [one["id"] for one in queries.matches(offer.id, giver)] == [request.id]

    bank.act(request, "invite", receiver, candidate=offer.id)
    assert queries.matches(offer.id, giver) == []
    bank.act(request, "accept", giver)
    assert bank.minutes(receiver.member_id) == {"posted": 200, "held": 90, "available": 110}
    bank.act(request, "check_in", giver)
    bank.now += timedelta(minutes=60, seconds=20)
    bank.act(request, "check_out", receiver)
    settled = bank.act(request, "confirm", receiver)
    assert settled.settlement is not None
    assert (settled.settlement.paid, settled.settlement.policy_version) == (60, policy.version)
    assert bank.minutes(receiver.member_id) == {"posted": 140, "held": 0, "available": 140}
    assert bank.minutes(giver.member_id)["posted"] == 60
    lifetimes = [bank.ledger.queries.account(one.member_id, ADMIN) for one in (giver, receiver)]
    assert [one["lifetime_minutes"] for one in lifetimes] == [60, 0]
    then = bank.ledger.queries.account_then(giver.member_id, ADMIN, bank.now, bank.now)
    assert then["lifetime_minutes"] == 60
    settling = bank.ledger.journal.stored(f"time-bank.settled:{request.id}")
    assert settling is not None
    bank.ledger.proof()
    bank.ledger.reverse(settling)
    lifetimes = [bank.ledger.queries.account(one.member_id, ADMIN) for one in (giver, receiver)]
    assert [one["lifetime_minutes"] for one in lifetimes] == [0, 0]
    assert bank.minutes(receiver.member_id)["posted"] == 200
    assert bank.told(request)[1:] == [
        f"help.{one}" for one in ("matched", "accepted", "checked_out", "settled")
    ]
    bank.ledger.proof()


@pytest.mark.parametrize("seed", range(3))
def test_confirming_disputing_and_silence_at_once_leave_one_end(bank: Bank, seed: int) -> None:
    receiver, giver = bank.member(60), bank.member()
    one = bank.served(receiver, giver)
    ends: list[Callable[[], object]] = [
        *([lambda: bank.run_clock(100 * HOUR)] * 3),
        *([lambda: bank.act(one, "confirm", receiver)] * 2),
        *([lambda: bank.act(one, "dispute", giver, note="x")] * 3),
    ]
    random.Random(seed).shuffle(ends)
    at_once(len(ends), lambda number: ends[number]())
    stored = bank.helps.get(one.id)
    assert stored.status in (Status.SETTLED, Status.DISPUTED)
    final = [
        kind for kind in bank.told(one) if kind in ("help.settled", "help.auto_confirmed", "help.disputed")
    ]
    assert len(final) == 1
    if stored.status is Status.DISPUTED:
        assert final == ["help.disputed"]
        assert bank.minutes(receiver.member_id)["held"] == 60
        bank.act(one, "settle", STAFF, minutes=20, note="x")
    stored = bank.helps.get(one.id)
    assert stored.settlement is not None
    paid = stored.settlement.paid
    assert bank.minutes(receiver.member_id) == {"posted": 60 - paid, "held": 0, "available": 60 - paid}
    assert bank.minutes(giver.member_id)["posted"] == paid
    bank.run_clock(200 * HOUR)
    assert bank.minutes(giver.member_id)["posted"] == paid
    bank.ledger.proof()


def _run_clock(bank: Bank, hours: int, _: int) -> None:
    bank.run_clock(hours * HOUR)


def test_a_dispute_is_told_to_staff_twice_more_and_decided_once(bank: Bank) -> None:
    receiver, giver = bank.member(60), bank.member()
    one = bank.served(receiver, giver)
    bank.act(one, "dispute", receiver, note="只来了二十分钟")
    for hours in (80, 200, 1000):
        at_once(3, partial(_run_clock, bank, hours))
    outcomes = at_once(4, lambda number: bank.act(one, "settle", STAFF, minutes=20 + number, note="x"))
    assert outcomes == {"done": 1, "action-not-possible": 3}
    paid = bank.minutes(giver.member_id)["posted"]
    assert 20 <= paid <= 23
    assert bank.minutes(receiver.member_id) == {"posted": 60 - paid, "held": 0, "available": 60 - paid}
    assert bank.told(one)[-4:] == [f"help.{it}" for it in ("disputed", "reminded", "reminded", "decided")]
    bank.ledger.proof()


def test_no_more_is_accepted_than_the_receiver_has(bank: Bank) -> None:
    receiver, giver = bank.member(100), bank.member()
    asked = [bank.open(receiver, minutes=30) for _ in range(6)]
    for one in asked:
        bank.act(one, "respond", giver)
    outcomes = at_once(6, lambda number: bank.act(asked[number], "accept", receiver))
    assert outcomes == {"done": 3, "overdrawn": 3}
    left = [bank.helps.get(one.id).status for one in asked]
    assert sorted(left) == ["accepted"] * 3 + ["matched"] * 3
    assert bank.minutes(receiver.member_id) == {"posted": 100, "held": 90, "available": 10}
    bank.run_clock(25 * HOUR)
    assert {bank.helps.get(one.id).status for one in asked} == {Status.LAPSED}
    assert bank.minutes(receiver.member_id) == {"posted": 100, "held": 0, "available": 100}
    bank.ledger.proof()


@pytest.mark.parametrize("limits", [{"ceiling": 100}, {"daily_cap": 100}])
def test_what_a_giver_may_not_keep_goes_to_the_pool_however_many_settle_at_once(
    bank: Bank, limits: dict[str, int]
) -> None:
    bank.policy(**limits)
    giver = bank.member()
    receivers = [bank.member(40) for _ in range(5)]
    served = [bank.served(one, giver, minutes=40) for one in receivers]
    outcomes = at_once(5, lambda number: bank.act(served[number], "confirm", receivers[number]))
    assert outcomes == {"done": 5}
    assert bank.minutes(giver.member_id)["posted"] == 100
    assert bank.minutes(POOL)["posted"] == 100
    bank.ledger.proof()


def test_lists_show_what_is_open_and_all_of_it_to_staff_and_to_the_two(bank: Bank) -> None:
    receiver, giver, neighbour = bank.member(60), bank.member(), bank.member()
    open_one, agreed = bank.open(receiver), bank.agreed(receiver, giver)
    queries = HelpQueries(bank.mongo)

    def listed(actor: Actor, **filters: Any) -> set[str]:
        page = queries.page(Filters(DISTRICT, **filters), actor, 20, None)
        return {one["id"] for one in page.items}

    both = {open_one.id, agreed.id}
    assert listed(neighbour) == {open_one.id}
    assert listed(STAFF) == listed(receiver, mine=True) == both
    assert listed(STAFF, status="accepted") == listed(giver, mine=True) == {agreed.id}
    assert listed(STAFF, kind="offer") == set()
    with pytest.raises(NotAllowed):
        listed(neighbour, status="accepted")
    with pytest.raises(NotFound):
        queries.one(agreed.id, neighbour)
    with pytest.raises(NotAllowed):
        queries.matches(open_one.id, neighbour)
    assert queries.one(open_one.id, neighbour)["history"] == []
    assert len(queries.one(agreed.id, giver)["history"]) == 3


def test_the_hold_of_help_is_ended_by_the_help_alone(bank: Bank) -> None:
    receiver, giver = bank.member(60), bank.member()
    one = bank.agreed(receiver, giver)
    assert one.hold is not None
    attempts: list[Callable[[], object]] = [
        lambda: hold_commands.release(bank.ledger.holds, utc_now, receiver, hold_id=str(one.hold)),
        lambda: bank.ledger.capture(bank.ledger.holds.get(str(one.hold))),
    ]
    for attempt in attempts:
        with pytest.raises(Conflict) as refused:
            attempt()
        assert refused.value.extra["bound_to"] == f"help:{one.id}"
    assert hold_commands.expire(bank.ledger.holds, lambda: utc_now() + 900 * HOUR) == 0
    bank.ledger.proof()
    bank.act(one, "cancel", giver)
    assert bank.ledger.holds.get(one.hold).status == "released"
    bank.ledger.proof()


def test_a_gift_arrives_once_and_only_at_a_relative(bank: Bank) -> None:
    giver, relative = bank.member(100), bank.member()
    with pytest.raises(Conflict) as refused:
        bank.give(giver, relative.member_id, 10, "a")
    assert refused.value.code == "not-related"
    pair = {"member": relative.member_id, "relative": giver.member_id}
    related = [
        member_commands.relate(bank.registry, bank.clock, STAFF, relatives_id=new_ulid(), **pair).id
        for _ in range(2)
    ]
    assert related[0] == related[1]
    posted: list[str] = []
    outcomes = at_once(16, lambda _: posted.append(bank.give(giver, relative.member_id, 10, "a").id))
    assert outcomes == {"done": 16}
    assert len(set(posted)) == 1
    bank.policy(ceiling=50)
    at_once(6, lambda number: bank.give(giver, relative.member_id, 15, f"k{number}"))
    assert bank.minutes(relative.member_id)["posted"] == 50
    assert bank.minutes(POOL)["posted"] == 50
    assert bank.minutes(giver.member_id)["posted"] == 0
    member_commands.unrelate(bank.registry, STAFF, relatives_id=related[0])
    with pytest.raises(Conflict):
        bank.give(giver, relative.member_id, 1, "late")
    with pytest.raises(Invalid):
        bank.give(giver, relative.member_id, 11, "a")
    bank.ledger.proof()


def test_each_version_of_the_policy_is_kept_and_the_highest_in_force_counts(bank: Bank) -> None:
    at_once(6, lambda number: bank.policy(daily_cap=number + 1))
    versions = [one["version"] for one in bank.policies.page(20, None).items]
    assert sorted(versions) == [1, 2, 3, 4, 5, 6]
    caps = {bank.policies.get(str(one)).daily_cap for one in versions}
    assert caps == {1, 2, 3, 4, 5, 6}
    assert bank.policies.in_force(bank.now).version == 6
    assert bank.policies.in_force(bank.now - HOUR).version == 0


def test_who_is_forgotten_leaves_no_words_no_registration_and_nothing_held(bank: Bank) -> None:
    receiver, giver = bank.member(120), bank.member()
    agreed, open_one = bank.agreed(receiver, giver), bank.open(receiver)
    register = {"may_redeem_from": date(2026, 1, 1), "group": True}
    member_commands.register(bank.registry, bank.clock, STAFF, member=receiver.member_id, **register)  # type: ignore[arg-type]
    assert bank.registry.of_member(receiver.member_id).group
    for _ in range(2):
        bank.registry.forget(receiver.member_id)
        commands.forget_member(bank.helps, bank.policies, bank.clock, member=receiver.member_id)
    for one in (agreed, open_one):
        stored, _ = bank.helps.lines(one.id)
        assert (stored.status, stored.text) == (Status.CANCELLED, "")
    assert not bank.registry.of_member(receiver.member_id).group
    assert bank.minutes(receiver.member_id)["held"] == 0
    assert bank.told(agreed)[-1] == "help.cancelled"
    held = bank.mongo["help_requests"].count_documents({"status": {"$in": [one.value for one in HOLDING]}})
    assert held == 0
    assert bank.mongo["help_requests"].count_documents({"lists": DISTRICT}) == 2
    bank.ledger.proof()


def test_a_decision_of_staff_is_answered_as_the_first_time_when_it_is_repeated(bank: Bank) -> None:
    receiver, giver, other = bank.member(120), bank.member(), Actor(new_ulid(), STAFF.grants)
    for action, minutes in (("settle", 20), ("dismiss", None)):
        one = bank.served(receiver, giver)
        bank.act(one, "dispute", receiver, note="x")
        assert at_once(3, partial(_decide, bank, one, action, minutes)) == {"done": 3}
        first = bank.helps.get(one.id)
        assert bank.act(one, action, STAFF, note="说明", minutes=minutes) == first
        for actor, note in ((other, "说明"), (STAFF, "另一说明")):
            with pytest.raises(Conflict):
                bank.act(one, action, actor, note=note, minutes=minutes)
        with pytest.raises(Conflict):
            bank.act(one, "settle", STAFF, note="说明", minutes=21)
    assert bank.minutes(giver.member_id)["posted"] == 20
    bank.ledger.proof()


def _decide(bank: Bank, one: Help, action: str, minutes: int | None, _: int) -> None:
    bank.act(one, action, STAFF, note="说明", minutes=minutes)
