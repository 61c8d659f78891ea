"""Inserts of several threads that go together."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import pytest
from bson.errors import InvalidDocument
from pymongo.collection import Collection

from chassis.joined_inserts import JoinedInserts
from chassis.mongo import Document, Mongo
from infra.local.deployment import wait_until


class Held:
    """A collection that holds its first command back until it is let go, and remembers all commands."""

    def __init__(self, mongo: Mongo) -> None:
        self.real = mongo["letters"]
        self.commands: list[list[str]] = []
        self.let_go = threading.Event()

    def insert_many(self, documents: list[Document], ordered: bool) -> Any:
        self.commands.append([str(one["_id"]) for one in documents])
        assert self.let_go.wait(60)
        return self.real.insert_many(documents, ordered=ordered)

    def ids(self) -> set[str]:
        return {str(one["_id"]) for one in self.real.find()}


def insert_while_one_is_under_way(held: Held, rest: list[list[Document]]) -> list[Future[bool]]:
    """Insert `a`; while that waits, insert the rest, each in a thread of its own; then let go."""
    inserts = JoinedInserts(lambda: cast("Collection[Document]", held))
    joined = inserts._joined
    with ThreadPoolExecutor(1 + len(rest)) as pool:
        results = [pool.submit(inserts.insert, [{"_id": "a"}])]
        wait_until(lambda: bool(held.commands), 30, "the first command")
        results += [pool.submit(inserts.insert, documents) for documents in rest]
        waiting = sum(len(documents) for documents in rest)
        wait_until(lambda: joined._next is not None and len(joined._next.items) == waiting, 30, "the others")
        held.let_go.set()
    return results


def test_whoever_comes_while_a_command_is_under_way_goes_with_the_next(mongo: Mongo) -> None:
    held = Held(mongo)
    rest: list[list[Document]] = [[{"_id": "b"}, {"_id": "c"}], [{"_id": "d"}], [{"_id": "e"}]]
    for result in insert_while_one_is_under_way(held, rest):
        result.result(0)
    assert [sorted(one) for one in held.commands] == [["a"], ["b", "c", "d", "e"]]
    assert held.ids() == {"a", "b", "c", "d", "e"}


def test_what_is_stored_already_is_as_good_as_stored(mongo: Mongo) -> None:
    held = Held(mongo)
    held.real.insert_many([{"_id": "b", "first": True}])
    for result in insert_while_one_is_under_way(held, [[{"_id": "b"}, {"_id": "c"}], [{"_id": "d"}]]):
        result.result(0)
    assert held.ids() == {"a", "b", "c", "d"}
    assert held.real.find_one({"_id": "b"}) == {"_id": "b", "first": True}


def test_a_document_that_cannot_be_stored_fails_its_own_insert_and_no_other(mongo: Mongo) -> None:
    held = Held(mongo)
    rest: list[list[Document]] = [[{"_id": "b"}], [{"_id": "bad", "what": object()}], [{"_id": "c"}]]
    first, b, bad, c = insert_while_one_is_under_way(held, rest)
    for result in (first, b, c):
        result.result(0)
    with pytest.raises(InvalidDocument):
        bad.result(0)
    assert held.ids() == {"a", "b", "c"}
