"""Terms and revocations on the real database: races, restarts, and what other services make of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import services.issues.app
from chassis.clock import Clock, new_ulid, utc_now
from chassis.errors import Conflict, NotFound, Refusal
from chassis.field_cipher import FieldCipher
from chassis.geography import AreaFinder
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from infra.local.secrets import Secrets
from services.issues.cases import commands as casework
from services.issues.cases.issue import Details, Issue, Status
from services.issues.cases.store import CaseStore
from services.issues.categories.queries import Rulebook
from services.issues.categories.store import CategoryStore
from services.issues.limits.queries import Calendar
from services.issues.limits.store import DayStore
from services.issues.media.store import PhotoStore
from services.volunteer.people import commands, domain
from services.volunteer.people.domain import Member
from services.volunteer.people.queries import MemberQueries
from services.volunteer.people.store import MemberStore
from services.volunteer.privacy import commands as privacy
from services.volunteer.privacy.domain import ContactView
from tests.integration.test_effects import event, roles

DISTRICT, GRID = "120199", "120199001001001"
OTHER_GRID = "120199001001002"
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
RESIDENT, OFFICE = Grant("resident", DISTRICT), Grant("district_admin", DISTRICT)
ADMIN = Actor("admin", (OFFICE,))


@pytest.fixture
def cipher() -> FieldCipher:
    return FieldCipher(Secrets.new().field_key)


@pytest.fixture
def members(mongo: Mongo, cipher: FieldCipher) -> MemberStore:
    store = MemberStore(mongo, cipher, lambda: NOW)
    store.ensure_indexes()
    return store


def at(moment: datetime) -> Clock:
    return lambda: moment


def entered(members: MemberStore, number: int, *grants: Grant) -> Member:
    values = {"home_area": None, "actor": ADMIN, "district": DISTRICT, "at": NOW}
    return members.add(*domain.enrol(new_ulid(), f"1390000{number:04}", "甲", grants, **values))  # type: ignore[arg-type]


def take(members: MemberStore, member: Member, one: Grant, actor: Actor = ADMIN) -> Member:
    return commands.revoke(
        members,
        str,
        at(NOW),
        actor,
        member_id=member.id,
        role=one.role,
        area=one.area,
        reason="已搬离",
        district=DISTRICT,
    )


def outbox(mongo: Mongo, member: Member) -> list[str]:
    document = mongo["members"].find_one({"_id": member.id}) or {}
    return [one["type"] for one in document["outbox"]]


def test_grants_with_terms_and_their_record_are_read_as_they_were_written(
    members: MemberStore, mongo: Mongo, cipher: FieldCipher
) -> None:
    steward = Grant("steward", GRID, TODAY, TODAY + timedelta(days=30))
    leader = Grant("team_leader", GRID, TODAY + timedelta(days=1))
    member = entered(members, 1, steward, leader)
    assert members.get(member.id) == member
    after = take(members, member, steward)
    assert members.get(member.id) == after
    queries = MemberQueries(mongo, cipher, at(NOW))
    (shown,) = queries.page(DISTRICT, "team_leader", ADMIN, 20, None).items
    assert [one["role"] for one in shown["roles"]] == ["resident"]
    assert shown["upcoming"] == [vars(leader)]
    lines = queries.record(member.id, ADMIN)
    assert [(one["action"], one["role"], one["reason"]) for one in lines] == [
        ("revoked", "steward", "已搬离"),
        ("granted", "team_leader", None),
        ("granted", "steward", None),
    ]
    elsewhere = Actor("other", (Grant("community_staff", "120199001002"),))
    assert queries.record(member.id, elsewhere) == []
    with pytest.raises(Refusal):
        queries.record(member.id, Actor("resident", (RESIDENT,)))


def test_a_member_of_an_older_release_has_no_terms_and_their_role_can_be_taken(
    members: MemberStore, mongo: Mongo
) -> None:
    steward = Grant("steward", GRID)
    member = entered(members, 1, steward)
    mongo["members"].update_one({"_id": member.id}, {"$unset": {"due": "", "record": ""}})
    assert members.get(member.id) == replace(member, record=())
    assert take(members, member, steward).roles == (RESIDENT,)
    assert take(members, member, steward).version == 2


def test_of_admins_who_take_each_other_away_at_once_one_is_left(members: MemberStore) -> None:
    holders = [entered(members, number, OFFICE) for number in range(4)]

    def remove(one: Member) -> bool:
        try:
            take(members, one, OFFICE)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(remove, holders)) == [False, True, True, True]
    (left,) = [one for one in members.admins() if OFFICE in one.roles]
    assert OFFICE in left.roles


def test_the_last_admin_cannot_be_erased_before_another_is_there(members: MemberStore) -> None:
    member = entered(members, 1, OFFICE)
    forgotten: list[str] = []

    class Kept:
        """Sessions, activities, duties, training and look-ups at once."""

        def of(self, member: str) -> list[Any]:
            raise AssertionError(member)

        def add(self, view: ContactView) -> None:
            raise AssertionError(view)

        def forget(self, member: str) -> None:
            forgotten.append(member)

        def end_all(self, member_id: str) -> None:
            forgotten.append(member_id)

    def erase() -> None:
        kept = Kept()
        own = Actor(member.id, member.roles)
        privacy.erase(members, kept, kept, kept, kept, kept, at(NOW), own, district=DISTRICT)

    with pytest.raises(Conflict):
        erase()
    assert forgotten == []
    entered(members, 2, OFFICE)
    erase()
    assert forgotten == [member.id] * 5
    with pytest.raises(NotFound):
        members.get(member.id)


def test_a_term_that_ends_is_told_once_by_however_many_timers(members: MemberStore, mongo: Mongo) -> None:
    ends = entered(members, 1, Grant("steward", GRID, None, TODAY))
    begins = entered(members, 2, Grant("steward", GRID, TODAY + timedelta(days=1)))
    stays = entered(members, 3, Grant("steward", GRID))
    assert commands.turn_terms(members, str, at(NOW)) == 0

    def turn(_: int) -> int:
        return commands.turn_terms(members, str, at(TOMORROW))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(turn, range(8))) == 2
    assert outbox(mongo, ends) == ["member.changed.v1", "member.changed.v1", "member.term_ended.v1"]
    assert outbox(mongo, begins) == ["member.changed.v1"] * 2
    assert outbox(mongo, stays) == ["member.changed.v1"]
    (change,) = (mongo["members"].find_one({"_id": begins.id}) or {})["outbox"][1:]
    assert {"role": "steward", "area": GRID} in change["data"]["roles"]


class Casework:
    """The issues of a test, and what the service hears of its stewards."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo
        self.cases = CaseStore(mongo)
        self.cases.ensure_indexes()
        self.rules = Rulebook(CategoryStore(mongo), Calendar(DayStore(mongo).all))
        self.places = AreaFinder(lambda: [(GRID, None), (OTHER_GRID, None)])
        self.subscriptions = services.issues.app.subscriptions(mongo)

    def heard(self, member: str, sequence: int, *held: tuple[str, str]) -> None:
        self.subscriptions.handle(
            event("member.changed.v1", member, sequence, roles=roles(*held), home_area=None)
        )

    def report(self, area: str) -> Issue:
        return casework.report_issue(
            self.cases,
            self.rules,
            self.places,
            PhotoStore(self.mongo),
            utc_now,
            Actor("reporter"),
            issue_id=new_ulid(),
            category="environment",
            description="楼道口有垃圾",
            area=area,
        )

    def act(self, issue: Issue, action: str, actor: Actor) -> Issue:
        return casework.act(
            self.cases,
            self.rules,
            self.places,
            PhotoStore(self.mongo),
            utc_now,
            actor,
            issue_id=issue.id,
            action=action,
            details=Details(note="说明"),
            request_id=new_ulid(),
        )

    def claimed(self, steward: str, *then: str, area: str = GRID) -> Issue:
        issue, actor = self.report(area), Actor(steward, (Grant("steward", area),))
        for action in ("claim", *then):
            issue = self.act(issue, action, actor)
        return issue


def test_what_a_former_steward_had_claimed_is_claimed_by_others(mongo: Mongo) -> None:
    work = Casework(mongo)
    work.heard("S", 1, ("steward", GRID), ("steward", OTHER_GRID))
    open_cases = [work.claimed("S", *then) for then in ((), ("start",), ("ask",), ("hold",))]
    solved, escalated = work.claimed("S", "resolve"), work.claimed("S", "escalate")
    elsewhere = work.claimed("S", area=OTHER_GRID)
    for _ in range(2):
        work.heard("S", 2, ("steward", OTHER_GRID))
    for one in open_cases:
        freed = work.cases.get(one.id)
        assert (freed.status, freed.assignee, freed.steward) == (Status.REPORTED, None, None)
        assert freed.version == one.version + 1
        assert freed.due_at is not None, "its time runs on"
        document = mongo["issues"].find_one({"_id": one.id}) or {}
        assert document["history"][-1]["action"] == "vacate"
        assert document["outbox"][-1]["type"] == "issue.released.v1"
        work.act(freed, "claim", Actor("T", (Grant("steward", GRID),)))
    assert work.cases.get(elsewhere.id) == elsewhere
    staff = Actor("C", (Grant("community_staff", GRID[:12]),))
    assert work.act(solved, "reopen", Actor("reporter")).assignee is None
    assert work.act(escalated, "return", staff).status is Status.REPORTED


def test_who_is_a_steward_again_by_the_time_an_old_event_comes_keeps_their_cases(mongo: Mongo) -> None:
    work = Casework(mongo)
    work.heard("S", 3, ("steward", GRID[:12]))
    claimed = work.claimed("S")
    work.heard("S", 2, ("resident", DISTRICT))
    assert work.cases.get(claimed.id).assignee == "S"
