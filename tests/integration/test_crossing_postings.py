"""Postings that write the same accounts, the other way round: none is lost, and none stands in the way."""

from collections.abc import Callable, Iterator

import pytest
from pymongo import monitoring

from chassis.clock import new_ulid
from infra.local.deployment import Deployment
from services.points.domain import Leg, issuer
from tests.integration.ledgers import ADMIN, DISTRICT, Ledger, at_once
from tests.integration.watched import Watched

SWAPS = 64
Swap = Callable[[Ledger, str, str], object]


class Written(monitoring.CommandListener):
    """The accounts in the order in which they were written."""

    def __init__(self) -> None:
        self.accounts: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Keep the accounts of an update."""
        if event.command_name == "update" and event.command["update"] == "accounts":
            self.accounts += [str(one["q"]["_id"]) for one in event.command["updates"]]

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """It was kept before."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """It is kept all the same."""


def transfer(ledger: Ledger, giver: str, taker: str) -> None:
    """A point goes over: one account loses."""
    ledger.post(new_ulid(), Leg(giver, "points", -1), Leg(taker, "points", 1))


def exchange(ledger: Ledger, giver: str, taker: str) -> None:
    """A point for a minute: both accounts lose."""
    points, minutes = (Leg(giver, "points", -1), Leg(taker, "points", 1)), Leg(taker, "minutes", -1)
    ledger.post(new_ulid(), *points, minutes, Leg(giver, "minutes", 1))


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
def ledger(backing: Deployment, written: Written) -> Iterator[Ledger]:
    opened = Watched(backing.mongo_url, f"test-{new_ulid()}", written)
    yield Ledger(opened)
    opened.close()


def pair_of(ledger: Ledger) -> tuple[str, str]:
    first, second = sorted(ledger.member(SWAPS) for _ in range(2))
    for one in (first, second):
        ledger.post(new_ulid(), Leg(one, "minutes", SWAPS), Leg(issuer(DISTRICT), "minutes", -SWAPS))
    return first, second


@pytest.mark.parametrize("swap", [transfer, exchange])
def test_of_sixty_four_swaps_in_both_directions_all_are_done_and_the_sums_are_right(
    ledger: Ledger, swap: Swap
) -> None:
    first, second = pair_of(ledger)
    before = ledger.mongo["journal"].count_documents({})

    def one(number: int) -> None:
        swap(ledger, *((first, second) if number % 2 else (second, first)))

    assert at_once(SWAPS, one) == {"done": SWAPS}
    for member in (first, second):
        account = ledger.queries.account(member, ADMIN)
        for unit in ("points", "minutes"):
            assert account[unit] == {"posted": SWAPS, "held": 0, "available": SWAPS}
    assert ledger.mongo["journal"].count_documents({}) == before + SWAPS
    ledger.proof()


def test_accounts_that_lose_are_written_in_the_order_of_their_names_whichever_is_named_first(
    ledger: Ledger, written: Written
) -> None:
    first, second = pair_of(ledger)
    for pair in ((first, second), (second, first)):
        written.accounts.clear()
        exchange(ledger, *pair)
        assert written.accounts == [first, second]
