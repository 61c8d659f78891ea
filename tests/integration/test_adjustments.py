"""Large postings on a real database: a second administrator, once, with the posting in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

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

    def order(self, member: str, points: int, key: str = "k") -> Posting | Adjustment:
        legs = [Leg(member, "points", points), Leg(issuer(DISTRICT), "points", -points)]
        order = by_hand(
            self.now, ADMIN, district=DISTRICT, key=key, posting_id=new_ulid(), memo="补记", legs=legs
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
    with pytest.raises(Conflict) as caught:
        office.ask_back(large)
    assert caught.value.code == "reversed"
    office.proof()


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
