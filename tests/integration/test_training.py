"""Training on a real database: told with what it changes, paid once, by category, and simulated as it was."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from chassis.clock import new_ulid, utc_now
from chassis.errors import ConcurrentUpdate, Conflict, NotFound
from chassis.events import parse
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from services.points.earning.domain import EARNING_RULES, Evidence
from services.points.earning.handlers import subscriptions
from services.points.earning.queries import RuleBook
from services.points.earning.rule import TRAINED, Caps, Conditions
from services.volunteer.people.domain import Member
from services.volunteer.training import commands
from services.volunteer.training.queries import TrainingQueries
from services.volunteer.training.session import Course, Session
from services.volunteer.training.store import CourseStore, TrainingSessionStore
from tests.integration.earnings import GRIDS, HOUR, NOON, Earning, legs_of
from tests.integration.ledgers import ADMIN, DISTRICT

STAFF = Actor("F", (Grant("community_staff", GRIDS[0][:12]),))
FIRST = EARNING_RULES["training.completed"]


class Nobody:
    """Members whom nobody knows."""

    def get(self, member_id: str) -> Member:
        raise NotFound("not-found", zh=member_id, en=member_id)


class Training:
    """A session of a course that began an hour ago, kept in a database."""

    def __init__(self, mongo: Mongo, seats: int = 9) -> None:
        self.mongo = mongo
        self.courses, self.sessions = CourseStore(mongo), TrainingSessionStore(mongo)
        self.courses.ensure_indexes()
        self.sessions.ensure_indexes()
        now = utc_now()
        course = self.courses.add(Course(new_ulid(), "急救入门", "first_aid.cpr", 120, None, "F", now))
        times = {"starts_at": now - HOUR, "ends_at": now + HOUR, "created_at": now, "created_by": "F"}
        taught = {"course": course.id, "title": course.title, "category": course.category, "minutes": 120}
        self.session = self.sessions.add(
            Session(id=new_ulid(), area=GRIDS[0], place="居委会", seats=seats, **taught, **times)  # type: ignore[arg-type]
        )

    def sign_up(self, member: str) -> Session:
        actor = Actor(member, (Grant("steward", GRIDS[0]),))
        return commands.sign_up(
            self.sessions, utc_now, actor, session_id=self.session.id, attendance_id=new_ulid()
        )

    def came(self, member: str) -> Session:
        told = {"attended": True, "minutes": None, "reason": None}
        return commands.record(
            self.sessions,
            Nobody(),
            utc_now,
            STAFF,
            session_id=self.session.id,
            attendance_id=new_ulid(),
            member=member,
            **told,  # type: ignore[arg-type]
        )

    def outbox(self) -> list[dict[str, Any]]:
        found = self.mongo["training_sessions"].find_one({"_id": self.session.id})
        return list((found or {})["outbox"])


@pytest.fixture
def training(mongo: Mongo) -> Training:
    return Training(mongo)


@pytest.fixture
def earning(mongo: Mongo) -> Earning:
    return Earning(mongo)


def hear(earning: Earning, envelopes: Sequence[dict[str, Any]]) -> None:
    """As the consumer of points does."""
    in_force = RuleBook(earning.rules.all, utc_now).in_force
    table = subscriptions(earning.book, earning.journal, in_force, utc_now)
    for one in envelopes:
        event = parse(orjson.dumps(one))
        subscribed = table[event.type]
        subscribed.handle(event, subscribed.schema().load(event.data))


def trained(worker: str, at: Any = NOON, **more: Any) -> Evidence:
    told = {"area": GRIDS[0], "category": "first_aid.cpr", "minutes": 120, **more}
    return Evidence(new_ulid(), worker=worker, event=TRAINED, at=at, **told)


def test_every_attendance_of_a_session_is_paid_once_however_often_and_in_whatever_order_it_is_told(
    training: Training, earning: Earning
) -> None:
    members = [earning.member() for _ in range(3)]
    for member in members:
        training.sign_up(member)
    for member in members:
        training.came(member)
        training.came(member)
    told = training.outbox()
    assert [one["data"]["member"] for one in told] == members
    assert len({one["subject"] for one in told}) == 3
    assert [one["sequence"] for one in told] == [5, 6, 7]
    hear(earning, [*reversed(told), *told])
    for member in members:
        account = earning.queries.account(member, ADMIN)
        assert (account["points"]["posted"], account["lifetime_points"]) == (2, 2)
        assert (account["minutes"]["posted"], account["lifetime_minutes"]) == (0, 0)
    kept = list(earning.mongo["evidence"].find())
    assert {(one["cause"], one["category"], one["minutes"]) for one in kept} == {
        (one["subject"], "first_aid.cpr", 120) for one in told
    }
    earning.proof()


def test_who_acts_at_once_finds_seats_for_as_many_as_there_are_and_each_event_is_kept(mongo: Mongo) -> None:
    training = Training(mongo, seats=4)
    members = [new_ulid() for _ in range(7)]

    def join(member: str) -> bool:
        while True:
            try:
                training.sign_up(member)
            except Conflict as refusal:
                if refusal.code == "busy-session":
                    continue
                return False
            return True

    def record(member: str) -> None:
        for _ in range(9):
            try:
                training.came(member)
            except Conflict as refusal:
                if refusal.code == "busy-session":
                    continue
                raise
            return

    with ThreadPoolExecutor(7) as pool:
        seated = [member for member, got in zip(members, pool.map(join, members), strict=True) if got]
        list(pool.map(record, [*seated, *seated]))
    assert len(seated) == 4
    assert sorted(one["data"]["member"] for one in training.outbox()) == sorted(seated)


def test_what_somebody_saved_first_is_decided_anew(training: Training) -> None:
    stale = training.session
    training.sign_up("S")
    with pytest.raises(ConcurrentUpdate):
        training.sessions.save(replace(stale, version=2), None)


def test_who_is_forgotten_is_on_no_list_but_of_what_they_completed(training: Training, mongo: Mongo) -> None:
    other = Training(mongo)
    for one in (training, other):
        one.sign_up("S")
    training.came("S")
    assert [one.id for one in training.sessions.of("S")] == [training.session.id, other.session.id]
    training.sessions.forget("S")
    training.sessions.forget("S")
    assert [one.id for one in training.sessions.of("S")] == [training.session.id]
    assert len(training.outbox()) == 1
    reads, nobody = TrainingQueries(mongo), Actor("S")
    mine = reads.sessions(nobody, area=DISTRICT, mine=True, limit=9, cursor=None)
    assert [one["id"] for one in mine.items] == [training.session.id]
    everywhere = reads.sessions(nobody, area=GRIDS[0], mine=False, limit=9, cursor=None)
    assert [one["id"] for one in everywhere.items] == [other.session.id, training.session.id]


def test_a_district_that_ran_before_there_was_training_gets_its_rule_when_a_worker_starts(
    earning: Earning,
) -> None:
    earning.mongo["earning_rules"].delete_many({"code": FIRST.code})
    dearer = earning.activate(
        earning.draft(replace(EARNING_RULES["activity.verified"], worker_points=9)), NOON
    )
    earning.rules.ensure_indexes()
    earning.rules.ensure_indexes()
    kept = [one for one in earning.rules.all() if one.code == FIRST.code]
    assert [replace(one, id="") for one in kept] == [FIRST]
    assert dearer in earning.rules.all()
    member = earning.member()
    earning.consume(trained(member))
    assert earning.balance(member)["posted"] == 2


def test_a_rule_asks_for_a_category_a_role_and_minutes_of_training(earning: Earning) -> None:
    asked = Conditions(categories=("first_aid",), roles=("steward",), min_minutes=90)
    first_aid = replace(FIRST, code="training.completed.first_aid", worker_points=5, conditions=asked)
    earning.activate(earning.draft(first_aid), NOON - HOUR)
    steward, resident = new_ulid(), earning.member()
    earning.journal.put_member(steward, 1, [f"steward@{GRIDS[0][:12]}"])
    earning.consume(trained(steward), trained(resident))
    assert (earning.balance(steward)["posted"], earning.balance(resident)["posted"]) == (7, 2)
    earning.consume(trained(steward, category="law.property"), trained(steward, minutes=60))
    assert earning.balance(steward)["posted"] == 7 + 2 + 2


def test_a_simulation_over_training_is_leg_for_leg_what_was_paid(earning: Earning) -> None:
    capped = replace(FIRST, worker_points=7, caps={"points": Caps(day=10, month=25)})
    rule = earning.activate(earning.draft(capped), NOON - HOUR)
    members = [earning.member() for _ in range(2)]
    evidence = [
        trained(members[number % 2], NOON + timedelta(hours=7 * number), area=GRIDS[number % 2])
        for number in range(12)
    ]
    earning.consume_at_once([*evidence, *evidence])
    outcome = earning.simulate(rule, NOON, NOON + timedelta(days=6))
    assert outcome.would == outcome.really
    assert (outcome.events, outcome.would.points, outcome.would.minutes) == (12, 50, 0)
    simulated = legs_of((one.would.key, map(vars, one.would.legs)) for one in outcome.items)
    assert simulated == earning.paid_by(rule)
