"""The funds' floor and the once-only decision, on a real database with many deciding at once."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.clock import new_ulid, utc_now
from chassis.errors import Conflict, Invalid, Unavailable
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from infra.local.deployment import Deployment
from services.points import commands as ledger
from services.points.domain import Leg, Overdrawn
from services.points.funds import commands, domain
from services.points.funds.domain import Ask, Standing
from services.points.funds.queries import FundQueries
from services.points.funds.schemas import FundStatementSchema
from services.points.funds.store import FundStore
from services.points.holds import commands as hold_commands
from services.points.holds.store import HoldStore
from services.points.store import JournalStore
from tests.integration.ledgers import ADMIN, DISTRICT, KEEPER, verification

COMMUNITY = "120199001001"
STAFF = Actor("C", (Grant("community_staff", COMMUNITY),))


@pytest.fixture
def mongo(deployment: Deployment) -> Iterator[Mongo]:
    """A database of the test's own."""
    own = Mongo(deployment.mongo_url, f"funds_{new_ulid()}")
    yield own
    own.client.drop_database(own.database.name)
    own.close()


def fed(mongo: Mongo, amount: int) -> FundStore:
    journal = JournalStore(mongo)
    journal.ensure_indexes()
    funds = FundStore(mongo, journal)
    funds.ensure_indexes()
    funds.put_area(COMMUNITY, "社区A", 1)
    commands.deposit(
        funds, utc_now, STAFF, community=COMMUNITY, amount=amount, memo="拨款", key="1", posting_id=new_ulid()
    )
    return funds


def until_decided(funds: FundStore, ask: Ask, spent: int | None = None) -> None:
    """What the consumer does: a busy ledger is tried again."""
    while True:
        try:
            if spent is None:
                commands.allocate(funds, utc_now, ask=ask)
            else:
                commands.release(funds, utc_now, ask=ask, spent=spent)
        except Unavailable:
            continue
        return


def test_a_fund_pays_as_far_as_it_goes_and_each_request_once(mongo: Mongo) -> None:
    funds = fed(mongo, 500)
    asks = [Ask(new_ulid(), COMMUNITY, COMMUNITY, 100, 1) for _ in range(8)]
    deliveries = asks * 2
    random.shuffle(deliveries)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda ask: until_decided(funds, ask), deliveries))
    known = [funds.allocation(ask.proposal) for ask in asks]
    standings = [one.standing for one in known if one is not None]
    assert sorted(standings) == [Standing.ALLOCATED] * 5 + [Standing.REFUSED] * 3
    told = [event["type"] for one in mongo["allocations"].find() for event in one["outbox"]]
    assert sorted(told) == ["fund.allocated.v1"] * 5 + ["fund.refused.v1"] * 3

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda ask: until_decided(funds, ask, spent=30), deliveries))
    assert FundQueries(mongo).one(COMMUNITY)["balance"] == 5 * 70
    proof = verification(mongo, COMMUNITY[:6])
    assert proof["sound"]
    assert proof["postings"] == 1 + 5 + 5


def test_what_would_overdraw_a_fund_leaves_nothing_behind(mongo: Mongo) -> None:
    funds = fed(mongo, 99)
    ask = Ask(new_ulid(), COMMUNITY, COMMUNITY, 100, 1)
    decision = domain.grant(None, ask, posting_id=new_ulid(), at=utc_now())
    assert decision is not None
    with pytest.raises(Overdrawn):
        funds.save(decision)
    assert funds.allocation(ask.proposal) is None
    assert mongo["journal"].count_documents({}) == 1
    assert FundQueries(mongo).one(COMMUNITY)["balance"] == 99


def test_what_a_project_was_given_moves_by_its_proposal_only(mongo: Mongo) -> None:
    funds, journal = fed(mongo, 300), JournalStore(mongo)
    ask, fund, project = Ask(new_ulid(), COMMUNITY, COMMUNITY, 100, 1), domain.fund(COMMUNITY), "project:"
    commands.allocate(funds, utc_now, ask=ask)
    by_hand = ledger.by_hand(
        utc_now,
        ADMIN,
        district=DISTRICT,
        key="by-hand",
        posting_id=new_ulid(),
        memo="调回",
        legs=[Leg(f"{project}{ask.proposal}", "fen", -40), Leg(fund, "fen", 40)],
    )
    with pytest.raises(Invalid) as refused:
        ledger.post_by_hand(journal, by_hand)
    assert "legs.0.account" in refused.value.extra["errors"]

    def take_back(key: str) -> str:
        stored = journal.stored(key)
        assert stored is not None
        with pytest.raises(Conflict) as tied:
            ledger.reverse(
                journal, utc_now, posting_id=stored.id, reversal_id=new_ulid(), reason="误拨", by="A"
            )
        return tied.value.code

    assert take_back(f"fund.allocated:{ask.proposal}") == "tied-posting"
    commands.release(funds, utc_now, ask=ask, spent=30)
    assert take_back(f"fund.returned:{ask.proposal}") == "tied-posting"
    assert FundQueries(mongo).one(COMMUNITY)["balance"] == 270


def test_nobody_sets_a_funds_money_aside_and_takes_it_past_its_proposals(mongo: Mongo) -> None:
    holds = HoldStore(mongo, JournalStore(mongo))
    fed(mongo, 300)
    holds.ensure_indexes()
    for account in (domain.fund(COMMUNITY), f"owed:{new_ulid()}"):
        with pytest.raises(Invalid) as refused:
            hold_commands.hold(
                holds,
                utc_now,
                KEEPER,
                account=account,
                unit="fen",
                amount=100,
                memo="",
                ttl=timedelta(minutes=5),
                key="k",
                hold_id=new_ulid(),
            )
        assert "account" in refused.value.extra["errors"]


def test_the_funds_of_all_communities_are_listed_page_by_page_and_no_other_area_is(mongo: Mongo) -> None:
    funds, reads = fed(mongo, 300), FundQueries(mongo)
    other = f"{COMMUNITY[:9]}099"
    for code, name in ((other, "社区B"), (COMMUNITY[:9], "街道"), (f"{COMMUNITY}001", "网格")):
        funds.put_area(code, name, 1)
    first = reads.page(1, None)
    assert [(one["community"], one["balance"]) for one in first.items] == [(COMMUNITY, 300)]
    last = reads.page(1, first.next)
    assert (list(last.items), last.next) == ([{"community": other, "name": "社区B", "balance": 0}], None)
    assert len(reads.page(2, None).items) == 2


def test_a_fund_that_was_never_given_money_is_shown_empty(mongo: Mongo) -> None:
    funds = FundStore(mongo, JournalStore(mongo))
    funds.ensure_indexes()
    funds.put_area(COMMUNITY, "社区A", 1)
    points = {"posted": 5, "held": 0, "available": 5}
    mongo["accounts"].insert_one({"_id": domain.fund(COMMUNITY), "points": points})
    assert FundQueries(mongo).one(COMMUNITY)["balance"] == 0


def test_the_statement_of_a_fund_tells_everybody_what_came_and_went_and_nobody_s_words(mongo: Mongo) -> None:
    funds, ask = fed(mongo, 300), Ask(new_ulid(), COMMUNITY, COMMUNITY, 100, 1)
    commands.allocate(funds, utc_now, ask=ask)
    commands.release(funds, utc_now, ask=ask, spent=30)
    deposited = JournalStore(mongo).stored(f"fund.deposited:{COMMUNITY}:C:1")
    assert deposited is not None
    part = [replace(leg, amount=leg.amount // 100) for leg in deposited.legs]
    ledger.reverse_part(
        JournalStore(mongo),
        utc_now,
        ADMIN,
        posting_id=deposited.id,
        reversal_id=new_ulid(),
        reason="多记",
        legs=part,
        key="part",
    )
    since = utc_now() - timedelta(hours=1)
    found = FundQueries(mongo).statement(COMMUNITY, limit=9, cursor=None, since=since, until=None)
    assert (found["opening"], found["closing"], found["next"]) == (0, 267, None)
    assert [(one["kind"], one["cause"], one["amount"], one["balance"]) for one in found["items"]] == [
        ("other", None, -3, 267),
        ("returned", ask.proposal, 70, 270),
        ("allocated", ask.proposal, -100, 200),
        ("deposited", COMMUNITY, 300, 300),
    ]
    told = FundStatementSchema().dumps(found)
    assert not any(word in told for word in ("拨款", "多记", '"C"', '"A"'))
