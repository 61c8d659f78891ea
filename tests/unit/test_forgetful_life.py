"""Whatever is forgotten of an issue, and when: its state stays of a piece and its history verifies."""

from dataclasses import replace

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from services.issues.cases.chain import verify
from services.issues.cases.issue import SYSTEM, Change, Line
from services.issues.cases.store import chained
from services.issues.privacy import domain
from tests.unit.test_case_workflow import ACTORS, Life


class ForgetfulLife(Life):
    """Any life of an issue in which anybody may be erased, and anything be archived, at any time."""

    history: tuple[Line, ...] = ()

    def take(self, change: Change) -> None:
        """Keep it as the store does."""
        issue, lines = chained(change)
        self.history = (*(self.history if change.emptied is None else change.emptied), *lines)
        super().take(replace(change, issue=issue))

    @rule(who=st.sampled_from(sorted(ACTORS)))
    def forget(self, who: str) -> None:
        """Erase somebody; right afterwards nothing of them is left."""
        member = ACTORS[who].member_id
        change = domain.erase(self.issue, self.history, member, self.now, self.policy)
        if change is None:
            return
        assert ACTORS[who] != SYSTEM
        self.take(change)
        assert member not in orjson.dumps([self.issue, self.history], default=vars).decode().split('"')

    @rule()
    def archive(self) -> None:
        """Make a closed issue anonymous."""
        change = domain.anonymise(self.issue, self.history, self.now)
        if change is not None:
            self.take(change)
            assert self.issue.followers == ()

    @invariant()
    def the_history_is_as_it_was_written(self) -> None:
        """Whatever was forgotten, the chain holds."""
        assert verify(self.history, self.issue.chain) is None


ForgetfulLife.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestForgetfulLife = ForgetfulLife.TestCase
