"""Counting again what was marked, in turns."""

import time

from chassis.mongo import Mongo
from chassis.recount import Marks


def test_a_bucket_that_is_marked_while_it_is_counted_is_counted_again(mongo: Mongo) -> None:
    marks, counted = Marks(mongo["marks"]), list[str]()

    def count(key: str) -> None:
        counted.append(key)
        if len(counted) == 1:
            marks.put(key)

    marks.put("甲")
    assert [marks.sweep(count), marks.sweep(count), marks.sweep(count)] == [1, 1, 0]
    assert counted == ["甲", "甲"]


def test_buckets_that_take_long_are_counted_one_a_sweep_and_each_in_its_turn(mongo: Mongo) -> None:
    """Also while all of them are marked again and again."""
    marks, counted = Marks(mongo["marks"]), list[str]()

    def count(key: str) -> None:
        counted.append(key)
        marks.put("甲", "乙", "丙")
        until = time.monotonic() + 0.06
        while time.monotonic() < until:
            pass

    marks.put("甲", "乙", "丙")
    assert [marks.sweep(count) for _ in range(6)] == [1] * 6
    assert sorted(counted[:3]) == sorted(counted[3:]) == sorted(["甲", "乙", "丙"])
