"""The trace on a real database: money that was given to a fund is followed to what the fund paid, exactly."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chassis.clock import new_ulid, utc_now
from chassis.mongo import Mongo
from infra.local.deployment import Deployment
from services.points.domain import Leg
from services.points.donations.donation import Donation, Kind
from services.points.funds import commands as fund_commands
from services.points.funds.domain import Ask
from tests.integration.ledgers import DISTRICT, Ledger
from tests.integration.test_donations import COMMUNITY, FUND, STAFF, Charity

NEXT = "120199001002"


@pytest.fixture
def charity(deployment: Deployment) -> Iterator[Charity]:
    own = Mongo(deployment.mongo_url, f"trace_{new_ulid()}")
    made = Charity(Ledger(own))
    made.funds.put_area(NEXT, "社区B", 1)
    yield made
    own.client.drop_database(own.database.name)
    own.close()


def deposit(charity: Charity, amount: int) -> None:
    fund_commands.deposit(
        charity.funds,
        utc_now,
        STAFF,
        community=COMMUNITY,
        amount=amount,
        memo="拨款",
        key=new_ulid(),
        posting_id=new_ulid(),
    )


def pay(charity: Charity, amount: int, community: str = COMMUNITY) -> Ask:
    """A fund pays a project its budget."""
    ask = Ask(new_ulid(), community, community, amount, 1)
    fund_commands.allocate(charity.funds, utc_now, ask=ask)
    assert charity.fen(f"project:{ask.proposal}") == amount
    return ask


def given(charity: Charity, amount: int, target: str = FUND) -> Donation:
    """A donation of money, a hundred fen more of which stay on its account."""
    money = charity.accepted(Kind.MONEY, amount + 100)
    return charity.act(money, "allocate", amount=amount, target=target)


def line(ask: Ask, amount: int, returned: int = 0, via: tuple[str, ...] = (FUND,)) -> dict[str, Any]:
    return {"target": f"project:{ask.proposal}", "via": via, "amount": amount, "returned": returned}


def followed(charity: Charity, donation: Donation) -> tuple[list[Any], dict[str, int], dict[str, int]]:
    """Where the trace says that the money is; all of it is somewhere."""
    found = charity.queries.trace(donation.id)
    waiting = {one["fund"]: one["amount"] for one in found["waiting"]}
    elsewhere = {one["kind"]: one["amount"] for one in found["elsewhere"]}
    there = sum(one["amount"] for name in ("destinations", "waiting", "elsewhere") for one in found[name])
    assert found["received"] - found["costs"] == found["net"] == found["unallocated"] + there
    return found["destinations"], waiting, elsewhere


def test_what_a_fund_was_given_is_found_with_the_projects_that_it_paid_and_with_those_it_paid_next(
    charity: Charity,
) -> None:
    deposit(charity, 50)
    one, other = given(charity, 100), given(charity, 30)
    lamps = pay(charity, 70)
    given(charity, 40, f"project:{lamps.proposal}")
    assert followed(charity, one) == ([line(lamps, 20)], {FUND: 80}, {})
    fund_commands.release(charity.funds, utc_now, ask=lamps, spent=60)
    assert followed(charity, one) == ([line(lamps, 10, returned=10)], {FUND: 90}, {})
    ramp = pay(charity, 118)
    assert followed(charity, one) == ([line(lamps, 10, returned=10), line(ramp, 88)], {FUND: 2}, {})
    assert followed(charity, other) == ([line(ramp, 30)], {}, {})
    charity.ledger.proof()


def test_what_is_moved_by_hand_is_followed_on_and_what_is_taken_back_comes_back(charity: Charity) -> None:
    donation, post = given(charity, 100), charity.ledger.post
    post("on", Leg(FUND, "fen", -60), Leg(f"fund:{NEXT}", "fen", 60))
    ramp = pay(charity, 45, NEXT)
    there = line(ramp, 45, via=(FUND, f"fund:{NEXT}"))
    mistake = post("away", Leg(FUND, "fen", -40), Leg(f"shop:{DISTRICT}", "fen", 40))
    assert followed(charity, donation) == ([there], {f"fund:{NEXT}": 15}, {"shop": 40})
    charity.ledger.reverse_part(mistake, 25)
    assert followed(charity, donation) == ([there], {FUND: 25, f"fund:{NEXT}": 15}, {"shop": 15})
    charity.ledger.reverse(mistake)
    assert followed(charity, donation) == ([there], {FUND: 40, f"fund:{NEXT}": 15}, {})
    charity.ledger.proof()


def test_an_allocation_that_is_taken_back_after_the_fund_has_paid_leaves_the_project_to_other_money(
    charity: Charity,
) -> None:
    donation = given(charity, 100)
    pay(charity, 100)
    (part,) = charity.queries.trace(donation.id)["parts"]
    later = given(charity, 120)
    charity.ledger.reverse(charity.ledger.journal.get(part["posting"]))
    assert followed(charity, donation) == ([], {}, {})
    assert charity.queries.trace(donation.id)["unallocated"] == 200
    (paid,), waiting, _ = followed(charity, later)
    assert (paid["amount"], waiting) == (100, {FUND: 20})


def test_while_many_allocate_and_the_fund_pays_every_answer_adds_up(charity: Charity) -> None:
    donations = [charity.accepted(Kind.MONEY, 100) for _ in range(3)]
    deposit(charity, 100)

    def work(number: int) -> None:
        if number % 4 == 3:
            pay(charity, 15)
        else:
            charity.act(donations[number % 4], "allocate", amount=10, target=FUND)
        for one in donations:
            followed(charity, one)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(16)))
    waiting = sum(followed(charity, one)[1].get(FUND, 0) for one in donations)
    assert waiting <= charity.fen(FUND) == 100 + 12 * 10 - 4 * 15
    assert waiting == 120  # the deposit was there first
