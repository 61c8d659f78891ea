"""Mutual help that ends by itself: by the clock, or because one of the two asked to be forgotten."""

from datetime import timedelta

import pytest

from services.points.timebank.exchange import deadlines, forgetting
from services.points.timebank.exchange.domain import transition
from services.points.timebank.exchange.effects import Details
from services.points.timebank.exchange.help import SYSTEM, Entry, Status
from services.points.timebank.policy.domain import Policy
from tests.unit.helping import ACTORS, HOUR, NOW, around, standing


@pytest.mark.parametrize(
    ("status", "target"),
    [
        ("open", "lapsed"),
        ("matched", "lapsed"),
        ("accepted", "lapsed"),
        ("checked_in", "disputed"),
        ("checked_out", "settled"),
    ],
)
def test_the_clock_ends_what_people_leave_alone_and_not_before_its_time(status: str, target: str) -> None:
    one = standing(Status(status))
    due = one.next_check_at
    assert due is not None
    assert deadlines.tick(one, around(at=due - timedelta(milliseconds=1))) is None
    change = deadlines.tick(one, around(at=due))
    assert change is not None
    assert change.help.status == target
    assert change.entry.actor == SYSTEM.member_id
    assert deadlines.tick(change.help, around(at=due)) is None


@pytest.mark.parametrize(("action", "status"), [("dispute", "checked_out"), ("stall", "checked_in")])
def test_staff_are_reminded_of_a_dispute_after_three_days_and_seven_and_nothing_is_decided(
    action: str, status: str
) -> None:
    actor = ACTORS["author"] if action == "dispute" else SYSTEM
    one = transition(standing(Status(status)), action, actor, Details(note="不符"), around()).help
    for days in (3, 7):
        due = NOW + timedelta(days=days)
        assert deadlines.tick(one, around(at=due - timedelta(milliseconds=1))) is None
        change = deadlines.tick(one, around(at=due))
        assert change is not None
        assert [event.type for event in change.events] == ["help.reminded.v1"]
        assert (change.help.status, change.opens, change.captured) == ("disputed", None, None)
        one = change.help
        assert deadlines.tick(one, around(at=due)) is None
    assert deadlines.tick(one, around(at=NOW + timedelta(days=365))) is None


def test_a_clock_that_stood_still_reminds_once_of_what_it_missed_and_never_of_what_was_decided() -> None:
    disputed, late = standing(Status.DISPUTED), NOW + timedelta(days=10)
    change = deadlines.tick(disputed, around(at=late))
    assert change is not None
    assert deadlines.tick(change.help, around(at=late + timedelta(days=365))) is None
    dismissed = transition(disputed, "dismiss", ACTORS["community"], Details(note="不成立"), around()).help
    assert deadlines.tick(dismissed, around(at=late)) is None


def test_silence_confirms_after_as_many_hours_as_the_policy_says() -> None:
    checked_in = standing(Status.CHECKED_IN, checked_in_at=NOW - HOUR)
    for hours in (72, 5):
        policy = Policy(1, NOW, auto_confirm_hours=hours)
        change = transition(checked_in, "check_out", ACTORS["author"], Details(), around(policy))
        assert change.help.next_check_at == NOW + hours * HOUR


@pytest.mark.parametrize(
    ("status", "member", "after"),
    [
        ("open", "A", "cancelled"),
        ("matched", "A", "cancelled"),
        ("matched", "B", "open"),
        ("accepted", "A", "cancelled"),
        ("accepted", "B", "cancelled"),
        ("checked_in", "B", "disputed"),
        ("checked_out", "A", "checked_out"),
        ("disputed", "B", "disputed"),
        ("settled", "A", "settled"),
        ("open", "N", "open"),
    ],
)
def test_who_is_forgotten_leaves_nothing_to_do_and_no_words(status: str, member: str, after: str) -> None:
    one = standing(Status(status))
    change = forgetting.end(one, member, around())
    left = change.help if change else one
    assert left.status == after
    assert forgetting.end(left, member, around()) is None
    lines = [Entry("open", "A", NOW, left.status, "我家"), Entry("accept", "B", NOW, left.status, "好")]
    emptied = forgetting.without_words(left, lines, member)
    if member == "N":
        assert emptied is None
        return
    assert emptied is not None
    assert emptied[0].text == ("" if member == "A" else "取药")
    assert [line.note for line in emptied[1] if line.actor == member] == [None]
    assert sum(line.note is not None for line in emptied[1]) == 1
    assert forgetting.without_words(*emptied, member) is None
