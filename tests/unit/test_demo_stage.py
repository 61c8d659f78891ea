"""How the demonstration plays a part: what is there is not done again, and what was broken off goes on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo import month_money, month_work
from demo.records import Record
from demo.replay import Outcome
from demo.stage import Part, Unfinished, play, times_there

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)


class Broken(Exception):
    """The run is broken off."""


class World:
    """Records that a part can be played with, and all that was done to them."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.done: list[str] = []
        self.breaks_at: int | None = None

    def part(self) -> Part:
        return Part(
            reference="part",
            find=lambda: self.records[::-1],
            begin=self.begin,
            read=lambda name: next(dict(one) for one in self.records if one["id"] == name),
            acts={"new": self.to("half"), "half": self.to("done")},
            ends=frozenset({"done"}),
            in_vain=lambda one: one["status"] == "late",
        )

    def begin(self, key: str) -> Record:
        self.step(f"begin {key}")
        self.records.append({"id": f"{len(self.records)}", "status": "new"})
        return self.records[-1]

    def to(self, status: str) -> Callable[[Record], object]:
        def act(record: Record) -> None:
            self.step(status)
            self.records[int(record["id"])]["status"] = status

        return act

    def step(self, what: str) -> None:
        if self.breaks_at == len(self.done):
            raise Broken
        self.done.append(what)


def test_a_part_is_played_to_its_end_and_a_second_run_does_nothing() -> None:
    world = World()
    record, outcome = play(world.part())
    assert (record["status"], outcome) == ("done", Outcome.NEW)
    assert world.done == ["begin part 1", "half", "done"]
    assert play(world.part()) == (record, Outcome.THERE)
    assert len(world.done) == 3
    assert times_there(world.part()) == 1


@pytest.mark.parametrize("taken", range(3))
def test_a_part_that_was_broken_off_goes_on_and_doubles_nothing(taken: int) -> None:
    world = World()
    world.breaks_at = taken
    with pytest.raises(Broken):
        play(world.part())
    world.breaks_at = None
    _, outcome = play(world.part())
    assert outcome is (Outcome.CONTINUED if taken else Outcome.NEW)
    assert world.done == ["begin part 1", "half", "done"]


def test_what_the_clock_has_ended_is_begun_anew_under_another_key() -> None:
    world = World()
    world.records.append({"id": "0", "status": "late"})
    record, outcome = play(world.part())
    assert (record["id"], outcome) == ("1", Outcome.NEW)
    assert world.done[0] == "begin part 2"
    assert times_there(world.part()) == 1


def test_what_ends_late_again_and_again_is_given_up() -> None:
    world = World()
    part = replace(world.part(), acts={"new": world.to("late")})
    with pytest.raises(Unfinished):
        play(part)
    assert len(world.records) == 3


def test_what_others_have_ended_is_left_alone() -> None:
    world = World()
    world.records.append({"id": "0", "status": "cancelled"})
    assert play(world.part()) == ({"id": "0", "status": "cancelled"}, Outcome.ELSEWHERE)
    assert world.done == []


def test_an_act_that_changes_nothing_is_not_taken_for_ever() -> None:
    world = World()
    with pytest.raises(Unfinished, match="part is still new"):
        play(replace(world.part(), acts={"new": lambda _: None}))


def test_a_part_that_is_there_twice_is_counted() -> None:
    world = World()
    world.records += [{"id": "0", "status": "done"}, {"id": "1", "status": "done"}]
    assert times_there(world.part()) == 2


def test_staff_give_a_reason_only_for_minutes_that_were_not_recorded() -> None:
    recorded = {"member": "m", "minutes": month_work.DUTY_MINUTES}
    assert month_work.verdict(recorded) == {"member": "m", "decision": "approve"}
    short = month_work.verdict({"member": "m", "minutes": 0})
    assert short["minutes"] == month_work.DUTY_MINUTES
    assert short["reason"]


@pytest.mark.parametrize(
    ("status", "hours", "missed"),
    [
        (None, 1.9, False),
        (None, 2, True),
        ("signed_up", 2, True),
        ("checked_in", 13.9, False),
        ("checked_in", 14, True),
        ("checked_out", 99, False),
        ("verified", 99, False),
        ("rejected", 99, False),
    ],
)
def test_a_shift_is_missed_by_who_was_not_on_it_in_time(
    status: str | None, hours: float, missed: bool
) -> None:
    duties = [{"member": "m", "status": status}] if status else []
    shift = {"ends_at": (NOW + timedelta(hours=2)).isoformat(), "duties": duties}
    assert month_work.is_missed(shift, "m", NOW + timedelta(hours=hours)) is missed


@pytest.mark.parametrize(("minutes", "action"), [(59, "dispute"), (60, "confirm")])
def test_who_was_helped_confirms_an_hour_that_the_clock_shows(minutes: int, action: str) -> None:
    clock = {
        "checked_in_at": NOW.isoformat(),
        "checked_out_at": (NOW + timedelta(minutes=minutes)).isoformat(),
    }
    assert month_work.answer(clock)["action"] == action


@pytest.mark.parametrize(
    ("proposal", "unvoted"),
    [
        ({"status": "refused", "opened_at": "x", "votes_cast": 1}, True),
        ({"status": "refused", "opened_at": "x", "votes_cast": 2}, False),
        ({"status": "refused", "opened_at": None, "votes_cast": 0}, False),
        ({"status": "voting", "opened_at": "x", "votes_cast": 0}, False),
    ],
)
def test_a_voting_that_too_few_came_to_is_held_again_and_a_refusal_stands(
    proposal: dict[str, Any], unvoted: bool
) -> None:
    assert month_money.is_unvoted({**proposal, "terms": {"quorum": 2}}) is unvoted
