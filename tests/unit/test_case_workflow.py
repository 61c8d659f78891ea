"""The case workflow: every status × action × party × level, and what no sequence of actions can break."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.errors import Conflict, Invalid, NotAllowed, Refusal
from chassis.identity import Actor, Grant
from services.issues.cases import deadlines, domain
from services.issues.cases.domain import PUBLIC_ACTIONS, WORKFLOW, allowed_actions, transition
from services.issues.cases.effects import EFFECTS
from services.issues.cases.issue import (
    INTERRUPTED,
    LEVELS,
    OPEN,
    SYSTEM,
    Change,
    Details,
    Issue,
    Level,
    Objection,
    Party,
    Status,
)
from services.issues.cases.responsibility import parties
from services.issues.categories.domain import ROOTS, Policy
from services.issues.limits import domain as limits
from services.issues.limits.domain import WorkCalendar

GRID = "120199001001001"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
POLICY = Policy(ROOTS["environment"], WorkCalendar(lambda day: day.weekday() < 5))
ELDER, YOUNGER = "01AAAAAAAAAAAAAAAAAAAAAAAA", "01BBBBBBBBBBBBBBBBBBBBBBBB"
DETAILS = Details(note="说明", assignee="S1", into=ELDER, agency="供电公司", area=GRID)
ACTORS = {
    "reporter": Actor("R"),
    "assignee": Actor("S1", (Grant("steward", GRID),)),
    "grid_steward": Actor("S2", (Grant("steward", GRID),)),
    "community": Actor("C", (Grant("community_staff", GRID[:12]),)),
    "subdistrict": Actor("D", (Grant("subdistrict_staff", GRID[:9]),)),
    "admin": Actor("A", (Grant("district_admin", GRID[:6]),)),
    "steward elsewhere": Actor("S3", (Grant("steward", "120199001001002"),)),
    "staff elsewhere": Actor("C2", (Grant("community_staff", "120199001002"),)),
    "stranger": Actor("X"),
    "system": SYSTEM,
}


def without(name: str) -> Details:
    return Details(**{**vars(DETAILS), name: None})


def fresh(policy: Policy = POLICY, area: str = GRID, urgency: str = "normal") -> Change:
    issue = Issue(
        id=YOUNGER,
        number="20261124-000001",
        category=policy.category.code,
        category_version=1,
        description="楼道口有垃圾",
        area=area,
        location=None,
        media=(),
        anonymous=False,
        urgency=urgency,
        reporter="R",
        created_at=NOW,
        countdown=limits.start(policy.category.limit("steward", urgency), policy.calendar, NOW),
    )
    return domain.report(issue, policy)


def standing(status: Status, level: Level) -> Issue:
    return replace(
        fresh().issue,
        status=status,
        level=level,
        assignee="S1",
        steward="S1",
        resolver="S1",
        status_before=Status.IN_PROGRESS if status in (Status.AWAITING_INFO, Status.MERGED) else None,
        objection=Objection("S1", "不归我", NOW, NOW + timedelta(hours=4)) if status in OPEN else None,
    )


def standing_for(action: str, status: Status, level: Level) -> Issue:
    """The same, without an objection where one is to be made."""
    issue = standing(status, level)
    return replace(issue, objection=None) if action == "object" else issue


@pytest.mark.parametrize("action", WORKFLOW)
def test_each_action_is_open_to_its_parties_in_its_states_and_to_nobody_else(action: str) -> None:
    row = WORKFLOW[action]
    for status, level, (name, actor) in itertools.product(Status, LEVELS, ACTORS.items()):
        issue = standing_for(action, status, level)
        case = f"{action} of {status} at {level} by {name}"
        if not parties(issue, actor) & row.parties:
            with pytest.raises(NotAllowed):
                transition(issue, action, actor, DETAILS, NOW, POLICY)
            continue
        if status not in row.sources or level not in row.levels:
            with pytest.raises(Conflict) as refused:
                transition(issue, action, actor, DETAILS, NOW, POLICY)
            assert refused.value.extra["allowed"] == allowed_actions(issue, actor, NOW, POLICY), case
            assert action not in refused.value.extra["allowed"], case
            continue
        if action == "confirm" and actor.member_id == issue.resolver:
            continue
        details = replace(DETAILS, area=GRID[:12]) if action == "route" else DETAILS
        change = transition(issue, action, actor, details, NOW, POLICY)
        assert change.issue.status in row.targets, case
        assert change.issue.version == issue.version + 1, case
        assert [one.action for one in change.entries] == [action], case
        assert len(change.events) == 1, case


def test_every_row_has_an_effect_and_every_effect_a_row() -> None:
    assert set(EFFECTS) == set(WORKFLOW)
    assert set(WORKFLOW) - set(PUBLIC_ACTIONS) == {"lapse", "split", "vacate"}


@pytest.mark.parametrize("action", WORKFLOW)
def test_what_an_action_needs_must_be_given(action: str) -> None:
    row = WORKFLOW[action]
    for name in row.needs:
        status, level = min(row.sources), min(row.levels)
        issue = standing_for(action, status, level)
        actor = next(one for one in ACTORS.values() if parties(issue, one) & row.parties)
        with pytest.raises(Invalid) as refused:
            transition(issue, action, actor, without(name), NOW, POLICY)
        assert name in refused.value.extra["errors"]


def test_nobody_confirms_what_they_solved_themselves() -> None:
    issue = replace(standing(Status.RESOLVED, Level.COMMUNITY), resolver="C")
    with pytest.raises(NotAllowed):
        transition(issue, "confirm", ACTORS["community"], Details(), NOW, POLICY)


def test_what_is_not_on_the_duty_list_goes_past_the_community() -> None:
    off_list = Policy(replace(POLICY.category, duty_list=False), POLICY.calendar)
    claimed = transition(fresh(off_list).issue, "claim", ACTORS["assignee"], Details(), NOW, off_list).issue
    up = transition(claimed, "escalate", ACTORS["assignee"], DETAILS, NOW, off_list).issue
    assert (up.level, up.lead_unit) == (Level.SUBDISTRICT, GRID[:9])
    down = transition(up, "return", ACTORS["subdistrict"], DETAILS, NOW, off_list).issue
    assert (down.level, down.assignee) == (Level.STEWARD, "S1")
    assert fresh(off_list, area=GRID[:12]).issue.level is Level.SUBDISTRICT


@pytest.mark.parametrize(
    ("area", "level"),
    [(GRID, "steward"), (GRID[:12], "community"), (GRID[:9], "subdistrict"), (GRID[:6], "subdistrict")],
)
def test_an_issue_outside_any_grid_begins_with_staff(area: str, level: str) -> None:
    issue = fresh(area=area).issue
    assert (issue.level, issue.lead_unit) == (level, area)


def test_an_objection_that_stands_moves_the_issue_up_and_can_be_raised_once_a_dispatch() -> None:
    issue = replace(standing(Status.ESCALATED, Level.COMMUNITY), objection=None)
    objected = transition(issue, "object", ACTORS["community"], DETAILS, NOW, POLICY).issue
    assert objected.objection is not None
    assert objected.objection.decide_by == datetime(2026, 11, 24, 6, tzinfo=UTC)  # four working hours on
    with pytest.raises(Conflict):
        transition(objected, "object", ACTORS["community"], DETAILS, NOW, POLICY)
    with pytest.raises(NotAllowed):
        transition(objected, "accept_objection", ACTORS["community"], DETAILS, NOW, POLICY)
    moved = transition(objected, "accept_objection", ACTORS["subdistrict"], DETAILS, NOW, POLICY).issue
    assert (moved.level, moved.status) == (Level.SUBDISTRICT, Status.ESCALATED)
    denied = transition(objected, "deny_objection", ACTORS["subdistrict"], DETAILS, NOW, POLICY).issue
    assert (denied.level, denied.status) == (Level.COMMUNITY, Status.ESCALATED)
    with pytest.raises(Conflict):
        transition(denied, "object", ACTORS["community"], DETAILS, NOW, POLICY)


def test_an_issue_comes_back_with_half_the_time_and_the_third_time_one_level_up() -> None:
    issue, shares = fresh().issue, []
    for _ in range(3):
        issue = replace(issue, status=Status.RESOLVED, resolver="S1", assignee="S1")
        issue = transition(issue, "reopen", ACTORS["reporter"], DETAILS, NOW, POLICY).issue
        shares.append((issue.level, issue.countdown.span / 3600))
    assert shares == [(Level.STEWARD, 8), (Level.STEWARD, 8), (Level.COMMUNITY, 24)]
    assert (issue.status, issue.assignee) == (Status.REOPENED, None)


def test_a_solution_needs_a_photo_where_the_category_says_so() -> None:
    strict = Policy(replace(POLICY.category, after_photo=True), POLICY.calendar)
    claimed = transition(fresh(strict).issue, "claim", ACTORS["assignee"], Details(), NOW, strict).issue
    with pytest.raises(Invalid):
        transition(claimed, "resolve", ACTORS["assignee"], Details(note="已处理"), NOW, strict)
    done = Details(note="已处理", media=(ELDER,))
    assert transition(claimed, "resolve", ACTORS["assignee"], done, NOW, strict).issue.status == "resolved"


def run_out(issue: Issue, policy: Policy = POLICY) -> list[Change]:
    """All that happens to an issue by the clock alone."""
    changes = []
    while issue.next_check_at is not None:
        change = deadlines.tick(issue, issue.next_check_at, policy)
        assert change is not None
        changes.append(change)
        issue = change.issue
    return changes


def test_left_alone_an_issue_reminds_and_climbs_to_the_top_each_level_with_its_own_time() -> None:
    changes = run_out(fresh().issue)
    lines = [(entry.action, entry.note, entry.level) for change in changes for entry in change.entries]
    up = "时限已到，自动上报。"
    assert lines == [
        ("remind", "50 %", "steward"),
        ("remind", "80 %", "steward"),
        ("remind", "100 %", "steward"),
        ("escalate", up, "community"),
        ("remind", "50 %", "community"),
        ("remind", "80 %", "community"),
        ("remind", "100 %", "community"),
        ("escalate", up, "subdistrict"),
        ("remind", "50 %", "subdistrict"),
        ("remind", "80 %", "subdistrict"),
        ("remind", "100 %", "subdistrict"),
    ]
    assert all(change.issue.lead_unit for change in changes)


def test_before_its_moment_the_clock_does_nothing() -> None:
    issue = fresh().issue
    assert issue.next_check_at is not None
    assert deadlines.tick(issue, issue.next_check_at - timedelta(milliseconds=1), POLICY) is None


def test_time_stands_still_only_while_the_reporter_is_asked() -> None:
    claimed = transition(fresh().issue, "claim", ACTORS["assignee"], Details(), NOW, POLICY).issue
    held = transition(claimed, "hold", ACTORS["assignee"], DETAILS, NOW, POLICY).issue
    assert held.due_at == claimed.due_at
    asked = transition(claimed, "ask", ACTORS["assignee"], DETAILS, NOW, POLICY).issue
    assert (asked.due_at, asked.next_check_at) == (None, None)
    later = NOW + timedelta(days=7)
    answered = transition(asked, "answer", ACTORS["reporter"], DETAILS, later, POLICY).issue
    assert answered.status == "claimed"
    assert answered.due_at is not None
    assert claimed.due_at is not None
    assert answered.due_at == claimed.due_at + timedelta(days=7)


def test_the_time_is_extended_once() -> None:
    claimed = transition(fresh().issue, "claim", ACTORS["assignee"], Details(), NOW, POLICY).issue
    extended = transition(claimed, "extend", ACTORS["assignee"], DETAILS, NOW, POLICY).issue
    assert extended.due_at is not None
    assert claimed.due_at is not None
    assert extended.due_at > claimed.due_at
    with pytest.raises(Conflict):
        transition(extended, "extend", ACTORS["assignee"], DETAILS, NOW, POLICY)


def test_silence_after_a_solution_closes_it_without_an_answer() -> None:
    claimed = transition(fresh().issue, "claim", ACTORS["assignee"], Details(), NOW, POLICY).issue
    resolved = transition(claimed, "resolve", ACTORS["assignee"], DETAILS, NOW, POLICY).issue
    (change,) = run_out(resolved)
    assert change.issue.status == "no_answer"
    assert change.entries[0].at == NOW + timedelta(days=14)
    reopened = transition(change.issue, "reopen", ACTORS["reporter"], DETAILS, NOW, POLICY).issue
    assert reopened.status == "reopened"


def test_an_undecided_objection_leaves_the_issue_where_it_is() -> None:
    issue = replace(standing(Status.ESCALATED, Level.COMMUNITY), objection=None)
    objected = transition(issue, "object", ACTORS["community"], DETAILS, NOW, POLICY).issue
    assert objected.objection is not None
    change = deadlines.tick(objected, objected.objection.decide_by, POLICY)
    assert change is not None
    assert change.entries[0].action == "deny_objection"
    assert (change.issue.level, change.issue.lead_unit) == (issue.level, issue.lead_unit)


class Life(RuleBasedStateMachine):
    """Any sequence of actions by anybody at any time."""

    @initialize(
        category=st.sampled_from(sorted(ROOTS)), duty=st.booleans(), area=st.sampled_from([15, 12, 9])
    )
    def report(self, category: str, duty: bool, area: int) -> None:
        """Begin with a report."""
        self.policy = Policy(replace(ROOTS[category], duty_list=duty), POLICY.calendar)
        self.now = NOW
        self.take(fresh(self.policy, GRID[:area]))
        self.lines = 1

    def take(self, change: Change) -> None:
        """Hold a change against what every change must be."""
        self.issue = change.issue
        assert change.entries
        assert change.entries[-1].status == change.issue.status
        assert all(event.lead_unit for event in change.events)

    @rule(action=st.sampled_from(sorted(WORKFLOW)), who=st.sampled_from(sorted(ACTORS)))
    def act(self, action: str, who: str) -> None:
        """Try anything; what is refused changes nothing."""
        before = self.issue
        try:
            change = transition(self.issue, action, ACTORS[who], DETAILS, self.now, self.policy)
        except Refusal:
            assert self.issue is before
            return
        assert before.status not in (Status.REFERRED, Status.REJECTED, Status.WITHDRAWN)
        assert before.status is not Status.CONFIRMED or action == "reopen"
        assert change.issue.version == before.version + 1
        self.take(change)

    @rule(hours=st.integers(1, 500))
    def wait(self, hours: int) -> None:
        """Let time pass, and do what is then due."""
        self.now += timedelta(hours=hours)
        for _ in range(20):
            change = deadlines.tick(self.issue, self.now, self.policy)
            if change is None:
                return
            self.take(change)
        raise AssertionError("the clock never rests")

    @invariant()
    def somebody_leads(self) -> None:
        """The lead unit is never empty, is an area around the issue, and fits the level."""
        assert self.issue.lead_unit
        assert self.issue.area.startswith(self.issue.lead_unit)
        if self.issue.level is Level.COMMUNITY and not self.policy.category.duty_list:
            raise AssertionError("a community leads what is not on its duty list")

    @invariant()
    def the_state_is_of_a_piece(self) -> None:
        """Each part of the state agrees with the status."""
        issue = self.issue
        assert (issue.status_before is not None) == (issue.status in INTERRUPTED)
        assert (issue.merged_into is not None) == (issue.status is Status.MERGED)
        assert (issue.due_at is None) == (issue.status is Status.AWAITING_INFO) or issue.status not in OPEN
        if issue.level is not Level.STEWARD and issue.status is not Status.MERGED:
            assert issue.assignee is None or issue.status not in OPEN
        if issue.status in (Status.CLAIMED,):
            assert issue.assignee is not None
        assert Party.SYSTEM not in parties(issue, ACTORS["admin"])
        assert issue.status is not Status.CONFIRMED or 1 <= issue.confirmations <= issue.reopened + 1


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase
