"""Donations on a real database: no more goes on than came in, each order once, and every fen is found."""

from collections.abc import Iterator

import pytest

from chassis.clock import new_ulid, utc_now
from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Actor, Grant
from chassis.mongo import Mongo
from infra.local.deployment import Deployment
from services.points import stripe_store
from services.points.donations import commands
from services.points.donations.donation import Details, Donation, Kind, Listing, Status
from services.points.donations.queries import DonationQueries
from services.points.donations.store import DonationStore, donation_of
from services.points.funds import commands as fund_commands
from services.points.funds.domain import Ask
from services.points.funds.store import FundStore
from tests.integration.ledgers import KEEPER, Ledger, at_once
from tests.integration.shops import Shop

COMMUNITY = "120199001001"
FUND = f"fund:{COMMUNITY}"
STAFF = Actor("C", (Grant("community_staff", COMMUNITY),))


class Charity:
    """A shop that takes donations, and a community with a fund and a project."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.shop = ledger, Shop(ledger)
        self.funds = FundStore(ledger.mongo, ledger.journal)
        self.funds.put_area(COMMUNITY, "社区A", 1)
        self.store = DonationStore(ledger.mongo, ledger.journal, self.funds, self.shop.shelf)
        self.store.ensure_indexes()
        self.queries = DonationQueries(ledger.mongo, donation_of)

    def project(self, budget: int = 100) -> Ask:
        fund_commands.deposit(
            self.funds,
            utc_now,
            STAFF,
            community=COMMUNITY,
            amount=budget,
            memo="拨款",
            key=new_ulid(),
            posting_id=new_ulid(),
        )
        ask = Ask(new_ulid(), COMMUNITY, COMMUNITY, budget, 1)
        fund_commands.allocate(self.funds, utc_now, ask=ask)
        return ask

    def act(
        self,
        donation: Donation,
        action: str,
        key: str | None = None,
        target: str | None = None,
        request: str | None = None,
        **details: object,
    ) -> Donation:
        return commands.act(
            self.store,
            utc_now,
            KEEPER,
            donation_id=donation.id,
            action=action,
            details=Details(note="说明", **details),  # type: ignore[arg-type]
            target=target,
            expected_version=None,
            request_id=request or new_ulid(),
            key=key or new_ulid(),
        )

    def accepted(
        self, kind: Kind, value: int = 500, *, anonymous: bool = True, member: str = "D"
    ) -> Donation:
        offered = self.offered(kind, anonymous=anonymous, member=member)
        self.act(offered, "inspect")
        return self.act(offered, "accept", value=value)

    def offered(self, kind: Kind, *, anonymous: bool = True, member: str = "D") -> Donation:
        return commands.offer(
            self.store,
            utc_now,
            Actor(member),
            donation_id=new_ulid(),
            area=COMMUNITY,
            kind=kind,
            what="手工布袋",
            value=None,
            donor_name=None,
            anonymous=anonymous,
        )

    def fen(self, account: str) -> int:
        return int(stripe_store.read_account(self.ledger.mongo, account).get("fen", {}).get("posted", 0))


@pytest.fixture(scope="module")
def charity(deployment: Deployment) -> Iterator[Charity]:
    own = Mongo(deployment.mongo_url, f"charity_{new_ulid()}")
    yield Charity(Ledger(own))
    own.client.drop_database(own.database.name)
    own.close()


def test_of_racing_allocations_no_more_succeed_than_the_net_proceeds_pay_for(charity: Charity) -> None:
    bag = charity.accepted(Kind.GOODS)
    charity.act(bag, "sell", amount=600)
    charity.act(bag, "record_cost", amount=100)
    before = charity.fen(FUND)
    outcomes = at_once(12, lambda _: charity.act(bag, "allocate", amount=100, target=FUND))
    assert outcomes == {"done": 5, "overdrawn": 7}
    assert charity.fen(FUND) - before == 500
    found = charity.queries.trace(bag.id)
    told = {name: found[name] for name in ("received", "costs", "net", "allocated", "unallocated")}
    assert told == {"received": 600, "costs": 100, "net": 500, "allocated": 500, "unallocated": 0}
    assert [(part["target"], part["amount"]) for part in found["parts"]] == [(FUND, 100)] * 5
    charity.ledger.proof()


def test_the_same_order_many_times_at_once_is_posted_once_and_another_with_its_key_is_refused(
    charity: Charity,
) -> None:
    bag = charity.accepted(Kind.GOODS)
    assert at_once(8, lambda _: charity.act(bag, "sell", key="s", amount=70)) == {"done": 8}
    assert at_once(8, lambda _: charity.act(bag, "record_cost", key="c", amount=70)) == {"done": 8}
    assert charity.fen(bag.account) == 0
    with pytest.raises(Invalid) as refused:
        charity.act(bag, "sell", key="s", amount=71)
    assert "Idempotency-Key" in refused.value.extra["errors"]


def test_money_given_goes_in_parts_to_a_fund_and_a_project_which_may_then_spend_it(charity: Charity) -> None:
    money, ask = charity.accepted(Kind.MONEY, 500), charity.project(100)
    project, before = f"project:{ask.proposal}", charity.fen(FUND)
    charity.act(money, "allocate", amount=200, target=FUND)
    charity.act(money, "allocate", key="project", amount=250, target=project)
    assert (charity.fen(FUND) - before, charity.fen(project), charity.fen(money.account)) == (200, 350, 50)
    stored = charity.ledger.mongo["allocations"].find_one({"_id": ask.proposal})
    assert stored is not None
    assert stored["donated"] == 250
    assert stored["outbox"][-1]["data"] == {"community": COMMUNITY, "donated": 250}

    gift = charity.ledger.journal.get(charity.queries.trace(money.id)["parts"][1]["posting"])
    with pytest.raises(Conflict) as tied:
        charity.ledger.reverse(gift)
    assert tied.value.code == "tied-posting"
    fund_commands.release(charity.funds, utc_now, ask=ask, spent=320)
    assert (charity.fen(project), charity.fen(FUND) - before) == (320, 230)
    with pytest.raises(Invalid) as refused:
        charity.act(money, "allocate", amount=50, target=project)
    assert "target" in refused.value.extra["errors"]
    charity.act(money, "allocate", key="project", amount=250, target=project)  # a repeat is no new order
    found = charity.queries.trace(money.id)
    assert (found["net"], found["allocated"], found["unallocated"]) == (500, 450, 50)
    charity.ledger.proof()


def test_a_project_that_ends_while_money_is_on_its_way_gets_none(charity: Charity) -> None:
    money, ask = charity.accepted(Kind.MONEY, 500), charity.project(100)
    account = f"project:{ask.proposal}"

    def work(number: int) -> None:
        if number == 3:
            fund_commands.release(charity.funds, utc_now, ask=ask, spent=0)
        else:
            charity.act(money, "allocate", amount=10, target=account)

    before = charity.fen(FUND)
    at_once(8, work)
    given = charity.queries.trace(money.id)["allocated"]
    assert charity.fen(account) == 0
    assert charity.fen(FUND) - before == 100 + given
    assert charity.fen(money.account) == 500 - given
    charity.ledger.proof()


def test_goods_on_the_shelf_are_sold_for_money_or_for_points_but_each_once(charity: Charity) -> None:
    bag, member = charity.accepted(Kind.GOODS), charity.ledger.member(50)
    listed = charity.act(bag, "list", listing=Listing("布袋", "", (), 5, 3, None))
    assert listed.item is not None
    item = charity.shop.shelf.get(listed.item)
    assert (item.donation, item.stock) == (bag.id, 3)
    charity.shop.pay(charity.shop.reserve(member, item))
    outcomes = at_once(4, lambda _: charity.act(bag, "sell", amount=90))
    assert outcomes == {"done": 2, "out-of-stock": 2}
    assert (charity.shop.stock(item), charity.fen(bag.account)) == (0, 180)


def test_what_is_given_away_leaves_the_shelf(charity: Charity) -> None:
    bag = charity.accepted(Kind.GOODS)
    listed = charity.act(bag, "list", listing=Listing("布袋", "", (), 5, 3, None))
    assert listed.item is not None
    assert charity.act(bag, "give").status is Status.GIVEN
    with pytest.raises(Conflict) as refused:
        charity.shop.reserve(charity.ledger.member(9), charity.shop.shelf.get(listed.item))
    assert refused.value.code == "item-withdrawn"


def test_donated_money_is_moved_by_its_donation_only(charity: Charity) -> None:
    money = charity.accepted(Kind.MONEY, 500)
    assert not charity.ledger.journal.knows(money.account)
    with pytest.raises(Invalid):
        charity.act(money, "allocate", amount=1, target="fund:120199999999")


def test_donors_are_known_to_the_keeper_and_to_others_only_if_they_want(charity: Charity) -> None:
    hidden, open_one = (
        charity.accepted(Kind.GOODS, anonymous=one, member=new_ulid()) for one in (True, False)
    )
    donor, stranger = Actor(str(hidden.donor.member)), Actor("S", (Grant("community_staff", COMMUNITY),))
    for reader in (donor, KEEPER):
        seen = charity.queries.one(hidden.id, reader)
        assert seen["donor"] == hidden.donor
        assert seen["receipt"] is not None
    for seen in (
        charity.queries.one(hidden.id, stranger),
        *(
            one
            for one in charity.queries.page(COMMUNITY, None, stranger, 100, None).items
            if one["id"] == hidden.id
        ),
    ):
        assert str(hidden.donor.member) not in str(seen)
    assert charity.queries.one(open_one.id, stranger)["donor"] == open_one.donor
    assert str(open_one.donor.member) not in str(charity.queries.trace(open_one.id))
    assert [one["id"] for one in charity.queries.page(None, None, donor, 100, None).items] == [hidden.id]


def test_what_the_shop_has_not_taken_is_seen_by_donor_and_keeper_only(charity: Charity) -> None:
    member = Actor(new_ulid())
    offered = commands.offer(
        charity.store,
        utc_now,
        member,
        donation_id=new_ulid(),
        area=COMMUNITY,
        kind=Kind.GOODS,
        what="旧书",
        value=None,
        donor_name=None,
        anonymous=False,
    )

    def listed(actor: Actor) -> bool:
        page = charity.queries.page(COMMUNITY, "offered", actor, 100, None)
        return offered.id in [one["id"] for one in page.items]

    assert charity.queries.one(offered.id, member)["status"] == "offered"
    assert listed(KEEPER)
    assert not listed(STAFF)
    with pytest.raises(NotFound):
        charity.queries.one(offered.id, STAFF)
    with pytest.raises(NotFound):
        charity.queries.trace(offered.id)


def test_a_request_whose_answer_was_lost_is_carried_out_once_and_answered_again(charity: Charity) -> None:
    bag, request = charity.accepted(Kind.GOODS), new_ulid()
    listing = Listing("布袋", "", (), 5, 3, None)
    listed = charity.act(bag, "list", request=request, listing=listing)
    charity.act(bag, "sell", amount=90)
    again = charity.act(bag, "list", request=request, listing=listing)
    assert (again.status, again.item) == (Status.SOLD, listed.item)
    with pytest.raises(Conflict):
        charity.act(bag, "list", listing=listing)


def test_who_accepted_or_declined_hears_the_same_again_and_decides_nothing_else(charity: Charity) -> None:
    money = charity.accepted(Kind.MONEY, 300)
    assert charity.act(money, "accept", value=300) == money
    assert charity.fen(money.account) == 300
    for action, details in (("accept", {"value": 301}), ("decline", {})):
        with pytest.raises(Conflict):
            charity.act(money, action, **details)  # type: ignore[arg-type]
    offered = charity.offered(Kind.GOODS)
    assert at_once(3, lambda _: charity.act(offered, "decline")) == {"done": 3}
    declined = charity.store.get(offered.id)
    assert (declined.status, declined.version) == (Status.DECLINED, 2)
