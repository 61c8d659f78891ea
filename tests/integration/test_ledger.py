"""Postings, holds and reversals on a real database, with many at once."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from chassis import paging
from chassis.clock import new_ulid, ulid_at, utc_now
from chassis.errors import Conflict, Invalid, NotAllowed
from chassis.identity import Actor
from chassis.mongo import Mongo
from infra.local.deployment import Deployment
from services.points import commands
from services.points.bounds import FROZEN
from services.points.domain import Leg, Overdrawn, debt, issuer
from services.points.holds import commands as hold_commands
from services.points.holds.domain import HoldStatus
from services.points.statements.queries import StatementQueries
from tests.integration.ledgers import ADMIN, DISTRICT, KEEPER, MINUTE, SHOP, Ledger, at_once


@pytest.fixture
def ledger(deployment: Deployment) -> Iterator[Ledger]:
    own = Mongo(deployment.mongo_url, f"ledger_{new_ulid()}")
    yield Ledger(own)
    own.client.drop_database(own.database.name)
    own.close()


def test_sixty_four_callers_with_one_key_make_one_posting(ledger: Ledger) -> None:
    member = ledger.member(1000)
    posted: list[str] = []
    outcomes = at_once(64, lambda _: posted.append(ledger.spend(member, 10, key="same").id))
    assert outcomes == {"done": 64}
    assert len(set(posted)) == 1
    assert ledger.balance(member) == {"posted": 990, "held": 0, "available": 990}
    ledger.proof()


def test_a_key_that_was_used_with_another_body_is_refused(ledger: Ledger) -> None:
    member = ledger.member(100)
    ledger.spend(member, 10, key="one")
    with pytest.raises(Invalid) as caught:
        ledger.spend(member, 11, key="one")
    assert "Idempotency-Key" in caught.value.extra["errors"]
    ledger.hold(member, 10, key="two")
    with pytest.raises(Invalid):
        ledger.hold(member, 11, key="two")
    assert ledger.balance(member) == {"posted": 90, "held": 10, "available": 80}


def test_of_a_hundred_spends_of_ten_from_five_hundred_fifty_succeed(ledger: Ledger) -> None:
    member = ledger.member(500)
    assert at_once(100, lambda _: ledger.spend(member, 10)) == {"done": 50, "overdrawn": 50}
    assert ledger.balance(member) == {"posted": 0, "held": 0, "available": 0}
    assert ledger.balance(SHOP)["posted"] == 500
    ledger.proof()


def test_holds_spends_and_captures_at_once_never_pass_the_floor(ledger: Ledger) -> None:
    member = ledger.member(300)
    chance = random.Random(1)
    kinds = [chance.choice(["spend", "hold", "keep"]) for _ in range(60)]

    def act(number: int) -> None:
        if kinds[number] == "spend":
            ledger.spend(member, 10)
        elif kinds[number] == "hold":
            ledger.capture(ledger.hold(member, 10), 4)
        else:
            ledger.hold(member, 10)

    outcomes = at_once(60, act)
    assert outcomes["done"] + outcomes["overdrawn"] == 60
    balance = ledger.balance(member)
    assert balance["available"] >= 0
    assert balance["available"] < 10 + 6 * kinds.count("hold")
    ledger.proof()


@pytest.mark.parametrize("seed", range(6))
def test_capture_release_and_expiry_at_once_leave_one_end(ledger: Ledger, seed: int) -> None:
    member = ledger.member(100)
    hold = ledger.hold(member, 60)
    later = utc_now() + 2 * MINUTE
    ends: list[Callable[[], object]] = [
        *([lambda: ledger.capture(hold, 50)] * 3),
        *([lambda: ledger.release(hold)] * 3),
    ]
    random.Random(seed).shuffle(ends)

    def expire() -> None:
        hold_commands.expire(ledger.holds, lambda: later)

    ends.insert(seed % 3, expire)
    outcomes = at_once(len(ends), lambda number: ends[number]())
    stored = ledger.holds.get(hold.id)
    assert stored.status is not HoldStatus.OPEN
    assert outcomes["done"] <= 2  # the end itself, and a sweep that found nothing to do
    taken = 50 if stored.status is HoldStatus.CAPTURED else 0
    assert ledger.balance(member) == {"posted": 100 - taken, "held": 0, "available": 100 - taken}
    assert ledger.balance(SHOP)["posted"] == taken
    ledger.proof()


def test_a_hold_whose_time_is_over_is_let_go_and_cannot_be_captured(ledger: Ledger) -> None:
    member = ledger.member(100)
    hold, fresh = ledger.hold(member, 60), ledger.hold(member, 10, ttl=10 * MINUTE)
    ledger.now = lambda: utc_now() + 2 * MINUTE
    with pytest.raises(Conflict) as caught:
        ledger.capture(hold)
    assert caught.value.extra["hold_status"] == "expired"
    assert hold_commands.expire(ledger.holds, ledger.now) == 1
    assert hold_commands.expire(ledger.holds, ledger.now) == 0
    assert ledger.holds.get(hold.id).status is HoldStatus.EXPIRED
    assert ledger.holds.get(fresh.id).status is HoldStatus.OPEN
    assert ledger.balance(member) == {"posted": 100, "held": 10, "available": 90}


def test_nothing_is_captured_above_the_hold_or_held_of_another_member(ledger: Ledger) -> None:
    member, other = ledger.member(100), Actor(ledger.member(), ())
    hold = ledger.hold(member, 60)
    with pytest.raises(Invalid):
        ledger.capture(hold, 61)
    with pytest.raises(NotAllowed):
        hold_commands.hold(
            ledger.holds,
            utc_now,
            other,
            account=member,
            unit="points",
            amount=1,
            memo="",
            ttl=MINUTE,
            key="k",
            hold_id=new_ulid(),
        )
    with pytest.raises(NotAllowed):
        hold_commands.release(ledger.holds, utc_now, other, hold_id=hold.id)
    assert ledger.balance(member) == {"posted": 100, "held": 60, "available": 40}


def test_a_posting_is_taken_back_once_however_many_ask(ledger: Ledger) -> None:
    member = ledger.member()
    earned = ledger.earn(member, 30)
    assert at_once(20, lambda _: ledger.reverse(earned)) == {"done": 1, "reversed": 19}
    account = ledger.queries.account(member, ADMIN)
    assert (account["points"]["posted"], account["lifetime_points"]) == (0, 0)
    reversal = ledger.journal.stored(f"posting.reversed:{earned.id}")
    assert reversal is not None
    assert reversal.reverses == earned.id
    with pytest.raises(Conflict):
        ledger.reverse(reversal)
    ledger.proof()


def test_what_was_spent_of_a_gain_that_is_taken_back_is_owed_and_paid_by_later_gains(ledger: Ledger) -> None:
    member = ledger.member()
    earned = ledger.earn(member, 30)
    ledger.spend(member, 25)
    ledger.reverse(earned)
    account = ledger.queries.account(member, ADMIN)
    assert account["points"] == {"posted": 0, "held": 0, "available": 0}
    assert account["recovery_due"] == {"points": 25}
    assert account["lifetime_points"] == 0
    assert commands.recover(ledger.journal, utc_now, DISTRICT) == 0

    ledger.earn(member, 10)
    at_once(8, lambda _: commands.recover(ledger.journal, utc_now, DISTRICT))
    account = ledger.queries.account(member, ADMIN)
    assert (account["points"]["posted"], account["recovery_due"]) == (0, {"points": 15})
    ledger.earn(member, 20)
    commands.recover(ledger.journal, utc_now, DISTRICT)
    account = ledger.queries.account(member, ADMIN)
    assert (account["points"]["posted"], account["recovery_due"]) == (5, {})
    assert account["lifetime_points"] == 30
    assert ledger.journal.debts(10) == []
    ledger.proof()


def test_taking_back_races_with_spending_and_nobody_falls_below_zero(ledger: Ledger) -> None:
    member = ledger.member()
    earned = [ledger.earn(member, 10) for _ in range(10)]

    def act(number: int) -> None:
        if number % 2:
            ledger.reverse(earned[number // 2])
        else:
            ledger.spend(member, 10)

    outcomes = at_once(20, act)
    account = ledger.queries.account(member, ADMIN)
    spent = 10 * (outcomes["done"] - 10)
    assert account["points"]["posted"] == 0
    assert account["recovery_due"] == ({"points": spent} if spent else {})
    ledger.proof()


def test_a_frozen_account_gains_but_nothing_is_taken_from_it(ledger: Ledger) -> None:
    member = ledger.member(100)
    ledger.mongo["accounts"].update_one({"_id": member}, {"$set": {"status": FROZEN}})
    for act in (lambda: ledger.spend(member, 1), lambda: ledger.hold(member, 1)):
        with pytest.raises(Conflict) as caught:
            act()
        assert caught.value.code == "account-frozen"
    ledger.earn(member, 5)
    assert ledger.balance(member)["posted"] == 105
    assert ledger.queries.account(member, ADMIN)["status"] == "frozen"


def test_nothing_is_posted_to_an_account_that_nobody_has(ledger: Ledger) -> None:
    member = ledger.member(10)
    for unknown in (new_ulid(), debt(new_ulid()), "fund:120199999999", f"project:{new_ulid()}"):
        with pytest.raises(Invalid) as caught:
            ledger.post(new_ulid(), Leg(member, "points", -1), Leg(unknown, "points", 1))
        assert "legs.1.account" in caught.value.extra["errors"]
    assert ledger.balance(member)["posted"] == 10


def test_balances_are_told_as_of_a_time_and_as_known_at_a_time(ledger: Ledger) -> None:
    member, now = ledger.member(100), utc_now()
    later, past = now + timedelta(seconds=1), now - timedelta(seconds=1)
    ledger.now = lambda: later
    ledger.post("late", Leg(member, "points", 7), Leg(issuer(DISTRICT), "points", -7), effective_at=now)

    def then(effective_at: datetime, known_at: datetime) -> int:
        account = ledger.queries.account_then(member, ADMIN, effective_at, known_at)
        return int(account["points"]["posted"])

    assert then(later, later) == 107
    assert then(now, later) == 107
    assert then(later, now) == 100
    assert then(past - timedelta(hours=1), later) == 0


def test_a_statement_and_the_balance_of_a_moment_agree_on_what_was_written_by_then(ledger: Ledger) -> None:
    member = ledger.member()
    written, ordered = utc_now(), utc_now() - timedelta(hours=1)
    ledger.now = lambda: ordered  # it was in somebody's way for that long
    ledger.earn(member, 5)
    statements = StatementQueries(ledger.mongo)
    for moment, points in ((ordered, 0), (written - timedelta(seconds=1), 0), (utc_now(), 5)):
        account = ledger.queries.account_then(member, ADMIN, None, moment)
        until = moment + timedelta(milliseconds=1)
        page = statements.page(member, ADMIN, limit=9, cursor=None, since=None, until=until)
        assert account["points"]["posted"] == page["closing"]["points"] == points


def test_a_repeat_that_comes_when_the_books_are_closed_gets_its_posting(ledger: Ledger) -> None:
    member, order = ledger.member(), utc_now()
    legs = (Leg(member, "points", 7), Leg(issuer(DISTRICT), "points", -7))
    first = ledger.post("closed", *legs, effective_at=order)
    ledger.now = lambda: order + timedelta(days=60)
    assert ledger.post("closed", *legs, effective_at=order).id == first.id
    with pytest.raises(Invalid) as caught:
        ledger.post("another", *legs, effective_at=order)
    assert "effective_at" in caught.value.extra["errors"]
    assert ledger.balance(member)["posted"] == 7


def test_members_who_owe_and_have_nothing_keep_nobody_from_paying(ledger: Ledger) -> None:
    members = [ledger.member() for _ in range(4)]
    for one in members:
        earned = ledger.earn(one, 5)
        ledger.spend(one, 5)
        ledger.reverse(earned)
    for one in members:
        ledger.earn(one, 5)
        assert [debt.member for debt in ledger.journal.debts(1)] == [one]
        assert commands.recover(ledger.journal, utc_now, DISTRICT) == 1


def test_a_long_statement_is_read_in_stretches_and_misses_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, now = ledger.member(), utc_now()
    for number in range(1, 9):  # some within a minute, some years apart
        earned = ledger.earn(member, number)
        at = now - timedelta(days=3**number if number % 2 else 80, milliseconds=number)
        ledger.mongo["journal"].update_one({"_id": earned.id}, {"$set": {"order": ulid_at(at)}})
    monkeypatch.setattr(paging, "_WANTED", 1)
    told = list(StatementQueries(ledger.mongo).rows(member, ADMIN, None, None, "en"))
    assert [row[6] for row in told if row[0] is not None] == [7, 5, 8, 6, 4, 2, 3, 1]
    assert told[-3][7] == ledger.balance(member)["posted"]


def test_what_overdraws_leaves_nothing_behind(ledger: Ledger) -> None:
    member = ledger.member(5)
    before = ledger.mongo["journal"].count_documents({})
    for act in (lambda: ledger.spend(member, 6), lambda: ledger.hold(member, 6)):
        with pytest.raises(Overdrawn):
            act()
    assert ledger.mongo["journal"].count_documents({}) == before
    assert ledger.mongo["holds"].count_documents({}) == 0
    assert ledger.balance(member) == {"posted": 5, "held": 0, "available": 5}


def test_a_statement_ends_with_the_balance_whatever_the_period(ledger: Ledger) -> None:
    member = ledger.member(100)
    for points in (10, 20, 30):
        ledger.spend(member, points)
    ledger.earn(member, 7)
    ledger.hold(member, 5)
    statements, actor = StatementQueries(ledger.mongo), Actor(member)
    start = utc_now() - MINUTE
    told = list(statements.rows(member, actor, None, None, "en"))
    assert [row[6] for row in told if row[5] == "points"] == [None, 100, -10, -20, -30, 7, None]
    assert told[-3][7] == ledger.balance(member)["posted"] == 47
    page = statements.page(member, actor, limit=2, cursor=None, since=start, until=None)
    assert (page["opening"]["points"], page["closing"]["points"]) == (0, 47)
    assert [one["balances"]["points"] for one in page["items"]] == [47, 40]
    rest = statements.page(member, actor, limit=2, cursor=page["next"], since=start, until=None)
    assert [one["balances"]["points"] for one in rest["items"]] == [70, 90]
    before = statements.page(member, actor, limit=2, cursor=None, since=None, until=start)
    assert (before["items"], before["closing"]["points"]) == ([], 0)
    with pytest.raises(NotAllowed):
        statements.rows(member, Actor(new_ulid()), None, None, "en")


def test_whoever_takes_what_is_held_does_not_take_it_for_themselves(ledger: Ledger) -> None:
    keeper = Actor(ledger.member(), KEEPER.grants)
    hold = ledger.hold(ledger.member(10), 10)
    with pytest.raises(NotAllowed) as refused:
        hold_commands.capture(
            ledger.holds,
            utc_now,
            keeper,
            hold_id=hold.id,
            amount=None,
            target=keeper.member_id,
            district=DISTRICT,
            posting_id=new_ulid(),
        )
    assert refused.value.code == "own-capture"
    assert ledger.balance(keeper.member_id)["posted"] == 0
