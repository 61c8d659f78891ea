"""Decisions whose answer was lost: the same again is answered as before, another one is refused."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.clock import new_ulid
from chassis.errors import Conflict, NotAllowed, Refusal
from chassis.identity import Actor, Grant
from services.points.adjustments import commands as adjustments
from services.points.adjustments import domain as adjusting
from services.points.adjustments.domain import Adjustment
from services.points.circles import commands as circles
from services.points.circles.domain import Flag, Share, Verdict
from services.points.commands import by_hand
from services.points.commendations import commands as commendations
from services.points.commendations.commendation import Commendation, Details, Entry, Facts, Objection, Status
from services.points.domain import Leg, Posting

AT = datetime(2026, 11, 25, 4, tzinfo=UTC)
AUTHOR, SECOND, THIRD = (Actor(new_ulid(), (Grant("district_admin", "120199"),)) for _ in range(3))


class Kept:
    """One thing of some kind in memory, and how often it was written."""

    def __init__(self, one: Any) -> None:
        self.one, self.written = one, 0
        self.lines: list[Entry] = []

    def get(self, _: str) -> Any:
        return self.one

    def save(self, change: Any) -> None:
        (self.one,) = (
            getattr(change, name) for name in ("adjustment", "flag", "commendation") if hasattr(change, name)
        )
        self.written += 1
        if hasattr(change, "entry"):
            self.lines.append(change.entry)

    def post(self, change: Any, _: Posting) -> bool:
        self.save(change)
        return True

    def record(self, _: str) -> Sequence[Entry]:
        return self.lines


def waiting() -> Any:
    legs = [Leg(new_ulid(), "points", 500), Leg("issuer:120199", "points", -500)]
    order = by_hand(
        lambda: AT, AUTHOR, district="120199", key="k", posting_id=new_ulid(), memo="补记", legs=legs
    )
    return Kept(adjusting.asked(order).adjustment)


def approve(kept: Any, actor: Actor, note: str | None) -> Adjustment:
    return adjustments.approve(
        kept, kept, lambda: AT, actor, adjustment_id="A", posting_id=new_ulid(), note=note
    )


def refuse(kept: Any, actor: Actor, note: str) -> Adjustment:
    return adjustments.refuse(kept, lambda: AT, actor, adjustment_id="A", note=note)


@pytest.mark.parametrize("decide", [approve, refuse])
def test_a_second_administrator_hears_the_same_again_and_decides_nothing_else(decide: Any) -> None:
    kept = waiting()
    first = decide(kept, SECOND, "属实")
    assert decide(kept, SECOND, "属实") == first
    other = refuse if decide is approve else approve
    for differently in (
        lambda: decide(kept, SECOND, "另一说明"),
        lambda: decide(kept, THIRD, "属实"),
        lambda: other(kept, SECOND, "属实"),
    ):
        with pytest.raises(Conflict) as caught:
            differently()
        assert caught.value.code == "adjustment-decided"
    assert (kept.one, kept.written) == (first, 1)


def test_who_decided_on_a_flag_hears_the_same_again_and_decides_nothing_else() -> None:
    kept: Any = Kept(Flag(new_ulid(), new_ulid(), "minutes", "120199", Share(10, 8, (new_ulid(),)), AT, AT))

    def decide(actor: Actor = SECOND, verdict: Verdict = Verdict.DISMISSED, reason: str = "邻里互助") -> Flag:
        return circles.decide(kept, lambda: AT, actor, flag_id="F", verdict=verdict, reason=reason)

    first = decide()
    assert decide() == first
    for differently in (
        {"actor": THIRD},
        {"verdict": Verdict.CONFIRMED},
        {"reason": "另一说明"},
    ):
        with pytest.raises(Conflict):
            decide(**differently)
    assert (kept.one, kept.written) == (first, 1)


def commended(status: Status) -> Any:
    return Kept(
        Commendation(
            id=new_ulid(),
            number="BZ20261125-AAAAAAAAAA",
            member=new_ulid(),
            name="王秀英",
            area="120199001001",
            period="2026-11",
            title="月度之星",
            grounds="热心",
            nominator=AUTHOR.member_id,
            facts=Facts(30, 90, {}, 6000, 1),
            nominated_at=AT,
            status=status,
            objections=(Objection("O", new_ulid(), "不实", AT), Objection("P", new_ulid(), "不知", AT)),
        )
    )


def act(
    kept: Any, actor: Actor, action: str, details: dict[str, str], version: int | None = None
) -> Commendation:
    return commendations.act(
        kept,
        lambda: AT,
        actor,
        commendation_id="C",
        action=action,
        details=Details(**details),
        days=7,
        expected_version=version,
    )


@pytest.mark.parametrize(
    ("status", "action", "details", "another"),
    [
        ("nominated", "publicise", {"responsible": "李建国", "contact": "1"}, {"contact": "2"}),
        ("publicity", "dismiss_objection", {"objection": "O", "note": "已说明"}, {"note": "另一说明"}),
        ("publicity", "refuse", {"note": "不符"}, {"note": "另一说明"}),
        ("awarded", "revoke", {"note": "误授"}, {"note": "另一说明"}),
    ],
)
def test_who_acted_on_a_commendation_hears_the_same_again_and_does_nothing_else(
    status: str, action: str, details: dict[str, str], another: dict[str, str]
) -> None:
    kept = commended(Status(status))
    first = act(kept, SECOND, action, details, kept.one.version)
    assert act(kept, SECOND, action, details, first.version - 1) == first
    assert act(kept, SECOND, action, details) == first
    for actor, words in ((SECOND, {**details, **another}), (THIRD, details)):
        with pytest.raises(Refusal) as caught:
            act(kept, actor, action, words)
        assert not isinstance(caught.value, NotAllowed)
    assert (kept.one, kept.written) == (first, 1)


def test_a_member_who_was_forgotten_since_has_no_words_that_could_be_repeated() -> None:
    kept = commended(Status.PUBLICITY)
    act(kept, SECOND, "refuse", {"note": "不符"})
    kept.lines = [replace(line, note=None) for line in kept.lines]
    with pytest.raises(Conflict):
        act(kept, SECOND, "refuse", {"note": "不符"})
