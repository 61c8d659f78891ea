"""Lots on a real database: spent by what expires first, restored, expired once whoever else is at it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import new_ulid, utc_now
from chassis.errors import Conflict, Invalid
from chassis.identity import Actor
from chassis.mongo import Document, Mongo
from infra.local.deployment import Deployment
from services.points.bounds import FROZEN
from services.points.domain import NEVER, Leg, issuer
from services.points.integrity import commands as integrity_commands
from services.points.lots.domain import EXPIRED, Validity
from services.points.lots.store import NOTICES
from tests.integration.ledgers import ADMIN, DISTRICT, Ledger, at_once

JANUARY, FEBRUARY, MARCH = "20260131", "20260228", "20260331"
NEW_YEAR = datetime(2026, 1, 1, 4, tzinfo=UTC)


@pytest.fixture
def ledger(deployment: Deployment) -> Iterator[Ledger]:
    own = Mongo(deployment.mongo_url, f"lots_{new_ulid()}")
    yield Ledger(own, Validity(points=1))
    own.close()


def on(month: int, day: int = 5) -> datetime:
    """Noon of a day of 2026 in Shanghai."""
    return NEW_YEAR.replace(month=month, day=day)


def member(ledger: Ledger) -> str:
    """Who gained 10 that never expire, 20 until the end of February and 30 until the end of March."""
    made = ledger.member()
    undated = Ledger(ledger.mongo)
    undated.now = lambda: on(1)
    undated.earn(made, 10)
    for month, points in ((1, 20), (2, 30)):
        ledger.now = lambda month=month: on(month)  # type: ignore[misc]
        ledger.earn(made, points)
    return made


def lots(ledger: Ledger, name: str) -> Document:
    found = ledger.mongo["accounts"].find_one({"_id": name}) or {}
    return {day: amount for day, amount in found.get("lots", {}).get("points", {}).items() if amount}


def booked(ledger: Ledger, posting_id: str) -> list[Document | None]:
    found = ledger.mongo["journal"].find_one({"_id": posting_id}) or {}
    return [leg.get("lots") for leg in found["legs"]]


def test_what_expires_first_is_spent_first_and_the_books_say_so(ledger: Ledger) -> None:
    name = member(ledger)
    assert lots(ledger, name) == {FEBRUARY: 20, MARCH: 30}
    shown = ledger.queries.account(name, ADMIN)["expiring"]
    assert [(one["amount"], str(one["on"])) for one in shown] == [(20, "2026-02-28"), (30, "2026-03-31")]
    spent = ledger.spend(name, 55)
    assert booked(ledger, spent.id) == [{FEBRUARY: 20, MARCH: 30, NEVER: 5}, None]
    assert lots(ledger, name) == {}
    assert ledger.balance(name)["available"] == 5
    ledger.reverse(spent)
    assert lots(ledger, name) == {FEBRUARY: 20, MARCH: 30}
    ledger.proof()


def test_a_process_that_knows_of_no_expiry_takes_from_lots_all_the_same(ledger: Ledger) -> None:
    name = member(ledger)
    stranger = Ledger(ledger.mongo)
    stranger.hold(name, 5)
    stranger.spend(name, 17)
    assert lots(ledger, name) == {MARCH: 28}
    ledger.proof()


def test_what_is_left_of_a_hold_goes_back_to_the_lots_it_came_from(ledger: Ledger) -> None:
    name = member(ledger)
    hold, other = ledger.hold(name, 25), ledger.hold(name, 30)
    assert (hold.lots, other.lots) == ({FEBRUARY: 20, MARCH: 5}, {MARCH: 25, NEVER: 5})
    assert lots(ledger, name) == {}
    ledger.proof()
    ledger.capture(hold, 10)
    assert lots(ledger, name) == {FEBRUARY: 10, MARCH: 5}
    ledger.release(other)
    assert lots(ledger, name) == {FEBRUARY: 10, MARCH: 30}
    capture = ledger.journal.stored(f"hold.captured:{hold.id}")
    assert capture is not None
    assert capture.legs[0].lots == {FEBRUARY: 10}
    ledger.reverse(capture)
    assert lots(ledger, name) == {FEBRUARY: 20, MARCH: 30}
    ledger.proof()


def test_a_gift_keeps_its_days(ledger: Ledger) -> None:
    name, friend = member(ledger), ledger.member()
    ledger.now = lambda: on(2)
    ledger.post("gift", Leg(name, "points", -15), Leg(friend, "points", 15))
    assert lots(ledger, friend) == {FEBRUARY: 15}
    ledger.proof()


def test_of_expiry_and_spending_at_once_each_point_goes_one_way(ledger: Ledger) -> None:
    name = member(ledger)
    acts: list[Callable[[], object]] = [lambda: ledger.spend(name, 3)] * 12 + [
        lambda: ledger.sweep(on(3))
    ] * 6
    outcomes = at_once(18, lambda number: acts[(number * 5) % 18]())
    assert outcomes == {"done": 18}
    expired = list(ledger.mongo["journal"].find({"rule": EXPIRED}))
    gone = -sum(leg["amount"] for one in expired for leg in one["legs"] if leg["account"] == name)
    assert len(expired) <= 1
    assert ledger.balance(name)["posted"] == 60 - 36 - gone
    assert FEBRUARY not in lots(ledger, name)
    issued = ledger.queries.account(issuer(DISTRICT), ADMIN)["points"]["posted"]
    assert issued == gone - 60
    assert ledger.queries.account(name, ADMIN)["lifetime_points"] == 60
    assert ledger.sweep(on(3)) == 0
    ledger.proof()


def test_what_is_held_does_not_expire_but_does_when_it_comes_back(ledger: Ledger) -> None:
    name = member(ledger)
    hold = ledger.hold(name, 12, ttl=timedelta(days=30))
    ledger.sweep(on(3))
    assert ledger.balance(name) == {"posted": 52, "held": 12, "available": 40}
    ledger.release(hold)
    assert lots(ledger, name) == {FEBRUARY: 12, MARCH: 30}
    assert at_once(6, lambda _: ledger.sweep(on(3, 6))) == {"done": 6}
    assert ledger.balance(name) == {"posted": 40, "held": 0, "available": 40}
    assert ledger.mongo["journal"].count_documents({"rule": EXPIRED}) == 2
    ledger.proof()
    ledger.sweep(on(4))
    assert ledger.balance(name)["available"] == 10
    found = ledger.mongo["accounts"].find_one({"_id": name}) or {}
    assert {"lots", "lots_due"} & set(found) == set()


def test_notice_is_given_once_thirty_and_once_seven_days_before(ledger: Ledger) -> None:
    name = member(ledger)

    def told() -> list[tuple[int, str, list[Document]]]:
        events = [one["outbox"][0] for one in ledger.mongo[NOTICES].find({"pending": {"$gte": 0}})]
        assert {(one["type"], one["subject"]) for one in events} <= {("lots.expiring.v1", name)}
        return sorted((one["data"]["days"], one["data"]["on"], one["data"]["lots"]) for one in events)

    assert ledger.sweep(on(1, 28)) == 0
    at_once(6, lambda _: ledger.sweep(on(1, 29)))
    first = (30, "2026-02-28", [{"unit": "points", "amount": 20}])
    assert told() == [first]
    ledger.now = lambda: on(1, 30)
    ledger.earn(name, 5)
    assert ledger.sweep(on(1, 30)) == 1
    assert told() == [first]
    assert ledger.sweep(on(2, 20)) == 0
    at_once(6, lambda _: ledger.sweep(on(2, 21)))
    assert told() == [(7, "2026-02-28", [{"unit": "points", "amount": 25}]), first]


def test_nothing_expires_on_a_frozen_account_and_others_do_not_wait_for_it(ledger: Ledger) -> None:
    name, other = member(ledger), member(ledger)
    ledger.mongo["accounts"].update_one({"_id": name}, {"$set": {"status": FROZEN}})
    assert ledger.sweep(on(3)) == 2
    assert ledger.sweep(on(3)) == 0
    assert (ledger.balance(name)["posted"], ledger.balance(other)["posted"]) == (60, 40)
    ledger.mongo["accounts"].update_one({"_id": name}, {"$unset": {"status": ""}})
    assert ledger.sweep(on(3, 6)) == 1
    assert ledger.balance(name)["posted"] == 40


def test_verification_names_whose_lots_were_changed(ledger: Ledger) -> None:
    names = [member(ledger) for _ in range(3)]
    hold = ledger.hold(names[0], 5)
    ledger.mongo["accounts"].update_one({"_id": names[1]}, {"$inc": {f"lots.points.{MARCH}": -1}})
    ledger.mongo["holds"].update_one({"_id": hold.id}, {"$set": {"lots": {JANUARY: 5}}})
    found = integrity_commands.verify(ledger.seals, utc_now, DISTRICT)
    assert found["differing"] == sorted(names[:2])
    restorer = Actor("A", ())
    integrity_commands.restore(ledger.seals, utc_now, restorer, account=names[1], reason="批次有误")
    assert lots(ledger, names[1]) == {FEBRUARY: 20, MARCH: 30}
    assert ledger.lots.due("20260101", 10) == [names[1]]
    assert integrity_commands.verify(ledger.seals, utc_now, DISTRICT)["differing"] == names[:1]


def test_parts_taken_back_at_once_are_never_more_than_there_was(ledger: Ledger) -> None:
    name = member(ledger)
    spent = ledger.spend(name, 30)
    outcomes = at_once(16, lambda _: ledger.reverse_part(spent, 3))
    assert outcomes == {"done": 10, "reversed": 6}
    assert ledger.balance(name)["available"] == 60
    assert lots(ledger, name) == {FEBRUARY: 20, MARCH: 30}
    with pytest.raises(Conflict) as caught:
        ledger.reverse(spent)
    assert caught.value.code == "reversed"
    ledger.proof()


def test_one_key_takes_back_one_part_and_the_rest_goes_with_the_whole(ledger: Ledger) -> None:
    earned = ledger.earn(ledger.member(), 30)
    made: list[str] = []
    assert at_once(8, lambda _: made.append(ledger.reverse_part(earned, 20, key="one").id)) == {"done": 8}
    assert len(set(made)) == 1
    with pytest.raises(Invalid):
        ledger.reverse_part(earned, 5, key="one")
    with pytest.raises(Conflict) as caught:
        ledger.reverse_part(earned, 11)
    assert caught.value.code == "more-than-left"
    whole = ledger.reverse(earned)
    assert [leg.amount for leg in whole.legs] == [-10, 10]
    account = ledger.queries.account(earned.legs[0].account, ADMIN)
    assert (account["points"]["posted"], account["lifetime_points"]) == (0, 0)
    assert ledger.reverse_part(earned, 20, key="one").id == made[0]
    ledger.proof()
