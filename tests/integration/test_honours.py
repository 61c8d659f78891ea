"""Rankings kept beside a real journal: what is counted piece by piece equals what is counted in one go."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

import pytest

import services.points.app
from chassis.clock import new_ulid, rfc3339, utc_now
from chassis.errors import Invalid, NotFound
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from chassis.recount import Marks
from infra.local.deployment import Deployment
from services.points.circles import commands as circle_commands
from services.points.circles.store import FlagStore
from services.points.commendations import commands as commendation_commands
from services.points.commendations.commendation import Commendation, Details, Status
from services.points.commendations.queries import CommendationQueries
from services.points.commendations.store import CommendationStore
from services.points.domain import LADDER, Leg, Posting, issuer
from services.points.honours.domain import Gain, month_of
from services.points.honours.queries import HonourQueries
from services.points.honours.store import HonourStore
from tests.integration.ledgers import ADMIN, DISTRICT, Ledger, at_once
from tests.integration.serving import Served

GRIDS = [f"{DISTRICT}00100100{number}" for number in range(1, 4)]
MONTH = month_of(utc_now())
STEWARD = Actor("S", (Grant("steward", GRIDS[0]),))
STAFF = Actor("C", (Grant("subdistrict_staff", DISTRICT),))


class Honours(Ledger):
    """A ledger with rankings, whose timer sees everything at once."""

    def __init__(self, mongo: Mongo) -> None:
        super().__init__(mongo)
        self.store = HonourStore(mongo, lambda: utc_now() + timedelta(seconds=5))
        self.store.ensure_indexes()
        self.read = HonourQueries(mongo)

    def work(
        self,
        member: str,
        points: int,
        area: str = GRIDS[0],
        at: datetime | None = None,
        payer: str = issuer(DISTRICT),
    ) -> Posting:
        posting = Posting(
            id=new_ulid(),
            key=new_ulid(),
            rule="issue.confirmed",
            rule_version=1,
            cause=new_ulid(),
            area=area,
            legs=(Leg(member, "points", points), Leg(payer, "points", -points)),
            posted_at=utc_now(),
            effective_at=at,
            verified=True,
        )
        assert self.journal.post(posting)
        return posting

    def count(self) -> None:
        while self.store.sweep(DISTRICT):
            pass

    def places(self, area: str = DISTRICT, period: str = MONTH) -> list[tuple[int, str, int]]:
        board = self.read.board(area, period, "points", 100, Actor("nobody"))
        return [(one["rank"], one["member"], one["points"]) for one in board["items"]]


@pytest.fixture
def honours(deployment: Deployment) -> Iterator[Honours]:
    own = Mongo(deployment.mongo_url, f"honours_{new_ulid()}")
    yield Honours(own)
    own.client.drop_database(own.database.name)
    own.close()


def test_rankings_follow_the_journal_and_equal_a_count_in_one_go(honours: Honours) -> None:
    chance = random.Random(4)
    members = [honours.member() for _ in range(4)]
    now = utc_now()
    posted: list[Posting] = []
    expected: dict[str, Gain] = {}
    for _ in range(2):
        for _ in range(8):
            member, points = chance.choice(members), chance.randint(1, 9)
            at = now - timedelta(days=chance.choice([0, 0, 40, 400]))
            posted.append(honours.work(member, points, chance.choice(GRIDS), at))
            expected[member] = expected.get(member, Gain()) + Gain(points)
        payer = max(expected, key=lambda one: expected[one].points)
        honours.spend(payer, 1)
        helper = next(one for one in members if one != payer)
        honours.work(helper, 1, GRIDS[1], payer=payer)  # spending to one of them, verified work to the other
        expected[helper] = expected.get(helper, Gain()) + Gain(1)
        undone = posted.pop(chance.randrange(len(posted)))
        honours.reverse(undone)
        worker = undone.legs[0].account
        expected[worker] += Gain(-undone.legs[0].amount)
        at_once(2, lambda _: honours.count())
        assert honours.store.differing(DISTRICT) == []
        found = {member: points for _, member, points in honours.places(period="all")}
        assert found == {member: gain.points for member, gain in expected.items() if gain.points}
        for member in members:
            lifetime = honours.queries.account(member, ADMIN)["lifetime_points"]
            assert lifetime == expected.get(member, Gain()).points
    this_month = [one for one in posted if month_of(one.counts_from) == MONTH and one.area == GRIDS[0]]
    assert sum(points for _, _, points in honours.places(GRIDS[0])) == sum(
        one.legs[0].amount for one in this_month
    )


def test_what_differs_is_named_and_mended(honours: Honours) -> None:
    member = honours.member()
    honours.work(member, 5)
    honours.count()
    gains = f"{member}/{MONTH}"
    honours.mongo["gains"].update_one({"_id": gains}, {"$set": {f"areas.{GRIDS[0]}": [50, 0]}})
    honours.mongo["leaderboards"].update_one({"_id": f"{DISTRICT}/all"}, {"$set": {"points.top": []}})
    assert {gains, f"{DISTRICT}/all"} <= set(honours.store.prove(DISTRICT))
    honours.count()
    assert honours.store.differing(DISTRICT) == []
    assert honours.places() == [(1, member, 5)]


def test_a_process_that_dies_before_it_marks_the_rankings_leaves_none_as_it_was(
    honours: Honours, monkeypatch: pytest.MonkeyPatch
) -> None:
    undone = honours.work(honours.member(), 5)
    honours.count()
    honours.reverse(undone)
    put = Marks.put

    def dying(marks: Marks, *keys: str) -> None:
        if any(key.split("/")[0].isdigit() for key in keys):
            raise InterruptedError
        put(marks, *keys)

    with monkeypatch.context() as dead:
        dead.setattr(Marks, "put", dying)
        with pytest.raises(InterruptedError):
            honours.count()
    honours.count()
    assert honours.places() == honours.places(GRIDS[0], "all") == []
    assert honours.store.differing(DISTRICT) == []


def test_who_hides_keeps_their_place_and_sees_it(honours: Honours) -> None:
    first, second, third = (honours.member() for _ in range(3))
    for member, points in ((first, 9), (second, 9), (third, 4)):
        honours.work(member, points)
    honours.count()
    honours.store.hide(first, hidden=True)
    assert sorted(honours.places(), key=str) == sorted([(1, None, 9), (1, second, 9), (3, third, 4)], key=str)
    own = honours.read.board(DISTRICT, MONTH, "points", 1, Actor(first))
    assert own["me"] == {"rank": 1, "member": first, "points": 9, "minutes": 0}
    assert honours.read.board(DISTRICT, MONTH, "minutes", 9, Actor(third))["me"]["rank"] is None
    honours.store.hide(first, hidden=False)
    assert (1, first, 9) in honours.places()


def nominated(honours: Honours, store: CommendationStore, member: str | None = None) -> Commendation:
    if member is None:
        member = honours.member()
        honours.work(member, 5)
    return commendation_commands.nominate(
        store,
        utc_now,
        STEWARD,
        ladder=LADDER,
        commendation_id=new_ulid(),
        member=member,
        name="王秀英",
        area=DISTRICT,
        period=MONTH,
        title="热心管家",
        grounds="巡查",
    )


def race(honours: Honours, store: CommendationStore, objector: int) -> None:
    """Four clocks and one who objects at the last moment, as the `objector`-th of five."""
    made = nominated(honours, store)
    agree = Details(responsible="李建国", contact="022-1")
    public = commendation_commands.act(
        store, utc_now, STAFF, commendation_id=made.id, action="publicise", details=agree, days=1
    )
    ends = public.closes_at
    assert ends is not None

    def act(number: int) -> None:
        if number != objector:
            commendation_commands.award_due(store, lambda: ends)
            return
        commendation_commands.object_to(
            store,
            lambda: ends - timedelta(seconds=1),
            Actor("R"),
            commendation_id=made.id,
            objection_id=new_ulid(),
            reason="不实",
        )

    outcomes = at_once(5, act)
    after, document = store.get(made.id), honours.mongo["commendations"].find_one({"_id": made.id})
    assert document is not None
    awards = [one["type"] for one in document["outbox"]].count("commendation.awarded.v1")
    if after.status is Status.AWARDED:
        assert (awards, outcomes["publicity-over"], after.objections) == (1, 1, ())
    else:
        assert (awards, after.disputed) == (0, True)
        assert commendation_commands.award_due(store, lambda: ends) == 0


def test_a_publicity_ends_once_however_many_clocks_run_while_somebody_objects(honours: Honours) -> None:
    store = CommendationStore(honours.mongo, honours.journal)
    store.ensure_indexes()
    for objector in (0, 2, 4):
        race(honours, store, objector)


def test_who_objected_reads_what_became_of_it_and_nobody_else_does(honours: Honours) -> None:
    store, read = CommendationStore(honours.mongo, honours.journal), CommendationQueries(honours.mongo)
    store.ensure_indexes()
    made, objector, other = nominated(honours, store), Actor("R"), Actor("Q")
    act = partial(commendation_commands.act, store, utc_now, STAFF, commendation_id=made.id, days=1)
    act(action="publicise", details=Details(responsible="李建国", contact="022-1"))
    commendation_commands.object_to(
        store, utc_now, objector, commendation_id=made.id, objection_id="O", reason="未参加"
    )
    act(action="dismiss_objection", details=Details(objection="O", note="有签到记录"))
    assert [one.answer for one in read.one(made.id, objector)["objections"]] == ["有签到记录"]
    assert [read.one(made.id, one)["objections"] for one in (other, STEWARD)] == [[], []]
    act(action="refuse", details=Details(note="另有原因"))
    assert read.one(made.id, objector)["status"] is Status.REFUSED
    with pytest.raises(NotFound):
        read.one(made.id, other)


def test_a_forgotten_member_leaves_open_nominations_and_rankings(honours: Honours) -> None:
    store = CommendationStore(honours.mongo, honours.journal)
    store.ensure_indexes()
    made = nominated(honours, store)
    act = partial(commendation_commands.act, store, utc_now, STAFF, commendation_id=made.id, days=1)
    about = Details(note="王秀英事迹属实", responsible="李建国", contact="022-1")
    act(action="publicise", details=about)
    commendation_commands.object_to(
        store, utc_now, Actor("R"), commendation_id=made.id, objection_id="O", reason="王秀英未参加"
    )
    act(action="dismiss_objection", details=replace(about, objection="O"))
    for _ in range(2):
        commendation_commands.forget_member(store, utc_now, member=made.member)
    gone = store.get(made.id)
    assert (gone.status, gone.name, gone.grounds, gone.version) == (Status.WITHDRAWN, "", "", 5)
    document = honours.mongo["commendations"].find_one({"_id": made.id}) or {}
    assert [line["action"] for line in document["history"]][1:] == [
        "publicise",
        "object",
        "dismiss_objection",
        "forget",
    ]
    assert "王秀英" not in str(document)
    honours.journal.put_member(made.member, 7)
    with pytest.raises(Invalid):
        nominated(honours, store, made.member)
    assert commendation_commands.award_due(store, lambda: utc_now() + timedelta(days=99)) == 0


def test_gifts_that_come_back_are_flagged_once(honours: Honours) -> None:
    flags = FlagStore(honours.mongo, DISTRICT)
    flags.ensure_indexes()
    members = [honours.member(10) for _ in range(3)]
    for giver, receiver in zip(members, members[1:] + members[:1], strict=True):
        honours.post(new_ulid(), Leg(giver, "points", -2), Leg(receiver, "points", 2))
    later = utc_now() + timedelta(minutes=1)
    at_once(3, lambda _: circle_commands.watch(flags, lambda: later, new_ulid, DISTRICT))
    found = [flags.last(member, "points") for member in members]
    assert [one.share.percent for one in found if one] == [100, 100, 100]
    assert honours.mongo["flags"].count_documents({}) == 3


def test_a_district_with_stars_and_tiers_of_its_own_shows_these_everywhere(
    mongo: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"STAR_HOURS": "0.5,1,2", "TIER_POINTS": "3,300"}
    served, honours = Served(services.points.app, mongo, monkeypatch, **own), Honours(mongo)
    member = honours.member(2)
    legs = [Leg(issuer(DISTRICT), "minutes", -60), Leg(member, "minutes", 60)]
    help_ = Posting(new_ulid(), "h", "help", 1, "h", DISTRICT, tuple(legs), utc_now(), verified=True)
    assert honours.journal.post(help_)

    def shown(query: str = "") -> tuple[int, int]:
        account = served.call(Actor(member), "GET", f"/v1/accounts/{member}{query}").json
        return account["stars"], account["tier"]

    assert shown() == (2, 0)
    honours.earn(member, 1)
    assert shown() == (2, 1)
    moment = quote(rfc3339(utc_now() + timedelta(seconds=1)))
    assert shown(f"?known_at={moment}") == (2, 1)
    words = {"name": "王阿姨", "title": "热心邻居", "grounds": "常年帮扶"}
    nomination = {"member": member, "area": DISTRICT, "period": MONTH, **words}
    made = served.call(STAFF, "POST", "/v1/commendations", nomination)
    assert (made.status_code, made.json["facts"]["stars"]) == (201, 2)
