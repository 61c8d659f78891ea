"""Large postings on a real database: a second administrator, once, with the posting in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from chassis.clock import new_ulid, utc_now
from chassis.errors import Conflict, Invalid
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from infra.local.deployment import Deployment
from services.points.adjustments import commands
from services.points.adjustments.domain import Adjustment, Standing
from services.points.adjustments.store import NOTICES, AdjustmentStore
from services.points.commands import by_hand
from services.points.domain import Leg, Posting, issuer
from tests.integration.ledgers import ADMIN, DISTRICT, Ledger, at_once

LIMITS = {"points": 100, "minutes": 100, "fen": 100}
SECOND = Actor("B", (Grant("district_admin", DISTRICT),))


def _take(turns: Sequence[Callable[[], object]], number: int) -> None:
    turns[number]()


class Office(Ledger):
    """A ledger whose administrators watch one another."""

    def __init__(self, mongo: Mongo) -> None:
        super().__init__(mongo)
        self.adjustments = AdjustmentStore(mongo, self.journal, DISTRICT)
        self.adjustments.ensure_indexes()

    def order(self, member: str, points: int, key: str = "k", author: Actor = ADMIN) -> Posting | Adjustment:
        legs = [Leg(member, "points", points), Leg(issuer(DISTRICT), "points", -points)]
        order = by_hand(
            self.now, author, district=DISTRICT, key=key, posting_id=new_ulid(), memo="补记", legs=legs
        )
        return commands.post(self.adjustments, self.journal, order=order, limits=LIMITS)

    def waiting(self, member: str, points: int, key: str = "k") -> Adjustment:
        made = self.order(member, points, key)
        assert isinstance(made, Adjustment)
        return made

    def approve(self, adjustment: Adjustment, note: str | None = None) -> Adjustment:
        return commands.approve(
            self.adjustments,
            self.journal,
            self.now,
            SECOND,
            adjustment_id=adjustment.id,
            posting_id=new_ulid(),
            note=note,
        )

    def refuse(self, adjustment: Adjustment) -> Adjustment:
        return commands.refuse(self.adjustments, self.now, SECOND, adjustment_id=adjustment.id, note="不符")

    def ask_back(self, posting: Posting, actor: Actor = ADMIN) -> Posting | Adjustment:
        return commands.reverse(
            self.adjustments,
            self.journal,
            self.now,
            actor,
            posting_id=posting.id,
            new_id=new_ulid(),
            reason="误发",
            limits=LIMITS,
        )

    def ask_part_back(self, posting: Posting, points: int) -> Posting | Adjustment:
        legs = [replace(leg, amount=points if leg.amount > 0 else -points) for leg in posting.legs]
        return commands.reverse_part(
            self.adjustments,
            self.journal,
            self.now,
            ADMIN,
            posting_id=posting.id,
            new_id=new_ulid(),
            reason="多发",
            legs=legs,
            key="part",
            limits=LIMITS,
        )


@pytest.fixture
def office(deployment: Deployment) -> Iterator[Office]:
    own = Mongo(deployment.mongo_url, f"office_{new_ulid()}")
    yield Office(own)
    own.client.drop_database(own.database.name)
    own.close()


def test_a_large_posting_waits_and_is_posted_once_however_many_approve(office: Office) -> None:
    member = office.member()
    asked = [office.waiting(member, 101) for _ in range(2)]
    assert asked[0].id == asked[1].id
    with pytest.raises(Invalid):
        office.order(member, 102)
    assert office.balance(member)["posted"] == 0
    notes = [str(number) for number in range(8)]
    outcomes = at_once(8, lambda number: office.approve(asked[0], notes[number]))
    assert outcomes == {"done": 1, "adjustment-decided": 7}
    assert office.balance(member)["posted"] == 101
    posted = office.order(member, 101)  # the order again is answered with what came of it
    assert isinstance(posted, Posting)
    assert office.adjustments.get(asked[0].id).posting == posted.id
    assert isinstance(office.order(member, 100, "small"), Posting)
    office.proof()


def test_approval_refusal_and_the_clock_at_once_leave_one_end(office: Office) -> None:
    member = office.member()
    for seed in range(3):
        asked = office.waiting(member, 101, key=str(seed))
        later = (asked.expires_at.timestamp() + 1, UTC)
        acts: list[Callable[[], object]] = [
            partial(office.approve, asked),
            partial(office.refuse, asked),
            partial(commands.expire, office.adjustments, partial(datetime.fromtimestamp, *later)),
        ]
        before = office.balance(member)["posted"]
        turns = [acts[(number + seed) % 3] for number in range(6)]
        at_once(6, partial(_take, turns))
        ended = office.adjustments.get(asked.id)
        assert ended.standing is not Standing.PENDING
        gained = 101 if ended.standing is Standing.APPROVED else 0
        assert office.balance(member)["posted"] == before + gained
    assert commands.expire(office.adjustments, lambda: utc_now() + timedelta(days=20)) == 0
    office.proof()


def test_an_approval_whose_answer_was_lost_is_answered_again(office: Office) -> None:
    member = office.member()
    asked = office.waiting(member, 101)
    assert at_once(4, lambda _: office.approve(asked)) == {"done": 4}
    first = office.adjustments.get(asked.id)
    assert office.approve(asked) == first
    assert office.balance(member)["posted"] == 101


def test_a_large_reversal_waits_too_and_may_be_asked_for_again_when_refused(office: Office) -> None:
    member = office.member()
    large, small = office.earn(member, 150), office.earn(member, 50)
    assert isinstance(office.ask_back(small), Posting)
    asked = office.ask_back(large)
    assert isinstance(asked, Adjustment)
    assert office.ask_back(large) == asked
    with pytest.raises(Conflict) as caught:
        office.ask_back(large, SECOND)
    assert caught.value.extra["adjustment"] == asked.id
    office.refuse(asked)
    again = office.ask_back(large)
    assert isinstance(again, Adjustment)
    office.spend(member, 120)
    office.approve(again)
    account = office.queries.account(member, ADMIN)
    assert (account["points"]["posted"], account["recovery_due"]) == (0, {"points": 120})
    for back, by in ((small, ADMIN), (large, ADMIN)):  # whose answer was lost
        assert office.ask_back(back, by) == office.journal.stored(f"posting.reversed:{back.id}")
        with pytest.raises(Conflict) as caught:
            office.ask_back(back, SECOND)
        assert caught.value.code == "reversed"
    office.proof()


@pytest.mark.parametrize("kind", ["posting", "reversal", "part"])
def test_an_approval_that_is_killed_between_its_writes_leaves_nothing_and_is_made_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    member = office.member()
    earned = office.earn(member, 150)
    asked = {
        "posting": lambda: office.order(member, 101),
        "reversal": lambda: office.ask_back(earned),
        "part": lambda: office.ask_part_back(earned, 30),
    }[kind]()
    assert isinstance(asked, Adjustment)
    put = AdjustmentStore._put

    def killed(*args: Any) -> None:
        put(*args)
        raise SystemExit  # within the transaction, when all is written but nothing committed

    with monkeypatch.context() as patch:
        patch.setattr(AdjustmentStore, "_put", killed)
        with pytest.raises(SystemExit):
            office.approve(asked)
    assert office.adjustments.get(asked.id) == asked
    assert (office.balance(member)["posted"], office.mongo["journal"].count_documents({})) == (150, 1)
    done = office.approve(asked)
    assert (done.standing, office.approve(asked)) == (Standing.APPROVED, done)
    assert office.balance(member)["posted"] == {"posting": 251, "reversal": 0, "part": 120}[kind]
    office.proof()


def test_a_watch_that_is_killed_between_two_notices_goes_on_and_tells_each_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, tell = office.member(), AdjustmentStore.tell_split
    for author in (ADMIN, SECOND):
        for key in ("one", "two"):
            assert isinstance(office.order(member, 60, key, author), Posting)
    told: list[bool] = []

    def killed(*args: Any) -> bool:
        if told:
            raise SystemExit
        told.append(tell(*args))
        return told[0]

    later = utc_now() + timedelta(minutes=1)
    with monkeypatch.context() as patch:
        patch.setattr(AdjustmentStore, "tell_split", killed)
        with pytest.raises(SystemExit):
            commands.watch(office.adjustments, lambda: later, LIMITS)
    assert commands.watch(office.adjustments, lambda: later, LIMITS) == 1
    authors = [one["author"] for one in office.mongo[NOTICES].find()]
    assert sorted(authors) == [ADMIN.member_id, SECOND.member_id]


def test_nobody_takes_back_alone_what_they_themselves_spent(office: Office) -> None:
    office.journal.put_member(ADMIN.member_id, 1)
    earned, spent = office.earn(ADMIN.member_id, 50), office.spend(ADMIN.member_id, 10)
    assert isinstance(office.ask_back(spent), Adjustment)
    assert isinstance(office.ask_back(earned), Posting)  # a gain of their own they may give up
    assert isinstance(office.ask_back(spent, SECOND), Posting)


def test_a_large_posting_cut_into_small_ones_is_told_once_however_many_watch(office: Office) -> None:
    member = office.member()
    for key in ("one", "two"):
        assert isinstance(office.order(member, 60, key), Posting)
    later = utc_now() + timedelta(minutes=1)
    at_once(4, lambda _: commands.watch(office.adjustments, lambda: later, LIMITS))
    (told,) = office.mongo[NOTICES].find()
    (event,) = told["outbox"]
    assert (event["type"], event["data"]["actor"]) == ("adjustment.split.v1", ADMIN.member_id)
    assert commands.watch(office.adjustments, lambda: later + timedelta(days=1), LIMITS) == 0


def test_what_overdraws_leaves_the_adjustment_waiting(office: Office) -> None:
    member = office.member(150)
    legs = [Leg(member, "points", -140), Leg(issuer(DISTRICT), "points", 140)]
    order = by_hand(
        office.now, ADMIN, district=DISTRICT, key="k", posting_id=new_ulid(), memo="扣回", legs=legs
    )
    asked = commands.post(office.adjustments, office.journal, order=order, limits=LIMITS)
    assert isinstance(asked, Adjustment)
    office.spend(member, 100)
    with pytest.raises(Conflict) as caught:
        office.approve(asked)
    assert caught.value.code == "overdrawn"
    assert office.adjustments.get(asked.id).standing is Standing.PENDING
    office.earn(member, 90)
    office.approve(asked)
    assert office.balance(member)["posted"] == 0
