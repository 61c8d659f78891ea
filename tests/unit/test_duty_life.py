"""Whatever people try, in whatever order: seats, minutes and verifications stay what they are said to be."""

from collections import Counter
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis.errors import Conflict, Invalid, Refusal
from chassis.identity import Actor, Grant
from services.volunteer.duty import domain
from services.volunteer.duty.attestation import Code
from services.volunteer.duty.domain import Change
from services.volunteer.duty.shift import DECISIONS, STEPS, Action, Shift, Status
from tests.unit.duties import END, GRID, SECOND, STAFF, START, STEWARD, signed_up

BOTH = Actor("B", (Grant("council_chair", GRID[:12]),))
MEMBERS = st.sampled_from([STEWARD, SECOND, BOTH])
VERIFIERS = st.sampled_from([STAFF, BOTH])
OWN_ACTIONS = st.sampled_from([*[Action.CHECK_IN] * 4, *[Action.CHECK_OUT] * 3, Action.WITHDRAW])
MINUTES = st.sampled_from([None, 10, 121])
LENGTH = (END - START) // timedelta(minutes=1)


class Life(RuleBasedStateMachine):
    """A shift of two seats, and four people who act on it as time goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.shift: Shift = signed_up(BOTH, signed_up())
        self.now = START
        self.made = 0
        self.events: list[tuple[str, str]] = []
        self.decided: dict[str, tuple[Status, int]] = {}
        self.code: Code | None = None
        self.attested: set[str] = set()

    def take(self, change: Change) -> None:
        """Save what an act has made of the shift, and note what it tells."""
        assert change.shift is self.shift or change.shift.version == self.shift.version + 1
        self.shift = change.shift
        if change.event is not None and change.duty is not None:
            self.events.append((change.event.type, change.duty.id))
            if change.duty.status in (Status.VERIFIED, Status.REJECTED):
                assert change.event.actor != change.event.member
                self.decided[change.duty.id] = (change.duty.status, change.event.minutes)

    @rule(minutes=st.sampled_from([20, 60, 90]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes, seconds=17)

    @rule(actor=MEMBERS)
    def sign_up(self, actor: Actor) -> None:
        self.made += 1
        try:
            self.take(Change(domain.sign_up(self.shift, actor, [], duty_id=f"D{self.made}", at=self.now)))
        except Refusal:
            assert self.now >= END or len(self.shift.duties) == self.shift.seats

    @rule(actor=MEMBERS, action=OWN_ACTIONS)
    def act(self, actor: Actor, action: Action) -> None:
        """What a refusal says is allowed instead is what the table has for this moment."""
        duty = self.shift.duty_of(actor.member_id)
        try:
            self.take(self.own_act(actor, action))
        except Conflict as refused:
            told = refused.extra
        except Refusal:
            assert duty is None
            return
        else:
            return
        assert duty is not None
        possible = {one.action for one in STEPS if one.source is duty.status} - {*DECISIONS, action}
        assert told["status_now"] == duty.status
        assert set(told["allowed"]) <= possible

    def own_act(self, actor: Actor, action: Action) -> Change:
        if action is Action.WITHDRAW:
            return Change(domain.withdraw(self.shift, actor, self.now))
        if action is Action.CHECK_IN:
            return self.check_in(actor)
        return domain.check_out(self.shift, actor, at=self.now)

    def check_in(self, actor: Actor) -> Change:
        """With the code that was shown last, if any; without it where that attests nothing."""
        good = self.code is not None and self.now < self.code.until and self.code.shown_by != actor.member_id
        try:
            change = domain.check_in(self.shift, actor, in_area=None, code=self.code, at=self.now)
        except Invalid:
            assert not good
            return domain.check_in(self.shift, actor, in_area=None, at=self.now)
        duty = change.shift.duty_of(actor.member_id)
        assert duty is not None
        if good:
            self.attested.add(duty.id)
        return change

    @rule(actor=VERIFIERS)
    def show_code(self, actor: Actor) -> None:
        try:
            self.code = domain.show_code(self.shift, actor, self.now)
        except Conflict:
            assert self.now >= END

    @rule(actor=VERIFIERS, of=MEMBERS, approved=st.sampled_from([True, True, False]), minutes=MINUTES)
    def verify(self, actor: Actor, of: Actor, approved: bool, minutes: int | None) -> None:
        before = self.shift.duty_of(of.member_id)
        order = {"approved": approved, "minutes": minutes if approved else None, "reason": "理由"}
        try:
            change = domain.verify(self.shift, actor, member=of.member_id, others=[], at=self.now, **order)  # type: ignore[arg-type]
        except Refusal:
            return
        assert before is not None
        assert before.status is not Status.SIGNED_UP
        assert actor != of
        self.take(change)

    @rule(member=st.sampled_from([SECOND, SECOND, BOTH]))
    def forget(self, member: Actor) -> None:
        self.take(Change(domain.forgotten(self.shift, member.member_id)))

    @invariant()
    def seats_are_never_exceeded_and_nobody_has_two(self) -> None:
        members = Counter(one.member for one in self.shift.duties)
        assert members.total() <= self.shift.seats
        assert set(members.values()) <= {1}

    @invariant()
    def minutes_are_never_more_than_the_shift_has(self) -> None:
        assert all(0 <= (one.minutes or 0) <= LENGTH for one in self.shift.duties)

    @invariant()
    def those_are_attested_who_scanned_a_good_code_of_somebody_else(self) -> None:
        assert all(one.attested == (one.id in self.attested) for one in self.shift.duties)

    @invariant()
    def each_decision_is_told_once_and_stands(self) -> None:
        assert all(number == 1 for number in Counter(self.events).values())
        told = Counter(duty for kind, duty in self.events if kind != "duty.checked_out.v1")
        assert told == Counter(dict.fromkeys(self.decided, 1))
        for one in self.shift.duties:
            over = one.status in (Status.VERIFIED, Status.REJECTED)
            assert over == (one.id in self.decided)
            if over:
                assert self.decided[one.id] == (one.status, one.minutes or 0)
                assert one.verified_by != one.member


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
