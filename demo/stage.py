"""How a part of a scene is played: begun once, then taken on act by act until it stands where it is to end.

What has been done is read off the part's own record, so that a run which was broken off goes on where it
stopped, and a second one changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, wait_fixed

from demo.client import Person
from demo.records import Record
from demo.replay import Outcome, patiently
from demo.story import reference_in

_TRIES = 3
_PATIENCE_SECONDS = 60
_POLL_SECONDS = 0.25
Read = TypeVar("Read")


class Unfinished(Exception):
    """A part did not come to its end; the text says where it stands."""


@dataclass(frozen=True)
class Part:
    """A part of a scene.

    `find` lists its records, newest first, and `begin` makes one under a key. `acts` says what is done to a
    record by its `status`. `in_vain`: the clock has ended it before its people came to act, so that another
    one is begun.
    """

    reference: str
    find: Callable[[], Sequence[Record]]
    begin: Callable[[str], Record]
    read: Callable[[str], Record]
    acts: Mapping[str, Callable[[Record], object]]
    ends: frozenset[str]
    status: Callable[[Record], str] = lambda record: str(record["status"])
    in_vain: Callable[[Record], bool] = lambda _: False


def play(part: Part) -> tuple[Record, Outcome]:
    """Play a part to its end; the record as it stands then, and what this run had to do with it.

    Raises Unfinished where an act changes nothing, or time ran out on it again and again.
    """
    outcome = Outcome.THERE
    for _ in range(_TRIES):
        found = part.find()
        usable = [one for one in found if not part.in_vain(part.read(one["id"]))]
        if not usable:
            outcome = Outcome.NEW
        begun = usable[-1] if usable else part.begin(f"{part.reference} {len(found) + 1}")
        record = part.read(begun["id"])
        while act := part.acts.get(part.status(record)):
            record = _after(part, record, act)
            outcome = Outcome.NEW if outcome is Outcome.NEW else Outcome.CONTINUED
        if not part.in_vain(record):
            return record, outcome if part.status(record) in part.ends else Outcome.ELSEWHERE
    raise Unfinished(f"{part.reference}: time ran out on it {_TRIES} times")


def times_there(part: Part) -> int:
    """How often a part is there; more than once only where something was doubled."""
    return sum(not part.in_vain(part.read(one["id"])) for one in part.find())


def until(read: Callable[[], Read], holds: Callable[[Read], bool], what: str) -> Read:
    """Read until it holds, as events need a moment to arrive. Raises Unfinished after a minute."""

    def give_up(_: RetryCallState) -> Read:
        raise Unfinished(f"{what} did not come within {_PATIENCE_SECONDS} s")

    waiting = Retrying(
        retry=retry_if_result(lambda found: not holds(found)),
        wait=wait_fixed(_POLL_SECONDS),
        stop=stop_after_delay(_PATIENCE_SECONDS),
        retry_error_callback=give_up,
    )
    return waiting(read)


def _after(part: Part, record: Record, act: Callable[[Record], object]) -> Record:
    act(record)
    after = part.read(record["id"])
    if part.status(after) == part.status(record):
        raise Unfinished(f"{part.reference} is still {part.status(after)}")
    return after


def carrying(records: Sequence[Record], text: str, reference: str) -> list[Record]:
    """The records that carry a reference at the end of one of their texts."""
    return [one for one in records if reference_in(one[text] or "") == reference]


def sent(person: Person, path: str, body: Record, key: str) -> Record:
    """What a person's request brought about, sent until it is answered. Raises Refused."""
    answer: Record = patiently(lambda: person.post(path, body, key))
    return answer


def acting(
    person: Person, path: str, key: str, body: Record | Callable[[Record], Record]
) -> Callable[[Record], Record]:
    """An act by a person: a request to a record's `path` (`{}` stands for its id), under a key of its own."""

    def act(record: Record) -> Record:
        wanted = body(record) if callable(body) else body
        return sent(person, path.format(record["id"]), wanted, f"{key} {record['id']}")

    return act
