"""What is done once a night is done once, and by another when somebody fails at it."""

from datetime import UTC, datetime, timedelta

import pytest

from chassis.mongo import Mongo
from chassis.nightly import Nightly
from tests.integration.ledgers import at_once

EVENING = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TWO = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # two in the morning of the 26th in Shanghai


def test_each_night_is_taken_once_by_one_of_many(mongo: Mongo) -> None:
    done: list[datetime] = []

    def night(now: datetime) -> None:
        Nightly(mongo["nights"], "task", lambda: now).run(lambda: done.append(now))

    for now in (EVENING, EVENING + timedelta(hours=5), TWO, TWO + timedelta(hours=20)):
        at_once(4, lambda _, now=now: night(now))  # type: ignore[misc]
    assert done == [EVENING, TWO]


def test_who_fails_leaves_the_night_to_whoever_comes_an_hour_later(mongo: Mongo) -> None:
    def fail() -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - raised above
        Nightly(mongo["nights"], "task", lambda: TWO).run(fail)
    soon, later = (TWO + timedelta(minutes=minutes) for minutes in (59, 60))
    assert not Nightly(mongo["nights"], "task", lambda: soon).run(lambda: None)
    assert Nightly(mongo["nights"], "task", lambda: later).run(lambda: None)
    assert not Nightly(mongo["nights"], "task", lambda: later).run(lambda: None)
