"""The limit of reports on the real database: exact whatever comes at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from chassis.mongo import Mongo
from services.issues.cases.quotas import QuotaStore

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
THREADS = 8


@pytest.fixture
def quotas(mongo: Mongo) -> QuotaStore:
    store = QuotaStore(mongo)
    store.ensure_indexes()
    return store


def test_of_reports_at_the_same_moment_exactly_as_many_pass_as_are_allowed(quotas: QuotaStore) -> None:
    start = Barrier(THREADS)

    def report(place: int) -> list[bool]:
        passed = []
        for number in range(4):
            start.wait()
            passed.append(quotas.take("R", f"{place} {number}", 10, NOW) is None)
        return passed

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [one for passed in pool.map(report, range(THREADS)) for one in passed]
    assert (len(answers), sum(answers)) == (THREADS * 4, 10)


def test_within_any_hour_no_more_pass_and_the_refused_learn_until_when(quotas: QuotaStore) -> None:
    times = [NOW, NOW + 20 * MINUTE, NOW + 50 * MINUTE]
    assert [quotas.take("R", str(at), 3, at) for at in times] == [None] * 3
    assert quotas.take("R", "early", 3, NOW + 59 * MINUTE) == NOW + HOUR
    assert quotas.take("other", "early", 3, NOW + 59 * MINUTE) is None
    assert quotas.take("R", "next", 3, NOW + HOUR) is None
    assert quotas.take("R", "again", 3, NOW + HOUR) == NOW + 20 * MINUTE + HOUR


def test_the_same_report_counts_once_also_when_it_was_the_last_that_may_pass(quotas: QuotaStore) -> None:
    for _ in range(3):
        assert quotas.take("R", "1", 2, NOW) is None
    assert [quotas.take("R", name, 2, NOW) is None for name in ("2", "2", "3", "1")] == [
        True,
        True,
        False,
        True,
    ]


def test_what_is_given_back_may_be_taken_and_who_is_forgotten_begins_anew(
    quotas: QuotaStore, mongo: Mongo
) -> None:
    assert [quotas.take("R", name, 2, NOW) is None for name in ("1", "2", "3")] == [True, True, False]
    quotas.give_back("R", "1")
    assert [quotas.take("R", name, 2, NOW) is None for name in ("3", "4")] == [True, False]
    quotas.forget("R")
    assert list(mongo["report_quotas"].find()) == []
