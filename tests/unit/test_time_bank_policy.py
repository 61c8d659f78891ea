"""The time bank's policy by version, and what staff register of members."""

from datetime import date, timedelta
from typing import Any

import pytest

from chassis.errors import ConcurrentUpdate, Invalid, NotAllowed, Refusal, Stale
from chassis.identity import Actor, Grant
from services.points.timebank.members import domain as members
from services.points.timebank.members.domain import Registration
from services.points.timebank.policy import commands as policy_commands
from services.points.timebank.policy.domain import Policy, Skill
from tests.unit.helping import NOW

ADMIN = Actor("E", (Grant("district_admin", "120199"),))


class Versions:
    """Policies in memory; `slow` of them are overtaken."""

    def __init__(self, slow: int = 0) -> None:
        self.kept: list[Policy] = []
        self.slow = slow

    def in_force(self, at: Any) -> Policy:
        return next(one for one in reversed(self.kept) if one.effective_from <= at)

    def latest(self) -> int:
        return len(self.kept)

    def add(self, policy: Policy) -> None:
        if self.slow:
            self.slow -= 1
            self.kept.append(policy)
            raise ConcurrentUpdate(str(policy.version))
        assert policy.version == len(self.kept) + 1
        self.kept.append(policy)


def make(versions: Versions, wanted: Policy, expected: int | None = None) -> Policy:
    return policy_commands.make(versions, lambda: NOW, ADMIN, wanted=wanted, expected_version=expected)


def test_each_version_of_the_policy_has_its_number_and_none_reaches_back() -> None:
    versions = Versions()
    first = make(versions, Policy(0, NOW - timedelta(minutes=1), ceiling=90_000))
    assert (first.version, first.effective_from, first.by, first.made_at) == (1, NOW, "E", NOW)
    later = make(versions, Policy(0, NOW + timedelta(days=30)), expected=1)
    assert later.version == 2
    assert versions.in_force(NOW) == first
    with pytest.raises(Stale) as stale:
        make(versions, Policy(0, NOW), expected=1)
    assert stale.value.extra["version"] == 2
    with pytest.raises(Invalid):
        make(versions, Policy(0, NOW - timedelta(days=1)))
    with pytest.raises(Invalid):
        make(versions, Policy(0, NOW, skills=(Skill("a1", "甲", "a"), Skill("a1", "乙", "b"))))


def test_of_two_admins_who_change_the_policy_at_once_the_second_sees_the_first() -> None:
    assert make(Versions(slow=1), Policy(0, NOW)).version == 2
    with pytest.raises(Stale):
        make(Versions(slow=1), Policy(0, NOW), expected=0)
    with pytest.raises(Refusal):
        make(Versions(slow=100), Policy(0, NOW))


def test_nobody_registers_anything_of_themselves() -> None:
    with pytest.raises(NotAllowed):
        members.registered(Registration("E", date(2026, 1, 1)), ADMIN)
    for pair in (("E", "B"), ("B", "E")):
        with pytest.raises(NotAllowed):
            members.related(*pair, ADMIN, relatives_id="r", at=NOW)
    with pytest.raises(Invalid):
        members.related("B", "B", ADMIN, relatives_id="r", at=NOW)
    one = members.related("C", "B", ADMIN, relatives_id="r", at=NOW)
    assert one.members == ("B", "C")
    assert one.pair == members.pair("B", "C")
    assert members.ended(one, ADMIN) == one
